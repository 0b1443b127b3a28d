package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// validator writes the constraint checks of one service: a Validate method for
// every structure of an input that has constraints or holds such a structure.
type validator struct {
	*api
	constrained map[string]bool // structures with a Validate method
	rules       map[string]bool // shapes whose rule the methods name
	out         *source
}

// validation writes the checks, nil when the service has none.
func (a *api) validation() (*source, error) {
	v := &validator{api: a, constrained: a.constrained(), rules: map[string]bool{}, out: new(source)}
	for _, name := range a.structures() {
		if v.constrained[name] {
			if err := v.method(name); err != nil {
				return nil, fmt.Errorf("shape %s: %w", name, err)
			}
		}
	}
	if len(v.constrained) == 0 {
		return nil, nil
	}
	return v.out, v.ruleTable()
}

// constrained finds the structures of inputs that need a check: those with
// constraints of their own and those that lead to one.
func (a *api) constrained() map[string]bool {
	inputs := a.inputs()
	found := map[string]bool{}
	for again := true; again; {
		again = false
		for name := range inputs {
			s := a.Shapes[name]
			if s.Type == "structure" && !found[name] && a.hasConstraints(s, found) {
				found[name], again = true, true
			}
		}
	}
	return found
}

func (a *api) hasConstraints(s *shape, found map[string]bool) bool {
	return len(s.Required) > 0 || slices.ContainsFunc(s.Members, func(m member) bool { return a.needsCheck(m.Shape, found) })
}

// needsCheck tells whether values of a shape can break a constraint.
func (a *api) needsCheck(name string, found map[string]bool) bool {
	s := a.Shapes[name]
	switch s.Type {
	case "structure":
		return found[name]
	case "list", "map":
		return s.bounded() || a.needsCheck(elementOf(s).Shape, found) || s.Key != nil && a.needsCheck(s.Key.Shape, found)
	}
	return s.bounded() || s.Pattern != "" || len(s.Enum) > 0
}

// bounded tells whether a length or value is limited. A minimum length of
// zero is no limit.
func (s *shape) bounded() bool {
	return s.Max != nil || s.Min != nil && (s.number() || s.Min.String() != "0")
}

func (s *shape) number() bool { return s.Type == "integer" || s.Type == "long" }

// method writes a structure's Validate.
func (v *validator) method(name string) error {
	s := v.Shapes[name]
	v.out.use("model.")
	v.out.line("\n// Validate checks the model's constraints.")
	v.out.line("func (v *%s) Validate(c *model.Checks) {", v.typeName(name))
	for _, m := range s.Members {
		if err := v.check(m, s.required(m.Name)); err != nil {
			return fmt.Errorf("member %s: %w", m.Name, err)
		}
	}
	v.out.line("}")
	return nil
}

// check writes the lines that check one member.
func (v *validator) check(m member, required bool) error {
	s := v.Shapes[m.Shape]
	field := "v." + goName(m.Name)
	if s.Type == "string" {
		v.checkString(m, field, required)
		return nil
	}
	if required {
		given := field + " != nil"
		if s.Type == "timestamp" {
			given = "!" + field + ".IsZero()"
		}
		v.out.line("c.Required(%q, %s)", m.Name, given)
	}
	if !v.needsCheck(m.Shape, v.constrained) {
		return nil
	}
	switch s.Type {
	case "structure":
		v.out.line("model.Struct(c, %q, %s)", m.Name, field)
	case "integer", "long":
		v.out.line("model.Number(c, %q, %s, %s)", m.Name, field, v.rule(m.Shape))
	case "blob":
		v.out.line("c.Blob(%q, %s, %s)", m.Name, field, v.rule(m.Shape))
	case "list":
		return v.checkList(m, field)
	case "map":
		return v.checkMap(m, field)
	default:
		return fmt.Errorf("constraints on a %s are not supported", s.Type)
	}
	return nil
}

func (v *validator) checkString(m member, field string, required bool) {
	if len(v.Shapes[m.Shape].Enum) > 0 {
		field = "string(" + field + ")"
	}
	switch constrained := v.needsCheck(m.Shape, v.constrained); {
	case required:
		v.out.line("c.RequiredString(%q, %s, %s)", m.Name, field, v.rule(m.Shape))
	case constrained:
		v.out.line("c.String(%q, %s, %s)", m.Name, field, v.rule(m.Shape))
	}
}

