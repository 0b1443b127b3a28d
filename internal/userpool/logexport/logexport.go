// Package logexport hands records of a user pool's logs to where the pool's owner
// wants them: a log group of CloudWatch Logs, a delivery stream of Firehose, or a
// bucket of S3. The service in the destination's ARN tells which of the three APIs is
// spoken; an [awscall.Endpoint] tells where it is.
//
// The package knows neither pools nor when to try again: it makes one attempt, and
// says which records have been taken.
package logexport

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pintail/internal/awscall"
)

const (
	// MaxRecords is how many records a batch has at most (Firehose API reference,
	// PutRecordBatch).
	MaxRecords = 500
	// MaxBytes is how large the records of a batch are together, each with
	// [Overhead] (CloudWatch Logs API reference, PutLogEvents).
	MaxBytes = 1 << 20
	// Overhead is what a record counts beside its text, in bytes.
	Overhead = 26
	// Timeout is how long one attempt may take.
	Timeout = 30 * time.Second
)

// Record is one line of a log.
type Record struct {
	ID   string // for the receipt
	Time time.Time
	Text string // one line
}

// Batch is what is sent at once: at most [MaxRecords] and [MaxBytes], in their order.
type Batch struct {
	PoolID  string
	Source  string // userAuthEvents or userNotification
	Records []Record
}

// Receipt tells what has become of a batch.
type Receipt struct {
	Taken []string // ids of the records that the destination is now responsible for
	// Refused is how many of those it will not keep: CloudWatch Logs takes nothing
	// that is older than two weeks or than its group keeps records.
	Refused int
}

// way sends a batch by one API. The time limit is in the context.
type way func(ctx context.Context, e *awscall.Endpoint, arn string, b Batch) (Receipt, error)

var ways = map[string]way{"logs": putLogEvents, "firehose": putRecordBatch, "s3": putObject}

func wayTo(arn string) way {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 || parts[0] != "arn" {
		return nil
	}
	return ways[parts[2]]
}

// Speaks tells whether a service, by its name in ARNs, is one that takes records.
func Speaks(service string) bool { return ways[service] != nil }

// Supports tells whether an ARN is of a service that takes records.
func Supports(arn string) bool { return wayTo(arn) != nil }

// Put makes one attempt to hand over a batch. A receipt may name some of the records,
// with and without an error: the others have to be put again, later where there is an
// error. The text of an error holds no credentials.
func Put(ctx context.Context, e *awscall.Endpoint, arn string, b Batch) (Receipt, error) {
	put := wayTo(arn)
	if put == nil {
		return Receipt{}, fmt.Errorf("%s: nothing is known of this service", arn)
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	receipt, err := put(ctx, e, arn, b)
	if err != nil {
		err = fmt.Errorf("%s: %w", arn, err)
	}
	return receipt, err
}

// all is the receipt for every record.
func (b Batch) all() Receipt {
	taken := make([]string, len(b.Records))
	for i, r := range b.Records {
		taken[i] = r.ID
	}
	return Receipt{Taken: taken}
}
