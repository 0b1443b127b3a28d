package job_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pintail/internal/job"
)

// Two nodes share the work, and no job is run by both.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		const jobs = 60
		var mu sync.Mutex
		times := make(map[string]int)
		handler := func(_ context.Context, j job.Job) error {
			mu.Lock()
			defer mu.Unlock()
			times[j.ID]++
			return nil
		}
		a, b := w.node(), w.node()
		for _, n := range []*node{a, b} {
			n.Handle("work", handler, job.Options{Concurrency: 4})
		}
		for i := range jobs {
			a.add(job.Job{Kind: "work", ID: fmt.Sprint(i)})
		}
		a.run()
		b.run()
		for range jobs {
			select {
			case e := <-a.events:
				a.events <- e
				await(t, a.events)
			case e := <-b.events:
				b.events <- e
				await(t, b.events)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(times) != jobs {
			t.Errorf("%d jobs ran, want %d", len(times), jobs)
		}
		for id, n := range times {
			if n != 1 {
				t.Errorf("job %s ran %d times", id, n)
			}
		}
	})
}

// What one node enqueues another finds by looking.
func TestOtherNodesLook(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		web, worker := w.node(), w.node()
		worker.Handle("work", doing(make(chan job.Job, 1)), job.Options{})
		worker.Handle("first", doing(make(chan job.Job, 1)), job.Options{})
		worker.run().add(job.Job{Kind: "first", ID: "a"})
		worker.next("a", job.Done)
		web.add(job.Job{Kind: "work", ID: "b"})
		w.clock.Advance(time.Second)
		worker.next("b", job.Done)
	})
}

// The work of a node that died in the middle is done by another, once its lease
// has run out; and what the dead one says afterwards does not count.
func TestCrash(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		dead, heir := w.node(), w.node()
		begun, release := make(chan job.Job, 1), make(chan struct{})
		dead.Handle("work", func(_ context.Context, j job.Job) error { begun <- j; <-release; return nil }, job.Options{})
		did := make(chan job.Job, 1)
		heir.Handle("work", doing(did), job.Options{})
		dead.run().add(job.Job{Kind: "work", ID: "a"})
		await(t, begun)
		dead.line.Cut.Store(true)
		heir.run()
		w.clock.Advance(59 * time.Second)
		heir.add(job.Job{Kind: "work", ID: "b"})
		heir.next("b", job.Done)
		await(t, did)
		w.clock.Advance(time.Second)
		if j := await(t, did); j.ID != "a" || j.Attempt != 2 {
			t.Errorf("the heir ran %+v", j)
		}
		heir.next("a", job.Done)
		dead.line.Cut.Store(false)
		close(release)
		dead.next("a", job.Lost)
	})
}

// A job that takes its node down every time is given up.
func TestPoison(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		defer close(release)
		for attempt := 1; attempt <= 2; attempt++ {
			n := w.node()
			begun := make(chan job.Job, 1)
			n.Handle("work", func(_ context.Context, j job.Job) error { begun <- j; <-release; return nil }, job.Options{Attempts: 2})
			n.run().add(job.Job{Kind: "work", ID: "a"})
			if j := await(t, begun); j.Attempt != attempt {
				t.Errorf("attempt %d, want %d", j.Attempt, attempt)
			}
			n.line.Cut.Store(true)
			w.clock.Advance(time.Minute)
		}
		n := w.node()
		n.Handle("work", doing(make(chan job.Job, 1)), job.Options{Attempts: 2})
		n.run().next("a", job.Failed)
		if list := n.failures("work"); len(list) != 1 || list[0].Error == "" {
			t.Errorf("failures: %+v", list)
		}
	})
}

// A handler may work for longer than its lease, which is extended meanwhile.
func TestLeaseIsExtended(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		n, other := w.node(), w.node()
		begun, release := make(chan job.Job, 1), make(chan struct{})
		n.Handle("work", func(_ context.Context, j job.Job) error { begun <- j; <-release; return nil }, job.Options{})
		other.Handle("work", func(context.Context, job.Job) error { t.Error("ran on two nodes"); return nil }, job.Options{})
		n.run().add(job.Job{Kind: "work", ID: "a"})
		await(t, begun)
		other.run()
		for range 5 {
			w.clock.Advance(30 * time.Second)
			n.next("a", job.Extended)
		}
		close(release)
		n.next("a", job.Done)
	})
}

