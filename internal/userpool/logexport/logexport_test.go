package logexport_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/awscall"
	"pintail/internal/sigv4"
	"pintail/internal/userpool/logexport"
)

const (
	group  = "arn:aws:logs:eu-west-1:123456789012:log-group:/shop/people"
	stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/people"
	bucket = "arn:aws:s3:::shop-logs/people"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// heard is a call that a stand-in has got, its signature checked.
type heard struct {
	path, target, body string
}

// standIn is an API that answers each call in turn: a status and a body.
type standIn struct {
	*awscall.Endpoint
	calls   []heard
	answers []answer
}

type answer struct {
	status int
	body   string
}

func newStandIn(t *testing.T, service, region string, answers ...answer) *standIn {
	t.Helper()
	s := &standIn{answers: answers}
	verifier := &sigv4.Verifier{Now: func() time.Time { return noon }}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		verified, err := verifier.Verify(r, body, service, func(id, token string) (string, error) {
			if id != "AKIDEXAMPLE" || token != "token" {
				t.Errorf("signed by %s with token %q", id, token)
			}
			return "secret", nil
		})
		if err != nil {
			t.Error(err)
		} else if verified.Region != "eu-west-1" {
			t.Errorf("signed for %s", verified.Region)
		}
		n := len(s.calls)
		s.calls = append(s.calls, heard{r.URL.Path, r.Header.Get("X-Amz-Target"), string(body)})
		if n >= len(s.answers) {
			return
		}
		rw.WriteHeader(s.answers[n].status)
		io.WriteString(rw, s.answers[n].body)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.Endpoint = &awscall.Endpoint{
		URL: u, Region: region, Credentials: sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", Secret: "secret", Token: "token"},
		Now: func() time.Time { return noon }, Client: server.Client(),
	}
	return s
}

func batch(times ...time.Time) logexport.Batch {
	b := logexport.Batch{PoolID: "eu-west-1_Abc", Source: "userAuthEvents"}
	for i, at := range times {
		id := string(rune('a' + i))
		b.Records = append(b.Records, logexport.Record{ID: id, Time: at, Text: `{"n":"` + id + `"}`})
	}
	return b
}

// put makes one attempt and compares what was taken, "abc".
func (s *standIn) put(t *testing.T, arn string, b logexport.Batch, taken, failure string) logexport.Receipt {
	t.Helper()
	receipt, err := logexport.Put(t.Context(), s.Endpoint, arn, b)
	if got := strings.Join(receipt.Taken, ""); got != taken {
		t.Errorf("%q were taken, want %q", got, taken)
	}
	if failure == "" && err != nil || failure != "" && (err == nil || !strings.Contains(err.Error(), failure)) {
		t.Errorf("error %v, want %q", err, failure)
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("%v tells the secret", err)
	}
	return receipt
}

func decoded(t *testing.T, body string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

type object = map[string]any

const putLogEvents, createLogStream = "Logs_20140328.PutLogEvents", "Logs_20140328.CreateLogStream"

// The stream of the pool and the day is made when the group has none yet.
func TestLogEvents(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, "logs", "", answer{400, `{"__type":"com.amazonaws.logs#ResourceNotFoundException","message":"no stream"}`},
		answer{400, `{"__type":"ResourceAlreadyExistsException"}`}, answer{200, `{"nextSequenceToken":"1"}`}, answer{200, `{}`})
	b := batch(noon.Add(time.Second), noon, noon.Add(24*time.Hour))
	s.put(t, group+":*", b, "ba", "") // in the order of time, and of one day
	s.put(t, group, logexport.Batch{PoolID: b.PoolID, Records: b.Records[2:]}, "c", "")
	var targets []string
	for _, c := range s.calls {
		targets = append(targets, c.target)
	}
	if want := []string{putLogEvents, createLogStream, putLogEvents, putLogEvents}; !slices.Equal(targets, want) {
		t.Fatal(targets)
	}
	if diff := cmp.Diff(object{"logGroupName": "/shop/people", "logStreamName": "eu-west-1_Abc/2026/11/25"}, decoded(t, s.calls[1].body)); diff != "" {
		t.Error(diff)
	}
	want := object{
		"logGroupName": "/shop/people", "logStreamName": "eu-west-1_Abc/2026/11/25", "logEvents": []any{
			object{"timestamp": float64(noon.UnixMilli()), "message": `{"n":"b"}`},
			object{"timestamp": float64(noon.UnixMilli() + 1000), "message": `{"n":"a"}`},
		},
	}
	if diff := cmp.Diff(want, decoded(t, s.calls[2].body)); diff != "" {
		t.Error(diff)
	}
}

// A group that does not exist is not made: its retention is for its owner to choose.
func TestNoLogGroup(t *testing.T) {
	t.Parallel()
	missing := answer{400, `{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}`}
	newStandIn(t, "logs", "", missing, missing).put(t, group, batch(noon), "", "ResourceNotFoundException: The specified log group does not exist.")
}

func TestRejectedLogEvents(t *testing.T) {
	t.Parallel()
	for rejected, want := range map[string]int{
		`{"tooOldLogEventEndIndex":1}`:                                1,
		`{"expiredLogEventEndIndex":2,"tooOldLogEventEndIndex":1}`:    2,
		`{"tooNewLogEventStartIndex":2,"tooOldLogEventEndIndex":1}`:   2,
		`{"tooNewLogEventStartIndex":0}`:                              3,
		`{"tooOldLogEventEndIndex":-4,"tooNewLogEventStartIndex":99}`: 0,
	} {
		s := newStandIn(t, "logs", "", answer{200, `{"rejectedLogEventsInfo":` + rejected + `}`})
		if got := s.put(t, group, batch(noon, noon, noon), "abc", "").Refused; got != want {
			t.Errorf("%s: %d refused, want %d", rejected, got, want)
		}
	}
}

// Of a batch that was taken in part, the rest is not on the receipt.
func TestRecordBatch(t *testing.T) {
	t.Parallel()
	const failing = `{"FailedPutCount":1,"RequestResponses":[{"RecordId":"1"},{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."},{"RecordId":"3"}]}`
	s := newStandIn(t, "firehose", "", answer{200, failing}, answer{200, `{"FailedPutCount":0,"RequestResponses":[{"RecordId":"2"}]}`},
		answer{200, `{"FailedPutCount":2,"RequestResponses":[]}`}, answer{500, "oops"})
	b := batch(noon, noon, noon)
	s.put(t, stream, b, "ac", "1 of 3 records have failed, the last with ServiceUnavailableException: Slow down.")
	s.put(t, stream, logexport.Batch{PoolID: b.PoolID, Records: b.Records[1:2]}, "b", "")
	s.put(t, stream, b, "", "the answer does not say which")
	s.put(t, stream, b, "", "HTTP status 500")
	var in struct {
		DeliveryStreamName string
		Records            []struct{ Data []byte }
	}
	if err := json.Unmarshal([]byte(s.calls[1].body), &in); err != nil {
		t.Fatal(err)
	}
	if in.DeliveryStreamName != "people" || len(in.Records) != 1 || string(in.Records[0].Data) != `{"n":"b"}`+"\n" || s.calls[1].target != "Firehose_20150804.PutRecordBatch" {
		t.Errorf("%+v", s.calls[1])
	}
}

// The same batch gives the same object, another one another.
func TestObject(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, "s3", "eu-west-1", answer{503, `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`}, answer{200, ""}, answer{200, ""}, answer{502, "<html>"})
	b := batch(noon, noon.Add(time.Second))
	s.put(t, bucket, b, "", "SlowDown: Please reduce your request rate.")
	s.put(t, bucket, b, "ab", "")
	s.put(t, bucket, logexport.Batch{PoolID: b.PoolID, Source: b.Source, Records: b.Records[:1]}, "a", "")
	s.put(t, bucket, b, "", "HTTP status 502")
	if s.calls[0] != s.calls[1] || s.calls[1].path == s.calls[2].path {
		t.Errorf("the objects are %s, %s, %s", s.calls[0].path, s.calls[1].path, s.calls[2].path)
	}
	if want := "/shop-logs/people/eu-west-1_Abc/userAuthEvents/2026/11/25/20261125T120000Z-"; !strings.HasPrefix(s.calls[1].path, want) || s.calls[1].body != `{"n":"a"}`+"\n"+`{"n":"b"}`+"\n" {
		t.Errorf("%+v", s.calls[1])
	}
}

