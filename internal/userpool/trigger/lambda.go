package trigger

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"pintail/internal/sigv4"
)

// lambda is a function behind the Invoke operation of AWS Lambda's API, or of
// anything that answers it.
type lambda struct {
	endpoint    *url.URL
	region      string // "" for the ARN's
	function    string // in place of the ARN
	credentials sigv4.Credentials
	now         func() time.Time
	client      *http.Client
}

func (l *lambda) call(ctx context.Context, in invocation) ([]byte, error) {
	name := in.arn
	if l.function != "" {
		name = l.function
	}
	// Colons are escaped too, as the SDKs do it: the service may have its own idea of
	// what was signed otherwise.
	escaped := strings.ReplaceAll(url.PathEscape(name), ":", "%3A")
	u := l.endpoint.JoinPath("2015-03-31/functions", escaped, "invocations")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(in.event))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Amz-Invocation-Type", "RequestResponse")
	if in.fire {
		r.Header.Set("X-Amz-Invocation-Type", "Event")
	}
	sigv4.Sign(r, in.event, l.credentials, l.regionOf(in.arn), "lambda", l.now())
	answer, err := l.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := readAnswer(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		return nil, lambdaError(answer, body)
	}
	if kind := answer.Header.Get("X-Amz-Function-Error"); kind != "" {
		if e, ok := thrown(body); ok {
			return nil, e
		}
		return nil, &functionError{kind}
	}
	return body, nil
}

// regionOf returns the region for which a call is signed.
func (l *lambda) regionOf(arn string) string {
	if parts := strings.Split(arn, ":"); l.region == "" && len(parts) > 3 {
		return parts[3]
	}
	return l.region
}

// lambdaError is the API's refusal to run the function.
func lambdaError(answer *http.Response, body []byte) error {
	var e struct {
		Code    string `json:"__type"`
		Message string `json:"Message"`
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
	return failed(code, fmt.Errorf("%s %s: %s", answer.Status, code, e.Message))
}
