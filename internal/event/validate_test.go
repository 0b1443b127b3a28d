package event

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire/jsonbody"
)

const noon = "2026-01-01T12:00:00Z"

// keys returns n attributes.
func numbered(n int) map[string]string {
	out := map[string]string{}
	for i := range n {
		out[fmt.Sprint(i)] = "v"
	}
	return out
}

func TestCheck(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("ä", n) }
	session := func(id, start, stop string) pinpoint.Event {
		return pinpoint.Event{EventType: "t", Timestamp: noon, Session: &pinpoint.Session{Id: id, StartTimestamp: start, StopTimestamp: stop}}
	}
	attribute := func(key, value string) pinpoint.Event {
		return pinpoint.Event{EventType: "t", Timestamp: noon, Attributes: map[string]string{key: value}}
	}
	metric := func(key string) pinpoint.Event {
		return pinpoint.Event{EventType: "t", Timestamp: noon, Metrics: map[string]float64{key: 1}}
	}
	const (
		names = "An attribute's name has 1 to 50 characters"
		date  = "Timestamp is not an ISO 8601 date"
	)
	for _, test := range []struct {
		name  string
		event pinpoint.Event
		want  string
	}{
		{"least", pinpoint.Event{EventType: "t", Timestamp: noon}, ""},
		{"no type", pinpoint.Event{Timestamp: noon}, "Missing EventType"},
		{"no time", pinpoint.Event{EventType: "t"}, "Missing Timestamp"},
		{"date only", pinpoint.Event{EventType: "t", Timestamp: "2026-01-01"}, date},
		{"no zone", pinpoint.Event{EventType: "t", Timestamp: "2026-01-01T00:00:00"}, date},
		{"no such day", pinpoint.Event{EventType: "t", Timestamp: "2026-02-30T00:00:00Z"}, date},
		{"number", pinpoint.Event{EventType: "t", Timestamp: "1767225600"}, date},
		{"before 1970", pinpoint.Event{EventType: "t", Timestamp: "1970-01-01T00:59:59+01:00"}, date},
		{"year 10000", pinpoint.Event{EventType: "t", Timestamp: "9999-12-31T23:59:59-01:00"}, date},
		{"1970", pinpoint.Event{EventType: "t", Timestamp: "1970-01-01T00:00:00Z"}, ""},
		{"fractions", pinpoint.Event{EventType: "t", Timestamp: "2026-01-01T00:00:00.123456789Z"}, ""},
		{"zone", pinpoint.Event{EventType: "t", Timestamp: "2026-01-01T00:00:00+05:30"}, ""},
		{"zone without colon", pinpoint.Event{EventType: "t", Timestamp: "2026-01-01T00:00:00.5+0530"}, ""},
		{"40 attributes", pinpoint.Event{EventType: "t", Timestamp: noon, Attributes: numbered(40)}, ""},
		{"41 attributes", pinpoint.Event{EventType: "t", Timestamp: noon, Attributes: numbered(41)}, "An event has at most 40 attributes and metrics"},
		{"40 and a metric", pinpoint.Event{EventType: "t", Timestamp: noon, Attributes: numbered(40), Metrics: map[string]float64{"m": 1}}, "An event has at most 40 attributes and metrics"},
		{"name of 50", attribute(long(50), "v"), ""},
		{"name of 51", attribute(long(51), "v"), names},
		{"name of 0", attribute("", "v"), names},
		{"value of 200", attribute("k", long(200)), ""},
		{"value of 201", attribute("k", long(201)), "An attribute's value has at most 200 characters"},
		{"empty value", attribute("k", ""), ""},
		{"metric of 51", metric(long(51)), "A metric's name has 1 to 50 characters"},
		{"metric of 50", metric(long(50)), ""},
		{"large", pinpoint.Event{EventType: "t", Timestamp: noon, AppTitle: strings.Repeat("x", 1000<<10)}, "An event has at most 1000 KB"},
		{"session", session("s", noon, ""), ""},
		{"stopped session", session("s", noon, noon), ""},
		{"session without id", session("", noon, ""), "Missing Session.Id"},
		{"session without start", session("s", "", ""), "Missing Session.StartTimestamp"},
		{"session with a bad start", session("s", "x", ""), "Session.StartTimestamp is not an ISO 8601 date"},
		{"session with a bad stop", session("s", noon, "x"), "Session.StopTimestamp is not an ISO 8601 date"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, got := check("id", &test.event); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if _, got := check("", &pinpoint.Event{EventType: "t", Timestamp: noon}); got != "Missing event id" {
		t.Errorf("an event without id: %q", got)
	}
}

// FuzzCheck: whatever passes the check is an event that the log takes, and is
// within the limits; nothing panics.
func FuzzCheck(f *testing.F) {
	f.Add("e-1", `{"EventType":"t","Timestamp":"2026-03-01T09:15:30.120Z"}`)
	f.Add("e", `{"EventType":"t","Timestamp":"2026-03-01T09:15:30.120Z","Session":{"Id":"s","StartTimestamp":"2026-03-01T09:15:30Z","StopTimestamp":"9999-12-31T23:59:59+00:00","Duration":-1},"Attributes":{"a":"b","ä":"\u0000"},"Metrics":{"m":1e308}}`)
	f.Add("", `{"EventType":"","Timestamp":"0000-01-01T00:00:00Z","Session":{}}`)
	f.Add("\xff", `{"EventType":"\ud800","Timestamp":"1969-12-31T23:59:59-00:01"}`)
	f.Fuzz(func(t *testing.T, id, body string) {
		var e pinpoint.Event
		if jsonbody.Unmarshal([]byte(body), &e) != nil {
			return
		}
		when, problem := check(id, &e)
		if problem != "" {
			return
		}
		if e.EventType == "" || id == "" || len(e.Attributes)+len(e.Metrics) > 40 {
			t.Fatalf("taken: %q %+v", id, e)
		}
		for k, v := range e.Attributes {
			if k == "" || utf8.RuneCountInString(k) > 50 || utf8.RuneCountInString(v) > 200 {
				t.Fatalf("taken: %q: %q", k, v)
			}
		}
		for k, v := range e.Metrics {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("taken: %q: %v", k, v)
			}
		}
		r := &record{frame: eventstore.Event{App: "a", Arrival: time.Unix(0, 0)}}
		r.add(id, &e, when)
		if _, err := eventstore.Prepare(r.events); err != nil {
			t.Fatal(err)
		}
	})
}
