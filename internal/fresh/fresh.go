// Package fresh keeps what almost every request needs in memory: a user pool
// with its keys, a role with its policies, an endpoint. The rooms read their
// documents through it.
//
// A value is trusted for a second, because another node may change the original
// meanwhile, and until this process changes the original, when it is forgotten
// at once. A reading that began before the change is never kept, however late
// it comes.
package fresh

import (
	"sync"
	"time"
)

// For is how long a value is trusted: it bounds for how long a node may act on
// what another node has changed.
const For = time.Second

// maxEntries bounds a cache.
const maxEntries = 8 << 10

// Cache remembers values by key. Values are shared and must not be changed.
type Cache[K comparable, V any] struct {
	now func() time.Time

	mu      sync.RWMutex
	entries map[K]entry[V]
	moment  uint64 // counts readings begun and changes forgotten
	floor   uint64 // readings begun before are not kept
}

// entry is a value, or the mark that a change left behind.
type entry[V any] struct {
	value  V
	kept   bool
	at     time.Time
	moment uint64
}

// New returns an empty cache that tells the time by now.
func New[K comparable, V any](now func() time.Time) *Cache[K, V] {
	return &Cache[K, V]{now: now, entries: make(map[K]entry[V])}
}

// Get returns a value that is fresh.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	e, ok := c.find(key)
	return e.value, ok
}

// find returns the entry of a key, and whether it is fresh.
func (c *Cache[K, V]) find(key K) (e entry[V], ok bool) {
	now := c.now()
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok = c.entries[key]
	age := now.Sub(e.at)
	return e, ok && e.kept && age >= 0 && age < For
}

// Load returns the fresh value of a key, or reads it. read is given the value
// of before, or zero, which may save it work.
func (c *Cache[K, V]) Load(key K, read func(old V) (V, error)) (V, error) {
	e, ok := c.find(key)
	if ok {
		return e.value, nil
	}
	moment := c.Begin()
	value, err := read(e.value)
	if err == nil {
		c.Put(key, value, moment)
	}
	return value, err
}

// Begin returns the moment at which a reading of the directory begins.
func (c *Cache[K, V]) Begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moment++
	return c.moment
}

// Put keeps a value that a reading begun at the moment found.
func (c *Cache[K, V]) Put(key K, value V, moment uint64) {
	c.set(key, entry[V]{value: value, kept: true, at: c.now(), moment: moment})
}

// Forget marks originals as changed.
func (c *Cache[K, V]) Forget(keys ...K) {
	now, moment := c.now(), c.Begin()
	for _, key := range keys {
		c.set(key, entry[V]{at: now, moment: moment})
	}
}

func (c *Cache[K, V]) set(key K, e entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	have, ok := c.entries[key]
	if e.moment < c.floor || ok && e.moment < have.moment {
		return
	}
	if !ok && len(c.entries) >= maxEntries {
		c.sweep(e.at)
	}
	c.entries[key] = e
}

// sweep drops stale entries, and all of them when that makes too little room.
// Marks go too, so readings that are under way must not be kept.
func (c *Cache[K, V]) sweep(now time.Time) {
	for key, e := range c.entries {
		if now.Sub(e.at) >= For {
			delete(c.entries, key)
		}
	}
	if len(c.entries) > maxEntries/2 {
		clear(c.entries)
	}
	c.floor = c.moment
}

// Reset forgets everything.
func (c *Cache[K, V]) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.moment++
	c.floor = c.moment
}
