package logexport

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"pintail/internal/awscall"
)

// maxSpan is how far the events of one call may lie apart (CloudWatch Logs API
// reference, PutLogEvents).
const maxSpan = 24 * time.Hour

const logsTarget = "Logs_20140328."

type logStream struct {
	Group  string `json:"logGroupName"`
	Stream string `json:"logStreamName"`
}

type logEvent struct {
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
	Message   string `json:"message"`
}

type putLogEventsRequest struct {
	logStream
	Events []logEvent `json:"logEvents"`
}

type putLogEventsResponse struct {
	Rejected *struct {
		TooNew  *int `json:"tooNewLogEventStartIndex"`
		TooOld  *int `json:"tooOldLogEventEndIndex"`
		Expired *int `json:"expiredLogEventEndIndex"`
	} `json:"rejectedLogEventsInfo"`
}

// refused counts what was not kept of n events: what comes before the end indexes and
// what comes after the start index.
func (r *putLogEventsResponse) refused(n int) int {
	if r.Rejected == nil {
		return 0
	}
	first, last := 0, n
	for _, end := range []*int{r.Rejected.TooOld, r.Rejected.Expired} {
		if end != nil {
			first = min(max(first, *end), n)
		}
	}
	if start := r.Rejected.TooNew; start != nil {
		last = min(max(*start, first), n)
	}
	return n - (last - first)
}

// putLogEvents writes to the stream of the pool and the day, which it makes when the
// group has none yet. It takes the records of one day's length at a time.
func putLogEvents(ctx context.Context, e *awscall.Endpoint, arn string, b Batch) (Receipt, error) {
	_, group, ok := strings.Cut(arn, ":log-group:")
	if group = strings.TrimSuffix(group, ":*"); !ok || group == "" {
		return Receipt{}, errors.New("this is not the ARN of a log group")
	}
	b = b.oldestDay()
	if len(b.Records) == 0 {
		return Receipt{}, nil
	}
	in := putLogEventsRequest{logStream: logStream{group, b.PoolID + "/" + b.Records[0].Time.UTC().Format("2006/01/02")}}
	for _, r := range b.Records {
		in.Events = append(in.Events, logEvent{r.Time.UnixMilli(), r.Text})
	}
	var out putLogEventsResponse
	err := e.Call(ctx, arn, "logs", logsTarget+"PutLogEvents", in, &out)
	if awscall.IsRefusal(err, "ResourceNotFoundException") {
		err = e.Call(ctx, arn, "logs", logsTarget+"CreateLogStream", in.logStream, nil)
		if err == nil || awscall.IsRefusal(err, "ResourceAlreadyExistsException") { // another node was quicker
			err = e.Call(ctx, arn, "logs", logsTarget+"PutLogEvents", in, &out)
		}
	}
	if err != nil {
		return Receipt{}, err
	}
	receipt := b.all()
	receipt.Refused = out.refused(len(b.Records))
	return receipt, nil
}

// oldestDay returns the records that are at most a day younger than the oldest, by
// their time, as the call wants them.
func (b Batch) oldestDay() Batch {
	sorted := slices.Clone(b.Records)
	slices.SortStableFunc(sorted, func(x, y Record) int { return x.Time.Compare(y.Time) })
	for i, r := range sorted {
		if r.Time.Sub(sorted[0].Time) >= maxSpan {
			sorted = sorted[:i]
			break
		}
	}
	b.Records = sorted
	return b
}
