// Package restjson is the codec of REST-JSON, which Pinpoint and Mobile
// Analytics speak: an operation is a method and a path, and its input is spread
// over path, query string, headers and a JSON body. Often one member is the
// whole body, the payload: Pinpoint's CreateApp sends {"Name":"..."}, with
// nothing around it. The wire's pipeline calls the codec and finds operations
// with Table (table.go); no authentication and no domain live here.
package restjson

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"pintail/internal/gen/model"
	"pintail/internal/wire/jsonbody"
	"pintail/internal/wire/shape"
)

// Request is what Decode reads of an HTTP request.
type Request struct {
	Path   map[string]string // labels of the path, decoded, as Table.Match returns them
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Decode reads the request into in, a pointer to the operation's zero input.
// Without a body the payload stays nil. The error is a *shape.Error whose text
// may be shown to the caller.
func Decode(_ *model.Operation, r Request, in any) error {
	v := reflect.ValueOf(in).Elem()
	b := bindingsOf(v.Type())
	for _, m := range b.members {
		if err := m.decode(r, v.Field(m.index)); err != nil {
			return shape.In(m.label(), err)
		}
	}
	switch {
	case len(r.Body) == 0:
		return nil
	case b.payload != nil:
		return decodePayload(v.Field(b.payload.index), r.Body)
	case b.hasBody:
		return jsonbody.Unmarshal(r.Body, in)
	}
	return nil
}

func decodePayload(v reflect.Value, body []byte) error {
	if shape.IsScalar(v.Type()) {
		return setRaw(v, body)
	}
	p := reflect.New(v.Type())
	if v.Kind() == reflect.Pointer {
		p = reflect.New(v.Type().Elem())
	}
	if err := jsonbody.Unmarshal(body, p.Interface()); err != nil {
		return err
	}
	if v.Kind() != reflect.Pointer {
		p = p.Elem()
	}
	v.Set(p)
	return nil
}

// Encode returns the parts of a successful answer. An operation without output
// and a status that allows no body have none. It fails only on an output that
// cannot be expressed, which is a fault of the program.
func Encode(op *model.Operation, out any) (status int, header http.Header, body []byte, err error) {
	status, header = op.Status, http.Header{}
	v := reflect.Indirect(reflect.ValueOf(out))
	b := bindingsOf(v.Type())
	for _, m := range b.members {
		field := v.Field(m.index)
		if field.IsZero() {
			continue
		}
		if m.place == inStatus {
			status = int(reflect.Indirect(field).Int())
			continue
		}
		if err := m.encode(header, field); err != nil {
			return 0, nil, nil, shape.In(m.label(), err)
		}
	}
	if op.NoOutput || status == http.StatusNoContent || status == http.StatusNotModified {
		return status, header, nil, nil
	}
	body, err = b.appendBody(header, v)
	return status, header, body, err
}

// appendBody returns the body and sets its content type, unless a member has.
func (b *bindings) appendBody(header http.Header, v reflect.Value) (body []byte, err error) {
	contentType := "application/json"
	switch payload := b.payloadOf(v); {
	case b.payload != nil && shape.IsScalar(payload.Type()):
		if contentType = "text/plain; charset=utf-8"; payload.Kind() != reflect.String {
			contentType = "application/octet-stream"
		}
		body, err = rawOf(payload), nil
	case b.payload != nil && payload.IsZero():
		body = []byte("{}")
	default:
		body, err = jsonbody.Append(make([]byte, 0, 1024), payload.Interface())
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", contentType)
	}
	return body, err
}

// payloadOf returns the member that is the body, or the whole structure.
func (b *bindings) payloadOf(v reflect.Value) reflect.Value {
	if b.payload == nil {
		return v
	}
	return v.Field(b.payload.index)
}

// ErrorBody returns the body of an answer that is an error. Pinpoint's own
// members are Message and RequestID; clients that cannot see the error's header
// (a browser without CORS exposure) take the code from "__type", and some read
// only "message".
func ErrorBody(e *model.Error, requestID string) []byte {
	members := map[string]string{}
	maps.Copy(members, e.Fields)
	members["__type"] = e.Type.Code
	members["Message"] = e.Message
	members["message"] = e.Message
	members["RequestID"] = requestID
	body, _ := jsonbody.Append(nil, members) // a map of strings cannot fail
	return body
}

// Present returns a function that tells whether the member at a path of
// model.Checks was sent in the body as an empty string. It reads the body again
// at the first question, so make one function per request; it is nil when the
// body holds no empty string.
func Present(op *model.Operation, body []byte) func(path string) bool {
	sent := jsonbody.Present(body)
	b := bindingsOf(reflect.TypeOf(op.NewInput()).Elem())
	if sent == nil || b.payload == nil {
		return sent
	}
	return func(path string) bool {
		first, rest, _ := strings.Cut(path, ".")
		return first == b.payload.name && sent(rest)
	}
}