func (v *validator) checkList(m member, field string) error {
	size, element := v.size(m.Shape), v.Shapes[m.Shape].Member.Shape
	switch kind := v.Shapes[element].Type; {
	case !v.needsCheck(element, v.constrained):
		v.out.line("model.Elements(c, %q, %s, %s)", m.Name, field, size)
	case kind == "structure":
		v.out.line("model.Structs(c, %q, %s, %s)", m.Name, field, size)
	case kind == "string":
		v.out.line("model.Strings(c, %q, %s, %s, %s)", m.Name, field, size, v.rule(element))
	default:
		return fmt.Errorf("constraints on lists of %s are not supported", kind)
	}
	return nil
}

func (v *validator) checkMap(m member, field string) error {
	s := v.Shapes[m.Shape]
	size, key, value := v.size(m.Shape), v.rule(s.Key.Shape), s.Value.Shape
	switch kind := v.Shapes[value].Type; {
	case !v.needsCheck(value, v.constrained):
		v.out.line("model.Entries(c, %q, %s, %s, %s)", m.Name, field, size, key)
	case kind == "structure":
		v.out.line("model.StructMap(c, %q, %s, %s, %s)", m.Name, field, size, key)
	case kind == "string":
		v.out.line("model.StringMap(c, %q, %s, %s, %s, %s)", m.Name, field, size, key, v.rule(value))
	default:
		return fmt.Errorf("constraints on maps of %s are not supported", kind)
	}
	return nil
}

// size is the rule for a collection's size, "nil" when it has none.
func (v *validator) size(shape string) string {
	if !v.Shapes[shape].bounded() {
		return "nil"
	}
	return v.rule(shape)
}

// rule is the variable that holds a shape's rule, "nil" when it has none.
func (v *validator) rule(shape string) string {
	if !v.needsCheck(shape, v.constrained) {
		return "nil"
	}
	v.rules[shape] = true
	return localName(shape) + "Rule"
}

// ruleTable writes the variables that the methods name.
func (v *validator) ruleTable() error {
	if len(v.rules) == 0 {
		return nil
	}
	v.out.line("\n// What the model demands of strings, collections and numbers.")
	v.out.line("var (")
	names := v.usedWhere(func(*shape) bool { return true })
	for _, name := range names {
		if !v.rules[name] {
			continue
		}
		literal, err := v.ruleLiteral(name)
		if err != nil {
			return fmt.Errorf("shape %s: %w", name, err)
		}
		v.out.line("%sRule = %s", localName(name), literal)
	}
	v.out.line(")")
	return nil
}

func (v *validator) ruleLiteral(name string) (string, error) {
	s := v.Shapes[name]
	bound := func(label string, n *json.Number) (fields []string) {
		if n != nil && n.String() != "0" {
			fields = append(fields, label+": "+n.String())
		}
		return fields
	}
	if s.number() {
		return fmt.Sprintf("model.Range{Min: %s, Max: %s}", orElse(s.Min, "model.NoMin"), orElse(s.Max, "model.NoMax")), nil
	}
	if s.Max != nil && s.Max.String() == "0" {
		return "", fmt.Errorf("a maximum length of 0 is not supported")
	}
	fields := slices.Concat(bound("Min", s.Min), bound("Max", s.Max))
	if s.Type != "string" {
		return "&model.SizeRule{" + strings.Join(fields, ", ") + "}", nil
	}
	if s.Pattern != "" {
		p, err := patternLiteral(s.Pattern)
		if err != nil {
			return "", err
		}
		fields = append(fields, "Pattern: "+p)
	}
	if len(s.Enum) > 0 {
		fields = append(fields, "Enum: "+v.typeName(name)+"Values")
	}
	if s.Sensitive {
		fields = append(fields, "Secret: true")
	}
	return "&model.StringRule{" + strings.Join(fields, ", ") + "}", nil
}

func orElse(n *json.Number, absent string) string {
	if n == nil {
		return absent
	}
	return n.String()
}
