package policy

import (
	"cmp"
	"strings"
)

// decimal is a number kept as text, because floating point would call
// neighbouring large numbers equal. Zeros that carry nothing are cut off.
type decimal struct {
	negative    bool
	whole, frac string
}

type numberOperand struct {
	relation relation
	want     decimal
	valid    bool
}

// number makes operands that accept request values standing in the relation to them.
func number(r relation) func(string, bool) operand {
	return func(v string, _ bool) operand {
		want, ok := parseDecimal(v)
		return &numberOperand{r, want, ok}
	}
}

func (o *numberOperand) compare(value string, _ Context) verdict {
	have, ok := parseDecimal(value)
	if !ok || !o.valid {
		return undecidable
	}
	return o.relation.holds(have.compare(o.want))
}

// parseDecimal reads an integer or a decimal such as -12.50. There are no
// exponents.
func parseDecimal(s string) (d decimal, ok bool) {
	if rest, minus := strings.CutPrefix(s, "-"); minus {
		d.negative, s = true, rest
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	whole, frac, point := strings.Cut(s, ".")
	if whole == "" && frac == "" || point && frac == "" || !digits(whole) || !digits(frac) {
		return decimal{}, false
	}
	d.whole, d.frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
	d.negative = d.negative && d.whole+d.frac != ""
	return d, true
}

func digits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	order := cmp.Or(
		cmp.Compare(len(d.whole), len(e.whole)),
		cmp.Compare(d.whole, e.whole),
		cmp.Compare(d.frac, e.frac),
	)
	if d.negative {
		return -order
	}
	return order
}
