package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suite is one suite of AWS's protocol tests: cases over the same shapes.
type suite struct {
	Description    string            `json:"description"`
	Metadata       metadata          `json:"metadata"`
	ClientEndpoint string            `json:"clientEndpoint"`
	Shapes         map[string]*shape `json:"shapes"`
	Cases          []protocolCase    `json:"cases"`
}

type protocolCase struct {
	ID         string          `json:"id"`
	Given      operation       `json:"given"`
	Params     json.RawMessage `json:"params"`
	Result     json.RawMessage `json:"result"`
	Serialized struct {
		Method         string            `json:"method"`
		Host           string            `json:"host"`
		URI            string            `json:"uri"`
		Headers        map[string]string `json:"headers"`
		ForbidHeaders  []string          `json:"forbidHeaders"` // of clients
		RequireHeaders []string          `json:"requireHeaders"`
		Body           string            `json:"body"`
	} `json:"serialized"`
	Response struct {
		Status  int               `json:"status_code"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	} `json:"response"`
}

// leftOut are suites and cases that say nothing about a server, by their
// description, or by description and position.
var leftOut = map[string]string{
	"JSON value trait":                      "none of our services has the trait",
	"Idempotency token auto fill/1":         "the client invents the token",
	"Lists/1":                               "a server sends no null elements",
	"Ignores extra data/0":                  "a server sends no unknown members",
	"Ignores undefined output/0":            "a server sends nothing where there is no output",
	"unmodeled non-json response payload/0": "a server sends JSON",
	"unmodeled non-json response payload/1": "a server sends an object",
}

// generateProtocolTests writes the tables of package protocoltest.
func generateProtocolTests(models string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, direction := range []string{"input", "output"} {
		for _, protocol := range slices.Sorted(maps.Keys(protocols)) {
			text, err := os.ReadFile(filepath.Join(models, "protocol_tests", direction, protocol+".json"))
			if err != nil {
				return nil, err
			}
			var suites []suite
			if err := strict(text, &suites); err != nil {
				return nil, fmt.Errorf("%s/%s: %w", direction, protocol, err)
			}
			file, err := protocolFile(direction, protocol, suites)
			if err != nil {
				return nil, fmt.Errorf("%s/%s: %w", direction, protocol, err)
			}
			name := direction + "_" + strings.ToLower(protocols[protocol]) + ".go"
			if files[name], err = file.file("protocoltest", ""); err != nil {
				return nil, err
			}
		}
	}
	tables, err := protocolTables().file("protocoltest", "")
	files["tables.go"] = tables
	return files, err
}

// protocolTables joins the tables of the protocols.
func protocolTables() *source {
	out := new(source)
	out.use("slices.Concat")
	for _, direction := range []string{"input", "output"} {
		out.line("\n// %ss are the %s cases of every protocol.", goName(direction), direction)
		out.text("var %ss = slices.Concat(", goName(direction))
		for _, protocol := range slices.Sorted(maps.Keys(protocols)) {
			out.text("%s%s, ", direction, protocols[protocol])
		}
		out.line(")")
	}
	return out
}

// protocolFile writes the types and cases of one protocol in one direction.
func protocolFile(direction, protocol string, suites []suite) (*source, error) {
	types, cases := new(source), new(source)
	for i, s := range suites {
		if leftOut[s.Description] != "" {
			continue
		}
		a := s.api(fmt.Sprintf("%s%s%d", direction, protocols[protocol], i))
		text, err := a.types()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Description, err)
		}
		enums, err := a.enums()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Description, err)
		}
		types.append(text)
		types.append(enums)
		for k, c := range s.Cases {
			if leftOut[fmt.Sprintf("%s/%d", s.Description, k)] == "" {
				if err := a.writeCase(cases, direction, fmt.Sprintf("%s/%s/%d", protocol, s.Description, k), c); err != nil {
					return nil, err
				}
			}
		}
	}
	out := new(source)
	out.use("model.")
	out.line("\nvar %s%s = []Case{", direction, protocols[protocol])
	out.append(cases)
	out.line("}")
	out.append(types)
	return out, nil
}

// api makes a suite look like a service with one operation a case.
func (s suite) api(prefix string) *api {
	a := &api{Metadata: s.Metadata, Operations: map[string]*operation{}, Shapes: s.Shapes, prefix: prefix}
	for i := range s.Cases {
		o := &s.Cases[i].Given
		a.Operations[fmt.Sprint(i)] = o
		for _, r := range []*ref{o.Input, o.Output} {
			if r != nil && r.Payload != "" {
				a.Shapes[r.Shape].Payload = r.Payload
			}
		}
	}
	return a
}

func (a *api) writeCase(out *source, direction, name string, c protocolCase) error {
	tested, value := c.Given.Input, c.Params
	if direction == "output" {
		tested, value = c.Given.Output, c.Result
	}
	text, err := compact(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	protocol := protocols[a.Metadata.Protocol]
	out.line("{")
	out.line("Name: %q,", name)
	out.line("Protocol: model.%s,", protocol)
	out.line("Op: operation(model.Service{Protocol: model.%s, APIVersion: %q, TargetPrefix: %q}, model.Operation{",
		protocol, a.Metadata.APIVersion, a.Metadata.TargetPrefix)
	out.line("Name: %q,", c.Given.Name)
	a.binding(out, &c.Given)
	if c.Given.Output == nil {
		out.line("NoOutput: true,")
	}
	out.line("NewInput: func() any { return new(%s) },", a.argument(c.Given.Input))
	out.line("}),")
	out.line("New: func() any { return new(%s) },", a.argument(tested))
	out.line("Value: %s,", raw(text))
	if r := c.Serialized; direction == "input" {
		method := cmp.Or(r.Method, c.Given.HTTP.Method, http.MethodPost)
		out.line("Request: Request{Method: %q, Host: %q, URI: %q, Headers: %#v, Body: %s},", method, r.Host, r.URI, r.Headers, raw(r.Body))
	} else {
		r := c.Response
		out.line("Response: Response{Status: %d, Headers: %#v, Body: %s},", r.Status, r.Headers, raw(r.Body))
	}
	out.line("},")
	return nil
}

// compact writes a value on one line; a case without one means {}.
func compact(value json.RawMessage) (string, error) {
	if value == nil {
		return "{}", nil
	}
	var b bytes.Buffer
	err := json.Compact(&b, value)
	return b.String(), err
}
