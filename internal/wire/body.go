package wire

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"pintail/internal/gen/model"
)

// Body limits in bytes. Pinpoint's are its published quotas (7 MB a request,
// 4 MB of events); the others are well above the largest valid input.
const (
	limitJSONRPC   = 2 << 20
	limitQuery     = 2 << 20
	limitREST      = 7 << 20
	limitPutEvents = 4 << 20
)

func bodyLimit(op *model.Operation) int64 {
	switch {
	case op.Name == "PutEvents" || op.Name == "PutLegacyEvents":
		return limitPutEvents
	case op.Service.Protocol == model.RESTJSON:
		return limitREST
	case op.Service.Protocol == model.Query:
		return limitQuery
	}
	return limitJSONRPC
}

// errTooLarge is a body over its operation's limit.
var errTooLarge = errors.New("request body too large")

// readBody reads at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	body := http.MaxBytesReader(w, r.Body, limit)
	var buf []byte
	var err error
	if r.ContentLength > 0 {
		buf = make([]byte, r.ContentLength)
		_, err = io.ReadFull(body, buf)
	} else {
		buf, err = io.ReadAll(body)
	}
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, errTooLarge
	}
	return buf, err
}

// readForm reads a Query request's parameters: the form of a POST, or the
// query string of a GET.
func readForm(r *http.Request, body []byte) (url.Values, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return url.ParseQuery(r.URL.RawQuery)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	for name, values := range query {
		if _, ok := form[name]; !ok {
			form[name] = values
		}
	}
	return form, nil
}

// mediaTypeOf returns the request's content type without parameters, "" when
// there is none and "?" when it cannot be read.
func mediaTypeOf(r *http.Request) string {
	value := r.Header.Get("Content-Type")
	if value == "" {
		return ""
	}
	t, _, err := mime.ParseMediaType(value)
	if err != nil {
		return "?"
	}
	return t
}

// acceptable tells whether an operation's protocol takes a body of this type.
func acceptable(p model.Protocol, t string) bool {
	switch p {
	case model.JSONRPC:
		return t == "application/x-amz-json-1.1" || t == "application/x-amz-json-1.0" || t == "application/json"
	case model.RESTJSON:
		return t == "" || t == "application/json" || t == "application/x-amz-json-1.1" || t == "text/plain" || t == "application/octet-stream"
	}
	return t == "" || t == "application/x-www-form-urlencoded"
}
