package awscall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

// Send makes a call, as [Endpoint.Do] does, and reads its answer.
func (e *Endpoint) Send(r *http.Request, body []byte, service, arn string) (*http.Response, []byte, error) {
	answer, err := e.Do(r, body, service, arn)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := Read(answer.Body, maxAnswer)
	return answer, text, err
}

// Call makes a call of the protocol JSON 1.1 and reads its answer into out, unless that
// is nil. An error of the API's is a [*Refusal].
func (e *Endpoint) Call(ctx context.Context, arn, service, target string, in, out any) error {
	body, err := json.Marshal(in, json.Deterministic(true))
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL.JoinPath("/").String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	status, answer, err := e.Send(r, body, service, arn)
	if err != nil {
		return err
	}
	if status.StatusCode/100 != 2 {
		return RefusalOf(status, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer to %s cannot be read: %w", target, err)
	}
	return nil
}

// IsRefusal tells whether an error is an API's, of this name.
func IsRefusal(err error, code string) bool {
	refused, ok := errors.AsType[*Refusal](err)
	return ok && refused.Code == code
}
