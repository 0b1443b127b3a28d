package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pintail/internal/gen/model"
	"pintail/internal/sigv4"
)

// caller is somebody who speaks to a server; without keys, somebody who signs
// nothing.
type caller struct {
	address string // host:port
	region  string
	keys    sigv4.Credentials
}

// request is an HTTP request as it goes over a connection. It is made once and
// sent as often as needed: the client's work must not show in the figures.
type request struct {
	bytes []byte
	err   error // why it could not be made; conn.do returns it
}

// request writes an operation's request in its service's protocol. The input is
// the body, of a Query operation its parameters; segments fill the path's
// placeholders.
func (c caller) request(op *model.Operation, in any, segments ...string) request {
	header, path := http.Header{}, op.Path
	for _, s := range segments {
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		path = before + url.PathEscape(s) + after
	}
	var body []byte
	var err error
	if form, ok := in.(url.Values); ok {
		form.Set("Action", op.Name)
		form.Set("Version", op.Service.APIVersion)
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		body = []byte(form.Encode())
	} else {
		header.Set("Content-Type", "application/x-amz-json-1.1")
		body, err = json.Marshal(in)
	}
	if op.Service.Protocol == model.JSONRPC {
		header.Set("X-Amz-Target", op.Service.TargetPrefix+"."+op.Name)
	}
	if err != nil {
		return request{err: err}
	}
	return c.write(op.Method, path, op.Service.SigningName, header, body)
}

// write signs a request, if the caller has keys, and writes it.
func (c caller) write(method, path, service string, header http.Header, body []byte) request {
	r, err := http.NewRequest(method, "http://"+c.address+path, bytes.NewReader(body))
	if err != nil {
		return request{err: err}
	}
	r.Header = header
	if c.keys.AccessKeyID != "" {
		sigv4.Sign(r, body, c.keys, c.region, service, time.Now())
	}
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		return request{err: fmt.Errorf("request: %w", err)}
	}
	return request{bytes: text.Bytes()}
}
