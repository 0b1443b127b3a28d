// Package webhook hands records to an HTTP(S) receiver: a signed POST of lines, each a
// record. A 2xx answer takes them all, anything else none.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"pintail/internal/destination"
	"pintail/internal/eventstream/sink"
	"pintail/internal/hook"
)

type receiver struct{ *destination.Webhook }

// New returns the sink for a receiver.
func New(w *destination.Webhook) sink.Sink { return receiver{w} }

// Put implements sink.Sink.
func (w receiver) Put(ctx context.Context, records []sink.Record) (left []sink.Record, err error) {
	var body bytes.Buffer
	for _, r := range records {
		body.Write(r.Data)
		body.WriteByte('\n')
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body.Bytes()))
	if err != nil {
		return records, err
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	hook.Sign(r, w.Secret, body.Bytes(), w.Now())
	answer, err := w.Client.Do(r)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // without the URL, which may hold a token
	}
	if err != nil {
		return records, err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection is used again
	if answer.StatusCode/100 != 2 {
		return records, fmt.Errorf("the webhook answered %s", answer.Status)
	}
	return nil, nil
}

// Close implements sink.Sink.
func (w receiver) Close() { w.Client.CloseIdleConnections() }
