package logexport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"net/http"
	"path"
	"strings"

	"pintail/internal/awscall"
)

// putObject writes the batch as one object of lines. The key tells the pool, the
// source and the time of the first record; its end is made of the records' ids, so
// that putting the same batch twice gives one object.
func putObject(ctx context.Context, e *awscall.Endpoint, arn string, b Batch) (Receipt, error) {
	place := arn[strings.LastIndex(arn, ":")+1:]
	bucket, prefix, _ := strings.Cut(place, "/")
	// A place such as bucket/../other would leave the bucket that the owner has named.
	if bucket == "" || path.Clean(place) != strings.TrimSuffix(place, "/") || strings.HasPrefix(place, ".") {
		return Receipt{}, errors.New("this is not the ARN of a bucket")
	}
	if len(b.Records) == 0 {
		return Receipt{}, nil
	}
	var body bytes.Buffer
	for _, r := range b.Records {
		body.WriteString(r.Text + "\n")
	}
	u := e.URL.JoinPath(bucket, path.Join(prefix, b.key()))
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, u.String(), bytes.NewReader(body.Bytes()))
	if err != nil {
		return Receipt{}, err
	}
	sum := sha256.Sum256(body.Bytes())
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:])) // which S3 insists on
	answer, text, err := e.Send(r, body.Bytes(), "s3", arn)
	if err != nil {
		return Receipt{}, err
	}
	if answer.StatusCode/100 != 2 {
		return Receipt{}, s3Refusal(answer, text)
	}
	return b.all(), nil
}

// key names the object. It has no character that a path must escape.
func (b Batch) key() string {
	ids := sha256.New()
	for _, r := range b.Records {
		ids.Write([]byte(r.ID + "\n"))
	}
	first := b.Records[0].Time.UTC()
	name := first.Format("20060102T150405Z") + "-" + hex.EncodeToString(ids.Sum(nil)[:8]) + ".json"
	return path.Join(b.PoolID, b.Source, first.Format("2006/01/02"), name)
}

// s3Refusal reads an error of REST XML.
func s3Refusal(answer *http.Response, text []byte) error {
	var e struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
	}
	if xml.Unmarshal(text, &e) != nil || e.Code == "" {
		return awscall.RefusalOf(answer, nil)
	}
	return &awscall.Refusal{Status: answer.Status, Code: e.Code, Message: e.Message}
}
