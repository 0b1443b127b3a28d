package duckdb

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
	"unsafe"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/recent"
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

// record is an event of the commit log taken apart. Its strings stand in the entry's
// bytes, so that taking it apart allocates nothing.
type record struct {
	cursor     eventstore.Cursor
	text       [len(eventstore.TextFields)]string
	present    byte     // which times are
	millis     [4]int64 // Unix milliseconds of those, in the order of times
	duration   int64    // milliseconds
	attributes pairs
	metrics    pairs
}

// pairs are an event's attributes or metrics, encoded, which have been read once.
type pairs struct {
	count int
	bytes []byte
}

// Where some texts stand in a record.
var (
	textApp      = position("app")
	textEndpoint = position("endpoint_id")
	textEvent    = position("event_id")
	textType     = position("event_type")
	textUser     = position("user_id")
)

func position(name string) int {
	return slices.IndexFunc(eventstore.TextFields[:], func(f eventstore.TextField) bool { return f.Name == name })
}

// key returns the key of a record in the memory of recent events.
func (x *record) key(of *recent.Set) recent.Key {
	return of.KeyOf(x.text[textApp], x.text[textEndpoint], x.text[textEvent], x.text[textType], x.millis[0])
}

// eachAttribute calls each for every name and value.
func (p pairs) eachAttribute(each func(name, value string)) {
	r := reader{rest: p.bytes}
	for range p.count {
		name := r.text()
		each(name, r.text())
	}
}

// eachMetric calls each for every name and number.
func (p pairs) eachMetric(each func(name string, value float64)) {
	r := reader{rest: p.bytes}
	for range p.count {
		name := r.text()
		each(name, r.float())
	}
}

// copyTo makes e the record's event, with strings of its own.
func (x *record) copyTo(e *eventstore.Event) {
	*e = eventstore.Event{}
	for i := range x.text {
		*eventstore.TextFields[i].Of(e) = strings.Clone(x.text[i])
	}
	for i, t := range times(e) {
		if x.present&(1<<i) != 0 {
			*t = time.UnixMilli(x.millis[i]).UTC()
		}
	}
	e.Session.Duration = time.Duration(x.duration) * time.Millisecond
	if x.attributes.count > 0 {
		e.Attributes = make(map[string]string, x.attributes.count)
		x.attributes.eachAttribute(func(name, value string) { e.Attributes[strings.Clone(name)] = strings.Clone(value) })
	}
	if x.metrics.count > 0 {
		e.Metrics = make(map[string]float64, x.metrics.count)
		x.metrics.eachMetric(func(name string, value float64) { e.Metrics[strings.Clone(name)] = value })
	}
}

// reader takes values off an entry. After a failure it only returns zeros.
type reader struct {
	rest   []byte
	failed bool
}

// record reads an event, all but its cursor.
func (r *reader) record(x *record) {
	n := r.count()
	if n > len(x.text) {
		r.fail()
	}
	for i := range x.text {
		x.text[i] = ""
		if i < n {
			x.text[i] = r.text()
		}
	}
	x.present = 0
	if b := r.bytes(1); b != nil {
		x.present = b[0]
	}
	for i := range x.millis {
		if x.present&(1<<i) != 0 {
			x.millis[i] = r.varint()
		}
	}
	x.duration = r.varint()
	x.attributes = r.pairs(func() { r.text() })
	x.metrics = r.pairs(func() { r.float() })
}

// pairs reads names and what stands beside each.
func (r *reader) pairs(value func()) (p pairs) {
	p.count = r.count()
	all := r.rest
	for range p.count {
		r.text()
		value()
	}
	if r.failed {
		return pairs{}
	}
	p.bytes = all[:len(all)-len(r.rest)]
	return p
}

// text reads a string, which stands in the entry's bytes.
func (r *reader) text() string {
	b := r.bytes(r.count())
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (r *reader) float() float64 {
	b := r.bytes(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

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
