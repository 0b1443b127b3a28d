package event

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
)

func mobileContext(app string) string {
	return `{"client":{"client_id":"phone","app_title":"Shop","app_version_name":"3.2.0","app_version_code":"320","app_package_name":"org.example.shop"},` +
		`"env":{"platform":"Android","platform_version":"15","make":"Acme","model":"One","locale":"de_DE"},` +
		`"services":{"mobile_analytics":{"app_id":"` + app + `","sdk_name":"aws-sdk-js","sdk_version":"0.9.2"}},"custom":{}}`
}

func (s *server) mobile(t testing.TB, body, context, encoding string) (int, string) {
	t.Helper()
	headers := map[string]string{"x-amz-Client-Context": context}
	if encoding != "" {
		headers["x-amz-Client-Context-Encoding"] = encoding
	}
	return s.post(t, "/2014-06-05/events", "mobileanalytics", body, headers)
}

const mobileEvent = `{"eventType":"_session.start","timestamp":"2026-03-01T09:15:30.120Z","version":"v2.0",` +
	`"session":{"id":"s-77","startTimestamp":"2026-03-01T09:15:30.120Z","duration":1200},"attributes":{"level":"3"},"metrics":{"score":10}}`

func TestMobileEvents(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for _, encoding := range []string{"", "base64"} {
		text := mobileContext(app)
		if encoding != "" {
			text = base64.StdEncoding.EncodeToString([]byte(text))
		}
		if code, answer := s.mobile(t, `{"events":[`+mobileEvent+`]}`, text, encoding); code != 202 || answer != "" {
			t.Fatalf("answered %d %q", code, answer)
		}
	}
	got := slices.Collect(maps.Values(s.recorded(t, app)))
	if len(got) != 2 {
		t.Fatalf("%d events recorded, want 2 with ids of their own", len(got))
	}
	at := time.Date(2026, 3, 1, 9, 15, 30, 120e6, time.UTC)
	want := &eventstore.Event{
		App: app, EndpointID: "phone", EventID: got[0].EventID, Type: "_session.start", Timestamp: at, Arrival: s.clock.Now().Truncate(time.Millisecond),
		Session:        eventstore.Session{ID: "s-77", Start: at, Duration: 1200 * time.Millisecond},
		AppPackageName: "org.example.shop", AppTitle: "Shop", AppVersionCode: "320", AppVersion: "3.2.0",
		SDKName: "aws-sdk-js", SDKVersion: "0.9.2", Platform: "Android", PlatformVersion: "15", Make: "Acme", Model: "One", Locale: "de_DE",
		Attributes: map[string]string{"level": "3"}, Metrics: map[string]float64{"score": 10},
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	if e := s.endpoint(t, app, "phone"); *e.Demographic.Platform != "Android" || *e.Demographic.AppVersion != "3.2.0" {
		t.Errorf("the endpoint is %+v", e.Demographic)
	}
}

func TestMobileRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	events := `{"events":[` + mobileEvent + `]}`
	for _, test := range []struct{ name, body, context, encoding, message string }{
		{"no context", events, "", "", "clientContext"},
		{"not JSON", events, "{", "", "The client context is not JSON of the expected form."},
		{"not base64", events, mobileContext(app), "base64", "The client context is not base64."},
		{"encoding", events, mobileContext(app), "gzip", "The client context's encoding must be base64 or absent."},
		{"no app", events, mobileContext(""), "", "The client context must name"},
		{"unknown app", events, mobileContext("none"), "", "No application with the id"},
		{"client", events, strings.Replace(mobileContext(app), "phone", "$", 1), "", "An endpoint id must not contain"},
		{"time", strings.Replace(events, "2026-03-01T09:15:30.120Z", "noon", 1), mobileContext(app), "", "An event's timestamp is not an ISO 8601 date."},
		{"session", strings.Replace(events, `"startTimestamp":"2026`, `"startTimestamp":"x`, 1), mobileContext(app), "", "A session's timestamp is not an ISO 8601 date."},
		{"too many", `{"events":[` + strings.Repeat(mobileEvent+",", 4000) + mobileEvent + `]}`, mobileContext(app), "", "A request has at most 4000 events."},
	} {
		t.Run(test.name, func(t *testing.T) {
			if code, answer := s.mobile(t, test.body, test.context, test.encoding); code != 400 || !strings.Contains(answer, test.message) {
				t.Errorf("answered %d %.300s", code, answer)
			}
		})
	}
	if n := len(s.recorded(t, app)); n != 0 {
		t.Errorf("%d events recorded", n)
	}
}
