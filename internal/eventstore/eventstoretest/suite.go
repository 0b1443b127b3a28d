// Package eventstoretest is the conformance suite of the event store: what
// eventstore.Store promises, as tests that every engine runs on itself. An
// engine's test hands over a Target and calls Run, RunCrash and, as a
// benchmark, Bench; its TestMain calls Main.
package eventstoretest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
)

// Target is an engine under test.
type Target struct {
	// Place makes an empty place for a store, a folder or a database, and
	// returns what Open needs to find it.
	Place func(testing.TB) string
	// Open opens the store at a place. A place may be opened again after Close.
	Open func(ctx context.Context, place string) (eventstore.Store, error)
}

// Run tests everything but crashes.
func Run(t *testing.T, target Target) {
	for name, test := range map[string]func(*testing.T, Target){
		"RoundTrip":    testRoundTrip,
		"Extremes":     testExtremes,
		"Repair":       testRepair,
		"Refusal":      testRefusal,
		"Cursors":      testCursors,
		"LargeAppend":  testLargeAppend,
		"Filters":      testFilters,
		"ScanEnds":     testScanEnds,
		"Erasure":      testErasure,
		"Erase":        testErase,
		"EraseNothing": testEraseNothing,
		"Repeats":      testRepeats,
		"Last":         testLast,
		"Reopen":       testReopen,
		"Wait":         testWait,
		"Cancelled":    testCancelled,
		"Closed":       testClosed,
		"Stats":        testStats,
		"Concurrency":  testConcurrency,
		"Model":        testModel,
		"Questions":    testQuestions,
		"Refused":      testRefusedQuestions,
	} {
		t.Run(name, func(t *testing.T) { test(t, target) })
	}
}

// open opens a store at a new place for the length of a test.
func (target Target) open(t testing.TB) eventstore.Store {
	t.Helper()
	return target.openAt(t, target.Place(t))
}

func (target Target) openAt(t testing.TB, place string) eventstore.Store {
	t.Helper()
	s, err := target.Open(t.Context(), place)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// recorded is an event as a scan returns it.
type recorded struct {
	Cursor eventstore.Cursor
	Event  eventstore.Event
}

// tester is what tests and rapid's checks have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func scan(t tester, s eventstore.Store, q eventstore.Query) []recorded {
	t.Helper()
	var all []recorded
	err := s.Scan(context.Background(), q, func(c eventstore.Cursor, e *eventstore.Event) error {
		all = append(all, recorded{c, *e})
		return nil
	})
	if err != nil {
		t.Fatalf("scan %+v: %v", q, err)
	}
	for i := range all {
		if i > 0 && all[i].Cursor <= all[i-1].Cursor {
			t.Fatalf("scan %+v: cursor %d follows %d", q, all[i].Cursor, all[i-1].Cursor)
		}
	}
	return all
}

func events(all []recorded) []eventstore.Event {
	var list []eventstore.Event
	for _, r := range all {
		list = append(list, r.Event)
	}
	return list
}

func appendAll(t tester, s eventstore.Store, events ...eventstore.Event) {
	t.Helper()
	if err := s.Append(context.Background(), events); err != nil {
		t.Fatalf("append: %v", err)
	}
}

func same(t tester, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s: -want +got:\n%s", what, diff)
	}
}

// noon is when tests happen.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// event returns a small event; n tells it from others.
func event(app string, n int) eventstore.Event {
	at := noon.Add(time.Duration(n) * time.Second)
	return eventstore.Event{
		App: app, EndpointID: fmt.Sprintf("endpoint-%d", n%7), EventID: fmt.Sprintf("event-%d", n),
		Type: fmt.Sprintf("type.%d", n%3), Timestamp: at, Arrival: at.Add(time.Second),
	}
}

// full returns an event that has everything.
func full() eventstore.Event {
	return eventstore.Event{
		App: "6f1c0d5f4a1e4c0f9b7b2d8e3a55aa01", EndpointID: "b1f5c6ae-0b7a-4f6f-9c2d-6a8f2f0c1d11",
		EventID: "e-0002", Type: "order.placed", UserID: "u-1001",
		Timestamp: noon.Add(123 * time.Millisecond), Arrival: noon.Add(1120 * time.Millisecond),
		Session: eventstore.Session{
			ID: "s-77", Start: noon.Add(-time.Minute), Stop: noon.Add(time.Minute), Duration: 120_001 * time.Millisecond,
		},
		AppPackageName: "org.example.shop", AppTitle: "Läden & Märkte 🛒", AppVersionCode: "320", AppVersion: "3.2.0",
		SDKName: "amplify", SDKVersion: "5.4.1",
		Platform: "ios", PlatformVersion: "18.1", Make: "Apple", Model: "iPhone",
		Locale: "de_DE", Country: "DE", ChannelType: "APNS",
		CognitoID:     "eu-central-1:99999999-8888-7777-6666-555555555555",
		CognitoPoolID: "eu-central-1:11111111-2222-3333-4444-555555555555",
		Attributes: map[string]string{
			"screen": "checkout", "": "empty name", "empty": "", "日本語": "値", "quote\"'\\": "{}[],:\n\t", "e\u0301": "combining",
		},
		Metrics: map[string]float64{"amount": 42.5, "zero": 0, "negative": -1e-9},
	}
}
