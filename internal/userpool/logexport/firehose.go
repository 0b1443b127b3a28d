package logexport

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pintail/internal/awscall"
)

type putRecordBatchRequest struct {
	Stream  string           `json:"DeliveryStreamName"`
	Records []firehoseRecord `json:"Records"`
}

type firehoseRecord struct {
	Data []byte `json:"Data"`
}

type putRecordBatchResponse struct {
	Failed  int `json:"FailedPutCount"`
	Answers []struct {
		ID      string `json:"RecordId"`
		Code    string `json:"ErrorCode"`
		Message string `json:"ErrorMessage"`
	} `json:"RequestResponses"`
}

// putRecordBatch sends each record as a line, since Firehose puts records together
// without anything between them. A 200 may still refuse some of them (Firehose API
// reference, PutRecordBatch): they are missing on the receipt.
func putRecordBatch(ctx context.Context, e *awscall.Endpoint, arn string, b Batch) (Receipt, error) {
	_, stream, ok := strings.Cut(arn, ":deliverystream/")
	if !ok || stream == "" {
		return Receipt{}, errors.New("this is not the ARN of a delivery stream")
	}
	in := putRecordBatchRequest{Stream: stream}
	for _, r := range b.Records {
		in.Records = append(in.Records, firehoseRecord{[]byte(r.Text + "\n")})
	}
	var out putRecordBatchResponse
	if err := e.Call(ctx, arn, "firehose", "Firehose_20150804.PutRecordBatch", in, &out); err != nil {
		return Receipt{}, err
	}
	if out.Failed == 0 {
		return b.all(), nil
	}
	if len(out.Answers) != len(b.Records) {
		return Receipt{}, fmt.Errorf("%d of %d records have failed, and the answer does not say which", out.Failed, len(b.Records))
	}
	var receipt Receipt
	var why error
	for i, answer := range out.Answers {
		if answer.Code == "" {
			receipt.Taken = append(receipt.Taken, b.Records[i].ID)
		} else {
			why = fmt.Errorf("%d of %d records have failed, the last with %s: %s", out.Failed, len(b.Records), answer.Code, answer.Message)
		}
	}
	return receipt, why
}
