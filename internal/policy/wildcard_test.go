package policy

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// naiveMatch is the definition of matching, written as a table over every
// prefix of the pieces and of the text.
func naiveMatch(pieces []piece, s string) bool {
	text := []rune(s)
	row := make([]bool, len(text)+1) // row[j]: the pieces so far match text[:j]
	row[0] = true
	for _, pc := range pieces {
		next := make([]bool, len(text)+1)
		for j := range next {
			switch pc.kind {
			case anyText:
				next[j] = row[j] || j > 0 && next[j-1]
			case anyChar:
				next[j] = j > 0 && row[j-1]
			default:
				lit := []rune(pc.text)
				next[j] = j >= len(lit) && row[j-len(lit)] && string(text[j-len(lit):j]) == pc.text
			}
		}
		row = next
	}
	return row[len(text)]
}

func TestMatchAgreesWithDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.StringOfN(rapid.RuneFrom([]rune("aabbé**?")), 0, 12, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("aabbé")), 0, 16, -1).Draw(t, "text")
		p := compile(source, true, false)
		if got, want := p.match(s, Context{}), naiveMatch(p.pieces, s); got != want {
			t.Fatalf("%q on %q: got %v, want %v", source, s, got, want)
		}
	})
}

// TestVariablesAreLiteral matches patterns whose variable holds wildcards and
// variables itself: they must behave as their plain text.
func TestVariablesAreLiteral(t *testing.T) {
	t.Parallel()
	alphabet := []rune("ab*?${}:")
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?")), 0, 4, -1).Draw(t, "before")
		after := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?")), 0, 4, -1).Draw(t, "after")
		value := rapid.StringOfN(rapid.RuneFrom(alphabet), 0, 5, -1).Draw(t, "value")
		s := rapid.OneOf(
			rapid.StringOfN(rapid.RuneFrom(alphabet), 0, 10, -1),
			rapid.Just(strings.NewReplacer("*", "", "?", "a").Replace(before)+value+strings.NewReplacer("*", "ab", "?", "b").Replace(after)),
		).Draw(t, "text")
		var c Context
		c.Set("a:b", value)
		p := compile(before+"${a:b}"+after, true, true)

		want := append(compile(before, true, false).pieces, piece{kind: literal, text: value})
		want = append(want, compile(after, true, false).pieces...)
		if got := p.match(s, c); got != naiveMatch(want, s) {
			t.Fatalf("value %q, text %q: got %v", value, s, got)
		}
	})
}

// TestHostilePatterns would not end within a test's patience if the matcher
// went back over wildcards.
func TestHostilePatterns(t *testing.T) {
	t.Parallel()
	as := strings.Repeat("a", 2000)
	for _, source := range []string{
		strings.Repeat("*a", 1000) + "*b",
		strings.Repeat("a*", 1000) + "b",
		strings.Repeat("*", 2000) + "b",
		strings.Repeat("?*", 1000) + "b",
		"*" + strings.Repeat("?", 999) + "ab*",
		strings.Repeat("*?a", 600) + "b",
	} {
		p := compile(source, true, false)
		if p.match(as, Context{}) {
			t.Errorf("%.20q... matches", source)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("**?", "é")
	f.Add("*ab*ab", "abab")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, source, s string) {
		p := compile(source, true, false)
		got := p.match(s, Context{})
		if !utf8.ValidString(source) || !utf8.ValidString(s) || len(source)*len(s) > 1<<16 {
			return
		}
		if want := naiveMatch(p.pieces, s); got != want {
			t.Errorf("%q on %q: got %v, want %v", source, s, got, want)
		}
	})
}

// FuzzVariable checks that a value only ever stands for itself.
func FuzzVariable(f *testing.F) {
	f.Add("home/", "*", "/x", "home/ada/x")
	f.Add("", "${a:b}", "", "")
	f.Add("home/", "${*}", "/x", "home/*/x")
	f.Fuzz(func(t *testing.T, before, value, after, s string) {
		if strings.ContainsAny(before+after, "*?$") {
			return
		}
		var c Context
		c.Set("a:b", value)
		p := compile(before+"${a:b}"+after, true, true)
		if got, want := p.match(s, c), s == before+value+after; got != want {
			t.Errorf("%q + value %q + %q on %q: got %v", before, value, after, s, got)
		}
	})
}
