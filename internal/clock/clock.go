// Package clock is where Pintail's time comes from. The composition root makes
// one Clock and hands it to every room; tests make one that stands still and
// move it themselves, so that no test waits for an expiry.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock tells the time in UTC. The zero value is the machine's clock.
type Clock struct {
	fixed atomic.Pointer[time.Time]
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
}

// Advance moves the clock forward and stops it there.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }
