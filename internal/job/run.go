package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

const (
	// lookEvery is how often a queue looks for what other nodes have enqueued.
	lookEvery = time.Second
	// drainFor is for how long running handlers may go on once the queue has
	// been told to stop; then their contexts end.
	drainFor = 15 * time.Second
)

// errGone is the error of a handler that ends its goroutine instead of returning.
var errGone = errors.New("job: the handler did not return")

// Why a handler's context ends.
var (
	errStopping = errors.New("job: the queue stops")
	errLost     = errors.New("job: the lease was lost")
)

// run is one attempt at a job on this node.
type run struct {
	kind   *kind
	job    Job
	lease  string
	until  time.Time // the end of the lease
	cancel context.CancelCauseFunc
	lost   bool  // somebody else has the job by now
	err    error // of the handler, once it has ended
	freed  bool  // the handler was cut short because the queue stops
}

// id tells runs of one node apart.
type id struct{ kind, job string }

func (r *run) id() id { return id{r.kind.name, r.job.ID} }

// runner is the state of a Run. Only its goroutine touches it; handlers run on
// goroutines of their own and come back through finished.
type runner struct {
	*Queue
	running  map[id]*run
	busy     map[*kind]int // how many of running
	ended    []*run        // whose outcome has not been stored yet
	finished chan *run

	stopping time.Time // since when; zero while the queue takes new jobs
	cut      bool      // the handlers' contexts have ended
}

// Run runs jobs until ctx is done. Then it takes no more, lets those that run
// finish, cuts short those that take too long, so that they are run again, and
// returns when no handler runs.
func (q *Queue) Run(ctx context.Context) error {
	r := &runner{Queue: q, running: make(map[id]*run), busy: make(map[*kind]int), finished: make(chan *run)}
	stop := ctx.Done()
	for {
		// What has ended has to be stored, and what runs extended, though ctx be done.
		next, err := r.turn(context.WithoutCancel(ctx))
		if err != nil {
			q.c.Log.Error("the directory does not answer, so jobs wait", "error", err)
			next = q.c.Clock.Now().Add(lookEvery)
		}
		if done, failed := r.stopped(err); done {
			return failed
		}
		moment, letGo := q.c.Clock.At(next)
		select {
		case <-stop:
			stop = nil // once is enough
			r.stopping = q.c.Clock.Now()
		case one := <-r.finished:
			r.end(one)
			r.gather()
		case <-q.wake:
		case <-moment:
		}
		letGo()
	}
}

// stopped tells whether a stopping queue has nothing left to do, given the error
// of its last turn, and cuts short what takes too long.
func (r *runner) stopped(err error) (done bool, failed error) {
	if r.stopping.IsZero() {
		return false, nil
	}
	switch {
	case len(r.running) == 0 && (err != nil || len(r.ended) == 0):
		return true, err // their leases run out, should their ends not be stored
	case !r.cut && r.c.Clock.Now().Sub(r.stopping) >= drainFor:
		r.cut = true
		for _, one := range r.running {
			one.cancel(errStopping)
		}
	}
	return false, nil
}

// start begins an attempt that has been claimed.
func (r *runner) start(one *run) {
	ctx, cancel := context.WithCancelCause(context.Background())
	one.cancel = cancel
	r.running[one.id()] = one
	r.busy[one.kind]++
	go func() {
		defer func() {
			one.freed = one.err != nil && context.Cause(ctx) == errStopping
			cancel(nil)
			r.finished <- one
		}()
		one.err = errGone
		one.err = one.attempt(ctx)
	}()
}

// attempt runs the handler. A panic of it is an error like others.
func (one *run) attempt(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return one.kind.run(ctx, one.job)
}

// end notes that a handler has returned.
func (r *runner) end(one *run) {
	delete(r.running, one.id())
	r.busy[one.kind]--
	r.ended = append(r.ended, one)
}

// gather notes all other handlers that have returned by now, so that one
// transaction stores how they ended.
func (r *runner) gather() {
	for {
		select {
		case one := <-r.finished:
			r.end(one)
		default:
			return
		}
	}
}
