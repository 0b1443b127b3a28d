package wire

import (
	"net/http"
	"strings"

	"pintail/internal/gen/model"
	"pintail/internal/wire/jsonrpc"
	"pintail/internal/wire/query"
	"pintail/internal/wire/restjson"
)

// decode turns the request's bytes into the operation's input.
func (e *exchange) decode() error {
	e.in = e.op.NewInput()
	var err error
	switch e.op.Service.Protocol {
	case model.JSONRPC:
		err = jsonrpc.Decode(e.op, e.body, e.in)
	case model.RESTJSON:
		err = restjson.Decode(e.op, restjson.Request{
			Path: e.found.path, Query: e.r.URL.Query(), Header: e.r.Header, Body: e.body,
		}, e.in)
	case model.Query:
		err = query.Decode(e.op, e.found.form, e.in)
	}
	if err != nil {
		return malformed(e.op, err)
	}
	return nil
}

// malformed is the answer to bytes that are not the operation's input.
func malformed(op *model.Operation, err error) *model.Error {
	if op.Service.Protocol == model.RESTJSON {
		if t := op.ErrorNamed("BadRequestException"); t != nil {
			return t.New(err.Error())
		}
	}
	return serialization[op.Service.Protocol].New(err.Error())
}

// presence tells of a member that decoded to "" whether it was sent at all; nil
// when nothing empty was sent.
func (e *exchange) presence() func(path string) bool {
	switch e.op.Service.Protocol {
	case model.Query:
		return query.Present(e.found.form)
	case model.RESTJSON:
		return restjson.Present(e.op, e.body)
	}
	return jsonrpc.Present(e.body)
}

// sendOutput encodes and sends a successful answer.
func (e *exchange) sendOutput(out any) error {
	h := e.w.Header()
	status := e.op.Status
	var body []byte
	var err error
	switch e.op.Service.Protocol {
	case model.JSONRPC:
		body, err = jsonrpc.Encode(e.op, out)
		h.Set("Content-Type", "application/x-amz-json-1.1")
	case model.RESTJSON:
		var headers http.Header
		status, headers, body, err = restjson.Encode(e.op, out)
		h.Set("Content-Type", "application/json")
		for name, values := range headers {
			h[name] = values
		}
	case model.Query:
		body, err = query.Encode(e.op, out, e.call.RequestID)
		h.Set("Content-Type", "text/xml")
	}
	if err != nil {
		return err
	}
	e.send(status, body)
	return nil
}

// sendError renders a refusal in the protocol's shape. Errors that the model
// does not declare are replaced by an opaque one.
func (e *exchange) sendError(err error) {
	protocol := e.found.protocol
	if e.op != nil {
		protocol = e.op.Service.Protocol
		e.answer, e.hidden = answerable(e.op, err)
	} else {
		e.answer, e.hidden = answerable(noOperation, err)
	}
	h := e.w.Header()
	var body []byte
	switch protocol {
	case model.Query:
		h.Set("Content-Type", "text/xml")
		body = query.ErrorBody(e.service(), e.answer, e.call.RequestID)
	case model.RESTJSON:
		h.Set("Content-Type", "application/json")
		body = restjson.ErrorBody(e.answer, e.call.RequestID)
	default:
		h.Set("Content-Type", "application/x-amz-json-1.1")
		body = jsonrpc.ErrorBody(e.answer)
	}
	if protocol != model.Query {
		h.Set("x-amzn-ErrorType", e.answer.Type.Code+":")
		h.Set("x-amzn-ErrorMessage", headerText(e.answer.Message))
	}
	e.send(e.answer.Type.Status, body)
}

// noOperation stands for the operation of a request that names none.
var noOperation = &model.Operation{Service: &model.Service{Protocol: model.JSONRPC}}

func (e *exchange) service() *model.Service {
	if e.op == nil {
		return noOperation.Service
	}
	return e.op.Service
}

func (e *exchange) send(status int, body []byte) {
	e.status, e.sent = status, len(body)
	e.w.WriteHeader(status)
	// A caller that has gone away misses its answer; nobody is left to tell.
	_, _ = e.w.Write(body)
}

// headerText makes a message fit for a header: one line of printable ASCII.
func headerText(s string) string {
	if len(s) > 1024 {
		s = s[:1024]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, s)
}
