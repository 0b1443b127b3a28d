package job

import (
	"errors"
	"time"

	"pintail/internal/store"
)

// settle stores how runs have ended.
func (r *runner) settle(tx store.Tx, p *plan, now time.Time) error {
	for _, one := range r.ended {
		e := Event{Kind: one.kind.name, ID: one.job.ID, Attempt: one.job.Attempt, Err: one.err}
		j, err := one.own(tx)
		switch {
		case err != nil:
			return err
		case j == nil:
			e.Outcome = Lost
		default:
			if e.Outcome, err = one.outcome(tx, j, now); err != nil {
				return err
			}
			if e.Outcome == Retried || e.Outcome == Released {
				e.Next = j.Next
			}
		}
		p.events = append(p.events, e)
	}
	return nil
}

// own returns the run's job, or nil if it is no longer this run's.
func (one *run) own(tx store.Tx) (*row, error) {
	j, err := rows.Get(tx, one.kind.name, one.job.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && j.Lease != one.lease {
		return nil, nil
	}
	return j, err
}

// outcome stores how the run of a job has ended.
func (one *run) outcome(tx store.Tx, j *row, now time.Time) (Outcome, error) {
	k, outcome := one.kind, Retried
	_, hopeless := errors.AsType[permanent](one.err)
	j.Lease, j.Error = "", errorText(one.err)
	switch {
	case one.freed:
		outcome = Released
		j.Next, j.Attempts = now, j.Attempts-1
	case one.err == nil && k.Every == 0:
		return Done, rows.Delete(tx, k.name, j.ID)
	case one.err == nil:
		outcome = Done
		j.Next, j.Attempts = k.after(now), 0
	case !hopeless && j.Attempts < k.Attempts:
		j.Next = now.Add(k.Backoff(j.Attempts))
	case k.Every > 0:
		outcome = Failed
		j.Next, j.Attempts = k.after(now), 0
	default:
		outcome = Failed
		j.fail(now, j.Error)
	}
	return outcome, rows.Put(tx, k.name, j.ID, j)
}

// extend renews the leases of what runs and gives up what is lost.
func (r *runner) extend(tx store.Tx, p *plan, now time.Time) error {
	for _, one := range r.running {
		if !one.wants(now) {
			continue
		}
		j, err := one.own(tx)
		if err != nil {
			return err
		}
		if j == nil {
			p.lost = append(p.lost, one)
			continue
		}
		j.Next = now.Add(one.kind.Lease)
		if err := rows.Put(tx, one.kind.name, j.ID, j); err != nil {
			return err
		}
		p.renewed[one] = j.Next
		p.events = append(p.events, Event{Kind: one.kind.name, ID: j.ID, Attempt: j.Attempts, Outcome: Extended})
	}
	return nil
}
