package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNumbersSortAsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		if cmp.Compare(a, b) != cmp.Compare(Number(a), Number(b)) {
			t.Fatalf("%d and %d give %s and %s", a, b, Number(a), Number(b))
		}
	})
}

func TestTimesSortAsText(t *testing.T) {
	if Time(time.Time{}) != "" {
		t.Error("the zero time is indexed")
	}
	rapid.Check(t, func(t *rapid.T) {
		nanos := rapid.Int64Range(math.MinInt64, math.MaxInt64)
		a, b := time.Unix(0, nanos.Draw(t, "a")), time.Unix(0, nanos.Draw(t, "b"))
		if a.Compare(b) != cmp.Compare(Time(a), Time(b.UTC())) {
			t.Fatalf("%v and %v give %s and %s", a, b, Time(a), Time(b))
		}
	})
}

// text draws texts that are often the beginnings of each other and end in the
// places of Unicode that have no successor.
var text = rapid.Custom(func(t *rapid.T) string {
	return string(rapid.SliceOfN(rapid.SampledFrom([]rune{1, 'a', 'b', 0x7F, 0x80, 0xD7FF, 0xE000, 0xFFFF, 0x10000, utf8.MaxRune}), 0, 4).Draw(t, "runes"))
})

func TestAfterPrefixIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, value := text.Draw(t, "prefix"), text.Draw(t, "value")
		end := afterPrefix(prefix)
		inside := value >= prefix && (end == "" || value < end)
		if inside != strings.HasPrefix(value, prefix) || !utf8.ValidString(end) {
			t.Fatalf("prefix %q ends before %q: %q inside: %t", prefix, end, value, inside)
		}
	})
}

func TestAfterTextIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, other := text.Draw(t, "one"), text.Draw(t, "other")
		if inside := other >= one && other < afterText(one); inside != (one == other) {
			t.Fatalf("%q is within %q and its successor: %t", other, one, inside)
		}
	})
}

func FuzzHoldsNUL(f *testing.F) {
	for _, s := range []string{"", "\x00", `\u0000`, `\\u0000`, `\` + "\x00", "a\x00\x00b", `\\\u0000`, "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := json.Marshal(map[string]string{"k": s})
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ContainsRune(s, 0); holdsNUL(doc) != want {
			t.Errorf("holdsNUL(%s) = %t", doc, !want)
		}
		if key := bytes.Replace(doc, []byte(`"k"`), []byte(`"\u0000"`), 1); !holdsNUL(key) {
			t.Errorf("holdsNUL(%s) = false", key)
		}
	})
}

func TestDeclarationsThatCannotBe(t *testing.T) {
	value := func(*string) string { return "" }
	long := strings.Repeat("a", 31)
	for name, declare := range map[string]func(){
		"empty name":         func() { NewCollection[string]("") },
		"upper case":         func() { NewCollection[string]("User") },
		"quote":              func() { NewCollection[string](`user"`) },
		"digit first":        func() { NewCollection[string]("1st") },
		"too long":           func() { NewCollection[string](long) },
		"the engines' own":   func() { NewCollection[string]("collection") },
		"index without name": func() { NewCollection("x", Index("", value)) },
		"index with a quote": func() { NewCollection("x", Index(`a"`, value)) },
		"index too long":     func() { NewCollection("x", Unique(long[:29], value)) },
		"index twice":        func() { NewCollection("x", Index("a", value), Unique("a", value)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: declared", name)
				}
			}()
			declare()
		}()
	}
	NewCollection(long[:30], Index(long[:28], value))
}

func TestChanges(t *testing.T) {
	a, b, c := IndexSchema{Name: "a"}, IndexSchema{Name: "b"}, IndexSchema{Name: "c"}
	uniqueA := IndexSchema{Name: "a", Unique: true}
	for name, test := range map[string]struct{ has, declared, gone, added []IndexSchema }{
		"nothing":        {},
		"same":           {has: []IndexSchema{a, b}, declared: []IndexSchema{b, a}},
		"new":            {declared: []IndexSchema{a, b}, added: []IndexSchema{a, b}},
		"gone":           {has: []IndexSchema{a, b}, gone: []IndexSchema{a, b}},
		"one for other":  {has: []IndexSchema{a, b}, declared: []IndexSchema{a, c}, gone: []IndexSchema{b}, added: []IndexSchema{c}},
		"becomes unique": {has: []IndexSchema{a, b}, declared: []IndexSchema{uniqueA, b}, gone: []IndexSchema{a}, added: []IndexSchema{uniqueA}},
	} {
		gone, added := Changes(test.has, test.declared)
		if !slices.Equal(gone, test.gone) || !slices.Equal(added, test.added) {
			t.Errorf("%s: gone %v, added %v; want %v, %v", name, gone, added, test.gone, test.added)
		}
	}
}
