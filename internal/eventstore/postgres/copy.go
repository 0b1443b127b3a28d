package postgres

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"pintail/internal/eventstore"
)

// columns of the table events in the order in which events are written and
// read: the fixed ones, the text fields, the two maps.
var columns = func() string {
	names := []string{"seq", "event_time", "arrival", "session_start", "session_stop", "session_ms", "endpoint_hash", "user_hash"}
	for _, field := range eventstore.TextFields {
		names = append(names, field.Name)
	}
	return strings.Join(append(names, "attributes", "metrics"), ", ")
}()

var copyCommand = "COPY eventstore.events (" + columns + ") FROM STDIN"

// absent is a NULL in COPY's text format.
const absent = `\N`

// timeFormat is how times stand in COPY: in UTC, with milliseconds.
const timeFormat = "2006-01-02 15:04:05.000Z"

// copier is the text form of a group's events, as COPY reads it.
type copier struct {
	groups [][]eventstore.Event // what is left
	next   eventstore.Cursor
	buffer []byte // what is encoded
	rest   []byte // what of it was not read yet
}

func newCopier(groups [][]eventstore.Event, first eventstore.Cursor) *copier {
	return &copier{groups: groups, next: first}
}

// Read implements io.Reader.
func (c *copier) Read(p []byte) (n int, err error) {
	for len(c.rest) == 0 {
		if len(c.groups) == 0 {
			return 0, io.EOF
		}
		if err := c.encode(); err != nil {
			return 0, err
		}
	}
	n = copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// encode turns some of the events into text.
func (c *copier) encode() error {
	const enough = 64 << 10
	c.buffer = c.buffer[:0]
	for len(c.groups) > 0 && len(c.buffer) < enough {
		events := c.groups[0]
		if len(events) == 0 {
			c.groups = c.groups[1:]
			continue
		}
		var err error
		if c.buffer, err = appendRow(c.buffer, c.next, &events[0]); err != nil {
			return err
		}
		c.groups[0] = events[1:]
		c.next++
	}
	c.rest = c.buffer
	return nil
}

func appendRow(b []byte, seq eventstore.Cursor, e *eventstore.Event) ([]byte, error) {
	b = strconv.AppendInt(b, int64(seq), 10)
	for _, t := range [...]time.Time{e.Timestamp, e.Arrival, e.Session.Start, e.Session.Stop} {
		b = append(b, '\t')
		if t.IsZero() {
			b = append(b, absent...)
		} else {
			b = t.AppendFormat(b, timeFormat)
		}
	}
	for _, n := range [...]int64{e.Session.Duration.Milliseconds(), hash(e.EndpointID), hash(e.UserID)} {
		b = strconv.AppendInt(append(b, '\t'), n, 10)
	}
	for i := range eventstore.TextFields {
		b = appendText(append(b, '\t'), *eventstore.TextFields[i].Of(e))
	}
	b, err := appendJSON(append(b, '\t'), e.Attributes)
	if err != nil {
		return nil, err
	}
	if b, err = appendJSON(append(b, '\t'), e.Metrics); err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// hash is the stored hash of an id; PostgreSQL's integers are signed.
func hash(id string) int64 { return int64(eventstore.Hash(id)) }

func appendJSON[V any](b []byte, m map[string]V) ([]byte, error) {
	if len(m) == 0 {
		return append(b, absent...), nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	return appendText(b, string(text)), nil
}

// appendText escapes s for COPY's text format.
func appendText(b []byte, s string) []byte {
	for {
		i := strings.IndexAny(s, "\\\t\n\r")
		if i < 0 {
			return append(b, s...)
		}
		b = append(append(b, s[:i]...), '\\')
		switch s[i] {
		case '\t':
			b = append(b, 't')
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		default:
			b = append(b, '\\')
		}
		s = s[i+1:]
	}
}
