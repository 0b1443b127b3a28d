package job

import (
	"context"
	"time"

	"pintail/internal/store"
)

// plan is what one transaction decides; it counts once the transaction is durable.
type plan struct {
	events  []Event
	claimed []*run
	renewed map[*run]time.Time // the new ends of leases
	lost    []*run             // whose jobs are no longer ours
	next    time.Time          // when there may be more to do, as far as is known
}

// wait makes the plan's next moment t, if that is earlier.
func (p *plan) wait(t time.Time) {
	if !t.IsZero() && (p.next.IsZero() || t.Before(p.next)) {
		p.next = t
	}
}

// turn stores what has ended, extends leases, claims what is due and starts it.
// It returns when the next turn is needed, unless something happens before.
// Where there is nothing to write it only looks.
func (r *runner) turn(ctx context.Context) (next time.Time, err error) {
	now := r.c.Clock.Now()
	p := new(plan)
	p.wait(now.Add(lookEvery))
	if len(r.ended) == 0 && !r.mustExtend(now) {
		if due, err := r.look(ctx, now, p); err != nil || !due {
			return r.waitForLeases(p, now), err
		}
	}
	err = r.c.DB.Update(ctx, func(tx store.Tx) error {
		*p = plan{renewed: make(map[*run]time.Time)}
		p.wait(now.Add(lookEvery))
		for _, part := range []func(store.Tx, *plan, time.Time) error{r.settle, r.extend, r.claim} {
			if err := part(tx, p, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return next, err
	}
	r.carryOut(p)
	return r.waitForLeases(p, now), nil
}

// carryOut does what a durable plan says.
func (r *runner) carryOut(p *plan) {
	r.ended = nil
	for one, until := range p.renewed {
		one.until = until
	}
	for _, one := range p.lost {
		one.lost = true
		one.cancel(errLost)
	}
	for _, e := range p.events {
		r.report(e)
	}
	for _, one := range p.claimed {
		r.start(one)
	}
}

// report tells the log and the observer of a run.
func (r *runner) report(e Event) {
	log := r.c.Log.With("kind", e.Kind, "id", e.ID, "attempt", e.Attempt)
	switch e.Outcome {
	case Failed:
		log.Error("a job is given up", "error", e.Err)
	case Retried:
		log.Warn("a job failed and will be tried again", "error", e.Err, "at", e.Next)
	case Lost:
		log.Warn("a job took longer than its lease lasted")
	}
	r.c.Observe(e)
}

// waitForLeases returns when the next turn is needed.
func (r *runner) waitForLeases(p *plan, now time.Time) time.Time {
	for _, one := range r.running {
		if !one.lost {
			p.wait(one.halfOver())
		}
	}
	if p.next.Before(now) {
		return now
	}
	return p.next
}

// mustExtend tells whether the lease of a running job is half over.
func (r *runner) mustExtend(now time.Time) bool {
	for _, one := range r.running {
		if one.wants(now) {
			return true
		}
	}
	return false
}

// halfOver is when the run's lease wants to be extended.
func (one *run) halfOver() time.Time { return one.until.Add(-one.kind.Lease / 2) }

func (one *run) wants(now time.Time) bool { return !one.lost && !now.Before(one.halfOver()) }
