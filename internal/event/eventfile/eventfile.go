// Package eventfile writes recorded events into files that other programs read:
// as lines of JSON, each a record as Pinpoint streams it, or as Parquet, a table
// with the columns of the event store. It writes as it is given events and holds
// few of them, so a file may have any number.
package eventfile

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"pintail/internal/event"
	"pintail/internal/eventstore"
)

// Format is the form of a file.
type Format string

// The formats.
const (
	NDJSON  Format = "ndjson"
	Parquet Format = "parquet"
)

// MediaType is the format's name on the wire.
func (f Format) MediaType() string {
	if f == Parquet {
		return "application/vnd.apache.parquet"
	}
	return "application/x-ndjson"
}

// Writer writes events into a file.
type Writer interface {
	// Write adds an event; it may keep some back.
	Write(e *eventstore.Event) error
	// Close writes what was kept back. Without it the file is not complete.
	Close() error
}

// New returns a writer of a file of the account's events.
func New(f Format, account string, out io.Writer) (Writer, error) {
	switch f {
	case NDJSON:
		buffer := bufio.NewWriterSize(out, 64<<10)
		return &lines{account: account, out: buffer, json: json.NewEncoder(buffer)}, nil
	case Parquet:
		return newTable(out), nil
	}
	return nil, fmt.Errorf("eventfile: there is no format %q", f)
}

// lines is a file of JSON lines.
type lines struct {
	account string
	out     *bufio.Writer
	json    *json.Encoder
}

// Write implements Writer.
func (w *lines) Write(e *eventstore.Event) error {
	return w.json.Encode(event.NewStreamRecord(w.account, e))
}

// Close implements Writer.
func (w *lines) Close() error { return w.out.Flush() }
