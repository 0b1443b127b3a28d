package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/job"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/store/storetest"
	"pintail/internal/testkit/pgtest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// world is a directory with a clock that stands still.
type world struct {
	t     testing.TB
	db    store.DB
	clock *clock.Clock
}

func onEveryEngine(t *testing.T, test func(t *testing.T, w *world)) {
	for name, open := range map[string]func(testing.TB) store.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, open(t)))
		})
	}
}

func newWorld(t testing.TB, db store.DB) *world {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t: t, db: db, clock: clock.Fixed(noon)}
}

func openSQLite(t testing.TB) store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "directory.db"), job.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openPostgres(t testing.TB) store.DB {
	t.Helper()
	db, err := postgres.Open(context.Background(), pgtest.Database(t), job.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// node is a queue of its own over the world's directory.
type node struct {
	*job.Queue
	w      *world
	line   *storetest.Line
	events chan job.Event // what became of runs
	pruned chan job.Event // and of the queue's own
	stop   func() error
}

// node makes a node that does not run yet.
func (w *world) node() *node {
	n := &node{w: w, line: &storetest.Line{DB: w.db}, events: make(chan job.Event, 1000), pruned: make(chan job.Event, 1000)}
	n.Queue = job.New(job.Config{
		DB: n.line, Clock: w.clock, Log: slog.New(slog.DiscardHandler),
		Observe: func(e job.Event) {
			if e.Kind == "job.prune" {
				n.pruned <- e
			} else {
				n.events <- e
			}
		},
	})
	return n
}

// run runs the node until it is stopped or the test ends.
func (n *node) run() *node {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	n.stop = func() error {
		cancel()
		n.stop = func() error { return nil }
		return await(n.w.t, ended)
	}
	n.w.t.Cleanup(func() {
		if err := n.stop(); err != nil && !n.line.Cut.Load() {
			n.w.t.Errorf("the queue did not stop cleanly: %v", err)
		}
	})
	return n
}

// add enqueues jobs in a transaction of their own.
func (n *node) add(jobs ...job.Job) {
	n.w.t.Helper()
	if err := n.w.db.Update(n.w.t.Context(), func(tx store.Tx) error { return n.Enqueue(tx, jobs...) }); err != nil {
		n.w.t.Fatal(err)
	}
}

// next waits for the next event and checks what it is of.
func (n *node) next(id string, want job.Outcome) job.Event {
	n.w.t.Helper()
	e := await(n.w.t, n.events)
	if e.ID != id || e.Outcome != want {
		n.w.t.Fatalf("%s of %q (attempt %d, %v), want %s of %q", e.Outcome, e.ID, e.Attempt, e.Err, want, id)
	}
	return e
}

// failures lists the failed jobs of a kind.
func (n *node) failures(kind string) (list []job.Failure) {
	n.w.t.Helper()
	err := n.w.db.View(n.w.t.Context(), func(tx store.Tx) (err error) {
		list, err = n.Failures(tx, kind, 10)
		return err
	})
	if err != nil {
		n.w.t.Fatal(err)
	}
	return list
}

// watched tells of every look into the directory.
type watched struct {
	store.DB
	looked chan struct{}
}

func (w *watched) View(ctx context.Context, fn func(store.Tx) error) error {
	defer func() { w.looked <- struct{}{} }()
	return w.DB.View(ctx, fn)
}

// await receives what has to come.
func await[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// doing returns a handler that tells of every job that it is given.
func doing(c chan<- job.Job) job.Handler {
	return func(_ context.Context, j job.Job) error { c <- j; return nil }
}

func TestRuns(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		n := w.node()
		did := make(chan job.Job, 10)
		n.Handle("work", doing(did), job.Options{})
		n.add(job.Job{Kind: "work", ID: "before", Payload: json.RawMessage(`{"a":1}`)})
		n.run()
		if j := await(t, did); j.ID != "before" || string(j.Payload) != `{"a":1}` && string(j.Payload) != `{"a": 1}` || j.Attempt != 1 {
			t.Errorf("ran %+v", j)
		}
		n.next("before", job.Done)
		n.add(job.Job{Kind: "work", ID: "now"}, job.Job{Kind: "work", ID: "later", RunAt: noon.Add(time.Hour)})
		n.next("now", job.Done)
		w.clock.Advance(time.Hour)
		n.next("later", job.Done)
		n.add(job.Job{Kind: "work", ID: "now"})
		n.next("now", job.Done) // an id is free again once its job is done
	})
}

// A job exists only if what made it necessary does.
func TestEnqueueIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	n := w.node()
	n.Handle("work", doing(make(chan job.Job, 10)), job.Options{})
	n.run()
	err := w.db.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(n.Enqueue(tx, job.Job{Kind: "work", ID: "no"}), storetest.ErrCut)
	})
	if !errors.Is(err, storetest.ErrCut) {
		t.Fatal(err)
	}
	n.add(job.Job{Kind: "work", ID: "yes"})
	n.next("yes", job.Done)
}

func TestOneIDIsOneJob(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		n := w.node()
		begun, release := make(chan job.Job), make(chan struct{})
		n.Handle("work", func(_ context.Context, j job.Job) error { begun <- j; <-release; return nil }, job.Options{Concurrency: 5})
		n.Handle("other", doing(make(chan job.Job, 10)), job.Options{})
		n.add(job.Job{Kind: "work", ID: "a"}, job.Job{Kind: "work", ID: "a"})
		n.add(job.Job{Kind: "work", ID: "a"})
		n.run()
		await(t, begun)
		n.add(job.Job{Kind: "work", ID: "a"}, job.Job{Kind: "other", ID: "a"})
		n.next("a", job.Done) // of the other kind
		close(release)
		n.next("a", job.Done)
		n.add(job.Job{Kind: "other", ID: "last"})
		n.next("last", job.Done)
		select {
		case j := <-begun:
			t.Errorf("%+v ran again", j)
		default:
		}
	})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		n := w.node()
		fail := errors.New("not today")
		n.Handle("work", func(context.Context, job.Job) error { return fail },
			job.Options{Attempts: 3, Backoff: func(attempt int) time.Duration { return time.Duration(attempt) * time.Minute }})
		n.run().add(job.Job{Kind: "work", ID: "a", Payload: json.RawMessage(`7`)})
		for attempt := 1; attempt < 3; attempt++ {
			e := n.next("a", job.Retried)
			if e.Attempt != attempt || !errors.Is(e.Err, fail) || !e.Next.Equal(w.clock.Now().Add(time.Duration(attempt)*time.Minute)) {
				t.Errorf("%+v", e)
			}
			w.clock.Set(e.Next)
		}
		n.next("a", job.Failed)
		list := n.failures("work")
		if len(list) != 1 || list[0].ID != "a" || list[0].Error != "not today" || list[0].Attempt != 3 || !list[0].Time.Equal(w.clock.Now()) {
			t.Fatalf("failures: %+v", list)
		}
		fail = nil
		if err := w.db.Update(t.Context(), func(tx store.Tx) error { return n.Retry(tx, "work", "a") }); err != nil {
			t.Fatal(err)
		}
		if e := n.next("a", job.Done); e.Attempt != 1 {
			t.Errorf("a retried job is at attempt %d", e.Attempt)
		}
		if list := n.failures("work"); len(list) != 0 {
			t.Errorf("still failed: %+v", list)
		}
	})
}

func TestGivesUpAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	n := w.node()
	cause := errors.New("no such thing\x00")
	n.Handle("work", func(context.Context, job.Job) error { return job.Permanent(cause) }, job.Options{})
	n.Handle("panics", func(context.Context, job.Job) error { panic("ouch") }, job.Options{Attempts: 1})
	n.run().add(job.Job{Kind: "work", ID: "a"})
	if e := n.next("a", job.Failed); !errors.Is(e.Err, cause) {
		t.Errorf("%+v", e)
	}
	n.add(job.Job{Kind: "panics", ID: "b"})
	n.next("b", job.Failed)
	w.clock.Advance(31 * 24 * time.Hour) // the clean-up is due
	n.add(job.Job{Kind: "work", ID: "c"})
	n.next("c", job.Failed)
}

func TestOldFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	pruned := make(chan job.Event, 10)
	q := job.New(job.Config{DB: w.db, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Observe: func(e job.Event) { pruned <- e }})
	q.Handle("work", func(context.Context, job.Job) error { return job.Permanent(storetest.ErrCut) }, job.Options{})
	n := &node{Queue: q, w: w, line: &storetest.Line{}, events: pruned}
	n.run().next("periodic", job.Done)
	n.add(job.Job{Kind: "work", ID: "a"})
	n.next("a", job.Failed)
	w.clock.Advance(29 * 24 * time.Hour)
	n.next("periodic", job.Done)
	if len(n.failures("work")) != 1 {
		t.Error("forgotten within a month")
	}
	w.clock.Advance(2 * 24 * time.Hour)
	n.next("periodic", job.Done)
	if list := n.failures("work"); len(list) != 0 {
		t.Errorf("kept for more than a month: %+v", list)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	n := w.node()
	begun, release := make(chan job.Job, 20), make(chan struct{})
	var now, most atomic.Int32
	n.Handle("work", func(_ context.Context, j job.Job) error {
		if running := now.Add(1); running > most.Load() {
			most.Store(running)
		}
		begun <- j
		<-release
		now.Add(-1)
		return nil
	}, job.Options{Concurrency: 3})
	n.Handle("other", doing(make(chan job.Job, 1)), job.Options{})
	for range 10 {
		n.add(job.Job{Kind: "work"})
	}
	n.run()
	for range 3 {
		await(t, begun)
	}
	n.add(job.Job{Kind: "other", ID: "beside"})
	n.next("beside", job.Done) // a full kind does not keep others waiting
	close(release)
	for range 10 {
		await(t, n.events)
	}
	if most.Load() != 3 {
		t.Errorf("%d ran at a time, want 3", most.Load())
	}
}

func TestExponential(t *testing.T) {
	t.Parallel()
	backoff := job.Exponential(time.Second, time.Minute)
	for attempt, longest := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 500: time.Minute} {
		for range 100 {
			if d := backoff(attempt); d > longest || d < longest/2 {
				t.Errorf("attempt %d waits %s, want between %s and %s", attempt, d, longest/2, longest)
			}
		}
	}
}
