// Package job is work that outlives the request which asked for it: a message
// to deliver, a file of users to import, an hourly clean-up.
//
// A job begins as a row of the directory, written by the transaction that makes
// it necessary: if the transaction fails there is no job, and if it succeeds the
// job is as durable as everything else.
//
//	queue.Handle("import.users", s.importUsers, job.Options{})
//	...
//	err := db.Update(ctx, func(tx store.Tx) error {
//		...
//		return queue.Enqueue(tx, job.Job{Kind: "import.users", ID: importID})
//	})
//
// Every node over the directory has a [Queue] and calls Run. A node claims what
// is due under a lease, in batches: one transaction stores how finished jobs
// ended, extends the leases of those that still run, and claims new ones. Then
// the jobs run, each kind at most so many at a time. Whoever enqueues wakes the
// queue of the same process as soon as the commit is durable; other nodes look
// about once a second. A node that has nothing to do only looks, it never writes.
//
// # The promise
//
// A job is run at least once. It is run again when its handler returned an
// error, after a pause that grows, and when the lease ran out because the node
// died, hung or lost the directory. So a handler must bear to see a job twice,
// and, if its node stood still for longer than the lease, even while a slow twin
// of it still runs. A job whose end has been stored is never run again.
//
// A job that has failed too often, or with a [Permanent] error, or that took its
// node down too often, is kept for a month as failed, for the owner to see and
// to [Queue.Retry].
//
// # Identity
//
// A job's id is unique within its kind. While a job is waiting or running, a
// second Enqueue with its id changes nothing: one run stands for both. That
// makes enqueueing idempotent. It does not make the run begin later than the
// second Enqueue, so an id is not for work that has to see the latest state.
// Without an id a job gets one of its own.
//
// # Periodic work, and leaders
//
// A kind with [Options.Every] needs no Enqueue. The directory holds one row for
// it, whose lease sees to it that one node at a time does the work. Where one
// node has to lead for as long as it lives, let the handler of a periodic kind
// run until its context ends: its lease is extended as long as it runs, and when
// the node dies another takes over.
package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pintail/internal/clock"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
)

// Job is a piece of work.
type Job struct {
	Kind string
	// ID is unique within the kind; Enqueue makes one where it is empty.
	ID string
	// RunAt is when the job is due; the zero time is at once.
	RunAt time.Time
	// Payload is for the handler. It is stored in clear: name secrets in it,
	// do not hold them.
	Payload json.RawMessage
	// Attempt tells a handler how often the job has been begun, 1 for the first
	// time. Enqueue does not look at it.
	Attempt int
}

// Config is what a queue needs.
type Config struct {
	DB    store.DB
	Clock *clock.Clock
	Log   *slog.Logger
	// Observe is told what becomes of every run, once it is stored; may be nil.
	Observe func(Event)
}

// Queue is where jobs are enqueued, and one node's part in running them.
type Queue struct {
	c     Config
	kinds map[string]*kind
	wake  chan struct{} // holds one signal: look again
}

// New returns a queue over a directory that was opened with [Collections].
func New(c Config) *Queue {
	q := &Queue{c: c, kinds: make(map[string]*kind), wake: make(chan struct{}, 1)}
	if q.c.Observe == nil {
		q.c.Observe = func(Event) {}
	}
	q.Handle(pruneKind, q.prune, Options{Every: 24 * time.Hour})
	return q
}

// Enqueue adds jobs in the caller's transaction. A job that is there already is
// left as it is, unless it has failed: then it starts anew.
func (q *Queue) Enqueue(tx store.Tx, jobs ...Job) error {
	for _, j := range jobs {
		if err := q.enqueue(tx, j); err != nil {
			return fmt.Errorf("job: enqueue %s: %w", j.Kind, err)
		}
	}
	tx.AfterCommit(q.poke)
	return nil
}

func (q *Queue) enqueue(tx store.Tx, j Job) error {
	if j.ID == "" {
		j.ID = ids.UUID()
	}
	now := q.c.Clock.Now()
	if j.RunAt.IsZero() {
		j.RunAt = now
	}
	r := &row{ID: j.ID, Payload: j.Payload, Created: now, Next: j.RunAt}
	err := rows.Insert(tx, j.Kind, j.ID, r)
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	have, err := rows.Get(tx, j.Kind, j.ID)
	if err != nil || have.Failed.IsZero() {
		return err
	}
	return rows.Put(tx, j.Kind, j.ID, r)
}

// poke makes the queue of this process look for work.
func (q *Queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Outcome is what has become of a run.
type Outcome string

// Outcomes of a run.
const (
	Done     Outcome = "done"     // the handler did its work; the job is gone
	Retried  Outcome = "retried"  // it returned an error and will be run again
	Failed   Outcome = "failed"   // it will not be run again
	Released Outcome = "released" // the node stops before the handler was done; another run follows
	Lost     Outcome = "lost"     // the lease ran out meanwhile: what the handler did does not count
	Extended Outcome = "extended" // it still runs, and its lease has been extended
)

// Event tells what has become of one run of a job.
type Event struct {
	Kind, ID string
	Attempt  int
	Outcome  Outcome
	Err      error     // of the handler
	Next     time.Time // when the job is run again, if it is
}

// permanent marks an error that another attempt would not cure.
type permanent struct{ error }

// Unwrap gives the error that was marked.
func (p permanent) Unwrap() error { return p.error }

// Permanent wraps a handler's error to say that running the job again is of no use.
func Permanent(err error) error { return permanent{err} }
