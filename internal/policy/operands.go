package policy

import (
	"encoding/base64"
	"net/netip"
	"strings"
)

// textOperand serves StringEquals, whose pattern has no wildcards, and StringLike.
type textOperand struct{ pattern pattern }

func equalText(v string, vars bool) operand { return &textOperand{compile(v, false, vars)} }
func likeText(v string, vars bool) operand  { return &textOperand{compile(v, true, vars)} }

func (o *textOperand) compare(value string, c Context) verdict {
	return verdictOf(o.pattern.match(value, c))
}

// foldOperand compares without regard to case, for all of Unicode.
type foldOperand struct{ pattern pattern }

func equalFold(v string, vars bool) operand { return &foldOperand{compile(v, false, vars)} }

func (o *foldOperand) compare(value string, c Context) verdict {
	text, ok := o.pattern.text(c)
	return verdictOf(ok && strings.EqualFold(text, value))
}

// arnOperand serves all four Arn operators: equality knows wildcards too.
type arnOperand struct{ pattern arnPattern }

func likeARN(v string, vars bool) operand { return &arnOperand{conditionARN(v, vars)} }

func (o *arnOperand) compare(value string, c Context) verdict {
	parts, ok := splitARN(value)
	return verdictOf(ok && o.pattern.matchARN(&parts, c))
}

// boolOperand is the text "true" or "false", in any case.
type boolOperand struct{ want string }

func truth(v string, _ bool) operand { return boolOperand{v} }

func (o boolOperand) compare(value string, _ Context) verdict {
	known := strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	return verdictOf(known && strings.EqualFold(o.want, value))
}

// binaryOperand holds bytes that the policy writes in base64.
type binaryOperand struct {
	bytes string
	valid bool
}

func binary(v string, _ bool) operand {
	b, err := base64.StdEncoding.DecodeString(v)
	return binaryOperand{string(b), err == nil}
}

func (o binaryOperand) compare(value string, _ Context) verdict {
	return verdictOf(o.valid && o.bytes == value)
}

// addressOperand is an address range; a bare address is a range of one.
type addressOperand struct{ prefix netip.Prefix }

func address(v string, _ bool) operand {
	if p, err := netip.ParsePrefix(v); err == nil {
		return addressOperand{p.Masked()}
	}
	a, err := netip.ParseAddr(v)
	if err != nil || a.Zone() != "" {
		return addressOperand{}
	}
	a = a.Unmap()
	return addressOperand{netip.PrefixFrom(a, a.BitLen())}
}

func (o addressOperand) compare(value string, _ Context) verdict {
	a, err := netip.ParseAddr(value)
	if err != nil || !o.prefix.IsValid() {
		return undecidable
	}
	return verdictOf(o.prefix.Contains(a.WithZone("").Unmap()))
}
