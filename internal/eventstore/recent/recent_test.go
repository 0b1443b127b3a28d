package recent

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/eventstore"
)

// TestModel drives a set of few keys against a list of what was recorded.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		keep := rapid.IntRange(1, 200).Draw(r, "keep")
		s := New()
		s.keep = keep
		var recorded []Key // in their order
		pending := map[Key]bool{}
		isRecent := func(k Key, n int) bool {
			for _, have := range recorded[max(len(recorded)-n, 0):] {
				if have == k {
					return true
				}
			}
			return false
		}
		keys := rapid.Map(rapid.IntRange(0, 600), func(n int) Key { return Key(n) << 7 }) // which share slots
		r.Repeat(map[string]func(*rapid.T){
			"admit": func(r *rapid.T) {
				for _, k := range rapid.SliceOfN(keys, 1, 100).Draw(r, "keys") {
					isNew := s.Admit(k)
					switch {
					case k == 0 || isNew && !pending[k] && !isRecent(k, keep):
						pending[k] = k != 0
					case isNew || !pending[k] && !isRecent(k, 2*keep):
						r.Fatalf("Admit(%d) is %v", k, isNew)
					}
				}
			},
			"record": func(*rapid.T) {
				for _, k := range s.pending.slots { // in the set's own order
					if k != 0 {
						recorded = append(recorded, k)
					}
				}
				s.Recorded()
				clear(pending)
			},
			"fail": func(*rapid.T) { s.Failed(); clear(pending) },
			"clear": func(*rapid.T) {
				s.Clear()
				recorded = nil
				clear(pending)
			},
		})
	})
}

// TestKey: what a client sends again has the same key, and anything else has another.
func TestKey(t *testing.T) {
	s := New()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	e := eventstore.Event{App: "app", EndpointID: "endpoint", EventID: "e-1", Type: "cart", Timestamp: at}
	again := e
	again.Arrival, again.Attributes = at.Add(time.Hour), map[string]string{"a": "b"}
	if s.Key(&e) != s.Key(&again) {
		t.Error("an event sent again has another key")
	}
	for name, change := range map[string]func(*eventstore.Event){
		"app":       func(e *eventstore.Event) { e.App = "app2" },
		"endpoint":  func(e *eventstore.Event) { e.EndpointID = "endpoint2" },
		"id":        func(e *eventstore.Event) { e.EventID = "e-2" },
		"type":      func(e *eventstore.Event) { e.Type = "order" },
		"time":      func(e *eventstore.Event) { e.Timestamp = at.Add(time.Millisecond) },
		"the split": func(e *eventstore.Event) { e.EndpointID, e.EventID = "endpointe", "-1" },
	} {
		other := e
		change(&other)
		if s.Key(&e) == s.Key(&other) {
			t.Errorf("another %s makes no other key", name)
		}
	}
	if e.EventID = ""; s.Key(&e) != 0 {
		t.Error("an event without an id has a key")
	}
	if New().KeyOf("a", "b", "c", "d", 1) == s.KeyOf("a", "b", "c", "d", 1) {
		t.Error("two sets give the same key")
	}
}

func BenchmarkAdmit(b *testing.B) {
	s := New()
	e := eventstore.Event{
		App: "6f1c0d5f4a1e4c0f9b7b2d8e3a55aa01", EndpointID: "b1f5c6ae-0b7a-4f6f-9c2d-6a8f2f0c1d11", EventID: "e1f5c6ae-0b7a-4f6f-9c2d-6a8f2f0c1d11",
		Type: "order.placed", Timestamp: time.UnixMilli(1),
	}
	for i := range b.N {
		e.Timestamp = time.UnixMilli(int64(i))
		if !s.Admit(s.Key(&e)) {
			b.Fatal("not new")
		}
		if i%1000 == 999 {
			s.Recorded()
		}
	}
}
