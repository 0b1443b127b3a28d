package model

import (
	"regexp"
	"regexp/syntax"
	"sync"
)

// Pattern is a regular expression that a string must match as a whole.
type Pattern struct {
	Text string // as AWS prints it, in Java's syntax
	Expr string // the same in Go's syntax; "" when that is Text

	once  sync.Once
	expr  *regexp.Regexp
	ascii *[128]bool // see asciiClass
	empty bool       // with ascii: "" matches
}

// Match tells whether the whole of s matches. The expression is compiled when
// it is needed first: most of a service's patterns never are.
func (p *Pattern) Match(s string) bool {
	p.once.Do(p.compile)
	if p.ascii != nil && p.plain(s) {
		return s != "" || p.empty
	}
	return p.expr.MatchString(s)
}

func (p *Pattern) compile() {
	text := p.Expr
	if text == "" {
		text = p.Text
	}
	p.expr = regexp.MustCompile(`\A(?:` + text + `)\z`)
	p.ascii, p.empty = asciiClass(text)
}

// plain tells whether every character of s is in the pattern's class. False
// says nothing yet: characters beyond ASCII are for the expression to judge.
func (p *Pattern) plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 128 || !p.ascii[c] {
			return false
		}
	}
	return true
}

// asciiClass recognises the form that most patterns have, one class of
// characters repeated, and returns the class as a table: a token of a thousand
// characters is then judged some thirty times faster than by the expression.
func asciiClass(text string) (table *[128]bool, empty bool) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil || tree.Op != syntax.OpPlus && tree.Op != syntax.OpStar || tree.Sub[0].Op != syntax.OpCharClass {
		return nil, false
	}
	table = new([128]bool)
	class := tree.Sub[0].Rune
	for i := 0; i < len(class); i += 2 {
		for c := class[i]; c <= class[i+1] && c < 128; c++ {
			table[c] = true
		}
	}
	return table, tree.Op == syntax.OpStar
}
