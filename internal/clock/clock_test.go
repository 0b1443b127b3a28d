package clock_test

import (
	"testing"
	"time"

	"pintail/internal/clock"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func rings(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestAtOnAClockThatStands(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	past, stopPast := c.At(noon)
	defer stopPast()
	soon, stopSoon := c.At(noon.Add(time.Second))
	defer stopSoon()
	let, letGo := c.At(noon.Add(time.Second))
	letGo()
	if !rings(past) || rings(soon) {
		t.Error("only the moment that has come rings")
	}
	c.Advance(time.Second - 1)
	if rings(soon) {
		t.Error("rang a nanosecond early")
	}
	c.Advance(1)
	if !rings(soon) || rings(let) {
		t.Error("who waits is rung, who has let go is not")
	}
}

func TestAtOnTheMachinesClock(t *testing.T) {
	t.Parallel()
	c := new(clock.Clock)
	soon, stop := c.At(c.Now().Add(time.Millisecond))
	defer stop()
	<-soon
	far, stopFar := c.At(c.Now().Add(time.Hour))
	defer stopFar()
	c.Advance(2 * time.Hour) // stops it
	<-far
}
