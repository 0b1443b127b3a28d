// Package groupcommit lets concurrent callers share a commit. The event
// engines use it: making events durable costs a disk flush or a transaction,
// and one of them can do for all callers that wait at the same time.
//
// One goroutine commits. What arrives meanwhile waits and goes into the next
// commit together. A lone caller is committed at once; when the last commit
// served several callers the next one gives them a moment to come back, which
// makes commits fewer and larger under load.
package groupcommit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is returned by Do after Close.
var ErrClosed = errors.New("groupcommit: closed")

// Limits says how large groups get and how long they wait.
type Limits struct {
	Weight int           // begin no new member at this total weight
	Enough int           // never wait for more at this weight
	Wait   time.Duration // longest wait for callers expected back
}

// Group commits values of type T for its callers.
type Group[T any] struct {
	limits   Limits
	commit   func([]T) error
	requests chan *request[T]
	closing  chan struct{}
	stopped  chan struct{}
	close    sync.Once
	callers  int // members of the last group; only the committing goroutine uses it
}

// request is one caller's value. Exactly one of the caller, giving up, and the
// committing goroutine claims it.
type request[T any] struct {
	value   T
	weight  int
	claimed atomic.Bool
	done    chan error // buffered
}

// New starts a group. Commit is called by one goroutine at a time with at
// least one value; its error goes to all callers of the group.
func New[T any](limits Limits, commit func([]T) error) *Group[T] {
	g := &Group[T]{
		limits:   limits,
		commit:   commit,
		requests: make(chan *request[T], 256),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	go g.run()
	return g
}

// Do returns the outcome of the commit that value was part of. When ctx ends
// before that commit begins, value is not committed and ctx's error returned.
func (g *Group[T]) Do(ctx context.Context, value T, weight int) error {
	r := &request[T]{value: value, weight: weight, done: make(chan error, 1)}
	// A select among ready cases chooses at random: what is over is over first.
	select {
	case <-g.closing:
		return ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closing:
		return ErrClosed
	}
	select {
	case err := <-r.done:
		return err
	case <-g.stopped:
	case <-ctx.Done():
		if r.claimed.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	}
	return r.outcome(g.stopped)
}

// outcome waits for the result of a claimed request, or of one that the
// stopped group has left behind.
func (r *request[T]) outcome(stopped <-chan struct{}) error {
	select {
	case err := <-r.done:
		return err
	case <-stopped:
	}
	select {
	case err := <-r.done:
		return err
	default:
		return ErrClosed
	}
}

// Close waits for the commit under way. Values that still wait get ErrClosed.
func (g *Group[T]) Close() {
	g.close.Do(func() { close(g.closing) })
	<-g.stopped
}

func (g *Group[T]) run() {
	defer close(g.stopped)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-g.closing:
			return
		case first := <-g.requests:
			g.serve(g.gather(first, timer))
		}
	}
}

// gather collects the members of the next group.
func (g *Group[T]) gather(first *request[T], timer *time.Timer) []*request[T] {
	var members []*request[T]
	weight := 0
	join := func(r *request[T]) {
		if r.claimed.CompareAndSwap(false, true) {
			members = append(members, r)
			weight += r.weight
		}
	}
	join(first)
	waiting := false
	defer timer.Stop()
	for weight < g.limits.Weight {
		select {
		case r := <-g.requests:
			join(r)
			continue
		default:
		}
		if len(members) >= g.callers || weight >= g.limits.Enough {
			break
		}
		if !waiting {
			waiting = true
			timer.Reset(g.limits.Wait)
		}
		select {
		case r := <-g.requests:
			join(r)
		case <-timer.C:
			return members
		case <-g.closing:
			return members
		}
	}
	return members
}

func (g *Group[T]) serve(members []*request[T]) {
	g.callers = len(members)
	if len(members) == 0 {
		return
	}
	values := make([]T, len(members))
	for i, r := range members {
		values[i] = r.value
	}
	err := g.commit(values)
	for _, r := range members {
		r.done <- err
	}
}
