package policy

import "strings"

// partition is the only ARN partition of this server.
const partition = "aws"

// arnParts are the six colon-separated parts of an ARN: "arn", partition,
// service, region, account, resource. The last one may hold colons.
type arnParts [6]string

// splitARN cuts an ARN without allocating; ok is false with fewer than six parts.
func splitARN(s string) (parts arnParts, ok bool) {
	for i := range 5 {
		if parts[i], s, ok = strings.Cut(s, ":"); !ok {
			return parts, false
		}
	}
	parts[5] = s
	return parts, true
}

// target is the resource of a request, cut once for all statements.
type target struct {
	text  string
	parts arnParts
	isARN bool
}

func newTarget(resource string) target {
	t := target{text: resource}
	t.parts, t.isARN = splitARN(resource)
	return t
}

// arnPattern is compiled text that matches ARNs part by part, so that a
// wildcard in one of the first five parts never reaches across a colon.
type arnPattern struct {
	source string
	parts  [6]pattern
	// all: a bare "*". As a resource it also matches requests that have none.
	all bool
	// dead: too few parts to match any ARN.
	dead bool
}

// resourcePattern compiles a value of Resource. Variables are only known in the
// part after the fifth colon; before it, "${" is text that matches no real ARN.
func resourcePattern(source string, vars bool) arnPattern {
	p := arnPattern{source: source, all: source == "*"}
	raw := strings.SplitN(source, ":", 6)
	for i, part := range raw {
		p.parts[i] = compile(part, true, vars && i == 5)
	}
	p.fill(len(raw))
	return p
}

// conditionARN compiles a value of an Arn operator, where variables may stand
// anywhere. They are found first, because their names hold colons.
func conditionARN(source string, vars bool) arnPattern {
	p := arnPattern{source: source, all: source == "*"}
	whole := compile(source, true, vars)
	i := 0
	for _, pc := range whole.pieces {
		for pc.kind == literal && i < 5 {
			before, after, colon := strings.Cut(pc.text, ":")
			if !colon {
				break
			}
			p.parts[i].append(piece{kind: literal, text: before})
			pc.text = after
			i++
		}
		p.parts[i].append(pc)
	}
	p.fill(i + 1)
	return p
}

// fill completes a pattern of n parts. IAM reads "arn:aws:mobiletargeting:*" as
// wildcards to the end; a short pattern that ends otherwise matches nothing.
func (p *arnPattern) fill(n int) {
	if n == 6 {
		return
	}
	last := p.parts[n-1].pieces
	if len(last) == 0 || last[len(last)-1].kind != anyText {
		p.dead = true
		return
	}
	for i := n; i < 6; i++ {
		p.parts[i] = pattern{pieces: []piece{{kind: anyText}}}
	}
}

// matchARN compares part by part, from the end: the last part is where most ARNs of a
// document differ.
func (p *arnPattern) matchARN(parts *arnParts, c Context) bool {
	if p.dead {
		return false
	}
	for i := len(p.parts) - 1; i >= 0; i-- {
		if !p.parts[i].match(parts[i], c) {
			return false
		}
	}
	return true
}

// matchResource tells whether the pattern covers a request's resource. Only a
// bare "*" covers a request that is not about an ARN.
func (p *arnPattern) matchResource(t *target, c Context) bool {
	return p.all || t.isARN && p.matchARN(&t.parts, c)
}

// resolvable tells whether the request has a value for every variable.
func (p *arnPattern) resolvable(c Context) bool {
	for i := range p.parts {
		if !p.parts[i].resolvable(c) {
			return false
		}
	}
	return true
}

func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
