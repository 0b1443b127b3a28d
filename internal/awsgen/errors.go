package main

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
)

// exceptions returns the errors that operations declare, by name.
func (a *api) exceptions() []string {
	declared := map[string]bool{}
	for _, o := range a.Operations {
		for _, e := range o.Errors {
			declared[e.Shape] = true
		}
	}
	return slices.SortedFunc(maps.Keys(declared), compareNames)
}

// errorCode is an error's name on the wire.
func (a *api) errorCode(name string) string { return cmp.Or(a.Shapes[name].Error.Code, name) }

// errorTypes writes one variable per declared error.
func (a *api) errorTypes() *source {
	out := new(source)
	out.use("model.")
	out.line("\n// The errors that the service's operations declare.")
	out.line("var (")
	for _, name := range a.exceptions() {
		s := a.Shapes[name]
		server := s.Fault || s.Error.HTTPStatusCode >= http.StatusInternalServerError
		status := s.Error.HTTPStatusCode
		switch {
		case server && status == 0:
			status = http.StatusInternalServerError
		case !server && (status == 0 || a.Metadata.AllErrors400):
			status = http.StatusBadRequest
		}
		out.text("%s = &model.ErrorType{Name: %q, Code: %q, Status: %d", name, name, a.errorCode(name), status)
		if server {
			out.text(", Server: true")
		}
		out.line("}")
	}
	out.line(")")
	return out
}
