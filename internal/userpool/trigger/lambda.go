package trigger

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"pintail/internal/awscall"
)

// lambda is a function behind the Invoke operation of AWS Lambda's API, or of
// anything that answers it.
type lambda struct {
	*awscall.Endpoint
	function string // in place of the ARN
}

func (l *lambda) call(ctx context.Context, in invocation) ([]byte, error) {
	name := in.arn
	if l.function != "" {
		name = l.function
	}
	// Colons are escaped too, as the SDKs do it: the service may have its own idea of
	// what was signed otherwise.
	escaped := strings.ReplaceAll(url.PathEscape(name), ":", "%3A")
	u := l.URL.JoinPath("2015-03-31/functions", escaped, "invocations")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(in.event))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Amz-Invocation-Type", "RequestResponse")
	if in.fire {
		r.Header.Set("X-Amz-Invocation-Type", "Event")
	}
	answer, err := l.Do(r, in.event, "lambda", in.arn)
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

// lambdaError is the API's refusal to run the function.
func lambdaError(answer *http.Response, body []byte) error {
	refused := awscall.RefusalOf(answer, body)
	return failed(refused.Code, refused)
}
