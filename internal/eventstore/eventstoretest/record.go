package eventstoretest

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pintail/internal/eventstore"
)

// testRoundTrip: every field comes back as it was, in the tail of the log and,
// after a count and a reopening, out of the engine's files.
func testRoundTrip(t *testing.T, target Target) {
	place := target.Place(t)
	s := target.openAt(t, place)
	bare := eventstore.Event{App: "app", Timestamp: noon, Arrival: noon}
	want := []eventstore.Event{full(), bare, full(), event("app", 1)}
	want[2].EventID, want[2].Attributes, want[2].Session.Stop = "e-0003", nil, time.Time{}
	appendAll(t, s, want...)
	same(t, "fresh", want, events(scan(t, s, eventstore.Query{})))

	settle(t, s)
	same(t, "settled", want, events(scan(t, s, eventstore.Query{})))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = target.openAt(t, place)
	got := events(scan(t, s, eventstore.Query{}))
	same(t, "reopened", want, got)
	for _, at := range []time.Time{got[0].Timestamp, got[0].Arrival, got[0].Session.Start, got[0].Session.Stop} {
		if at.Location() != time.UTC {
			t.Errorf("time %v is not in UTC", at)
		}
	}
}

// settle makes a store put what it has where counts look for it.
func settle(t tester, s eventstore.Store) {
	t.Helper()
	if _, err := CountTypes(background, s, eventstore.Filter{App: "any"}); err != nil {
		t.Fatalf("count: %v", err)
	}
}

// testExtremes: values at the edges of what is allowed survive, and what is
// finer than milliseconds is cut off.
func testExtremes(t *testing.T, target Target) {
	s := target.open(t)
	first, last := time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	e := eventstore.Event{
		App: "app", Timestamp: first, Arrival: last,
		Session: eventstore.Session{Start: last, Stop: first, Duration: -5 * time.Millisecond},
		Metrics: map[string]float64{
			"max": math.MaxFloat64, "min": -math.MaxFloat64, "tiny": math.SmallestNonzeroFloat64,
			"third": 1.0 / 3, "whole": 1 << 53,
		},
		Attributes: map[string]string{"long": strings.Repeat("päckchen ", 20_000), strings.Repeat("k", 13): "thirteen", strings.Repeat("k", 12): "twelve"},
	}
	fine := eventstore.Event{
		App: "app", Timestamp: noon.Add(999_999), Arrival: time.Unix(-1, 999_999_999).In(time.FixedZone("far", 5*3600)),
		Session:    eventstore.Session{Duration: 1_999_999},
		Attributes: map[string]string{}, Metrics: map[string]float64{},
	}
	appendAll(t, s, e, fine)
	cut := eventstore.Event{
		App: "app", Timestamp: noon, Arrival: time.Unix(-1, 999_000_000).UTC(),
		Session: eventstore.Session{Duration: 1_000_000},
	}
	for range 2 {
		same(t, "extremes", []eventstore.Event{e, cut}, events(scan(t, s, eventstore.Query{})))
		settle(t, s)
	}
}

// testRepair: text that some engine cannot store is repaired alike by all.
func testRepair(t *testing.T, target Target) {
	s := target.open(t)
	e := event("app", 1)
	e.Model = "a\x00b"
	e.Session.ID = "\xff\xfe!"
	e.Attributes = map[string]string{"x\x00": "1", "ok": "\xc3\x28"}
	e.Metrics = map[string]float64{"\x80": 1}
	appendAll(t, s, e)
	if e.Model != "a\x00b" || e.Attributes["x\x00"] != "1" {
		t.Error("the caller's event was changed")
	}
	want := e
	want.Model = "a\uFFFDb"
	want.Session.ID = "\uFFFD!"
	want.Attributes = map[string]string{"x\uFFFD": "1", "ok": "\uFFFD("}
	want.Metrics = map[string]float64{"\uFFFD": 1}
	for range 2 {
		same(t, "repaired", []eventstore.Event{want}, events(scan(t, s, eventstore.Query{})))
		settle(t, s)
	}
}

// testRefusal: what cannot be stored is refused, with everything beside it.
func testRefusal(t *testing.T, target Target) {
	s := target.open(t)
	for name, spoil := range map[string]func(*eventstore.Event){
		"no app":            func(e *eventstore.Event) { e.App = "" },
		"no timestamp":      func(e *eventstore.Event) { e.Timestamp = time.Time{} },
		"no arrival":        func(e *eventstore.Event) { e.Arrival = time.Time{} },
		"year 10000":        func(e *eventstore.Event) { e.Timestamp = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 0":            func(e *eventstore.Event) { e.Session.Start = time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC) },
		"not a number":      func(e *eventstore.Event) { e.Metrics = map[string]float64{"x": math.NaN()} },
		"infinity":          func(e *eventstore.Event) { e.Metrics = map[string]float64{"x": math.Inf(1)} },
		"negative infinity": func(e *eventstore.Event) { e.Metrics = map[string]float64{"x": math.Inf(-1)} },
	} {
		bad := event("app", 2)
		spoil(&bad)
		err := s.Append(background, []eventstore.Event{event("app", 1), bad, event("app", 3)})
		if !errors.Is(err, eventstore.ErrInvalid) {
			t.Errorf("%s: error %v, want ErrInvalid", name, err)
		}
	}
	if got := scan(t, s, eventstore.Query{}); len(got) != 0 {
		t.Errorf("%d events were recorded", len(got))
	}
}
