// Package kinesis hands records to Amazon Kinesis Data Streams and Amazon Data Firehose,
// or to whatever speaks their APIs.
package kinesis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pintail/internal/awscall"
	"pintail/internal/eventstream/sink"
)

// stream is a stream of either service.
type stream struct {
	endpoint *awscall.Endpoint
	arn      string
	name     string
	put      func(s *stream, ctx context.Context, records []sink.Record) (failed int, outcomes []outcome, err error)
}

// outcome tells of one record; a code says that it was not taken.
type outcome struct {
	Code    string `json:"ErrorCode"`
	Message string `json:"ErrorMessage"`
}

// New returns the sink for the ARN of a stream or of a delivery stream.
func New(arn string, at *awscall.Endpoint) (sink.Sink, error) {
	s := &stream{endpoint: at, arn: arn}
	if _, name, ok := strings.Cut(arn, ":stream/"); ok && strings.HasPrefix(arn, "arn:aws:kinesis:") {
		s.name, s.put = name, (*stream).putRecords
	} else if _, name, ok := strings.Cut(arn, ":deliverystream/"); ok && strings.HasPrefix(arn, "arn:aws:firehose:") {
		s.name, s.put = name, (*stream).putRecordBatch
	}
	if s.name == "" {
		return nil, fmt.Errorf("%s is not the ARN of a stream of Kinesis or a delivery stream of Firehose", arn)
	}
	return s, nil
}

// Put implements sink.Sink. Both services answer 200 although they have refused some of
// the records, for want of throughput.
func (s *stream) Put(ctx context.Context, records []sink.Record) (left []sink.Record, err error) {
	failed, outcomes, err := s.put(s, ctx, records)
	if err != nil {
		return records, err
	}
	if failed == 0 {
		return nil, nil
	}
	if len(outcomes) != len(records) {
		return records, fmt.Errorf("%d of %d records have failed, and the answer does not say which", failed, len(records))
	}
	for i, o := range outcomes {
		if o.Code != "" {
			left = append(left, records[i])
			err = fmt.Errorf("%d of %d records have failed, the last with %s: %s", failed, len(records), o.Code, o.Message)
		}
	}
	if len(left) == 0 {
		return records, errors.New("records have failed, and the answer does not say which")
	}
	return left, err
}

type putRecordsRequest struct {
	Stream  string       `json:"StreamName"`
	Records []dataRecord `json:"Records"`
}

type dataRecord struct {
	Data []byte `json:"Data"`
	Key  string `json:"PartitionKey,omitzero"`
}

// maxKey is how many characters a partition key has at most.
const maxKey = 256

func (s *stream) putRecords(ctx context.Context, records []sink.Record) (failed int, outcomes []outcome, err error) {
	in := putRecordsRequest{Stream: s.name}
	for _, r := range records {
		key := []rune(r.Key)
		in.Records = append(in.Records, dataRecord{r.Data, string(key[:min(len(key), maxKey)])})
	}
	var out struct {
		Failed  int       `json:"FailedRecordCount"`
		Records []outcome `json:"Records"`
	}
	err = s.endpoint.Call(ctx, s.arn, "kinesis", "Kinesis_20131202.PutRecords", in, &out)
	return out.Failed, out.Records, err
}

type putRecordBatchRequest struct {
	Stream  string       `json:"DeliveryStreamName"`
	Records []dataRecord `json:"Records"`
}

func (s *stream) putRecordBatch(ctx context.Context, records []sink.Record) (failed int, outcomes []outcome, err error) {
	in := putRecordBatchRequest{Stream: s.name}
	for _, r := range records {
		in.Records = append(in.Records, dataRecord{Data: r.Data})
	}
	var out struct {
		Failed    int       `json:"FailedPutCount"`
		Responses []outcome `json:"RequestResponses"`
	}
	err = s.endpoint.Call(ctx, s.arn, "firehose", "Firehose_20150804.PutRecordBatch", in, &out)
	return out.Failed, out.Responses, err
}

// Close implements sink.Sink.
func (s *stream) Close() { s.endpoint.Client.CloseIdleConnections() }
