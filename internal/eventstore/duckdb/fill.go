package duckdb

import (
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

// fill replaces the chunk's rows, by at most rowsPerChunk. The chunk may be read
// until the next fill.
func (c *chunk) fill(rows []record) {
	mapping.DataChunkReset(c.data)
	c.arena.reset()
	c.fillNumbers(rows)
	c.fillText(rows)
	c.fillAttributes(rows)
	c.fillMetrics(rows)
	mapping.DataChunkSetSize(c.data, mapping.IdxT(len(rows)))
}

func (c *chunk) vector(column int) mapping.Vector {
	return mapping.DataChunkGetVector(c.data, mapping.IdxT(column))
}

func (c *chunk) fillNumbers(rows []record) {
	n := len(rows)
	seqs := values[int64](c.vector(colSeq), n)
	endpoints := values[uint64](c.vector(colEndpointHash), n)
	users := values[uint64](c.vector(colUserHash), n)
	millis := values[int64](c.vector(colSessionMillis), n)
	for i := range rows {
		x := &rows[i]
		seqs[i] = int64(x.cursor)
		endpoints[i] = eventstore.Hash(x.text[textEndpoint])
		users[i] = eventstore.Hash(x.text[textUser])
		millis[i] = x.duration
	}
	for i, column := range timeColumns {
		c.fillTimes(column, rows, i)
	}
}

// fillTimes fills a TIMESTAMP column with the times of an index; those that are
// absent become NULL.
func (c *chunk) fillTimes(column int, rows []record, index int) {
	vector := c.vector(column)
	times := values[int64](vector, len(rows))
	var valid []uint64
	for i := range rows {
		if rows[i].present&(1<<index) != 0 {
			times[i] = rows[i].millis[index] * 1000
			continue
		}
		if valid == nil {
			mapping.VectorEnsureValidityWritable(vector)
			valid = validity(vector, len(rows))
		}
		times[i] = 0
		valid[i/64] &^= 1 << (i % 64)
	}
}

func (c *chunk) fillText(rows []record) {
	for i := range eventstore.TextFields {
		column := values[text](c.vector(colText+i), len(rows))
		for row := range rows {
			c.set(&column[row], rows[row].text[i])
		}
	}
}

func (c *chunk) fillAttributes(rows []record) {
	entries, keys, vals := c.openMap(colAttributes, rows, func(x *record) int { return x.attributes.count })
	total := entries.total()
	names, texts := values[text](keys, total), values[text](vals, total)
	at := 0
	for i := range rows {
		rows[i].attributes.eachAttribute(func(name, value string) {
			c.set(&names[at], name)
			c.set(&texts[at], value)
			at++
		})
	}
}

func (c *chunk) fillMetrics(rows []record) {
	entries, keys, vals := c.openMap(colMetrics, rows, func(x *record) int { return x.metrics.count })
	total := entries.total()
	names, numbers := values[text](keys, total), values[float64](vals, total)
	at := 0
	for i := range rows {
		rows[i].metrics.eachMetric(func(name string, value float64) {
			c.set(&names[at], name)
			numbers[at] = value
			at++
		})
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
func (c *chunk) openMap(column int, rows []record, size func(*record) int) (entries spans, keys, vals mapping.Vector) {
	vector := c.vector(column)
	entries = values[span](vector, len(rows))
	at := uint64(0)
	for i := range rows {
		entries[i] = span{offset: at, length: uint64(size(&rows[i]))}
		at += entries[i].length
	}
	mapping.ListVectorReserve(vector, mapping.IdxT(at))
	mapping.ListVectorSetSize(vector, mapping.IdxT(at))
	_, keys, vals = mapVectors(vector, len(rows))
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
