package eventstream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/config"
	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

const (
	kinesisARN  = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"
	firehoseARN = "arn:aws:firehose:us-east-1:123456789012:deliverystream/clicks"
	trust       = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pinpoint.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:mobiletargeting:us-east-1:123456789012:apps/*"}}}]}`
	allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:PutRecords","firehose:PutRecordBatch"],"Resource":["arn:aws:kinesis:*:*:stream/clicks","arn:aws:firehose:*:*:deliverystream/clicks"]}]}`
	key   = "0123456789abcdef"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// server is a running server whose triggers file has destinations.
type server struct {
	*testkit.Server
	t        testing.TB
	pin      *pinpoint.Client
	app      string
	triggers string // the file
}

// start runs a server with destinations, by ARN, and an application in it.
func start(t testing.TB, destinations string, change ...func(*config.Config)) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "triggers.json")
	must(t, os.WriteFile(file, []byte(`{"destinations":`+destinations+`}`), 0o600))
	change = append(change, func(c *config.Config) { c.Triggers = file })
	s := &server{Server: testkit.Start(t, change...), t: t, triggers: file}
	s.pin = s.Pinpoint(s.RootKeys())
	s.app = s.createApp()
	return s
}

func (s *server) createApp() string {
	s.t.Helper()
	out, err := s.pin.CreateApp(testkit.Context(s.t), &pinpoint.CreateAppInput{CreateApplicationRequest: &types.CreateApplicationRequest{Name: aws.String("shop")}})
	must(s.t, err)
	return *out.ApplicationResponse.Id
}

// role makes a role and returns its ARN.
func (s *server) role(name, trust, allow string) string {
	s.t.Helper()
	ctx, client := testkit.Context(s.t), s.IAM(s.RootKeys())
	made, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(s.t, err)
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("write"), PolicyDocument: &allow})
	must(s.t, err)
	return *made.Role.Arn
}

// put sends PutEventStream.
func (s *server) put(arn, role string) (*types.EventStream, error) {
	out, err := s.pin.PutEventStream(testkit.Context(s.t), &pinpoint.PutEventStreamInput{
		ApplicationId: &s.app, WriteEventStream: &types.WriteEventStream{DestinationStreamArn: &arn, RoleArn: &role},
	})
	if err != nil {
		return nil, err
	}
	return out.EventStream, nil
}

// stream configures a stream with a role that is right.
func (s *server) stream(arn string) {
	s.t.Helper()
	_, err := s.put(arn, s.role("streamer", trust, allow))
	must(s.t, err)
}

// record sends events with the numbers from first on, a request for each hundred, which
// must be accepted.
func (s *server) record(first, count int) {
	s.t.Helper()
	must(s.t, recordEvents(testkit.Context(s.t), s.pin, s.app, first, count))
}

func recordEvents(ctx context.Context, pin *pinpoint.Client, app string, first, count int) error {
	for n := first; n < first+count; {
		events := map[string]types.Event{}
		for ; n < first+count && len(events) < 100; n++ {
			events[fmt.Sprintf("e-%d", n)] = types.Event{
				EventType: aws.String("order.placed"), Timestamp: aws.String(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second).Format(time.RFC3339)),
				Attributes: map[string]string{"number": fmt.Sprint(n)},
			}
		}
		out, err := pin.PutEvents(ctx, &pinpoint.PutEventsInput{ApplicationId: &app, EventsRequest: &types.EventsRequest{
			BatchItem: map[string]types.EventsBatch{fmt.Sprintf("phone-%d", n%3): {Endpoint: &types.PublicEndpoint{}, Events: events}},
		}})
		if err != nil {
			return err
		}
		for _, r := range out.EventsResponse.Results {
			for id, e := range r.EventsItemResponse {
				if *e.Message != "Accepted" {
					return fmt.Errorf("%s: %s", id, *e.Message)
				}
			}
		}
	}
	return nil
}

// streamState is what "pintail status" prints of a stream.
type streamState struct {
	App, Destination, Error string
	Lag                     time.Duration
	Taken                   int64
	Failures                int
}

// owner asks one of the server's own paths.
func (s *server) owner(path string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL()+path, nil)
	must(s.t, err)
	root := s.RootKeys()
	sigv4.Sign(r, nil, sigv4.Credentials{AccessKeyID: root.ID, Secret: root.Secret}, testkit.Region, "pintail", time.Now())
	answer, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(s.t, err)
	return string(text)
}

func (s *server) state() streamState {
	s.t.Helper()
	var status struct{ Streams []streamState }
	must(s.t, json.Unmarshal([]byte(s.owner("/_pintail/status")), &status))
	if len(status.Streams) != 1 {
		s.t.Fatalf("%d streams", len(status.Streams))
	}
	return status.Streams[0]
}

// got is a record that a receiver has taken.
type got struct {
	Key    string
	Data   string
	Type   string `json:"event_type"`
	Values struct {
		Number string `json:"number"`
	} `json:"attributes"`
}

func parse(t testing.TB, key, data string) got {
	g := got{Key: key, Data: data}
	if err := json.Unmarshal([]byte(data), &g); err != nil {
		t.Errorf("%v: %s", err, data)
	}
	return g
}

// collect takes records off a channel until the numbered events up to count have all come.
// It returns all that came, the record for testing first.
func collect(t testing.TB, from <-chan got, count int) (all []got) {
	t.Helper()
	missing := map[string]bool{}
	for n := range count {
		missing[fmt.Sprint(n)] = true
	}
	for late := time.After(time.Minute); len(missing) > 0; {
		select {
		case g := <-from:
			all = append(all, g)
			delete(missing, g.Values.Number)
		case <-late:
			t.Fatalf("%d records have not come after a minute", len(missing))
		}
	}
	if all[0].Type != "_test.event_stream" {
		t.Errorf("the first record is %s", all[0].Data)
	}
	return all
}

// next takes one record off a channel.
func next(t testing.TB, from <-chan got) got {
	t.Helper()
	select {
	case g := <-from:
		return g
	case <-time.After(30 * time.Second):
		t.Fatal("no record has come after half a minute")
		panic("unreachable")
	}
}

// api is a stand-in for Kinesis and Firehose. It checks signatures, and fails a call or
// some of its records as told.
type api struct {
	*httptest.Server
	records chan got
	plan    chan string // what to do to the next calls: "down", "throttle", "half"
}

func newAPI(t testing.TB) *api {
	a := &api{records: make(chan got, 10_000), plan: make(chan string, 100)}
	verifier := &sigv4.Verifier{Now: time.Now}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		service := "kinesis"
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "Firehose_20150804.PutRecordBatch") {
			service = "firehose"
		} else if r.Header.Get("X-Amz-Target") != "Kinesis_20131202.PutRecords" {
			t.Errorf("target %q", r.Header.Get("X-Amz-Target"))
		}
		if _, err := verifier.Verify(r, body, service, func(id, _ string) (string, error) { return "secret of " + id, nil }); err != nil {
			t.Errorf("a call's signature: %v", err)
		}
		a.answer(t, w, service, body)
	}))
	t.Cleanup(a.Close)
	return a
}

// destination is the stand-in in the triggers file.
func (a *api) destination(arn string) string {
	return fmt.Sprintf(`{%q:{"url":%q,"accessKeyId":"AKIDSTREAM","secretAccessKey":"secret of AKIDSTREAM"}}`, arn, a.URL)
}

func (a *api) answer(t testing.TB, w http.ResponseWriter, service string, body []byte) {
	var in struct {
		StreamName, DeliveryStreamName string
		Records                        []struct {
			Data         []byte
			PartitionKey string
		}
	}
	if err := json.Unmarshal(body, &in); err != nil || in.StreamName+in.DeliveryStreamName != "clicks" {
		t.Errorf("%v in %s", err, body)
	}
	plan := ""
	select {
	case plan = <-a.plan:
	default:
	}
	switch plan {
	case "down":
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case "throttle":
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"ProvisionedThroughputExceededException","message":"Rate exceeded for stream clicks."}`)
		return
	}
	failed, outcomes := 0, []map[string]string{}
	for i, r := range in.Records {
		if plan == "half" && i%2 == 0 {
			failed++
			outcomes = append(outcomes, map[string]string{"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard shardId-000000000000."})
			continue
		}
		if service == "kinesis" && r.PartitionKey == "" {
			t.Error("a record has no key")
		}
		a.records <- parse(t, r.PartitionKey, string(r.Data))
		outcomes = append(outcomes, map[string]string{"SequenceNumber": fmt.Sprint(i), "ShardId": "shardId-000000000000", "RecordId": fmt.Sprint(i)})
	}
	count, list := "FailedRecordCount", "Records"
	if service == "firehose" {
		count, list = "FailedPutCount", "RequestResponses"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{count: failed, list: outcomes})
}
