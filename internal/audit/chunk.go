package audit

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"pintail/internal/store"
)

// chunk is a run of records of one kind, in the order of their time, and one row of the
// directory: there is a record for every call, and a row for each would cost as much as
// many a call.
type chunk struct{ Records []Record }

const (
	// maxChunk is how many records a chunk has at most.
	maxChunk = 64
	// maxSpan is how much time lies between the first and the last record of a chunk at
	// most. Chunks of several nodes overlap, but not by more.
	maxSpan = time.Second
)

// chunks and dataChunks are owned by the account. A chunk's id begins with the time of its
// first record.
var (
	chunks     = store.NewCollection[chunk]("audit_chunk")
	dataChunks = store.NewCollection[chunk]("audit_data_chunk")
)

func collection(data bool) *store.Collection[chunk] {
	if data {
		return dataChunks
	}
	return chunks
}

// newest walks through chunks backwards, from a place. It holds few of them at a time:
// the parameters of calls can be long.
func newest(tx store.Tx, of *store.Collection[chunk], account, from string) iter.Seq2[*chunk, error] {
	return func(yield func(*chunk, error) bool) {
		for after := (store.Cursor{ID: from}); ; {
			page, next, err := of.List(tx, account, store.Query{Descending: true, After: after, Limit: 20})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
			}
			if after = next; after == (store.Cursor{}) {
				return
			}
		}
	}
}

// cut sorts records of one kind and cuts them into chunks.
func cut(records []Record) []*chunk {
	slices.SortFunc(records, func(a, b Record) int {
		return cmp.Or(a.EventTime.Compare(b.EventTime), cmp.Compare(a.EventID, b.EventID))
	})
	var all []*chunk
	for _, r := range records {
		if n := len(all); n == 0 || len(all[n-1].Records) == maxChunk || r.EventTime.Sub(all[n-1].first()) > maxSpan {
			all = append(all, new(chunk))
		}
		last := all[len(all)-1]
		last.Records = append(last.Records, r)
	}
	return all
}

func (c *chunk) id() string       { return store.Time(c.first()) + " " + c.Records[0].EventID }
func (c *chunk) first() time.Time { return c.Records[0].EventTime }
func (c *chunk) last() time.Time  { return c.Records[len(c.Records)-1].EventTime }

// place is where a walk, which goes backwards, is after a record of a chunk: a text that
// sorts just behind the chunk's id.
func (c *chunk) place(index int) string { return c.id() + "#" + strconv.Itoa(index) }

// left returns how many records of the chunk a walk from a place has yet to see.
func (c *chunk) left(place string) int {
	id, index, _ := strings.Cut(place, "#")
	n, err := strconv.Atoi(index)
	if id != c.id() || err != nil || n < 0 || n > len(c.Records) {
		return len(c.Records)
	}
	return n
}
