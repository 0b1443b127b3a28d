package event

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
	genpinpoint "pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

var yes = item{"Accepted", http.StatusAccepted}

// TestRecorded: everything that a client reports is in the log, with what is
// known of its endpoint.
func TestRecorded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	out, err := s.PutEvents(t.Context(), &pinpoint.PutEventsInput{ApplicationId: &app, EventsRequest: &types.EventsRequest{
		BatchItem: map[string]types.EventsBatch{"phone": {
			Endpoint: &types.PublicEndpoint{
				ChannelType: "APNS", Address: aws.String("f00d"), User: &types.EndpointUser{UserId: aws.String("u-1001")},
				Demographic: &types.EndpointDemographic{
					AppVersion: aws.String("3.2.0"), Locale: aws.String("de_DE"), Make: aws.String("Apple"), Model: aws.String("iPhone"),
					Platform: aws.String("ios"), PlatformVersion: aws.String("18.1"),
				},
				Location: &types.EndpointLocation{Country: aws.String("DE")},
			},
			Events: map[string]types.Event{
				"e-1": {
					EventType: aws.String("_session.stop"), Timestamp: aws.String("2026-03-01T09:15:30.120Z"),
					AppPackageName: aws.String("org.example.shop"), AppTitle: aws.String("Shop"), AppVersionCode: aws.String("320"),
					ClientSdkVersion: aws.String("5.4.1"), SdkName: aws.String("amplify"),
					Session: &types.Session{Id: aws.String("s-77"), StartTimestamp: aws.String("2026-03-01T09:15:00Z"),
						StopTimestamp: aws.String("2026-03-01T10:15:30+01:00"), Duration: aws.Int32(30120)},
					Attributes: map[string]string{"screen": "home"}, Metrics: map[string]float64{"load_ms": 212},
				},
				"e-2": {EventType: aws.String("order.placed"), Timestamp: aws.String("2026-03-01T09:17:02.0004+00:00")},
			},
		}},
	}})
	must(t, err)
	result := out.EventsResponse.Results["phone"]
	if e := result.EndpointItemResponse; *e.Message != "Accepted" || *e.StatusCode != 202 {
		t.Errorf("endpoint: %s %d", *e.Message, *e.StatusCode)
	}
	for _, id := range []string{"e-1", "e-2"} {
		if e := result.EventsItemResponse[id]; *e.Message != "Accepted" || *e.StatusCode != 202 {
			t.Errorf("%s: %s %d", id, *e.Message, *e.StatusCode)
		}
	}
	frame := eventstore.Event{
		App: app, EndpointID: "phone", UserID: "u-1001", ChannelType: "APNS", Arrival: s.clock.Now().Truncate(time.Millisecond),
		AppVersion: "3.2.0", Locale: "de_DE", Make: "Apple", Model: "iPhone", Platform: "ios", PlatformVersion: "18.1", Country: "DE",
	}
	stop, order := frame, frame
	stop.EventID, stop.Type, stop.Timestamp = "e-1", "_session.stop", time.Date(2026, 3, 1, 9, 15, 30, 120e6, time.UTC)
	stop.AppPackageName, stop.AppTitle, stop.AppVersionCode = "org.example.shop", "Shop", "320"
	stop.SDKName, stop.SDKVersion = "amplify", "5.4.1"
	stop.Session = eventstore.Session{
		ID: "s-77", Start: time.Date(2026, 3, 1, 9, 15, 0, 0, time.UTC), Stop: time.Date(2026, 3, 1, 9, 15, 30, 0, time.UTC),
		Duration: 30120 * time.Millisecond,
	}
	stop.Attributes, stop.Metrics = map[string]string{"screen": "home"}, map[string]float64{"load_ms": 212}
	order.EventID, order.Type, order.Timestamp = "e-2", "order.placed", time.Date(2026, 3, 1, 9, 17, 2, 0, time.UTC)
	if diff := cmp.Diff(map[string]*eventstore.Event{"e-1": &stop, "e-2": &order}, s.recorded(t, app)); diff != "" {
		t.Error(diff)
	}
}

