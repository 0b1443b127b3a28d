package audience

import (
	"fmt"
	"testing"
	"time"

	"pintail/internal/clock"
)

func newTestCache() (*cache[string, int], *clock.Clock) {
	now := clock.Fixed(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	return newCache[string, int](now.Now), now
}

func (c *cache[K, V]) expect(t *testing.T, key K, want any) {
	t.Helper()
	var got any
	if v, ok := c.get(key); ok {
		got = v
	}
	if got != want {
		t.Errorf("%v is %v, want %v", key, got, want)
	}
}

func TestCacheForgets(t *testing.T) {
	c, now := newTestCache()
	c.expect(t, "a", nil)
	c.put("a", 1, c.begin())
	now.Advance(refreshEvery - 1)
	c.expect(t, "a", 1)
	now.Advance(1)
	c.expect(t, "a", nil)
	c.put("a", 2, c.begin())
	c.expect(t, "a", 2)
	c.forget("a")
	c.expect(t, "a", nil)
	c.put("a", 3, c.begin())
	c.reset()
	c.expect(t, "a", nil)
}

// TestCacheLateReading: what was read before a change is not kept after it,
// whatever happened to the mark that the change left.
func TestCacheLateReading(t *testing.T) {
	for name, change := range map[string]func(*cache[string, int]){
		"forgotten": func(c *cache[string, int]) { c.forget("a") },
		"reset":     func(c *cache[string, int]) { c.reset() },
		"forgotten and swept": func(c *cache[string, int]) {
			c.forget("a")
			for i := range maxCached + 1 {
				c.put(fmt.Sprint(i), i, c.begin())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newTestCache()
			early := c.begin()
			change(c)
			c.put("a", 1, early)
			c.expect(t, "a", nil)
			c.put("a", 2, c.begin())
			c.expect(t, "a", 2)
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	c, _ := newTestCache()
	for i := range 3 * maxCached {
		c.put(fmt.Sprint(i), i, c.begin())
		if len(c.entries) > maxCached {
			t.Fatalf("%d entries", len(c.entries))
		}
	}
	c.expect(t, fmt.Sprint(3*maxCached-1), 3*maxCached-1)
}
