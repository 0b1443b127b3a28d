package userpool

import (
	"sync"
	"time"

	"pintail/internal/clock"
)

const (
	// freshFor is how long a cached value is trusted: another node may have
	// changed the original.
	freshFor = time.Second
	// maxCached bounds a cache; a full one starts afresh.
	maxCached = 4096
)

// cache keeps what almost every request needs. Values are shared and must not be
// changed. Whoever changes the original in this process calls forget.
type cache[T any] struct {
	clock   *clock.Clock
	mu      sync.RWMutex
	epoch   uint64 // grows when something is forgotten
	entries map[string]cached[T]
}

type cached[T any] struct {
	value T
	read  time.Time
}

func newCache[T any](c *clock.Clock) *cache[T] {
	return &cache[T]{clock: c, entries: make(map[string]cached[T])}
}

// get returns the value of an id. load reads it when there is none or it is no
// longer fresh, and is given the old one, or zero. A value that was read before
// something was forgotten is not kept, since it may be older than the change.
func (c *cache[T]) get(id string, load func(old T) (T, error)) (T, error) {
	now := c.clock.Now()
	c.mu.RLock()
	e, ok := c.entries[id]
	epoch := c.epoch
	c.mu.RUnlock()
	if age := now.Sub(e.read); ok && age >= 0 && age < freshFor {
		return e.value, nil
	}
	value, err := load(e.value)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch == epoch {
		if len(c.entries) >= maxCached {
			clear(c.entries)
		}
		c.entries[id] = cached[T]{value, now}
	}
	return value, nil
}

func (c *cache[T]) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	delete(c.entries, id)
}

func (c *cache[T]) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	clear(c.entries)
}
