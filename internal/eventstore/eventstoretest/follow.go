package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pintail/internal/eventstore"
)

var background = context.Background()

// testCursors: a scan can be resumed after every event, with every limit.
func testCursors(t *testing.T, target Target) {
	s := target.open(t)
	var want []eventstore.Event
	for n := 0; n < 60; n += n%5 + 1 {
		var batch []eventstore.Event
		for i := range n%5 + 1 {
			batch = append(batch, event("app", n+i))
		}
		appendAll(t, s, batch...)
		want = append(want, batch...)
		if n == 30 {
			settle(t, s)
		}
	}
	all := scan(t, s, eventstore.Query{})
	same(t, "all", want, events(all))
	if all[0].Cursor <= 0 {
		t.Errorf("the first cursor is %d", all[0].Cursor)
	}
	for i := range all {
		for _, limit := range []int{0, 1, 2, 7, 1000} {
			got := scan(t, s, eventstore.Query{After: all[i].Cursor, Limit: limit})
			rest := all[i+1:]
			if limit > 0 {
				rest = rest[:min(limit, len(rest))]
			}
			same(t, fmt.Sprintf("after %d, limit %d", i, limit), append([]recorded(nil), rest...), got)
		}
	}
}

// testLargeAppend: one call may bring more events than any of an engine's
// internal units.
func testLargeAppend(t *testing.T, target Target) {
	s := target.open(t)
	want := make([]eventstore.Event, 40_001)
	for i := range want {
		want[i] = event("app", i)
		want[i].Attributes = map[string]string{"number": fmt.Sprint(i)}
	}
	appendAll(t, s, want...)
	settle(t, s)
	got := events(scan(t, s, eventstore.Query{}))
	same(t, "number of events", len(want), len(got))
	for i := range want {
		if want[i].EventID != got[i].EventID || want[i].Attributes["number"] != got[i].Attributes["number"] {
			t.Fatalf("event %d is %+v", i, got[i])
		}
	}
	counts, err := CountTypes(background, s, eventstore.Filter{App: "app"})
	if err != nil {
		t.Fatal(err)
	}
	third := int64(len(want) / 3)
	same(t, "counts", map[string]int64{"type.0": third + 1, "type.1": third + 1, "type.2": third}, counts)
}

// testScanEnds: a scan ends with fn's own error, and with its context.
func testScanEnds(t *testing.T, target Target) {
	s := target.open(t)
	appendAll(t, s, event("app", 1), event("app", 2), event("app", 3))
	for range 2 {
		enough, calls := errors.New("enough"), 0
		err := s.Scan(background, eventstore.Query{}, func(eventstore.Cursor, *eventstore.Event) error {
			calls++
			if calls == 2 {
				return enough
			}
			return nil
		})
		if err != enough || calls != 2 {
			t.Errorf("after %d calls: %v", calls, err)
		}
		settle(t, s)
	}
	ctx, cancel := context.WithCancel(background)
	cancel()
	err := s.Scan(ctx, eventstore.Query{}, func(eventstore.Cursor, *eventstore.Event) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled scan: %v", err)
	}
}

// testWait: Wait returns at once for what is there and later for what comes.
func testWait(t *testing.T, target Target) {
	s := target.open(t)
	waited := make(chan error)
	go func() { waited <- s.Wait(t.Context(), 0) }()
	appendAll(t, s, event("app", 1))
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	last := s.Stats().Last
	if err := s.Wait(background, last-1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	if err := s.Wait(ctx, last); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for nothing: %v", err)
	}
}

// testCancelled: a call whose context has ended records nothing.
func testCancelled(t *testing.T, target Target) {
	s := target.open(t)
	ctx, cancel := context.WithCancel(background)
	cancel()
	for range 100 {
		if err := s.Append(ctx, []eventstore.Event{event("app", 1)}); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("append: %v", err)
		} else if err == nil {
			t.Fatal("an append succeeded although its context had ended before")
		}
	}
	if got := scan(t, s, eventstore.Query{}); len(got) != 0 {
		t.Errorf("%d events were recorded", len(got))
	}
}

// testClosed: after Close every call says so, and Close itself may be repeated.
func testClosed(t *testing.T, target Target) {
	s := target.open(t)
	appendAll(t, s, event("app", 1))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	for name, call := range map[string]func() error{
		"Append": func() error { return s.Append(background, []eventstore.Event{event("app", 2)}) },
		"Wait":   func() error { return s.Wait(background, 0) },
		"Count":  func() error { _, err := countAll(background, s, eventstore.Filter{App: "app"}); return err },
		"FirstSeen": func() error {
			return second(s.FirstSeen(background, &eventstore.ActorQuestion{App: "app", Days: decade}))
		},
		"Rebuild":   func() error { return s.Rebuild(background) },
		"DeleteApp": func() error { return s.DeleteApp(background, "app") },
		"Reset":     func() error { return s.Reset(background) },
		"Last":      func() error { _, err := s.Last(background); return err },
		"Erase": func() error {
			_, err := s.Erase(background, eventstore.Erasure{App: "app", UserIDs: []string{"u"}})
			return err
		},
		"Scan": func() error {
			return s.Scan(background, eventstore.Query{}, func(eventstore.Cursor, *eventstore.Event) error { return nil })
		},
	} {
		if err := call(); !errors.Is(err, eventstore.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}

// testStats: the numbers are about what happened.
func testStats(t *testing.T, target Target) {
	s := target.open(t)
	before := s.Stats()
	appendAll(t, s, event("app", 1), event("app", 2))
	appendAll(t, s, event("app", 3))
	after := s.Stats()
	if after.Appended-before.Appended != 3 || after.Commits-before.Commits != 2 || after.Failures != before.Failures {
		t.Errorf("3 events in 2 commits are counted as %+v after %+v", after, before)
	}
	all := scan(t, s, eventstore.Query{})
	if after.Last != all[len(all)-1].Cursor {
		t.Errorf("Last is %d, the last event has %d", after.Last, all[len(all)-1].Cursor)
	}
	if after.Bytes <= 0 {
		t.Errorf("Bytes is %d", after.Bytes)
	}
}
