package fresh_test

import (
	"errors"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/fresh"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestLoad(t *testing.T) {
	t.Parallel()
	now := clock.Fixed(noon)
	c := fresh.New[string, int](now.Now)
	reads := 0
	read := func(old int) (int, error) {
		reads++
		return old + 1, nil
	}
	want := func(value, readings int) {
		t.Helper()
		if got, err := c.Load("k", read); err != nil || got != value || reads != readings {
			t.Errorf("got %d, %v after %d readings, want %d after %d", got, err, reads, value, readings)
		}
	}
	want(1, 1)
	want(1, 1)
	now.Advance(fresh.For)
	want(2, 2) // stale: read again, from the value of before
	c.Forget("k")
	want(1, 3) // changed: what was there counts for nothing
	c.Reset()
	want(1, 4)
	if _, err := c.Load("other", func(int) (int, error) { return 7, errors.New("no") }); err == nil {
		t.Error("an error was swallowed")
	}
	if _, ok := c.Get("other"); ok {
		t.Error("a failed reading was kept")
	}
}

func TestLateReadingIsNotKept(t *testing.T) {
	t.Parallel()
	c := fresh.New[string, int](clock.Fixed(noon).Now)
	moment := c.Begin()
	c.Forget("k") // the original changes while the reading is under way
	c.Put("k", 1, moment)
	if v, ok := c.Get("k"); ok {
		t.Errorf("kept %d, which was read before the change", v)
	}
	c.Put("k", 2, c.Begin())
	if v, ok := c.Get("k"); !ok || v != 2 {
		t.Errorf("a later reading was not kept: %d %t", v, ok)
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	c := fresh.New[int, int](clock.Fixed(noon).Now)
	moment := c.Begin()
	for i := range 100_000 {
		c.Put(i, i, c.Begin())
	}
	kept := 0
	for i := range 100_000 {
		if _, ok := c.Get(i); ok {
			kept++
		}
	}
	if kept == 0 || kept > 8<<10 {
		t.Errorf("%d values are kept", kept)
	}
	c.Put(-1, -1, moment) // began before a sweep
	if _, ok := c.Get(-1); ok {
		t.Error("a reading from before a sweep was kept")
	}
}

// A sweep drops the mark that a change left, and with it every reading that was
// under way.
func TestSweptMark(t *testing.T) {
	t.Parallel()
	c := fresh.New[int, int](clock.Fixed(noon).Now)
	early := c.Begin()
	c.Forget(0)
	for i := range 20_000 {
		c.Put(i+1, i, c.Begin())
	}
	c.Put(0, 1, early)
	if v, ok := c.Get(0); ok {
		t.Errorf("kept %d, which was read before the change", v)
	}
}
