package trigger

import (
	"context"
	"sync/atomic"
	"time"
)

// queued is how many calls may wait for each that runs.
const queued = 8

// gate bounds the calls of one function that run at the same time, and those that
// wait for their turn: a function that hangs must not take the whole server along.
type gate struct {
	slots  chan struct{}
	inside atomic.Int64 // running and waiting
}

func newGate(concurrency int) *gate { return &gate{slots: make(chan struct{}, concurrency)} }

// enter waits for a turn, for a while. Whoever has entered must leave.
func (g *gate) enter(ctx context.Context, patience time.Duration) (leave func(), err error) {
	if g.inside.Add(1) > int64(cap(g.slots))*(1+queued) {
		g.inside.Add(-1)
		return nil, errBusy
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots; g.inside.Add(-1) }, nil
	case <-timer.C:
		err = errBusy
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	g.inside.Add(-1)
	return nil, err
}
