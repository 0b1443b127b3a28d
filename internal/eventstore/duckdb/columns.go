package duckdb

import (
	"strings"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"pintail/internal/eventstore"
)

// Columns of the table events, by position. The text columns, one for each of
// eventstore.TextFields, follow the fixed ones; the two maps come last.
const (
	colSeq = iota
	colTime
	colArrival
	colEndpointHash
	colUserHash
	colSessionStart
	colSessionStop
	colSessionMillis
	colText
	colAttributes = colText + len(eventstore.TextFields)
	colMetrics    = colAttributes + 1
	columnCount   = colMetrics + 1
)

// timeColumns are the columns of an event's times, in their order.
var timeColumns = [...]int{colTime, colArrival, colSessionStart, colSessionStop}

// rowsPerChunk is DuckDB's vector size: the rows of a full data chunk.
var rowsPerChunk = int(mapping.VectorSize())

// text is a duckdb_string_t: up to 12 bytes stand in the value itself (prefix
// and rest together, the unused ones zero); of longer ones the first four stand
// in prefix and rest is the address of all.
type text struct {
	length uint32
	prefix [4]byte
	rest   [8]byte
}

const inlineText = 12

// The build fails here if DuckDB's string is not as large as we believe.
var _ [unsafe.Sizeof(text{})]byte = [unsafe.Sizeof(mapping.StringT{})]byte{}

// span is a duckdb_list_entry: where a row's list stands in the child vector.
type span struct{ offset, length uint64 }

var _ [unsafe.Sizeof(span{})]byte = [unsafe.Sizeof(mapping.ListEntry{})]byte{}

// inlined returns the 12 bytes that a short string stands in.
func (t *text) inlined() *[inlineText]byte {
	return (*[inlineText]byte)(unsafe.Pointer(&t.prefix))
}

// values returns the memory of a vector of n values of T. DuckDB owns it; it is
// valid until the chunk of the vector is reset or destroyed.
func values[T any](vector mapping.Vector, n int) []T {
	return unsafe.Slice((*T)(mapping.VectorGetData(vector)), n)
}

// validity returns the bits that tell values from NULLs in a vector that may
// have NULLs, or nil when it has none.
func validity(vector mapping.Vector, n int) []uint64 {
	bits := mapping.VectorGetValidity(vector)
	if bits == nil {
		return nil
	}
	return unsafe.Slice((*uint64)(bits), (n+63)/64)
}

// mapVectors returns the entries of a MAP vector and its keys' and values'
// vectors.
func mapVectors(vector mapping.Vector, rows int) (entries []span, keys, vals mapping.Vector) {
	pair := mapping.ListVectorGetChild(vector)
	return values[span](vector, rows), mapping.StructVectorGetChild(pair, 0), mapping.StructVectorGetChild(pair, 1)
}

// view returns the string without copying it; it is valid as long as the
// vector that has t.
func (t *text) view() string {
	if t.length <= inlineText {
		return unsafe.String(&t.prefix[0], int(t.length))
	}
	return unsafe.String(*(**byte)(unsafe.Pointer(&t.rest)), int(t.length))
}

// clone copies the string, or returns like if that is the same: columns repeat
// themselves.
func (t *text) clone(like string) string {
	if s := t.view(); s != like {
		return strings.Clone(s)
	}
	return like
}
