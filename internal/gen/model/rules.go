package model

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// StringRule is what AWS's model demands of a string. The zero value of a
// field demands nothing.
type StringRule struct {
	Min, Max int // length in characters
	Pattern  *Pattern
	Enum     []string
	Secret   bool // never repeated in a message
}

// SizeRule bounds the number of elements of a list or map, or the bytes of a
// blob. A zero field demands nothing.
type SizeRule struct{ Min, Max int }

// Range bounds a number, both ends included.
type Range struct{ Min, Max int64 }

// Ends of a Range that has only one.
const (
	NoMin = math.MinInt64
	NoMax = math.MaxInt64
)

// String checks an optional string.
func (c *Checks) String(name, value string, r *StringRule) {
	if value != "" || c.sent(name) {
		c.text(name, value, r)
	}
}

// RequiredString checks a string that must be given; a nil rule demands
// nothing else of it.
func (c *Checks) RequiredString(name, value string, r *StringRule) {
	if value == "" && !c.sent(name) {
		c.Required(name, false)
		return
	}
	if r != nil {
		c.text(name, value, r)
	}
}

func (c *Checks) text(name, value string, r *StringRule) {
	if problem := r.length(value); problem != "" {
		c.fails(name, value, r.Secret, problem)
	}
	if r.Pattern != nil && !r.Pattern.Match(value) {
		c.fails(name, value, r.Secret, mustMatch(r.Pattern))
	}
	if r.Enum != nil && !slices.Contains(r.Enum, value) {
		c.fails(name, value, r.Secret, mustBeOneOf(r.Enum))
	}
}

// length returns what is wrong with a string's length, or "".
func (r *StringRule) length(s string) string {
	if r.Min == 0 && (r.Max == 0 || len(s) <= r.Max) {
		return ""
	}
	return SizeRule{r.Min, r.Max}.violation(utf8.RuneCountInString(s))
}

func (r *StringRule) allows(s string) bool {
	return r.length(s) == "" && (r.Pattern == nil || r.Pattern.Match(s)) && (r.Enum == nil || slices.Contains(r.Enum, s))
}

// describe lists everything that the rule demands: AWS names all of it when
// an element of a collection breaks any.
func (r *StringRule) describe() string {
	var all []string
	if r.Max > 0 {
		all = append(all, atMost("length", int64(r.Max)))
	}
	if r.Min > 0 || r.Max > 0 {
		all = append(all, atLeast("length", int64(r.Min)))
	}
	if r.Pattern != nil {
		all = append(all, mustMatch(r.Pattern))
	}
	if r.Enum != nil {
		all = append(all, mustBeOneOf(r.Enum))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// Blob checks the length of binary data.
func (c *Checks) Blob(name string, value []byte, r *SizeRule) {
	if value != nil {
		c.size(name, len(value), r)
	}
}

// size checks a number of elements; a nil rule allows any.
func (c *Checks) size(name string, n int, r *SizeRule) bool {
	if r == nil {
		return true
	}
	problem := r.violation(n)
	if problem != "" {
		c.add("", name, problem)
	}
	return problem == ""
}

func (r SizeRule) violation(n int) string {
	switch {
	case n < r.Min:
		return atLeast("length", int64(r.Min))
	case r.Max > 0 && n > r.Max:
		return atMost("length", int64(r.Max))
	}
	return ""
}

// Number checks a whole number, if it was given.
func Number[N int32 | int64](c *Checks, name string, value *N, r Range) {
	if value == nil {
		return
	}
	n, problem := int64(*value), ""
	switch {
	case n < r.Min:
		problem = atLeast("value", r.Min)
	case n > r.Max:
		problem = atMost("value", r.Max)
	default:
		return
	}
	c.fails(name, strconv.FormatInt(n, 10), false, problem)
}

func atLeast(what string, n int64) string {
	return fmt.Sprintf("Member must have %s greater than or equal to %d", what, n)
}

func atMost(what string, n int64) string {
	return fmt.Sprintf("Member must have %s less than or equal to %d", what, n)
}

func mustMatch(p *Pattern) string {
	return "Member must satisfy regular expression pattern: " + p.Text
}

func mustBeOneOf(values []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(values, ", ") + "]"
}
