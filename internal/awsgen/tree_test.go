package main

import (
	"strings"
	"testing"
)

func TestPatch(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, base, overlay, want string }{
		{"new members go last", `{"b":1,"a":2}`, `{"c":3}`, `{"b":1,"a":2,"c":3}`},
		{"members are replaced in place", `{"b":1,"a":2}`, `{"b":[1]}`, `{"b":[1],"a":2}`},
		{"objects merge", `{"o":{"x":1,"y":2}}`, `{"o":{"y":3}}`, `{"o":{"x":1,"y":3}}`},
		{"objects are made", `{}`, `{"o":{"p":{"x":1}}}`, `{"o":{"p":{"x":1}}}`},
		{"null removes", `{"a":1,"b":2}`, `{"a":null}`, `{"b":2}`},
		{"plus appends", `{"a":[1]}`, `{"a+":[2,3]}`, `{"a":[1,2,3]}`},
		{"plus makes a list", `{}`, `{"a+":[2]}`, `{"a":[2]}`},
		{"text stays as it is", `{"p":"<&>"}`, `{}`, `{"p":"<&>"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			base := mustParse(t, test.base)
			if err := patch(base, mustParse(t, test.overlay)); err != nil {
				t.Fatal(err)
			}
			got, err := marshal(base)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestStaleOverlay: an overlay that has nothing to do is a mistake.
func TestStaleOverlay(t *testing.T) {
	t.Parallel()
	for overlay, want := range map[string]string{
		`{"o":{"gone":null}}`:          "o: gone: nothing to remove",
		`{"list+":[{"shape":"A"}]}`:    "the model already has",
		`{"list+":"A"}`:                "not a list",
		`{"o+":["A"]}`:                 "o is not a list",
		`{"list":[],"list":[{"b":1}]}`: `member "list" occurs twice`,
	} {
		base := mustParse(t, `{"o":{"x":1},"list":[{"shape":"A"}]}`)
		tree, err := parseTree([]byte(overlay))
		if err == nil {
			err = patch(base, tree)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", overlay, err, want)
		}
	}
}

func mustParse(t *testing.T, text string) *object {
	t.Helper()
	tree, err := parseTree([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
