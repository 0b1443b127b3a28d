package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Matched is a statement that is about a request.
type Matched struct {
	Source Source
	Policy string // its name
	// Begin and End are where the statement stands in its document.
	Begin, End Position
}

// Position is a place in a document, counted from 1, columns in bytes.
type Position struct{ Line, Column int }

// position is the place of a byte.
func (d *Document) position(at int) Position {
	before := d.text[:at]
	return Position{1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')}
}

// Matched returns the statements that made the decision: those that deny, if it is an
// explicit denial, those that allow, if it is allowed, and otherwise none. Evaluate is
// content with one of them.
func (d Decision) Matched() (list []Matched) {
	if !d.Allowed && !d.Explicit {
		return nil
	}
	q := newQuery(d.request)
	for source, policies := range map[Source][]Named{
		ByIdentity: d.policies.Identity, ByBoundary: d.policies.Boundary, BySession: d.policies.Session, ByResource: d.policies.Resource,
	} {
		for _, p := range policies {
			if p.Document == nil {
				continue
			}
			for i := range p.statements {
				s := &p.statements[i]
				if _, applies := s.applies(&q); applies && s.deny == d.Explicit {
					list = append(list, Matched{source, p.Name, p.position(s.begin), p.position(s.end)})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b Matched) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Begin.Line, b.Begin.Line), cmp.Compare(a.Begin.Column, b.Begin.Column))
	})
	return list
}

// ContextKeys returns the condition keys that a document looks at, sorted and each once:
// in conditions as they are written, in variables in lower case.
func (d *Document) ContextKeys() []string {
	keys := make(map[string]string)
	add := func(key string) {
		if _, known := keys[fold(key)]; !known {
			keys[fold(key)] = key
		}
	}
	for i := range d.statements {
		s := &d.statements[i]
		for j := range s.conditions {
			add(s.conditions[j].key)
			for _, value := range s.conditions[j].values {
				variablesOf(value, s.variables, add)
			}
		}
		if s.resources == nil {
			continue
		}
		for j := range s.resources.patterns {
			variablesOf(s.resources.patterns[j].source, s.variables, add)
		}
	}
	return slices.Sorted(maps.Values(keys))
}

// variablesOf hands the keys of the variables in a text to add.
func variablesOf(text string, vars bool, add func(string)) {
	for _, pc := range compile(text, true, vars).pieces {
		if pc.kind == variable {
			add(pc.text)
		}
	}
}
