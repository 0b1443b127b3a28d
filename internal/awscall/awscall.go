// Package awscall calls APIs of AWS where the owner of the server says that they
// are: at AWS, or at anything that answers as AWS does. Functions behind Lambda's API
// and the destinations of a pool's logs are such places.
package awscall

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"pintail/internal/sigv4"
)

// Endpoint is where an API is, and who calls it.
type Endpoint struct {
	URL         *url.URL
	Region      string // for which calls are signed; "" for the region of the ARN
	Credentials sigv4.Credentials
	Now         func() time.Time
	Client      *http.Client
}

// Do signs a request, whose whole body is given, for a service and sends it. arn is
// what the call is about: it names the region where the endpoint does not. The caller
// bounds the time by the request's context, and the answer by [Read].
func (e *Endpoint) Do(r *http.Request, body []byte, service, arn string) (*http.Response, error) {
	region := e.regionOf(arn)
	if region == "" {
		return nil, errors.New("no region is known: the ARN names none, so give it in the triggers file")
	}
	sigv4.Sign(r, body, e.Credentials, region, service, e.Now())
	return e.Client.Do(r)
}

func (e *Endpoint) regionOf(arn string) string {
	if parts := strings.Split(arn, ":"); e.Region == "" && len(parts) > 3 {
		return parts[3]
	}
	return e.Region
}

// ErrTooLarge is an answer that is longer than its reader bears.
var ErrTooLarge = errors.New("the answer is too large")

// Read reads an answer's body of at most limit bytes, or returns [ErrTooLarge].
func Read(r io.Reader, limit int) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > limit {
		return nil, ErrTooLarge
	}
	return body, nil
}

// Refusal is an API's answer that is an error.
type Refusal struct {
	Status  string // of HTTP: "400 Bad Request"
	Code    string // the error's name, or else its status: "HTTP status 400"
	Message string // the API's own words
}

// Error tells all three.
func (e *Refusal) Error() string { return fmt.Sprintf("%s %s: %s", e.Status, e.Code, e.Message) }

// RefusalOf reads an error of the protocols REST JSON and JSON 1.1: its name is in a
// header or in the body, with or without a namespace and a link.
func RefusalOf(answer *http.Response, body []byte) *Refusal {
	var e struct {
		Code    string `json:"__type"`
		Message string `json:"Message"`
		Lower   string `json:"message"`
	}
	_ = json.Unmarshal(body, &e) // a refusal without a body is one by its status
	code := answer.Header.Get("X-Amzn-Errortype")
	if code == "" {
		code = e.Code
	}
	code, _, _ = strings.Cut(code, ":")
	if _, name, ok := strings.Cut(code, "#"); ok {
		code = name
	}
	if code == "" {
		code = fmt.Sprintf("HTTP status %d", answer.StatusCode)
	}
	if e.Message == "" {
		e.Message = e.Lower
	}
	return &Refusal{Status: answer.Status, Code: code, Message: e.Message}
}
