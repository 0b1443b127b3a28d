package policy

import (
	"strconv"
	"strings"
)

// quantifier says what an operator asks of a key with several values.
type quantifier uint8

const (
	plain        quantifier = iota // no prefix: as if for any value
	forAllValues                   // every value of the request
	forAnyValue                    // at least one value of the request
)

// operator is a condition operator with its prefix and suffix.
type operator struct {
	name       string // as written: "ForAnyValue:StringLike"
	family     family
	negated    bool
	ifExists   bool
	quantifier quantifier
	// operand compiles a value of the policy; vars tells whether it may hold variables.
	operand func(value string, vars bool) operand
}

// family groups the operators that compare the same kind of value.
type family uint8

const (
	textFamily family = iota
	numberFamily
	dateFamily
	boolFamily
	binaryFamily
	addressFamily
	arnFamily
	nullFamily
)

// operand is a value in a policy, ready to be compared with one of a request.
type operand interface {
	compare(value string, c Context) verdict
}

type verdict uint8

const (
	differs verdict = iota
	matches
	// undecidable: one side is not a number, date or address. The condition
	// then fails, also when it is negated.
	undecidable
)

// parseOperator reads an operator with its modifiers. Names are case-sensitive,
// and Null has no IfExists form.
func parseOperator(name string) (operator, bool) {
	base, q := name, plain
	if after, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		base, q = after, forAllValues
	} else if after, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		base, q = after, forAnyValue
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	op, ok := operators[base]
	if !ok || ifExists && op.family == nullFamily {
		return operator{}, false
	}
	op.name, op.quantifier, op.ifExists = name, q, ifExists
	return op, true
}

// withoutValue is the operator's answer for a key that the request does not
// have. The set prefixes come first: IfExists changes nothing under them.
func (o *operator) withoutValue() bool {
	switch o.quantifier {
	case forAllValues:
		return true
	case forAnyValue:
		return false
	}
	return o.ifExists || o.negated
}

// demands tells whether the operator fails unless the key has one of the values.
func (o *operator) demands() bool {
	return !o.negated && !o.ifExists && o.quantifier != forAllValues
}

// condition is one key under one operator.
type condition struct {
	operator operator
	key      string // as written
	folded   string
	values   []string // as written
	operands []operand
}

func newCondition(raw rawCondition, vars bool) condition {
	c := condition{operator: raw.operator, key: raw.key, folded: fold(raw.key), values: raw.values}
	for _, v := range raw.values {
		c.operands = append(c.operands, raw.operator.operand(v, vars))
	}
	return c
}

// holds tells whether the request satisfies the condition. A key without values
// counts as absent. Null compares with whether the key is absent; a plain
// negated operator wants none of the request's values to match.
func (cd *condition) holds(c Context) bool {
	values, _ := c.lookup(cd.folded)
	if cd.operator.family == nullFamily {
		return cd.accepts(strconv.FormatBool(len(values) == 0), c)
	}
	if len(values) == 0 {
		return cd.operator.withoutValue()
	}
	every := cd.operator.quantifier == forAllValues || cd.operator.quantifier == plain && cd.operator.negated
	for _, v := range values {
		if cd.accepts(v, c) != every {
			return !every
		}
	}
	return every
}

// accepts tells whether one value of the request passes: it matches one of the
// policy's values or, negated, decidedly none.
func (cd *condition) accepts(value string, c Context) bool {
	passes := cd.operator.negated
	for _, o := range cd.operands {
		switch o.compare(value, c) {
		case matches:
			return !cd.operator.negated
		case undecidable:
			passes = false
		}
	}
	return passes
}
