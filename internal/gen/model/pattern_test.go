package model

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

// The table must agree with the expression that it stands in for.
func TestPatternAgreesWithItsExpression(t *testing.T) {
	t.Parallel()
	tables := 0
	for _, text := range []string{
		`[A-Za-z0-9-_=.]+`, `[\w-]+:[0-9a-f-]+`, `[\S]+`, `[\w+=,.@-]*`, `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, `[\S]+.*[\S]+`, `(un)?authenticated`, `[^x]+`, `.*`, `[\s\S]*`, `a+`,
	} {
		p := Pattern{Text: text}
		whole := regexp.MustCompile(`\A(?:` + text + `)\z`)
		check := func(t interface{ Errorf(string, ...any) }, s string) {
			if got, want := p.Match(s), whole.MatchString(s); got != want {
				t.Errorf("%s matches %q: %t, want %t", text, s, got, want)
			}
		}
		for c := range 256 {
			check(t, string([]byte{byte(c)}))
		}
		check(t, "")
		rapid.Check(t, func(rt *rapid.T) { check(rt, rapid.String().Draw(rt, "s")) })
		rapid.Check(t, func(rt *rapid.T) { check(rt, rapid.StringMatching(`[ -~]{0,40}`).Draw(rt, "s")) })
		if p.ascii != nil {
			tables++
		}
	}
	if tables < 5 {
		t.Errorf("only %d of the patterns have a table", tables)
	}
}
