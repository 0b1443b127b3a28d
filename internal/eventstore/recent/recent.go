// Package recent remembers which events were recorded last, so that the engines of the
// event store can skip those that a client sends again. It holds a 64-bit key of each
// event, which takes 16 bytes of memory, and allocates as events come.
package recent

import (
	"math/rand/v2"

	"github.com/zeebo/xxh3"

	"pintail/internal/eventstore"
)

// Keep is how many of the newest events are remembered at least. Up to twice as many
// are. Of those that were recorded before a store was opened only Recall are: its first
// append waits while they are read.
const (
	Keep   = 1 << 20
	Recall = 1 << 18
)

// Key stands for an event; 0 for one that nobody can send again.
type Key uint64

// Set is what is remembered. Only [Set.Key] may be called concurrently.
type Set struct {
	seed       uint64
	keep       int
	young, old table // two generations: when young is full, old is forgotten
	pending    table // admitted, and not yet known to be recorded
}

// New returns an empty set.
func New() *Set { return &Set{seed: rand.Uint64(), keep: Keep} }

// Key returns an event's key. Keys differ from process to process, so that nobody can
// make up events whose keys collide; among two million events the chance that a new one
// is taken for another is one in nine million million.
func (s *Set) Key(e *eventstore.Event) Key {
	return s.KeyOf(e.App, e.EndpointID, e.EventID, e.Type, e.Timestamp.UnixMilli())
}

// KeyOf is Key for an event of which only this much is known.
func (s *Set) KeyOf(app, endpointID, eventID, eventType string, milliseconds int64) Key {
	if eventID == "" {
		return 0
	}
	h := xxh3.HashStringSeed(app, s.seed^uint64(milliseconds)*0x9e3779b97f4a7c15)
	h = xxh3.HashStringSeed(endpointID, h)
	h = xxh3.HashStringSeed(eventID, h)
	return Key(max(xxh3.HashStringSeed(eventType, h), 1))
}

// Admit tells whether an event is new. Then it is pending, and not new any more, until
// [Set.Recorded] or [Set.Failed] says what has become of it.
func (s *Set) Admit(k Key) bool {
	if k == 0 {
		return true
	}
	if s.young.has(k) || s.old.has(k) || s.pending.has(k) {
		return false
	}
	s.pending.add(k)
	return true
}

// Recorded remembers what is pending.
func (s *Set) Recorded() {
	for _, k := range s.pending.slots {
		s.Add(k)
	}
	s.pending = table{}
}

// Failed forgets what is pending.
func (s *Set) Failed() { s.pending = table{} }

// Add remembers an event that has been recorded.
func (s *Set) Add(k Key) {
	if k == 0 {
		return
	}
	if s.young.count >= s.keep {
		s.old, s.young = s.young, table{}
	}
	s.young.add(k)
}

// Clear forgets everything.
func (s *Set) Clear() { s.young, s.old, s.pending = table{}, table{}, table{} }

// table is a set of keys in open addressing, at most half full. Keys are hashes
// already; the empty slot is 0.
type table struct {
	slots []Key // their number is a power of two
	count int
}

// find returns the slot where a key is or belongs.
func (t *table) find(k Key) int {
	mask := len(t.slots) - 1
	for i := int(k) & mask; ; i = (i + 1) & mask {
		if t.slots[i] == k || t.slots[i] == 0 {
			return i
		}
	}
}

func (t *table) has(k Key) bool { return t.count > 0 && t.slots[t.find(k)] == k }

func (t *table) add(k Key) {
	if 2*t.count >= len(t.slots) {
		t.grow()
	}
	if at := t.find(k); t.slots[at] == 0 {
		t.slots[at] = k
		t.count++
	}
}

const firstSlots = 64

func (t *table) grow() {
	old := t.slots
	t.slots = make([]Key, max(2*len(old), firstSlots))
	for _, k := range old {
		if k != 0 {
			t.slots[t.find(k)] = k
		}
	}
}
