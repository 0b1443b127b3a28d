// Package sink is what an event stream hands its records to. Each of the packages below
// it speaks to one kind of receiver.
package sink

import "context"

// Bounds of what Put is given, the strictest of all receivers' (Kinesis API reference,
// PutRecords; Firehose API reference, PutRecordBatch; Kafka's default message.max.bytes).
const (
	MaxRecords = 500
	MaxBytes   = 3 << 20    // of a batch, with the receiver's own frame around records
	MaxRecord  = 1000 << 10 // of one record's data
)

// Record is one event on its way.
type Record struct {
	Key  string // records with one key keep their order, where the receiver has one
	ID   string // is the same when the record is put again
	Data []byte // a JSON object
}

// Sink hands records over to a receiver. It is used by one goroutine at a time.
type Sink interface {
	// Put makes one attempt. It returns the records that the receiver has not taken, in
	// their order, and why not; there is an error if there are any. What it cannot tell
	// the fate of counts as not taken. The text of an error holds no credentials.
	Put(ctx context.Context, records []Record) (left []Record, err error)
	// Close lets go of connections.
	Close()
}
