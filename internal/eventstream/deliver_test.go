package eventstream_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/cli"
	"pintail/internal/testkit"
)

// TestKinesis: events go to Kinesis in the order of each endpoint, once where nothing
// fails, and only those that came after the stream was configured.
func TestKinesis(t *testing.T) {
	t.Parallel()
	at := newAPI(t)
	s := start(t, at.destination(kinesisARN))
	s.record(10_000, 3)
	s.stream(kinesisARN)
	s.record(0, 1000)
	all := collect(t, at.records, 1000)
	if len(all) != 1001 {
		t.Errorf("%d records", len(all))
	}
}

// TestFailures: whatever a stream answers, everything arrives, and the rest of the server
// does not notice.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, arn := range map[string]string{"kinesis": kinesisARN, "firehose": firehoseARN} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newAPI(t)
			s := start(t, at.destination(arn))
			for _, plan := range []string{"down", "", "half", "throttle", "half", "half"} {
				at.plan <- plan
			}
			s.stream(arn)
			s.record(0, 250)
			collect(t, at.records, 250)
			s.settled(250)
		})
	}
}

// settled waits until the state shows a stream that has handed over so many events at
// least and waits for nothing.
func (s *server) settled(taken int64) {
	s.t.Helper()
	s.until(func(state streamState) bool {
		return state.Failures == 0 && state.Lag == 0 && state.Error == "" && state.Taken >= taken
	})
}

// waits returns the state once it shows that the stream waits for a reason.
func (s *server) waits(why string) streamState {
	s.t.Helper()
	return s.until(func(state streamState) bool { return state.Failures > 0 && strings.Contains(state.Error, why) })
}

// until asks for the state, which is stored after the receiver has answered, until it is
// as wanted.
func (s *server) until(wanted func(streamState) bool) (state streamState) {
	s.t.Helper()
	late := time.After(time.Minute)
	for again := time.Tick(10 * time.Millisecond); ; {
		if state = s.state(); wanted(state) {
			return state
		}
		select {
		case <-again:
		case <-late:
			s.t.Fatalf("after a minute the state is %+v", state)
		}
	}
}

// TestRecord: a record is what Pinpoint streams of an event.
func TestRecord(t *testing.T) {
	t.Parallel()
	at := newAPI(t)
	s := start(t, at.destination(kinesisARN))
	s.stream(kinesisARN)
	if g := next(t, at.records); g.Type != "_test.event_stream" || g.Key != s.app {
		t.Errorf("the first record is %+v", g)
	}
	ctx := testkit.Context(t)
	_, err := s.pin.UpdateEndpoint(ctx, &pinpoint.UpdateEndpointInput{ApplicationId: &s.app, EndpointId: aws.String("phone"), EndpointRequest: &types.EndpointRequest{
		ChannelType: "APNS", Address: aws.String("f00d"), Attributes: map[string][]string{"plan": {"gold"}}, Metrics: map[string]float64{"visits": 12},
		Demographic: &types.EndpointDemographic{Make: aws.String("Apple"), Model: aws.String("iPhone"), Platform: aws.String("ios"), PlatformVersion: aws.String("18.1"),
			Locale: aws.String("de_DE"), AppVersion: aws.String("3.2.0")},
		Location: &types.EndpointLocation{Country: aws.String("DE")}, User: &types.EndpointUser{UserId: aws.String("u-1001"), UserAttributes: map[string][]string{"team": {"a"}}},
	}})
	must(t, err)
	shown, err := s.pin.GetEndpoint(ctx, &pinpoint.GetEndpointInput{ApplicationId: &s.app, EndpointId: aws.String("phone")})
	must(t, err)
	_, err = s.pin.PutEvents(ctx, &pinpoint.PutEventsInput{ApplicationId: &s.app, EventsRequest: &types.EventsRequest{
		BatchItem: map[string]types.EventsBatch{"phone": {Endpoint: &types.PublicEndpoint{}, Events: map[string]types.Event{"e-1": {
			EventType: aws.String("order.placed"), Timestamp: aws.String("2026-03-01T09:17:02.000Z"),
			AppPackageName: aws.String("org.example.shop"), AppTitle: aws.String("Shop"), AppVersionCode: aws.String("320"),
			SdkName: aws.String("amplify"), ClientSdkVersion: aws.String("5.4.1"),
			Session:    &types.Session{Id: aws.String("s-77"), StartTimestamp: aws.String("2026-03-01T09:15:30.120Z")},
			Attributes: map[string]string{"screen": "check<out>"}, Metrics: map[string]float64{"amount": 42.5},
		}}}},
	}})
	must(t, err)
	g := next(t, at.records)
	if g.Key != "phone" || strings.ContainsAny(g.Data, "\n\r") {
		t.Errorf("the record of %s is %q", g.Key, g.Data)
	}
	var record map[string]any
	must(t, json.Unmarshal([]byte(g.Data), &record))
	arrival, _ := record["arrival_timestamp"].(float64)
	if age := time.Since(time.UnixMilli(int64(arrival))); age < 0 || age > time.Minute {
		t.Errorf("it arrived %v ago", age)
	}
	delete(record, "arrival_timestamp")
	e := shown.EndpointResponse
	var want map[string]any
	must(t, json.Unmarshal([]byte(`{"event_type":"order.placed","event_timestamp":1772356622000,"event_version":"3.1",
		"application":{"app_id":"`+s.app+`","package_name":"org.example.shop","sdk":{"name":"amplify","version":"5.4.1"},"title":"Shop","version_name":"3.2.0","version_code":"320"},
		"client":{"client_id":"phone"},
		"device":{"locale":{"code":"de_DE","country":"DE","language":"de"},"make":"Apple","model":"iPhone","platform":{"name":"ios","version":"18.1"}},
		"session":{"session_id":"s-77","start_timestamp":1772356530120},"attributes":{"screen":"check<out>"},"metrics":{"amount":42.5},
		"endpoint":{"ChannelType":"APNS","Address":"f00d","EndpointStatus":"ACTIVE","OptOut":"NONE","RequestId":"`+*e.RequestId+`","EffectiveDate":"`+*e.EffectiveDate+`",
			"Demographic":{"AppVersion":"3.2.0","Make":"Apple","Model":"iPhone","Platform":"ios","PlatformVersion":"18.1","Locale":"de_DE"},"Location":{"Country":"DE"},
			"Attributes":{"plan":["gold"]},"Metrics":{"visits":12},"User":{"UserId":"u-1001","UserAttributes":{"team":["a"]}},"ApplicationId":"`+s.app+`","Id":"phone",
			"CohortId":"`+*e.CohortId+`","CreationDate":"`+*e.CreationDate+`"},
		"awsAccountId":"123456789012"}`), &want))
	if diff := cmp.Diff(want, record); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRoleTakenAway: a role that is taken its permission stops the stream, and
// nothing is lost when it gets it back.
func TestRoleTakenAway(t *testing.T) {
	t.Parallel()
	at := newAPI(t)
	s := start(t, at.destination(kinesisARN))
	s.stream(kinesisARN)
	s.record(0, 5)
	collect(t, at.records, 5)
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("streamer"), PolicyName: aws.String("write")})
	must(t, err)
	s.record(5, 5)
	s.waits("does not allow")
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("streamer"), PolicyName: aws.String("write"), PolicyDocument: aws.String(allow)})
	must(t, err)
	for range 5 {
		next(t, at.records)
	}
	s.settled(10)
}

