package main

import (
	"regexp"
	"testing"
)

// TestPatterns: what a Java pattern matches as a whole, its translation does.
func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		java    string
		matches []string
		refuses []string
	}{
		{`[\w-]+_[0-9a-zA-Z]+`, []string{"eu-west-1_abc9"}, []string{"", "eu-west-1", "eu-west-1_", "x_y\n"}},
		{`(un)?authenticated`, []string{"authenticated", "unauthenticated"}, []string{"xauthenticated"}},
		{`[\w\s]+`, []string{"a b\x0B\tc"}, []string{"a-b"}},
		{`a\sb`, []string{"a b", "a\x0Bb"}, []string{"a\\sb"}},
		{`.*\{####\}.*`, []string{"code {####} here"}, []string{"code #### here", "two\nlines {####}", "two\u2028lines {####}"}},
		{`(?s).*`, []string{"", "two\nlines"}, nil},
		{`[.]`, []string{"."}, []string{"a"}},
		{`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, []string{"/", "/a/b/"}, []string{"", "a", "/a", "/a b/"}},
		{`[\u0020-\uD7FF\u10000-\u10FFFF]+`, []string{"a\U0001F600"}, []string{"\t", "\uFFFF"}},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, []string{"", "1.0", "a", "v1.-"}, []string{"1.", ".", "a b"}},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, []string{"abc", "a-b", "a-b-c"}, []string{"-ab", "ab-", "a--b", "A-b"}},
	}
	for _, test := range tests {
		expr, err := translate(test.java)
		if err != nil {
			t.Error(err)
			continue
		}
		whole := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		for _, s := range test.matches {
			if !whole.MatchString(s) {
				t.Errorf("%s must match %q", test.java, s)
			}
		}
		for _, s := range test.refuses {
			if whole.MatchString(s) {
				t.Errorf("%s must not match %q", test.java, s)
			}
		}
	}
}

// TestEveryPatternCompiles covers the patterns of every model, those of
// outputs too.
func TestEveryPatternCompiles(t *testing.T) {
	t.Parallel()
	models, err := modelsFolder()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, s := range services {
		a, err := loadService(models, s.id)
		if err != nil {
			t.Fatal(err)
		}
		for name, shape := range a.Shapes {
			if shape.Pattern == "" {
				continue
			}
			seen++
			if _, err := translate(shape.Pattern); err != nil {
				t.Errorf("%s %s: %v", s.id, name, err)
			}
		}
	}
	if seen < 100 {
		t.Errorf("found %d patterns only", seen)
	}
}

func TestUnknownLookAroundIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := translate(`a(?!b)`); err == nil {
		t.Error("a pattern that Go cannot express must stop the generator")
	}
}
