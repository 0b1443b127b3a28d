// Package query is the codec of the AWS Query protocol, which IAM and STS
// speak: a form in, whose keys spell the path to each value
// ("Tags.member.1.Key"), and an XML document out. The wire's pipeline calls it;
// it knows no authentication, no routing and no domain.
package query

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"pintail/internal/gen/model"
	"pintail/internal/wire/shape"
)

// MaxParameters is how many parameters a request may have. The largest valid
// inputs, policy simulations, stay far below.
const MaxParameters = 10_000

// maxDepth is how deep structures, lists and maps may be inside each other.
const maxDepth = 64

// Decode reads the form into in, a pointer to the operation's zero input.
// Unknown parameters are ignored, Action and Version among them. A parameter of
// the model that comes twice is refused. List indexes only order the elements:
// they may have gaps, and a list is never longer than the form. The error is a
// *shape.Error whose text may be shown to the caller.
func Decode(_ *model.Operation, form url.Values, in any) error {
	if len(form) > MaxParameters {
		return shape.Problem("the request has too many parameters")
	}
	d := decoder{form: form, keys: slices.Sorted(maps.Keys(form))}
	return d.structure("", reflect.ValueOf(in).Elem(), 0)
}

// Encode returns the document of a successful answer. It fails only on an
// output that XML cannot express, which is a fault of the program.
func Encode(op *model.Operation, out any, requestID string) ([]byte, error) {
	w := &writer{}
	root := op.Name + "Response"
	w.openRoot(root, op.Service)
	if !op.NoOutput {
		if op.Wrapper != "" {
			w.open(op.Wrapper)
		}
		if err := w.structure(reflect.Indirect(reflect.ValueOf(out))); err != nil {
			return nil, err
		}
		if op.Wrapper != "" {
			w.close(op.Wrapper)
		}
	}
	w.open("ResponseMetadata")
	w.element("RequestId", requestID)
	w.close("ResponseMetadata")
	w.close(root)
	return w.buf, nil
}

// ErrorBody returns the document of an answer that is an error.
func ErrorBody(service *model.Service, e *model.Error, requestID string) []byte {
	w := &writer{}
	w.openRoot("ErrorResponse", service)
	w.open("Error")
	if e.Type.Server {
		w.element("Type", "Receiver")
	} else {
		w.element("Type", "Sender")
	}
	w.element("Code", e.Type.Code)
	w.element("Message", e.Message)
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		w.element(name, e.Fields[name])
	}
	w.close("Error")
	w.element("RequestId", requestID)
	w.close("ErrorResponse")
	return w.buf
}

// Present returns a function that tells whether the member at a path of
// model.Checks was sent as an empty string. Such paths lack the "member" of the
// form's keys. Make one function per request; it is nil when the form holds no
// empty string.
func Present(form url.Values) func(path string) bool {
	var empty map[string]bool
	for key, values := range form {
		if len(values) > 0 && values[0] == "" {
			if empty == nil {
				empty = map[string]bool{}
			}
			empty[strings.ReplaceAll(key, ".member.", ".")] = true
		}
	}
	if empty == nil {
		return nil
	}
	return func(path string) bool { return empty[path] }
}
