package userpool

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pintail/internal/gen/cognitoidp"
)

// A value conforms exactly when its length is within the bounds, in characters.
func TestStringConstraints(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(0, 8).Draw(t, "least")
		most := rapid.IntRange(least, 12).Draw(t, "most")
		list, err := buildSchema([]cognitoidp.SchemaAttributeType{{
			Name: "x", AttributeDataType: cognitoidp.AttributeDataTypeString, StringAttributeConstraints: &cognitoidp.StringAttributeConstraintsType{
				MinLength: fmt.Sprint(least), MaxLength: fmt.Sprint(most)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		value := rapid.StringN(1, 16, -1).Draw(t, "value")
		n := len([]rune(value))
		err = newSchema(list).check("custom:x", value)
		if want := least <= n && n <= most && !strings.ContainsRune(value, 0); (err == nil) != want {
			t.Fatalf("%q within %d and %d: %v", value, least, most, err)
		}
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0": true, "-1": true, "18.50": true, "1e3": true, "": false, "+1": false, "01": false, "1.": false, ".5": false,
		"NaN": false, "Inf": false, "0x10": false, "1_000": false, " 1": false, "1e999": false, "٣": false,
	} {
		if _, err := parseNumber(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"ada@example.org": true, "a.b+c@x-y.co.uk": true, "ünï@exämple.org": true, "o'neil@a.b": true,
		"ada": false, "ada@": false, "@a.b": false, "ada@localhost": false, "a b@c.d": false, "a@b@c.d": false, ".a@b.c": false,
		"a..b@c.d": false, "a@-b.c": false, "a@b..c": false, "a@b.c.": false, "a@b\n.c": false, strings.Repeat("a", 65) + "@b.c": false,
	} {
		if isEmail(text) != want {
			t.Errorf("e-mail %q: want %v", text, want)
		}
	}
	for text, want := range map[string]bool{"+1": true, "+123456789012345": true, "+1234567890123456": false, "123": false, "+": false, "+1a": false, "+１": false} {
		if isPhone(text) != want {
			t.Errorf("phone %q: want %v", text, want)
		}
	}
	for text, want := range map[string]string{"zoe.ada@books.example": "z***@b***", "über@ö.x": "ü***@ö***"} {
		if got := maskEmail(text); got != want {
			t.Errorf("%s became %s", text, got)
		}
	}
	for text, want := range map[string]string{"+491701238920": "+********8920", "+12345": "+*2345", "+1234": "+****"} {
		if got := maskPhone(text); got != want {
			t.Errorf("%s became %s", text, got)
		}
	}
}