// TestNoDestination: a stream whose ARN the triggers file does not know waits, visibly, and
// goes on with all events once it is configured to another.
func TestNoDestination(t *testing.T) {
	t.Parallel()
	at := newAPI(t)
	s := start(t, at.destination(kinesisARN))
	s.stream(firehoseARN)
	s.record(0, 120)
	state := s.waits("no destination")
	if state.Lag <= 0 || state.App != s.app || state.Destination != firehoseARN {
		t.Errorf("the state is %+v", state)
	}
	if metrics := s.owner("/_pintail/metrics"); !strings.Contains(metrics, `pintail_event_stream_lag_seconds{app="`+s.app+`"}`) || strings.Contains(metrics, `{app="`+s.app+`"} 0`+"\n") {
		t.Error("the metrics show no lag")
	}
	var out, complaints strings.Builder
	if code := cli.Main([]string{"status", "--data", s.Data}, &out, &complaints); code != 0 ||
		!regexp.MustCompile(`event stream +`+s.app+` to `+firehoseARN+`: 0 records, lag [0-9.]+m?s, \d+ failures, again at 20.*Z: the triggers file has no destination for this ARN`).MatchString(out.String()) {
		t.Errorf("status ends with %d: %s%s", code, out.String(), complaints.String())
	}
	_, err := s.put(kinesisARN, "arn:aws:iam::123456789012:role/streamer")
	must(t, err)
	all := collect(t, at.records, 120)
	if len(all) != 121 {
		t.Errorf("%d records", len(all))
	}
	s.settled(120)
	if metrics := s.owner("/_pintail/metrics"); !strings.Contains(metrics, `pintail_event_stream_lag_seconds{app="`+s.app+`"} 0`) ||
		!strings.Contains(metrics, `pintail_event_stream_records_total{outcome="taken"} 120`) {
		t.Error("the metrics do not show that the lag is over")
	}
}

// TestDeleted: a stream that is deleted gets nothing any more, and a new one nothing of
// what came in between.
func TestDeleted(t *testing.T) {
	t.Parallel()
	at := newAPI(t)
	s := start(t, at.destination(kinesisARN))
	s.stream(kinesisARN)
	s.record(0, 5)
	collect(t, at.records, 5)
	_, err := s.delete()
	must(t, err)
	s.record(1000, 5)
	_, err = s.put(kinesisARN, "arn:aws:iam::123456789012:role/streamer")
	must(t, err)
	s.record(0, 0)
	s.record(2000, 1)
	if g := next(t, at.records); g.Type != "_test.event_stream" {
		t.Errorf("the first record is %s", g.Data)
	}
	if g := next(t, at.records); g.Values.Number != "2000" {
		t.Errorf("the second record is %s", g.Data)
	}
}
