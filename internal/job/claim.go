package job

import (
	"context"
	"errors"
	"time"

	"pintail/internal/keys/ids"
	"pintail/internal/store"
)

// maxClaim bounds what one transaction claims, so that it does not keep the
// directory's other writers waiting.
const maxClaim = 100

// look finds out whether there is something to claim.
func (r *runner) look(ctx context.Context, now time.Time, p *plan) (due bool, err error) {
	if !r.stopping.IsZero() {
		return false, nil
	}
	err = r.c.DB.View(ctx, func(tx store.Tx) error {
		for _, k := range r.kinds {
			if r.busy[k] >= k.Concurrency {
				continue
			}
			found, next, err := k.due(tx, now, 1)
			if err != nil {
				return err
			}
			due = due || len(found) > 0
			p.wait(next)
		}
		return nil
	})
	return due, err
}

// claim leases what is due, as much as may run.
func (r *runner) claim(tx store.Tx, p *plan, now time.Time) error {
	if !r.stopping.IsZero() {
		return nil
	}
	left := maxClaim
	for _, k := range r.kinds {
		free := min(k.Concurrency-r.busy[k], left)
		if free <= 0 {
			continue
		}
		found, next, err := k.due(tx, now, free)
		if err != nil {
			return err
		}
		p.wait(next)
		left -= len(found)
		for _, j := range found {
			if err := r.lease(tx, p, k, j, now); err != nil {
				return err
			}
		}
	}
	if left == 0 {
		p.wait(now)
	}
	return nil
}

// lease claims one job, or gives it up when its attempts are used up: then the
// last of them ended with its node.
func (r *runner) lease(tx store.Tx, p *plan, k *kind, j *row, now time.Time) error {
	if r.running[id{k.name, j.ID}] != nil {
		return nil // a lost run of it has not ended yet
	}
	if j.Attempts >= k.Attempts && k.Every == 0 {
		err := errors.New("its node died, or lost it, in the last attempt")
		p.events = append(p.events, Event{Kind: k.name, ID: j.ID, Attempt: j.Attempts, Outcome: Failed, Err: err})
		j.fail(now, err.Error())
		return rows.Put(tx, k.name, j.ID, j)
	}
	j.Attempts++
	j.Lease, j.Next = ids.UUID(), now.Add(k.Lease)
	one := &run{kind: k, job: j.job(k.name), lease: j.Lease, until: j.Next}
	p.claimed = append(p.claimed, one)
	return rows.Put(tx, k.name, j.ID, j)
}
