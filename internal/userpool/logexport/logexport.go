// Package logexport hands records of a user pool's logs to where the pool's owner
// wants them: a log group of CloudWatch Logs, a delivery stream of Firehose, or a
// bucket of S3. The service in the destination's ARN tells which of the three APIs is
// spoken; an [awscall.Endpoint] tells where it is.
//
// The package knows neither pools nor when to try again: it makes one attempt, and
// says which records have been taken.
package logexport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

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
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 1 << 20
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

// call makes a call of the protocol JSON 1.1 and reads its answer into out.
func call(ctx context.Context, e *awscall.Endpoint, arn, service, target string, in, out any) error {
	body, err := json.Marshal(in, json.Deterministic(true))
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL.JoinPath("/").String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	status, answer, err := send(e, r, body, service, arn)
	if err != nil {
		return err
	}
	if status.StatusCode/100 != 2 {
		return awscall.RefusalOf(status, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer to %s cannot be read: %w", target, err)
	}
	return nil
}

// send makes a call and reads its answer.
func send(e *awscall.Endpoint, r *http.Request, body []byte, service, arn string) (*http.Response, []byte, error) {
	answer, err := e.Do(r, body, service, arn)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := awscall.Read(answer.Body, maxAnswer)
	return answer, text, err
}

// isRefusal tells whether an error is an API's, of this name.
func isRefusal(err error, code string) bool {
	refused, ok := errors.AsType[*awscall.Refusal](err)
	return ok && refused.Code == code
}
