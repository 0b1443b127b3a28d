package userpool

import (
	"hash/maphash"
	"sync"
	"time"
)

// memory remembers values for a while, and no more of them than fit: it keeps two
// generations and drops the older one when the younger is old or full.
type memory[V any] struct {
	span  time.Duration // how long a value is remembered at least, if there is room
	limit int           // of values in a generation

	mu         sync.Mutex
	turned     time.Time // when the younger generation began
	young, old map[string]*V
}

func newMemory[V any](span time.Duration, limit int) *memory[V] {
	return &memory[V]{span: span, limit: limit, young: make(map[string]*V)}
}

// use hands the value of a key to fn, which may change it. A key that is not
// remembered has the zero value.
func (m *memory[V]) use(key string, now time.Time, fn func(*V)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.young) >= m.limit || now.Sub(m.turned) >= m.span {
		m.young, m.old = make(map[string]*V), m.young
		m.turned = now
	}
	v := m.young[key]
	if v == nil {
		if v = m.old[key]; v == nil {
			v = new(V)
		}
		m.young[key] = v
	}
	fn(v)
}

// get returns the value of a key that is remembered.
func (m *memory[V]) get(key string) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.young[key]
	if v == nil {
		v = m.old[key]
	}
	if v == nil {
		return value, false
	}
	return *v, true
}

func (m *memory[V]) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.young)
	clear(m.old)
}

// turns makes attempts on the same name wait for each other, so that a burst of
// guesses cannot all begin before the first has been counted. Different names
// share a lock now and then, which costs a little time and nothing else.
type turns [1024]sync.Mutex

var turnSeed = maphash.MakeSeed()

// take waits for the name's turn and returns what ends it.
func (t *turns) take(pool, name string) (end func()) {
	var h maphash.Hash
	h.SetSeed(turnSeed)
	h.WriteString(pool)
	h.WriteByte(0)
	h.WriteString(name)
	m := &t[h.Sum64()%uint64(len(t))]
	m.Lock()
	return m.Unlock
}
