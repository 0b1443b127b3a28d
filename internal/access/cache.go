package access

import (
	"sync"
	"time"
)

// cache keeps what Authorize reads on every request. An entry is trusted for
// refreshEvery; whoever changes the original in this process forgets it at once.
type cache[T any] struct {
	mu      sync.RWMutex
	entries map[string]cached[T]
}

type cached[T any] struct {
	value T
	read  time.Time
}

type (
	roleCache = cache[*role]
	keyCache  = cache[*accessKey]
)

// maxCached bounds a cache; a full one starts afresh.
const maxCached = 10_000

func newCache[T any]() *cache[T] { return &cache[T]{entries: make(map[string]cached[T])} }

// get returns a fresh entry.
func (c *cache[T]) get(name string) (value T, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.entries[name]
	if !ok || time.Since(e.read) > refreshEvery {
		return value, false
	}
	return e.value, true
}

// put keeps a value that was read at a moment.
func (c *cache[T]) put(name string, value T, read time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= maxCached {
		clear(c.entries)
	}
	c.entries[name] = cached[T]{value, read}
}

func (c *cache[T]) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, name)
}

func (c *cache[T]) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
}
