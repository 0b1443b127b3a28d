// Package clock is where Pintail's time comes from. The composition root makes
// one Clock and hands it to every room; tests make one that stands still and
// move it themselves, so that no test waits for an expiry.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// Clock tells the time in UTC. The zero value is the machine's clock.
type Clock struct {
	fixed atomic.Pointer[time.Time]

	mu      sync.Mutex
	waiting map[*waiter]struct{}
}

// waiter is somebody who waits for a moment.
type waiter struct {
	until   time.Time
	reached chan struct{}
}

// Fixed returns a clock that stands at t until it is set or advanced.
func Fixed(t time.Time) *Clock {
	c := new(Clock)
	c.Set(t)
	return c
}

// Now returns the current time.
func (c *Clock) Now() time.Time {
	if t := c.fixed.Load(); t != nil {
		return *t
	}
	return time.Now().UTC()
}

// Set stops the clock at t.
func (c *Clock) Set(t time.Time) {
	t = t.UTC()
	c.fixed.Store(&t)
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.waiting {
		c.ring(w)
	}
}

// Advance moves the clock forward and stops it there.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// At returns a channel that is closed once the clock shows t, which on a clock
// that stands still is when somebody moves it there. stop lets go of it and has
// to be called.
func (c *Clock) At(t time.Time) (reached <-chan struct{}, stop func()) {
	w := &waiter{until: t, reached: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = make(map[*waiter]struct{})
	}
	c.waiting[w] = struct{}{}
	c.ring(w)
	timer := time.AfterFunc(t.Sub(c.Now()), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ring(w) // does nothing where the clock has been stopped meanwhile
	})
	return w.reached, func() {
		timer.Stop()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, w)
	}
}

// ring lets go of a waiter whose moment has come.
func (c *Clock) ring(w *waiter) {
	if _, waits := c.waiting[w]; waits && !c.Now().Before(w.until) {
		delete(c.waiting, w)
		close(w.reached)
	}
}
