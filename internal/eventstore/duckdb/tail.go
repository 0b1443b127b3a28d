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
	bytes   int   // and what they take there
	last    eventstore.Cursor
	stored  eventstore.Cursor // up to here everything is in DuckDB
	failure error             // why the newest attempt to store failed
	changed chan struct{}     // closed and replaced when any of the above changes
}

// run is what one caller appended, or a part of it: events with consecutive cursors.
// They stay encoded, as the commit log has them. That takes a third of the memory of
// events, and none of the garbage collector's time.
type run struct {
	first   eventstore.Cursor
	count   int
	skip    int // events before the first, which do not belong to it
	encoded []byte
}

func (r run) last() eventstore.Cursor { return r.first + eventstore.Cursor(r.count) - 1 }

// after returns the part of r that comes after a cursor.
func (r run) after(c eventstore.Cursor) run {
	if c < r.first {
		return r
	}
	skip := min(int(c-r.first)+1, r.count)
	return run{first: r.first + eventstore.Cursor(skip), count: r.count - skip, skip: r.skip + skip, encoded: r.encoded}
}

// upTo returns the part of r that ends with a cursor.
func (r run) upTo(c eventstore.Cursor) run {
	r.count = max(min(int(c-r.first+1), r.count), 0)
	return r
}

// each calls fn for every event, always with the same record.
func (r run) each(fn func(x *record) error) error {
	in, x := reader{rest: r.encoded}, new(record)
	for range r.skip {
		in.record(x)
	}
	for i := range r.count {
		if in.record(x); in.failed {
			return errRecord
		}
		x.cursor = r.first + eventstore.Cursor(i)
		if err := fn(x); err != nil {
			return err
		}
	}
	return nil
}

func newTail(stored eventstore.Cursor) *tail {
	return &tail{last: stored, stored: stored, changed: make(chan struct{})}
}

// add appends runs that follow the last event.
func (t *tail) add(runs []run) {
	t.update(func() {
		for _, r := range runs {
			if r = r.after(t.stored); r.count == 0 {
				continue
			}
			t.runs = append(t.runs, r)
			t.count += r.count
			t.bytes += len(r.encoded)
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
		t.count, t.bytes = 0, 0
		for _, r := range t.runs {
			if r = r.after(stored); r.count > 0 {
				rest = append(rest, r)
				t.count += r.count
				t.bytes += len(r.encoded)
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
	count, bytes int
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
	return state{runs: t.runs, count: t.count, bytes: t.bytes, last: t.last, stored: t.stored, failure: t.failure}, t.changed
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
