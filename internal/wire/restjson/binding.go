package restjson

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"pintail/internal/wire/shape"
)

// place is where in an HTTP message a member stands.
type place string

const (
	inPath    place = "uri"
	inQuery   place = "query"
	inHeader  place = "header"
	inHeaders place = "headers" // a map over all headers with a prefix
	inPayload place = "payload"
	inStatus  place = "status"
)

// binding is a member that stands outside the JSON body, or is the body.
type binding struct {
	place  place
	wire   string // label, parameter, header or prefix
	name   string // of the Go field, which is the member's name
	index  int
	format shape.TimeFormat
}

// bindings is the plan of an input or output structure.
type bindings struct {
	members []*binding // all but the payload
	payload *binding   // nil when the body is made of members
	hasBody bool       // some member stands in the JSON body
}

// plans holds one *bindings per type.
var plans sync.Map

func bindingsOf(t reflect.Type) *bindings {
	if b, ok := plans.Load(t); ok {
		return b.(*bindings)
	}
	b := &bindings{}
	for i := range t.NumField() {
		f := t.Field(i)
		kind, wire, _ := strings.Cut(f.Tag.Get("http"), "=")
		m := &binding{place(kind), wire, f.Name, i, shape.TimeFormat(f.Tag.Get("time"))}
		switch m.place {
		case "":
			b.hasBody = true
			continue
		case inPayload:
			b.payload = m
			continue
		case inPath, inQuery, inStatus:
			if f.Type.Kind() == reflect.Map {
				panic("restjson: " + t.String() + "." + f.Name + " is a map outside headers and body")
			}
			m.setFormat(shape.ISO8601)
		case inHeader, inHeaders:
			m.setFormat(shape.RFC822)
		default:
			panic("restjson: " + t.String() + "." + f.Name + " is bound to " + kind)
		}
		b.members = append(b.members, m)
	}
	p, _ := plans.LoadOrStore(t, b)
	return p.(*bindings)
}

// setFormat sets the timestamp format of the member's place, if it has none of
// its own.
func (m *binding) setFormat(f shape.TimeFormat) {
	if m.format == "" {
		m.format = f
	}
}

// label is how an error names the member.
func (m *binding) label() string {
	if m.wire == "" {
		return m.name
	}
	return m.wire
}

// decode sets the member from its place in the request.
func (m *binding) decode(r Request, v reflect.Value) error {
	switch m.place {
	case inPath:
		text, ok := r.Path[m.wire]
		if !ok {
			return shape.Problem("missing from the path")
		}
		return shape.SetText(v, text, m.format)
	case inQuery:
		return m.decodeValues(r.Query[m.wire], v)
	case inHeader:
		return m.decodeHeader(r.Header.Values(m.wire), v)
	case inHeaders:
		return m.decodeHeaders(r.Header, v)
	}
	return nil
}

// decodeValues sets a member of the query string; a list takes every value.
func (m *binding) decodeValues(values []string, v reflect.Value) error {
	switch {
	case len(values) == 0:
		return nil
	case shape.IsScalar(v.Type()):
		if len(values) > 1 {
			return shape.Problem("given more than once")
		}
		return shape.SetText(v, values[0], m.format)
	}
	list := reflect.MakeSlice(v.Type(), len(values), len(values))
	for i, text := range values {
		if err := shape.SetText(list.Index(i), text, m.format); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// decodeHeader sets a member from its header; an empty header is absent.
func (m *binding) decodeHeader(values []string, v reflect.Value) error {
	if len(values) == 0 || values[0] == "" {
		return nil
	}
	if shape.IsScalar(v.Type()) {
		return m.decodeValues(values, v)
	}
	var items []string
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			items = append(items, strings.TrimSpace(item))
		}
	}
	return m.decodeValues(items, v)
}

// decodeHeaders collects the headers that begin with the prefix. Their names
// lose it and keep HTTP's canonical case.
func (m *binding) decodeHeaders(h http.Header, v reflect.Value) error {
	found := reflect.MakeMap(v.Type())
	for name, values := range h {
		if len(values) == 0 || len(name) < len(m.wire) || !strings.EqualFold(name[:len(m.wire)], m.wire) {
			continue
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		if err := shape.SetText(elem, values[0], m.format); err != nil {
			return err
		}
		found.SetMapIndex(reflect.ValueOf(name[len(m.wire):]).Convert(v.Type().Key()), elem)
	}
	if found.Len() > 0 {
		v.Set(found)
	}
	return nil
}

// encode sets the headers of a member of the output.
func (m *binding) encode(h http.Header, v reflect.Value) error {
	switch m.place {
	case inHeader:
		text, err := m.headerText(v)
		if err != nil {
			return err
		}
		h.Set(m.wire, text)
	case inHeaders:
		for key, elem := range v.Seq2() {
			text, err := shape.AppendText(nil, elem, m.format)
			if err != nil {
				return err
			}
			h.Set(m.wire+key.String(), string(text))
		}
	}
	return nil
}

func (m *binding) headerText(v reflect.Value) (string, error) {
	if shape.IsScalar(v.Type()) {
		text, err := shape.AppendText(nil, v, m.format)
		return string(text), err
	}
	var items []string
	for _, elem := range v.Seq2() {
		text, err := shape.AppendText(nil, elem, m.format)
		if err != nil {
			return "", err
		}
		items = append(items, string(text))
	}
	return strings.Join(items, ", "), nil
}

// setRaw sets a payload that is a blob or a string: the body as it is.
func setRaw(v reflect.Value, body []byte) error {
	if v.Kind() != reflect.String {
		v.SetBytes(bytes.Clone(body))
		return nil
	}
	if !utf8.Valid(body) {
		return shape.Problem("the body is not valid UTF-8")
	}
	v.SetString(string(body))
	return nil
}

func rawOf(v reflect.Value) []byte {
	if v.Kind() == reflect.String {
		return []byte(v.String())
	}
	return v.Bytes()
}
