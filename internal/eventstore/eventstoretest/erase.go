package eventstoretest

import (
	"testing"

	"pintail/internal/eventstore"
)

// testErasure: DeleteApp takes one project's events and no other's, Reset takes
// all, and a follower's old cursor stays behind whatever comes after.
func testErasure(t *testing.T, target Target) {
	place := target.Place(t)
	s := target.openAt(t, place)
	appendAll(t, s, event("a", 1), event("b", 2), event("a", 3))
	appendAll(t, s, event("a", 4))
	last := s.Stats().Last
	if err := s.DeleteApp(background, "a"); err != nil {
		t.Fatal(err)
	}
	same(t, "after DeleteApp", []eventstore.Event{event("b", 2)}, events(scan(t, s, eventstore.Query{})))
	appendAll(t, s, event("a", 5))
	same(t, "a new", []eventstore.Event{event("a", 5)}, events(scan(t, s, eventstore.Query{After: last})))

	last = s.Stats().Last
	if err := s.Reset(background); err != nil {
		t.Fatal(err)
	}
	if got := scan(t, s, eventstore.Query{}); len(got) > 0 {
		t.Fatalf("%d events are left after Reset", len(got))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = target.openAt(t, place)
	if got := scan(t, s, eventstore.Query{}); len(got) > 0 {
		t.Fatalf("%d events are back after reopening", len(got))
	}
	appendAll(t, s, event("b", 6))
	same(t, "after Reset", []eventstore.Event{event("b", 6)}, events(scan(t, s, eventstore.Query{After: last})))
}

// testReopen: events and cursors outlive the process, again and again.
func testReopen(t *testing.T, target Target) {
	place := target.Place(t)
	var want []eventstore.Event
	for round := range 4 {
		s := target.openAt(t, place)
		before := scan(t, s, eventstore.Query{})
		same(t, "reopened", want, events(before))
		after := s.Stats().Last
		fresh := []eventstore.Event{event("app", 2*round), event("app", 2*round+1)}
		appendAll(t, s, fresh...)
		same(t, "news", fresh, events(scan(t, s, eventstore.Query{After: after})))
		want = append(want, fresh...)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
