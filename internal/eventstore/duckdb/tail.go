package duckdb

import (
	"context"
	"sync"

	"pintail/internal/eventstore"
)

// tail holds the events that are in the commit log and not yet in DuckDB, in
// the order of their cursors, and says which are where.
type tail struct {
	mu      sync.Mutex
	runs    []run // never changed in place: snapshots share it
	count   int   // events in runs
	last    eventstore.Cursor
	stored  eventstore.Cursor // up to here everything is in DuckDB
	failure error             // why the newest attempt to store failed
	changed chan struct{}     // closed and replaced when any of the above changes
}

// run is what one caller appended: events with consecutive cursors.
type run struct {
	first  eventstore.Cursor
	events []eventstore.Event
}

func (r run) last() eventstore.Cursor { return r.first + eventstore.Cursor(len(r.events)) - 1 }

// after returns the part of r that comes after a cursor.
func (r run) after(c eventstore.Cursor) run {
	if c < r.first {
		return r
	}
	skip := min(int(c-r.first)+1, len(r.events))
	return run{first: r.first + eventstore.Cursor(skip), events: r.events[skip:]}
}

// upTo returns the part of r that ends with a cursor.
func (r run) upTo(c eventstore.Cursor) run {
	if n := int(c - r.first + 1); n < len(r.events) {
		r.events = r.events[:max(n, 0)]
	}
	return r
}

func newTail(stored eventstore.Cursor) *tail {
	return &tail{last: stored, stored: stored, changed: make(chan struct{})}
}

// add appends runs that follow the last event.
func (t *tail) add(runs []run) {
	t.update(func() {
		for _, r := range runs {
			if r = r.after(t.stored); len(r.events) == 0 {
				continue
			}
			t.runs = append(t.runs, r)
			t.count += len(r.events)
			t.last = r.last()
		}
	})
}

// moved records that DuckDB has everything up to a cursor.
func (t *tail) moved(stored eventstore.Cursor) {
	t.update(func() {
		t.failure = nil
		t.stored = max(t.stored, stored)
		t.last = max(t.last, stored)
		var rest []run
		t.count = 0
		for _, r := range t.runs {
			if r = r.after(stored); len(r.events) > 0 {
				rest = append(rest, r)
				t.count += len(r.events)
			}
		}
		t.runs = rest
	})
}

// failed records why events could not be stored.
func (t *tail) failed(err error) { t.update(func() { t.failure = err }) }

func (t *tail) update(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	close(t.changed)
	t.changed = make(chan struct{})
}

// state is what a tail looked like at one moment.
type state struct {
	runs         []run
	count        int
	last, stored eventstore.Cursor
	failure      error
}

func (t *tail) state() state {
	s, _ := t.watch()
	return s
}

// watch returns the state and a channel that is closed when it changes.
func (t *tail) watch() (state, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return state{runs: t.runs, count: t.count, last: t.last, stored: t.stored, failure: t.failure}, t.changed
}

// await returns when the state is as wanted, or with the error that wanted
// finds in it.
func (t *tail) await(ctx context.Context, closing <-chan struct{}, wanted func(state) (bool, error)) error {
	for {
		s, changed := t.watch()
		if ok, err := wanted(s); ok || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-closing:
			return eventstore.ErrClosed
		}
	}
}
