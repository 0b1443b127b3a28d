package duckdb

import (
	"time"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"pintail/internal/eventstore"
)

// chunk is a DuckDB data chunk of the table events and the strings that it
// refers to. It is filled from Go by writing into DuckDB's vectors, a few
// calls into C a chunk instead of several per value: appending an event this
// way takes a fraction of the time that the driver's Appender takes.
type chunk struct {
	data  mapping.DataChunk
	types []mapping.LogicalType
	arena arena
}

// newChunk makes an empty chunk of the columns of an appender.
func newChunk(appender mapping.Appender) *chunk {
	c := new(chunk)
	for i := range mapping.AppenderColumnCount(appender) {
		c.types = append(c.types, mapping.AppenderColumnType(appender, i))
	}
	c.data = mapping.CreateDataChunk(c.types)
	return c
}

func (c *chunk) destroy() {
	mapping.DestroyDataChunk(&c.data)
	for i := range c.types {
		mapping.DestroyLogicalType(&c.types[i])
	}
	c.arena.release()
}

// fill replaces the chunk's rows by events, at most rowsPerChunk of them, which
// get the cursors from first on. The chunk may be read until the next fill.
func (c *chunk) fill(events []*eventstore.Event, first eventstore.Cursor) {
	mapping.DataChunkReset(c.data)
	c.arena.reset()
	c.fillNumbers(events, first)
	c.fillText(events)
	c.fillAttributes(events)
	c.fillMetrics(events)
	mapping.DataChunkSetSize(c.data, mapping.IdxT(len(events)))
}

func (c *chunk) vector(column int) mapping.Vector {
	return mapping.DataChunkGetVector(c.data, mapping.IdxT(column))
}

func (c *chunk) fillNumbers(events []*eventstore.Event, first eventstore.Cursor) {
	n := len(events)
	seqs := values[int64](c.vector(colSeq), n)
	endpoints := values[uint64](c.vector(colEndpointHash), n)
	users := values[uint64](c.vector(colUserHash), n)
	millis := values[int64](c.vector(colSessionMillis), n)
	for i, e := range events {
		seqs[i] = int64(first) + int64(i)
		endpoints[i] = eventstore.Hash(e.EndpointID)
		users[i] = eventstore.Hash(e.UserID)
		millis[i] = e.Session.Duration.Milliseconds()
	}
	c.fillTimes(colTime, events, func(e *eventstore.Event) time.Time { return e.Timestamp })
	c.fillTimes(colArrival, events, func(e *eventstore.Event) time.Time { return e.Arrival })
	c.fillTimes(colSessionStart, events, func(e *eventstore.Event) time.Time { return e.Session.Start })
	c.fillTimes(colSessionStop, events, func(e *eventstore.Event) time.Time { return e.Session.Stop })
}

// fillTimes fills a TIMESTAMP column; zero times become NULL.
func (c *chunk) fillTimes(column int, events []*eventstore.Event, of func(*eventstore.Event) time.Time) {
	vector := c.vector(column)
	times := values[int64](vector, len(events))
	var valid []uint64
	for i, e := range events {
		t := of(e)
		if !t.IsZero() {
			times[i] = t.UnixMilli() * 1000
			continue
		}
		if valid == nil {
			mapping.VectorEnsureValidityWritable(vector)
			valid = validity(vector, len(events))
		}
		times[i] = 0
		valid[i/64] &^= 1 << (i % 64)
	}
}

func (c *chunk) fillText(events []*eventstore.Event) {
	var columns [len(eventstore.TextFields)][]text
	for i := range columns {
		columns[i] = values[text](c.vector(colText+i), len(events))
	}
	for row, e := range events {
		for i := range columns {
			c.set(&columns[i][row], *eventstore.TextFields[i].Of(e))
		}
	}
}

func (c *chunk) fillAttributes(events []*eventstore.Event) {
	entries, keys, vals := c.openMap(colAttributes, events, func(e *eventstore.Event) int { return len(e.Attributes) })
	total := entries.total()
	names, texts := values[text](keys, total), values[text](vals, total)
	at := 0
	for _, e := range events {
		for name, value := range e.Attributes {
			c.set(&names[at], name)
			c.set(&texts[at], value)
			at++
		}
	}
}

func (c *chunk) fillMetrics(events []*eventstore.Event) {
	entries, keys, vals := c.openMap(colMetrics, events, func(e *eventstore.Event) int { return len(e.Metrics) })
	total := entries.total()
	names, numbers := values[text](keys, total), values[float64](vals, total)
	at := 0
	for _, e := range events {
		for name, value := range e.Metrics {
			c.set(&names[at], name)
			numbers[at] = value
			at++
		}
	}
}

// spans are the entries of a MAP vector, one after the other.
type spans []span

func (s spans) total() int {
	if len(s) == 0 {
		return 0
	}
	last := s[len(s)-1]
	return int(last.offset + last.length)
}

// openMap writes where the entries of each row's map stand, makes room for them
// and returns the vectors to put them into.
func (c *chunk) openMap(column int, events []*eventstore.Event, size func(*eventstore.Event) int) (entries spans, keys, vals mapping.Vector) {
	vector := c.vector(column)
	entries = values[span](vector, len(events))
	at := uint64(0)
	for i, e := range events {
		entries[i] = span{offset: at, length: uint64(size(e))}
		at += entries[i].length
	}
	mapping.ListVectorReserve(vector, mapping.IdxT(at))
	mapping.ListVectorSetSize(vector, mapping.IdxT(at))
	_, keys, vals = mapVectors(vector, len(events))
	return entries, keys, vals
}

// set writes s where a vector has t.
func (c *chunk) set(t *text, s string) {
	*t = text{length: uint32(len(s))}
	if len(s) <= inlineText {
		copy(t.inlined()[:], s)
		return
	}
	copy(t.prefix[:], s)
	*(*uintptr)(unsafe.Pointer(&t.rest)) = c.arena.put(s)
}
