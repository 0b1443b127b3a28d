package main

import "fmt"

// enums writes a named string type per enum, its constants and their list.
func (a *api) enums() (*source, error) {
	out := new(source)
	for _, name := range a.usedWhere(func(s *shape) bool { return len(s.Enum) > 0 }) {
		typeName := a.prefix + a.typeName(name)
		out.line("\n// %s is one of AWS's values; see %sValues.", typeName, typeName)
		out.line("type %s string", typeName)
		out.line("\n// The values of %s.", typeName)
		out.line("const (")
		seen := map[string]string{}
		for _, value := range a.Shapes[name].Enum {
			constant := constantName(typeName, value)
			if old, ok := seen[constant]; ok {
				return nil, fmt.Errorf("enum %s: %q and %q are both %s", name, old, value, constant)
			}
			seen[constant] = value
			out.line("%s %s = %q", constant, typeName, value)
		}
		out.line(")")
		out.line("\n// %sValues lists every %s in the order of AWS's messages.", typeName, typeName)
		out.line("var %sValues = []string{", typeName)
		for _, value := range a.Shapes[name].Enum {
			out.line("string(%s),", constantName(typeName, value))
		}
		out.line("}")
	}
	return out, nil
}
