package eventstoretest

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"pintail/internal/eventstore"
)

// testRepeats: an event that is appended again is recorded once, whatever happened in
// between, and an event that is like it in all but one of what identifies it is another.
func testRepeats(t *testing.T, target Target) {
	place := target.Place(t)
	s := target.openAt(t, place)
	first := event("app", 1)
	again := first
	again.Arrival, again.Attributes = noon.Add(time.Hour), map[string]string{"attempt": "2"}
	want := []eventstore.Event{first}
	check := func(what string) {
		t.Helper()
		same(t, what, want, events(scan(t, s, eventstore.Query{})))
	}

	appendAll(t, s, first, again)
	check("twice in one append")
	appendAll(t, s, again)
	check("again")
	if stats := s.Stats(); stats.Appended != 1 || stats.Last != scan(t, s, eventstore.Query{})[0].Cursor {
		t.Errorf("one event is counted as %+v", stats)
	}
	appendAll(t, s, event("app", 2), again, event("app", 3), again)
	want = append(want, event("app", 2), event("app", 3))
	check("between others")
	settle(t, s)
	appendAll(t, s, again)
	check("settled")

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = target.openAt(t, place)
	appendAll(t, s, again, event("app", 3), event("app", 4))
	want = append(want, event("app", 4))
	check("reopened")

	for _, change := range []func(*eventstore.Event){
		func(e *eventstore.Event) { e.App = "other" },
		func(e *eventstore.Event) { e.EndpointID = "other" },
		func(e *eventstore.Event) { e.EventID = "other" },
		func(e *eventstore.Event) { e.Type = "other" },
		func(e *eventstore.Event) { e.Timestamp = e.Timestamp.Add(time.Millisecond) },
		func(e *eventstore.Event) { e.EventID = "" },
		func(e *eventstore.Event) { e.EventID = "" },
	} {
		other := first
		change(&other)
		appendAll(t, s, other)
		want = append(want, other)
	}
	check("others")

	if err := s.DeleteApp(background, "other"); err != nil {
		t.Fatal(err)
	}
	other := first
	other.App = "other"
	appendAll(t, s, other, again)
	want = append(append(want[:4:4], want[5:]...), other)
	check("erased")
	if err := s.Reset(background); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, again, first)
	want = []eventstore.Event{again}
	check("reset")
}

// testSharedRepeats: what came in through one store of a place is not recorded again
// through another, even at the same time.
func testSharedRepeats(t *testing.T, stores []eventstore.Store) {
	const rounds = 50
	before := stores[0].Stats().Last
	for round := range rounds {
		list := []eventstore.Event{event("shared", 3*round), event("shared", 3*round+1), event("shared", 3*round+2)}
		var all errgroup.Group
		for i, s := range stores {
			all.Go(func() error { return s.Append(background, append(list[i:len(list):len(list)], list[:i]...)) })
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		appendAll(t, stores[round%len(stores)], list...)
	}
	found := scan(t, stores[0], eventstore.Query{Filter: eventstore.Filter{App: "shared"}, After: before})
	same(t, "number of events", 3*rounds, len(found))
	seen := map[string]bool{}
	for _, r := range found {
		if seen[r.Event.EventID] {
			t.Errorf("%s is there twice", r.Event.EventID)
		}
		seen[r.Event.EventID] = true
	}
}
