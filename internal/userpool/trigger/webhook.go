package trigger

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"pintail/internal/hook"
)

// webhook is a function behind a URL. It gets the event by POST and answers 2xx
// with the event, or 4xx or 5xx with {"errorMessage": "...", "errorType": "..."},
// which is what Lambda's Runtime API calls a function error.
type webhook struct {
	url    string
	secret []byte
	now    func() time.Time
	client *http.Client
}

func (w *webhook) call(ctx context.Context, in invocation) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(in.event))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	hook.Sign(r, w.secret, in.event, w.now())
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := readAnswer(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 == 2 {
		return body, nil
	}
	if e, ok := thrown(body); ok && answer.StatusCode >= 400 {
		return nil, e
	}
	return nil, failed("HTTP status "+strconv.Itoa(answer.StatusCode), fmt.Errorf("the webhook answered %s without an errorMessage", answer.Status))
}
