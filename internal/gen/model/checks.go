package model

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Validator is implemented by generated structures whose members have
// constraints in AWS's model.
type Validator interface{ Validate(c *Checks) }

// maxProblems bounds the violations that one answer lists.
const maxProblems = 50

// maxEcho bounds how much of a refused value an answer repeats, in bytes.
const maxEcho = 1024

// Checks collects the constraint violations of one input, in the wording and
// numbering of the AWS front ends (see the error text of any Cognito
// InvalidParameterException). The generated Validate methods feed it, in the
// order of the model's members. The zero value is ready.
type Checks struct {
	// Present tells whether a member that decoded to "" was sent at all. Path
	// is the member's wire path, "UserAttributes.1.Name": elements counted
	// from 1, map values under their key. nil means that the input held no
	// empty string, so that every "" was not sent.
	Present func(path string) bool

	path     []step
	problems []string
}

// step is one level of the path to the structure under check.
type step struct {
	name    string
	element string // position in a list or key in a map, "" for a structure
}

// OK tells whether no constraint was violated.
func (c *Checks) OK() bool { return len(c.problems) == 0 }

// Err returns the message for the caller: "1 validation error detected: ...",
// or "" when all is well.
func (c *Checks) Err() string {
	switch n := len(c.problems); n {
	case 0:
		return ""
	case 1:
		return "1 validation error detected: " + c.problems[0]
	default:
		return strconv.Itoa(n) + " validation errors detected: " + strings.Join(c.problems, "; ")
	}
}

// Required checks that a member was given.
func (c *Checks) Required(name string, given bool) {
	if !given {
		c.add("null ", name, "Member must not be null")
	}
}

// add notes a violation. value is what stands between "Value " and "at".
func (c *Checks) add(value, name, constraint string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, "Value "+value+"at '"+c.place(name)+"' failed to satisfy constraint: "+constraint)
	}
}

// fails notes a violation by a value that may be shown.
func (c *Checks) fails(name, value string, secret bool, constraint string) {
	if secret {
		value = ""
	} else {
		if len(value) > maxEcho {
			value = strings.ToValidUTF8(value[:maxEcho], "") + "..."
		}
		value = "'" + value + "' "
	}
	c.add(value, name, constraint)
}

// full tells whether further violations would be dropped.
func (c *Checks) full() bool { return len(c.problems) == maxProblems }

// sent tells whether a member that is "" now was in the input.
func (c *Checks) sent(name string) bool {
	return c.Present != nil && c.Present(c.wirePath(name))
}

func (c *Checks) wirePath(name string) string {
	var b strings.Builder
	for _, s := range c.path {
		b.WriteString(s.name + ".")
		if s.element != "" {
			b.WriteString(s.element + ".")
		}
	}
	return b.String() + name
}

// place is a member's path as AWS prints it: "schema.1.member.name".
func (c *Checks) place(name string) string {
	var b strings.Builder
	for _, s := range c.path {
		b.WriteString(lowerFirst(s.name) + ".")
		if s.element != "" {
			b.WriteString(s.element + ".member.")
		}
	}
	return b.String() + lowerFirst(name)
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// in checks a structure that lies one step further down.
func (c *Checks) in(s step, v Validator) {
	c.path = append(c.path, s)
	v.Validate(c)
	c.path = c.path[:len(c.path)-1]
}

// structure is a pointer to a generated structure with constraints.
type structure[T any] interface {
	*T
	Validator
}

// Struct checks a structure, if it was given.
func Struct[T any, P structure[T]](c *Checks, name string, v P) {
	if v != nil {
		c.in(step{name: name}, v)
	}
}

// Structs checks the structures of a list, and their number. A list that is
// too long is not looked into.
func Structs[T any, P structure[T]](c *Checks, name string, list []T, size *SizeRule) {
	if !Elements(c, name, list, size) {
		return
	}
	for i := range list {
		if c.full() {
			return
		}
		c.in(step{name, strconv.Itoa(i + 1)}, P(&list[i]))
	}
}

// StructMap checks the structures of a map, in the order of their keys, the
// keys, and their number.
func StructMap[T any, P structure[T]](c *Checks, name string, m map[string]T, size *SizeRule, key *StringRule) {
	if !Entries(c, name, m, size, key) {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if c.full() {
			return
		}
		v := m[k]
		c.in(step{name, k}, P(&v))
	}
}

// Elements checks the length of a list whose elements have no constraints. It
// reports whether the length is right.
func Elements[T any](c *Checks, name string, list []T, size *SizeRule) bool {
	if list == nil {
		return true
	}
	return c.size(name, len(list), size)
}

// Entries checks the size of a map and its keys. It reports whether the size
// is right.
func Entries[T any](c *Checks, name string, m map[string]T, size *SizeRule, key *StringRule) bool {
	if m == nil {
		return true
	}
	if !c.size(name, len(m), size) {
		return false
	}
	if key != nil {
		for k := range m {
			if !key.allows(k) {
				c.add("", name, "Map keys must satisfy constraint: "+key.describe())
				break
			}
		}
	}
	return true
}

// Strings checks a list of strings.
func Strings[S ~string](c *Checks, name string, list []S, size *SizeRule, each *StringRule) {
	if !Elements(c, name, list, size) || each == nil {
		return
	}
	if slices.ContainsFunc(list, func(s S) bool { return !each.allows(string(s)) }) {
		c.fails(name, fmt.Sprint("[", join(list), "]"), each.Secret, "Member must satisfy constraint: "+each.describe())
	}
}

// StringMap checks a map of strings.
func StringMap[S ~string](c *Checks, name string, m map[string]S, size *SizeRule, key, value *StringRule) {
	if !Entries(c, name, m, size, key) || value == nil {
		return
	}
	for _, v := range m {
		if !value.allows(string(v)) {
			c.add("", name, "Map value must satisfy constraint: "+value.describe())
			return
		}
	}
}

func join[S ~string](list []S) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = string(s)
	}
	return strings.Join(parts, ", ")
}
