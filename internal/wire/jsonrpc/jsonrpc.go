// Package jsonrpc is the codec of AWS JSON 1.1, which both Cognito services
// speak: every operation is POST /, its name stands in X-Amz-Target, and input
// and output are one JSON object each. The wire's pipeline calls it; it knows
// no authentication, no routing and no domain.
package jsonrpc

import (
	"maps"

	"pintail/internal/gen/model"
	"pintail/internal/wire/jsonbody"
)

// Decode reads the body into in, a pointer to the operation's zero input. An
// empty body is an empty object. The error is a *shape.Error whose text may be
// shown to the caller.
func Decode(_ *model.Operation, body []byte, in any) error {
	if len(body) == 0 {
		return nil
	}
	return jsonbody.Unmarshal(body, in)
}

// Encode returns the body of a successful answer: the output as an object, and
// nothing for an operation that has no output. It fails only on an output that
// no JSON can express, which is a fault of the program.
func Encode(op *model.Operation, out any) ([]byte, error) {
	if op.NoOutput {
		return nil, nil
	}
	return jsonbody.Append(make([]byte, 0, 512), out)
}

// ErrorBody returns the body of an answer that is an error. Clients take the
// code from "__type" and the text from "message".
func ErrorBody(e *model.Error) []byte {
	members := map[string]string{}
	maps.Copy(members, e.Fields)
	members["__type"] = e.Type.Code
	members["message"] = e.Message
	body, _ := jsonbody.Append(nil, members) // a map of strings cannot fail
	return body
}

// Present returns a function that tells whether the member at a path of
// model.Checks was sent as an empty string. It reads the body again at the
// first question, so make one function per request; it is nil when the body
// holds no empty string.
func Present(body []byte) func(path string) bool { return jsonbody.Present(body) }
