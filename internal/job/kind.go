package job

import (
	"context"
	"math/rand/v2"
	"time"
)

// Handler does the work of a job. Its context ends when the lease is lost, and
// some time after the queue has been told to stop.
type Handler func(ctx context.Context, j Job) error

// Options say how the jobs of a kind are run. The zero value will do.
type Options struct {
	// Concurrency is how many run at a time on one node; default 1.
	Concurrency int
	// Attempts is after how many a job is given up; default 20, which with the
	// default Backoff is after about two hours. Runs that a crash cut short count.
	Attempts int
	// Backoff is the pause after a failed attempt, 1 for the first; default
	// Exponential(time.Second, 10*time.Minute).
	Backoff func(attempt int) time.Duration
	// Lease is for how long a node that fell silent keeps a job; default a
	// minute. The lease of a handler that works is extended.
	Lease time.Duration
	// Every makes the kind periodic: its one job runs at each multiple of this
	// since the zero time, and for the first time at once.
	Every time.Duration
}

// kind is what the queue knows of a kind of jobs.
type kind struct {
	Options
	name string
	run  Handler
}

// Handle says who does the work of a kind. It is called before Run.
func (q *Queue) Handle(name string, run Handler, o Options) {
	if q.kinds[name] != nil {
		panic("job: two handlers for " + name)
	}
	if o.Concurrency == 0 {
		o.Concurrency = 1
	}
	if o.Attempts == 0 {
		o.Attempts = 20
	}
	if o.Backoff == nil {
		o.Backoff = Exponential(time.Second, 10*time.Minute)
	}
	if o.Lease == 0 {
		o.Lease = time.Minute
	}
	q.kinds[name] = &kind{Options: o, name: name, run: run}
}

// Exponential returns pauses that double from first up to longest, each shortened
// by up to a half at random, so that what failed together does not come back together.
func Exponential(first, longest time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		d := longest
		if shift := attempt - 1; shift < 32 && first<<shift < longest {
			d = first << shift
		}
		return d - rand.N(d/2+1)
	}
}

// after returns the first multiple of a periodic kind's span that follows t.
func (k *kind) after(t time.Time) time.Time { return t.Truncate(k.Every).Add(k.Every) }
