package main

import (
	"fmt"
	"maps"
	"slices"
)

// goType returns the Go type of a shape's value, as package model lays down.
func (a *api) goType(name string) (string, error) {
	s := a.Shapes[name]
	switch s.Type {
	case "structure":
		if s.Document {
			return "json.RawMessage", nil
		}
		return a.prefix + a.typeName(name), nil
	case "string", "character":
		if len(s.Enum) > 0 {
			return a.prefix + a.typeName(name), nil
		}
		return "string", nil
	case "list":
		element, err := a.goType(s.Member.Shape)
		return "[]" + element, err
	case "map":
		if k := a.Shapes[s.Key.Shape]; k.Type != "string" {
			return "", fmt.Errorf("shape %s: keys of type %s", name, k.Type)
		}
		element, err := a.goType(s.Value.Shape)
		return "map[string]" + element, err
	}
	basic, ok := map[string]string{
		"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64",
		"timestamp": "time.Time", "blob": "[]byte", "document": "json.RawMessage",
	}[s.Type]
	if !ok {
		return "", fmt.Errorf("shape %s: type %q", name, s.Type)
	}
	return basic, nil
}

// memberType is the Go type of a structure's member: a pointer where zero
// differs from absent, and for structures.
func (a *api) memberType(shape string) (string, error) {
	t, err := a.goType(shape)
	switch a.Shapes[shape].Type {
	case "structure", "boolean", "integer", "long", "float", "double":
		if t != "json.RawMessage" {
			t = "*" + t
		}
	}
	return t, err
}

// structures returns the structures that operations use, by name.
func (a *api) structures() []string {
	return a.usedWhere(func(s *shape) bool { return s.Type == "structure" && !s.Document })
}

func (a *api) usedWhere(is func(*shape) bool) []string {
	return slices.SortedFunc(func(yield func(string) bool) {
		for name := range maps.Keys(a.used()) {
			if is(a.Shapes[name]) && !yield(name) {
				return
			}
		}
	}, func(x, y string) int { return compareNames(goName(x), goName(y)) })
}

// types writes the structures.
func (a *api) types() (*source, error) {
	out := new(source)
	roles := a.roles()
	for _, name := range a.structures() {
		if err := a.structure(out, name, roles[name]); err != nil {
			return nil, fmt.Errorf("shape %s: %w", name, err)
		}
	}
	return out, nil
}

func (a *api) structure(out *source, name, role string) error {
	s := a.Shapes[name]
	typeName := a.prefix + a.typeName(name)
	if s.Union {
		role += " Exactly one member is set."
	}
	out.line("\n// %s %s", typeName, role)
	if len(s.Members) == 0 {
		out.line("type %s struct{}", typeName)
		return nil
	}
	out.line("type %s struct {", typeName)
	for _, m := range s.Members {
		t, err := a.memberType(m.Shape)
		if err != nil {
			return err
		}
		tags, err := a.tags(m, s.required(m.Name), s.Payload)
		if err != nil {
			return err
		}
		out.use(t)
		out.line("%s %s `%s`", goName(m.Name), t, tags)
	}
	out.line("}")
	return nil
}

// roles says of each structure where operations use it.
func (a *api) roles() map[string]string {
	uses, holders := map[string][]string{}, map[string][]string{}
	for _, o := range a.operations() {
		if o.Input != nil {
			uses[o.Input.Shape] = append(uses[o.Input.Shape], "the input of "+o.Name)
		}
		if o.Output != nil {
			uses[o.Output.Shape] = append(uses[o.Output.Shape], "the output of "+o.Name)
		}
	}
	for _, name := range a.structures() {
		for _, m := range a.Shapes[name].Members {
			inner := a.innermost(m.Shape)
			if holder := a.prefix + a.typeName(name); inner != name && !slices.Contains(holders[inner], holder) {
				holders[inner] = append(holders[inner], holder)
			}
		}
	}
	roles := map[string]string{}
	for name, list := range holders {
		roles[name] = "is part of " + enumerate(list) + "."
	}
	for name, list := range uses {
		roles[name] = "is " + enumerate(list) + "."
	}
	return roles
}

// innermost is the shape of the elements of a list of lists of lists.
func (a *api) innermost(name string) string {
	for s := a.Shapes[name]; s.Type == "list" || s.Type == "map"; s = a.Shapes[name] {
		name = elementOf(s).Shape
	}
	return name
}

// enumerate names the first two of a list and counts the rest.
func enumerate(list []string) string {
	switch n := len(list); n {
	case 1:
		return list[0]
	case 2:
		return list[0] + " and " + list[1]
	default:
		return fmt.Sprintf("%s, %s and %d more", list[0], list[1], n-2)
	}
}
