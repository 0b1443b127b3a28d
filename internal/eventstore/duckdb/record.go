package duckdb

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"pintail/internal/eventstore"
)

// The commit log's entries are events in the form below. An entry that was
// written by a version with fewer text fields is read as one with the others
// empty.
//
//	uvarint number of text fields, each: uvarint length, bytes
//	u8 which times are present (1 timestamp, 2 arrival, 4 session start, 8 session stop)
//	varint Unix milliseconds of each time that is present
//	varint session duration in milliseconds
//	uvarint number of attributes, each: name and value like text fields
//	uvarint number of metrics, each: name like a text field, u64 float bits

var errRecord = errors.New("not a record of events")

func encodeEvents(b []byte, events []eventstore.Event) []byte {
	for i := range events {
		b = encodeEvent(b, &events[i])
	}
	return b
}

func encodeEvent(b []byte, e *eventstore.Event) []byte {
	b = binary.AppendUvarint(b, uint64(len(eventstore.TextFields)))
	for i := range eventstore.TextFields {
		b = encodeText(b, *eventstore.TextFields[i].Of(e))
	}
	at := len(b)
	b = append(b, 0)
	for i, t := range times(e) {
		if !t.IsZero() {
			b[at] |= 1 << i
			b = binary.AppendVarint(b, t.UnixMilli())
		}
	}
	b = binary.AppendVarint(b, e.Session.Duration.Milliseconds())
	b = binary.AppendUvarint(b, uint64(len(e.Attributes)))
	for name, value := range e.Attributes {
		b = encodeText(encodeText(b, name), value)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Metrics)))
	for name, value := range e.Metrics {
		b = binary.LittleEndian.AppendUint64(encodeText(b, name), math.Float64bits(value))
	}
	return b
}

func encodeText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func times(e *eventstore.Event) [4]*time.Time {
	return [4]*time.Time{&e.Timestamp, &e.Arrival, &e.Session.Start, &e.Session.Stop}
}

// decodeEvents reads count events, which must be all of b.
func decodeEvents(b []byte, count int) ([]eventstore.Event, error) {
	r := reader{rest: b}
	if count > len(b) {
		return nil, errRecord
	}
	events := make([]eventstore.Event, count)
	for i := range events {
		r.event(&events[i])
	}
	if r.failed || len(r.rest) > 0 {
		return nil, errRecord
	}
	return events, nil
}

// reader takes values off a record. After a failure it only returns zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) event(e *eventstore.Event) {
	for i := range r.count() {
		s := r.text()
		if i >= len(eventstore.TextFields) {
			r.fail()
			return
		}
		*eventstore.TextFields[i].Of(e) = s
	}
	present := r.bytes(1)
	for i, t := range times(e) {
		if len(present) == 1 && present[0]&(1<<i) != 0 {
			*t = time.UnixMilli(r.varint()).UTC()
		}
	}
	e.Session.Duration = time.Duration(r.varint()) * time.Millisecond
	if n := r.count(); n > 0 {
		e.Attributes = make(map[string]string, n)
		for range n {
			name := r.text()
			e.Attributes[name] = r.text()
		}
	}
	if n := r.count(); n > 0 {
		e.Metrics = make(map[string]float64, n)
		for range n {
			name := r.text()
			if bits := r.bytes(8); bits != nil {
				e.Metrics[name] = math.Float64frombits(binary.LittleEndian.Uint64(bits))
			}
		}
	}
}

func (r *reader) text() string { return string(r.bytes(r.count())) }

// count reads a number of things of at least one byte each, or of bytes.
func (r *reader) count() int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > uint64(len(r.rest)-n) {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) fail() { r.rest, r.failed = nil, true }
