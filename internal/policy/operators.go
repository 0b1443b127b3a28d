package policy

// operators are the base operators by name (IAM User Guide, "IAM JSON policy
// elements: Condition operators").
var operators = map[string]operator{
	"StringEquals":              {family: textFamily, operand: equalText},
	"StringNotEquals":           {family: textFamily, operand: equalText, negated: true},
	"StringEqualsIgnoreCase":    {family: textFamily, operand: equalFold},
	"StringNotEqualsIgnoreCase": {family: textFamily, operand: equalFold, negated: true},
	"StringLike":                {family: textFamily, operand: likeText},
	"StringNotLike":             {family: textFamily, operand: likeText, negated: true},

	"NumericEquals":            {family: numberFamily, operand: number(equal)},
	"NumericNotEquals":         {family: numberFamily, operand: number(equal), negated: true},
	"NumericLessThan":          {family: numberFamily, operand: number(less)},
	"NumericLessThanEquals":    {family: numberFamily, operand: number(less | equal)},
	"NumericGreaterThan":       {family: numberFamily, operand: number(greater)},
	"NumericGreaterThanEquals": {family: numberFamily, operand: number(greater | equal)},

	"DateEquals":            {family: dateFamily, operand: date(equal)},
	"DateNotEquals":         {family: dateFamily, operand: date(equal), negated: true},
	"DateLessThan":          {family: dateFamily, operand: date(less)},
	"DateLessThanEquals":    {family: dateFamily, operand: date(less | equal)},
	"DateGreaterThan":       {family: dateFamily, operand: date(greater)},
	"DateGreaterThanEquals": {family: dateFamily, operand: date(greater | equal)},

	"Bool":         {family: boolFamily, operand: truth},
	"BinaryEquals": {family: binaryFamily, operand: binary},
	"IpAddress":    {family: addressFamily, operand: address},
	"NotIpAddress": {family: addressFamily, operand: address, negated: true},

	"ArnEquals":    {family: arnFamily, operand: likeARN},
	"ArnLike":      {family: arnFamily, operand: likeARN},
	"ArnNotEquals": {family: arnFamily, operand: likeARN, negated: true},
	"ArnNotLike":   {family: arnFamily, operand: likeARN, negated: true},

	"Null": {family: nullFamily, operand: truth},
}

// relation is the set of orders that an operator accepts.
type relation uint8

const (
	less relation = 1 << iota
	equal
	greater
)

// holds takes the result of a comparison, negative, zero or positive.
func (r relation) holds(order int) verdict {
	is := equal
	if order < 0 {
		is = less
	} else if order > 0 {
		is = greater
	}
	return verdictOf(r&is != 0)
}

func verdictOf(same bool) verdict {
	if same {
		return matches
	}
	return differs
}