// A handler whose lease another node has taken is told so.
func TestLostLeaseEndsTheHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	slow, other := w.node(), w.node()
	begun, ended := make(chan job.Job, 1), make(chan error, 1)
	slow.Handle("work", func(ctx context.Context, j job.Job) error {
		begun <- j
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return ctx.Err()
	}, job.Options{})
	slow.run().add(job.Job{Kind: "work", ID: "a"})
	await(t, begun)
	slow.line.Cut.Store(true)
	w.clock.Advance(time.Minute)
	other.Handle("work", doing(make(chan job.Job, 1)), job.Options{})
	other.run().next("a", job.Done)
	slow.line.Cut.Store(false)
	w.clock.Advance(time.Second)
	if err := await(t, ended); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("the handler ended because of %v", err)
	}
	slow.next("a", job.Lost)
}

// Stopping lets handlers finish.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	n := w.node()
	begun, release := make(chan job.Job, 1), make(chan struct{})
	n.Handle("work", func(_ context.Context, j job.Job) error { begun <- j; <-release; return nil }, job.Options{})
	n.run().add(job.Job{Kind: "work", ID: "a"}, job.Job{Kind: "work", ID: "b"})
	j := await(t, begun)
	stopped := make(chan error)
	go func() { stopped <- n.stop() }()
	close(release)
	if err := await(t, stopped); err != nil {
		t.Error(err)
	}
	n.next(j.ID, job.Done)
}

// A handler that takes too long is cut short, and its job is for the next node,
// at once and as if it had not been begun.
func TestStopReleases(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		n := w.node()
		begun := make(chan job.Job, 2)
		n.Handle("work", func(ctx context.Context, j job.Job) error { begun <- j; <-ctx.Done(); return ctx.Err() }, job.Options{})
		n.run().add(job.Job{Kind: "work", ID: "a"})
		await(t, begun)
		stopped := make(chan error)
		go func() { stopped <- n.stop() }()
		// The queue notes when it was told to stop; it may be told before or after
		// this thread moves the clock, so the clock moves until it has ended.
		for ended := false; !ended; {
			select {
			case e := <-n.events:
				if e.Outcome == job.Released {
					ended = true
				}
			default:
				w.clock.Advance(time.Second)
			}
		}
		if err := await(t, stopped); err != nil {
			t.Error(err)
		}
		next := w.node()
		next.Handle("work", doing(begun), job.Options{})
		next.run().next("a", job.Done)
		if j := await(t, begun); j.Attempt != 1 {
			t.Errorf("attempt %d", j.Attempt)
		}
	})
}

// Periodic work is done once in its time, by one node.
func TestPeriodic(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		did := make(chan job.Job, 10)
		all := make(chan job.Event, 100)
		w.clock.Advance(10 * time.Minute) // into the hour: the second run is after less than one
		for range 2 {
			n := w.node()
			n.events = all
			n.Handle("tick", doing(did), job.Options{Every: time.Hour})
			n.run()
		}
		for hour := range 4 {
			await(t, did)
			if e := await(t, all); e.Outcome != job.Done || e.Attempt != 1 {
				t.Errorf("%+v", e)
			}
			w.clock.Set(noon.Add(time.Duration(hour+1) * time.Hour))
		}
		await(t, did)
		await(t, all)
		if err := w.db.Reset(t.Context()); err != nil { // a developer's reset
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
		await(t, did)
	})
}

// A node with nothing to do does not write.
func TestIdleDoesNotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	n := w.node()
	looked := make(chan struct{})
	n.line.DB = &watched{n.line.DB, looked}
	n.Handle("work", doing(make(chan job.Job, 1)), job.Options{})
	n.run().add(job.Job{Kind: "work", ID: "a"}, job.Job{Kind: "work", ID: "b", RunAt: noon.Add(time.Hour)})
	for done := 0; done < 2; {
		select {
		case <-looked:
		case <-n.events:
			done++
		case <-n.pruned:
			done++
		}
	}
	// A look waits for us to see it, so each second has its look.
	w.clock.Advance(time.Second)
	await(t, looked)
	before := w.db.Stats().Updates
	for range 50 {
		w.clock.Advance(time.Second)
		await(t, looked)
	}
	if after := w.db.Stats().Updates; after != before {
		t.Errorf("%d transactions while there was nothing to do", after-before)
	}
	go func() {
		for range looked { // lets the last look end
		}
	}()
	t.Cleanup(func() { close(looked) })
	if err := n.stop(); err != nil {
		t.Error(err)
	}
}