// An answer without end is not read to the end.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, "firehose", "", answer{200, strings.Repeat(" ", 2<<20)}, answer{200, "no JSON"})
	if _, err := logexport.Put(t.Context(), s.Endpoint, stream, batch(noon)); !errors.Is(err, awscall.ErrTooLarge) {
		t.Error(err)
	}
	s.put(t, stream, batch(noon), "", "cannot be read")
}

func TestSupports(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]bool{
		group: true, stream: true, bucket: true, "arn:aws:sqs:us-east-1:123456789012:queue": false, "logs": false, "": false, "x:aws:logs:::": false,
	} {
		if logexport.Supports(arn) != want {
			t.Errorf("%q: %t", arn, !want)
		}
	}
	s := newStandIn(t, "logs", "")
	s.put(t, "arn:aws:sqs:us-east-1:123456789012:queue", batch(noon), "", "nothing is known of this service")
	s.put(t, "arn:aws:logs:us-east-1:123456789012:delivery:x", batch(noon), "", "not the ARN of a log group")
	s.put(t, "arn:aws:firehose:us-east-1:123456789012:x", batch(noon), "", "not the ARN of a delivery stream")
	for _, place := range []string{"", "/x", "..", "../x", "shop-logs/../other", "shop-logs/./x", "shop-logs//x", "shop-logs/.."} {
		s.put(t, "arn:aws:s3:::"+place, batch(noon), "", "not the ARN of a bucket")
	}
	s.put(t, bucket, batch(noon), "", "no region is known")
	if len(s.calls) != 0 {
		t.Error(s.calls)
	}
}
