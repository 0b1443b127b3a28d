package policy

import (
	"strings"
	"unicode/utf8"
)

type pieceKind uint8

const (
	literal  pieceKind = iota
	anyText            // "*": any text, also none
	anyChar            // "?": one character
	variable           // "${key}": one literal, known only with the request
)

// piece is a unit of a pattern. text is the literal, or the folded name of a
// variable; fallback is the variable's default, if it has one.
type piece struct {
	kind     pieceKind
	text     string
	fallback *string
}

// pattern is text with wildcards and variables, ready to match.
type pattern struct {
	source    string
	pieces    []piece
	variables bool
}

// append adds a piece; empty literals carry nothing and are left out.
func (p *pattern) append(pc piece) {
	if pc.kind == literal && pc.text == "" {
		return
	}
	p.variables = p.variables || pc.kind == variable
	p.pieces = append(p.pieces, pc)
}

// match tells whether the pattern covers all of s. A pattern with a variable
// that the request cannot resolve matches nothing.
func (p *pattern) match(s string, c Context) bool {
	if !p.variables {
		return matchPieces(p.pieces, s)
	}
	var buf [8]piece
	resolved, ok := p.substitute(buf[:0], c)
	return ok && matchPieces(resolved, s)
}

// Wildcard returns what tells whether a pattern covers all of a text. "*" stands
// for any text and "?" for one character, as in a policy, but there are no variables.
func Wildcard(source string) func(text string) bool {
	p := compile(source, true, false)
	return func(text string) bool { return matchPieces(p.pieces, text) }
}

// matchPieces decides in one walk. Text before the first "*" is anchored at the
// start, text after the last one at the end, and every run between is taken at
// its leftmost place: with only "*" between runs an earlier place can never be
// the worse choice, so there is nothing to go back to.
func matchPieces(ps []piece, s string) bool {
	if len(ps) == 1 {
		switch ps[0].kind {
		case literal:
			return s == ps[0].text
		case anyText:
			return true
		}
	}
	run, rest, star := cutStar(ps)
	n, ok := matchPrefix(run, s)
	if !ok {
		return false
	}
	for s = s[n:]; star; s = s[n:] {
		run, rest, star = cutStar(rest)
		if !star {
			return matchSuffix(run, s)
		}
		if n, ok = find(run, s); !ok {
			return false
		}
	}
	return s == ""
}

// cutStar returns the pieces before and after the first "*".
func cutStar(ps []piece) (run, rest []piece, star bool) {
	for i := range ps {
		if ps[i].kind == anyText {
			return ps[:i], ps[i+1:], true
		}
	}
	return ps, nil, false
}

// matchPrefix matches a run without "*" at the start of s and returns its length there.
func matchPrefix(run []piece, s string) (length int, ok bool) {
	for i := range run {
		n := len(run[i].text)
		if run[i].kind == anyChar {
			_, n = utf8.DecodeRuneInString(s[length:])
			if n == 0 {
				return 0, false
			}
		} else if !strings.HasPrefix(s[length:], run[i].text) {
			return 0, false
		}
		length += n
	}
	return length, true
}

// matchSuffix matches a run without "*" at the end of s.
func matchSuffix(run []piece, s string) bool {
	for i := len(run) - 1; i >= 0; i-- {
		n := len(run[i].text)
		if run[i].kind == anyChar {
			_, n = utf8.DecodeLastRuneInString(s)
			if n == 0 {
				return false
			}
		} else if !strings.HasSuffix(s, run[i].text) {
			return false
		}
		s = s[:len(s)-n]
	}
	return true
}

// find returns where the leftmost match of a run without "*" ends. A run that is
// plain text, the usual case, is one substring search; a run with "?" is tried
// at each place where its leading text occurs.
func find(run []piece, s string) (end int, ok bool) {
	if len(run) == 0 {
		return 0, true
	}
	for start := 0; start <= len(s); {
		if run[0].kind == literal {
			i := strings.Index(s[start:], run[0].text)
			if i < 0 {
				return 0, false
			}
			start += i
		}
		if n, ok := matchPrefix(run, s[start:]); ok {
			return start + n, true
		}
		_, n := utf8.DecodeRuneInString(s[start:])
		start += max(n, 1)
	}
	return 0, false
}
