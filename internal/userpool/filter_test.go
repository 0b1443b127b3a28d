package userpool

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pintail/internal/gen/cognitoidp"
)

// Every value can be looked for: quoting and parsing are inverse.
func TestFilterRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		blank := func(label string) string { return rapid.StringMatching(`[ \t]{0,3}`).Draw(t, label) }
		names := append([]string{"username", "cognito:user_status", "status", "sub"}, searchable...)
		want := filter{attribute: rapid.SampledFrom(names).Draw(t, "name"), prefix: rapid.Bool().Draw(t, "prefix"), value: rapid.String().Draw(t, "value")}
		operator := "="
		if want.prefix {
			operator = "^="
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(want.value) + `"`
		text := blank("a") + want.attribute + blank("b") + operator + blank("c") + quoted + blank("d")
		got, err := parseFilter(text)
		if err != nil || got != want {
			t.Fatalf("%q: %+v %v, want %+v", text, got, err, want)
		}
	})
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`email = "a"`, `name^="\"\\"`, `sub=""`, `status = "Enabled`, `=`, `username ^ = "x"`, "\x00", `email = "a"b"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFilter(text)
		if err != nil {
			if !errors.Is(err, cognitoidp.InvalidParameterException.New("")) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if _, ok := parsed.index(); !ok || len(parsed.value) > len(text) {
			t.Fatalf("%q: %+v", text, parsed)
		}
		// What a user has is found by looking for it, if it is findable at all.
		u := &user{Username: parsed.value, Sub: parsed.value, Attributes: map[string]string{}}
		for _, name := range searchable {
			u.Attributes[name] = parsed.value
		}
		if parsed.attribute != "status" && parsed.attribute != "cognito:user_status" && !parsed.matches(u) {
			t.Fatalf("%q does not match %q", text, parsed.value)
		}
	})
}

// Index values are prefixes of values, whole characters, and short enough.
func TestIndexed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Repeat(rapid.String().Draw(t, "unit"), rapid.IntRange(0, 400).Draw(t, "n"))
		got := indexed(value)
		if !strings.HasPrefix(value, got) || len(got) > maxIndexed || len(value) > maxIndexed && len(got) < maxIndexed-3 || strings.ToValidUTF8(got, "") != got {
			t.Fatalf("%d bytes of %d", len(got), len(value))
		}
	})
}