// TestIdentity: the event tells which Cognito identity signed for it.
func TestIdentity(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	call := &wire.Call{Op: genpinpoint.PutEvents.Operation, Time: s.clock.Now(), RequestID: "r", Caller: &wire.Caller{Keys: map[string][]string{
		"cognito-identity.amazonaws.com:sub": {"eu-central-1:9999"},
		"cognito-identity.amazonaws.com:aud": {"eu-central-1:1111"},
	}}}
	_, err := s.room.putEvents(t.Context(), call, &genpinpoint.PutEventsRequest{ApplicationId: app, EventsRequest: &genpinpoint.EventsRequest{
		BatchItem: map[string]genpinpoint.EventsBatch{"e": {Events: map[string]genpinpoint.Event{"1": {EventType: "t", Timestamp: "2026-01-01T00:00:00Z"}}}},
	}})
	must(t, err)
	if e := s.recorded(t, app)["1"]; e == nil || e.CognitoID != "eu-central-1:9999" || e.CognitoPoolID != "eu-central-1:1111" {
		t.Errorf("recorded %+v", e)
	}
}

// TestEndpointBlocks: an empty block, or none, creates the endpoint once and
// never takes anything away; a full one merges.
func TestEndpointBlocks(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, block := range map[string]string{
		"empty": `{}`, "empty parts": `{"Location":{},"Demographic":{},"User":{},"Attributes":{}}`, "nulls": `{"User":null,"Address":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			app := s.app(t)
			body := `{"BatchItem":{"web":{"Endpoint":` + block + `,"Events":{}}}}`
			if endpoint, _ := s.accept(t, app, "web", body); endpoint != yes {
				t.Errorf("endpoint: %v", endpoint)
			}
			if e := s.endpoint(t, app, "web"); *e.EndpointStatus != "ACTIVE" || *e.OptOut != "NONE" || e.User != nil {
				t.Errorf("created %+v", e)
			}
			s.update(t, app, "web", &types.EndpointRequest{
				EndpointStatus: aws.String("INACTIVE"), RequestId: aws.String("mine"), EffectiveDate: aws.String("2026-01-01T00:00:00Z"),
				User: &types.EndpointUser{UserId: aws.String("u")}, Attributes: map[string][]string{"k": {"v"}},
			})
			s.accept(t, app, "web", body)
			e := s.endpoint(t, app, "web")
			if *e.EndpointStatus != "INACTIVE" || *e.RequestId != "mine" || *e.User.UserId != "u" || e.Attributes["k"][0] != "v" {
				t.Errorf("more than EffectiveDate has changed: %+v", e)
			}
			if want := s.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"); *e.EffectiveDate != want {
				t.Errorf("effective %s, want %s", *e.EffectiveDate, want)
			}
		})
	}
	t.Run("full", func(t *testing.T) {
		app := s.app(t)
		s.update(t, app, "phone", &types.EndpointRequest{EndpointStatus: aws.String("INACTIVE"), Attributes: map[string][]string{"k": {"v"}}})
		s.accept(t, app, "phone", `{"BatchItem":{"phone":{"Endpoint":{"ChannelType":"GCM","Address":"t","OptOut":"ALL","Attributes":{"email":[]},"User":{"UserId":"u","UserAttributes":{"tier":["x"]}}},"Events":{}}}}`)
		e := s.endpoint(t, app, "phone")
		if *e.EndpointStatus != "ACTIVE" || *e.Address != "t" || *e.OptOut != "ALL" || *e.User.UserId != "u" ||
			e.User.UserAttributes["tier"][0] != "x" || e.Attributes["k"][0] != "v" || e.Attributes["email"] == nil {
			t.Errorf("merged into %+v", e)
		}
	})
}

// TestTouches: reports that change nothing write once a minute.
func TestTouches(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for _, block := range []string{`{}`, `{"ChannelType":"GCM","Address":"t","Demographic":{"Platform":"android"},"User":{"UserId":"u"}}`} {
		body := `{"BatchItem":{"phone":{"Endpoint":` + block + `,"Events":{}}}}`
		send := func() uint64 {
			before := s.db.Stats().Updates
			s.accept(t, app, "phone", body)
			return s.db.Stats().Updates - before
		}
		if n := send(); n != 1 {
			t.Errorf("something new: %d writes", n)
		}
		for range 3 {
			s.clock.Advance(19 * time.Second)
			if n := send(); n != 0 {
				t.Errorf("nothing new within a minute: %d writes", n)
			}
		}
		s.clock.Advance(3 * time.Second)
		if n := send(); n != 1 {
			t.Errorf("a minute later: %d writes", n)
		}
	}
}

// TestTouchFromTheFuture: an EffectiveDate that a client with a wrong clock has
// left does not stand in the way of later ones.
func TestTouchFromTheFuture(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	s.update(t, app, "e", &types.EndpointRequest{EffectiveDate: aws.String("2099-01-01T00:00:00Z")})
	s.accept(t, app, "e", `{"BatchItem":{"e":{"Endpoint":{},"Events":{}}}}`)
	if got, want := *s.endpoint(t, app, "e").EffectiveDate, s.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
		t.Errorf("effective %s, want %s", got, want)
	}
}

// TestSnapshotIsFresh: what a request changes is on the events of the next one.
func TestSnapshotIsFresh(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for _, user := range []string{"ann", "bob", "eve"} {
		s.update(t, app, "e", &types.EndpointRequest{User: &types.EndpointUser{UserId: &user}})
		for _, id := range []string{user, user + " again"} {
			s.accept(t, app, "e", `{"BatchItem":{"e":{"Endpoint":{},"Events":{"`+id+`":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z"}}}}}`)
			if got := s.recorded(t, app)[id].UserID; got != user {
				t.Errorf("an event of %s is %s's", user, got)
			}
		}
	}
	_, err := s.DeleteEndpoint(t.Context(), &pinpoint.DeleteEndpointInput{ApplicationId: &app, EndpointId: aws.String("e")})
	must(t, err)
	s.accept(t, app, "e", `{"BatchItem":{"e":{"Endpoint":{},"Events":{"last":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z"}}}}}`)
	if got := s.recorded(t, app)["last"].UserID; got != "" {
		t.Errorf("an event of a new endpoint is %s's", got)
	}
	if e := s.endpoint(t, app, "e"); e.User != nil {
		t.Errorf("the new endpoint has %v", e.User)
	}
}

// TestItems: bad items are refused one by one, and every id comes back as sent.
func TestItems(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	good := `{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z"}`
	endpoint, events := s.accept(t, app, "É-1", `{"BatchItem":{"É-1":{"Endpoint":{},"Events":{"Good":`+good+`,"when":{"EventType":"t","Timestamp":"noon"},`+
		`"long":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z","Attributes":{"k":"`+strings.Repeat("v", 201)+`"}}}}}}`)
	if endpoint != yes {
		t.Errorf("endpoint: %v", endpoint)
	}
	want := items{
		"Good": yes, "when": {"Timestamp is not an ISO 8601 date", 400}, "long": {"An attribute's value has at most 200 characters", 400},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}

	// A refused block costs no events. An impossible endpoint does.
	endpoint, events = s.accept(t, app, "e", `{"BatchItem":{"e":{"Endpoint":{"Address":"a"},"Events":{"block":`+good+`}}}}`)
	if endpoint != (item{"Missing ChannelType", 400}) || events["block"] != yes {
		t.Errorf("a refused block: %v %v", endpoint, events)
	}
	endpoint, events = s.accept(t, app, "$", `{"BatchItem":{"$":{"Endpoint":{},"Events":{"nobody's":`+good+`}},"ok":{"Endpoint":{},"Events":{"other":`+good+`}}}}`)
	if endpoint.StatusCode != 400 || events["nobody's"].StatusCode != 400 || endpoint.Message != events["nobody's"].Message {
		t.Errorf("an impossible endpoint: %v %v", endpoint, events)
	}
	got := slices.Sorted(maps.Keys(s.recorded(t, app)))
	if diff := cmp.Diff([]string{"Good", "block", "other"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestRefusedBlockOfMany: one endpoint's refusal inside the transaction undoes
// nothing of the others.
func TestRefusedBlockOfMany(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	endpoint, _ := s.accept(t, app, "b", `{"BatchItem":{"a":{"Endpoint":{"OptOut":"ALL"},"Events":{}},"b":{"Endpoint":{"ChannelType":"SMS","User":{"UserId":"u","UserAttributes":{"k":["v"]}}},"Events":{}},"c":{"Endpoint":{"OptOut":"ALL"},"Events":{}}}}`)
	if endpoint != (item{"Missing Address", 400}) {
		t.Errorf("b: %v", endpoint)
	}
	if *s.endpoint(t, app, "a").OptOut != "ALL" || *s.endpoint(t, app, "c").OptOut != "ALL" {
		t.Error("the others were not merged")
	}
	s.update(t, app, "d", &types.EndpointRequest{User: &types.EndpointUser{UserId: aws.String("u")}})
	if got := s.endpoint(t, app, "d").User.UserAttributes; got != nil {
		t.Errorf("the refused block left %v", got)
	}
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if code, text := s.put(t, s.app(t), `{"BatchItem":{}}`); code != 202 || text != `{"Results":{}}` {
		t.Errorf("answered %d %s", code, text)
	}
}

func TestUnknownApp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, body := range []string{`{"BatchItem":{}}`, `{"BatchItem":{"e":{"Endpoint":{},"Events":{}}}}`} {
		if code, text := s.put(t, "ffffffffffffffffffffffffffffffff", body); code != 404 || !strings.Contains(text, "NotFoundException") {
			t.Errorf("answered %d %s", code, text)
		}
	}
}

func TestTooMuch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	batch := func(endpoints, events int) string {
		var b strings.Builder
		for i := range endpoints {
			fmt.Fprintf(&b, `,"e%d":{"Endpoint":{},"Events":{`, i)
			for j := range events {
				fmt.Fprintf(&b, `,"%d.%d":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z"}`, i, j)
			}
			b.WriteString(`}}`)
		}
		return `{"BatchItem":{` + strings.ReplaceAll(b.String(), "{,", "{")[1:] + `}}`
	}
	for _, test := range []struct {
		endpoints, events, code int
		message                 string
	}{
		{10, 10, 202, ""}, {1, 101, 400, "A request has at most 100 events."}, {51, 2, 400, "A request has at most 100 events."},
		{100, 0, 202, ""}, {101, 0, 400, "A request has at most 100 endpoints."},
	} {
		code, text := s.put(t, app, batch(test.endpoints, test.events))
		if code != test.code || !strings.Contains(text, test.message) {
			t.Errorf("%d endpoints with %d events: %d %s", test.endpoints, test.events, code, text)
		}
	}
	if n := len(s.recorded(t, app)); n != 100 {
		t.Errorf("%d events recorded, want 100", n)
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for _, body := range []string{
		``, `null`, `[]`, `{}`, `{"BatchItem":null}`, `{"BatchItem":[]}`, `{"BatchItem":{"e":1}}`, `{"EventsRequest":{"BatchItem":{}}}`,
		`{"BatchItem":{"e":{"Endpoint":{},"Events":[]}}}`, `{"BatchItem":{"e":{"Endpoint":{},"Events":{"1":{"EventType":1}}}}}`,
		`{"BatchItem":{"e":{"Endpoint":{},"Events":{"1":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z","Metrics":{"m":"1"}}}}}}`,
	} {
		if code, text := s.put(t, app, body); code != 400 || !strings.Contains(text, "BadRequestException") {
			t.Errorf("%s answered %d %s", body, code, text)
		}
	}
	if n := len(s.recorded(t, app)); n != 0 {
		t.Errorf("%d events recorded", n)
	}
}

// TestLogFails: nothing is acknowledged that was not recorded.
func TestLogFails(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	must(t, s.log.Close())
	code, text := s.put(t, app, `{"BatchItem":{"e":{"Endpoint":{},"Events":{"1":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z"}}}}}`)
	if code != 500 || !strings.Contains(text, "InternalServerErrorException") || strings.Contains(text, "Accepted") {
		t.Errorf("answered %d %s", code, text)
	}
}

// Of two endpoints that claim one address in one request the last has it, also when its
// block alone would change nothing.
func TestPutEventsOfOneAddress(t *testing.T) {
	s := newServer(t)
	app := s.app(t)
	for _, id := range []string{"e1", "e2"} {
		s.update(t, app, id, &types.EndpointRequest{ChannelType: "EMAIL", Address: aws.String("ann@example.org")})
	}
	block := `{"Endpoint":{"ChannelType":"EMAIL","Address":"ann@example.org"},"Events":{}}`
	if code, text := s.put(t, app, `{"BatchItem":{"e1":`+block+`,"e2":`+block+`}}`); code != http.StatusAccepted {
		t.Fatalf("answered %d %s", code, text)
	}
	for id, want := range map[string]string{"e1": "INACTIVE", "e2": "ACTIVE"} {
		if got := *s.endpoint(t, app, id).EndpointStatus; got != want {
			t.Errorf("%s is %s", id, got)
		}
	}
}
