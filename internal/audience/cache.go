package audience

import (
	"sync"
	"time"
)

// refreshEvery bounds for how long a node may act on what another node has
// changed.
const refreshEvery = time.Second

// maxCached bounds the entries of a cache.
const maxCached = 8 << 10

// cache remembers what was read from the directory. An entry is good for
// refreshEvery, and until this process changes the original: a reading that
// began before the change was forgotten is never kept, however late it comes.
type cache[K comparable, V any] struct {
	now func() time.Time

	mu      sync.RWMutex
	entries map[K]cached[V]
	moment  uint64 // counts readings begun and changes forgotten
	floor   uint64 // readings begun before are not kept
}

// cached is a value, or the mark that a change left behind.
type cached[V any] struct {
	value  V
	kept   bool
	at     time.Time
	moment uint64
}

func newCache[K comparable, V any](now func() time.Time) *cache[K, V] {
	return &cache[K, V]{now: now, entries: make(map[K]cached[V])}
}

func (c *cache[K, V]) get(key K) (value V, ok bool) {
	now := c.now()
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.entries[key]
	if !ok || !e.kept || now.Sub(e.at) >= refreshEvery {
		return value, false
	}
	return e.value, true
}

// begin returns the moment at which a reading of the directory begins.
func (c *cache[K, V]) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moment++
	return c.moment
}

// put keeps a value that a reading begun at the moment found.
func (c *cache[K, V]) put(key K, value V, moment uint64) {
	c.set(key, cached[V]{value: value, kept: true, at: c.now(), moment: moment})
}

// forget marks originals as changed.
func (c *cache[K, V]) forget(keys ...K) {
	now := c.now()
	moment := c.begin()
	for _, key := range keys {
		c.set(key, cached[V]{at: now, moment: moment})
	}
}

func (c *cache[K, V]) set(key K, e cached[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	have, ok := c.entries[key]
	if e.moment < c.floor || ok && e.moment < have.moment {
		return
	}
	if !ok && len(c.entries) >= maxCached {
		c.sweep(e.at)
	}
	c.entries[key] = e
}

// sweep drops stale entries, and all of them when that makes too little room.
// Marks go too, so readings that are under way must not be kept.
func (c *cache[K, V]) sweep(now time.Time) {
	for key, e := range c.entries {
		if now.Sub(e.at) >= refreshEvery {
			delete(c.entries, key)
		}
	}
	if len(c.entries) > maxCached/2 {
		clear(c.entries)
	}
	c.floor = c.moment
}

func (c *cache[K, V]) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.moment++
	c.floor = c.moment
}
