package policy

import "strings"

// compile splits text into pieces. wild makes "*" and "?" wildcards; vars makes
// "${...}" a variable or an escape, which only documents of version 2012-10-17 have.
func compile(source string, wild, vars bool) pattern {
	p := pattern{source: source}
	var text strings.Builder
	flush := func() {
		p.append(piece{kind: literal, text: text.String()})
		text.Reset()
	}
	for i := 0; i < len(source); {
		if vars && strings.HasPrefix(source[i:], "${") {
			if body, ok := variableBody(source[i+2:]); ok {
				if isEscape(body) {
					text.WriteString(body)
				} else {
					flush()
					p.append(newVariable(body))
				}
				i += len("${") + len(body) + len("}")
				continue
			}
		}
		switch b := source[i]; {
		case wild && b == '*':
			flush()
			p.append(piece{kind: anyText})
		case wild && b == '?':
			flush()
			p.append(piece{kind: anyChar})
		default:
			text.WriteByte(b)
		}
		i++
	}
	flush()
	return p
}

// variableBody returns what stands before the closing brace; a brace inside a
// quoted default does not close. An opening without its closing is plain text.
func variableBody(s string) (string, bool) {
	quoted := false
	for i := range len(s) {
		switch s[i] {
		case '\'':
			quoted = !quoted
		case '}':
			if !quoted {
				return s[:i], true
			}
		}
	}
	return "", false
}

// isEscape recognises ${*}, ${?} and ${$}, which stand for the character itself.
func isEscape(body string) bool { return body == "*" || body == "?" || body == "$" }

// newVariable reads "key" or "key, 'default'". Anything else becomes a key that
// no request has.
func newVariable(body string) piece {
	pc := piece{kind: variable}
	key, fallback, comma := strings.Cut(body, ",")
	fallback = strings.TrimSpace(fallback)
	if comma && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		pc.fallback = new(fallback[1 : len(fallback)-1])
		body = key
	}
	pc.text = fold(strings.TrimSpace(body))
	return pc
}

// substitute replaces variables by literals. The value of a variable is never
// looked at again: wildcards in it stay plain characters.
func (p *pattern) substitute(dst []piece, c Context) (resolved []piece, ok bool) {
	for _, pc := range p.pieces {
		if pc.kind == variable {
			value, ok := pc.resolve(c)
			if !ok {
				return dst, false
			}
			pc = piece{kind: literal, text: value}
		}
		dst = append(dst, pc)
	}
	return dst, true
}

// resolve returns a variable's value. Keys with several values cannot be used
// as variables; the default stands in only for a key without any value.
func (pc piece) resolve(c Context) (string, bool) {
	if value, ok := c.single(pc.text); ok {
		return value, true
	}
	if values, _ := c.lookup(pc.text); pc.fallback == nil || len(values) > 0 {
		return "", false
	}
	return *pc.fallback, true
}

func (p *pattern) resolvable(c Context) bool {
	for _, pc := range p.pieces {
		if pc.kind == variable {
			if _, ok := pc.resolve(c); !ok {
				return false
			}
		}
	}
	return true
}

// text returns a pattern without wildcards as one string.
func (p *pattern) text(c Context) (string, bool) {
	if !p.variables && len(p.pieces) == 1 {
		return p.pieces[0].text, true
	}
	var buf [8]piece
	resolved, ok := p.substitute(buf[:0], c)
	var text strings.Builder
	for _, pc := range resolved {
		text.WriteString(pc.text)
	}
	return text.String(), ok
}
