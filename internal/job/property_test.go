package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/clock"
	"pintail/internal/job"
	"pintail/internal/store/storetest"
)

// history is what happens to the jobs of one run of the property. One node
// lives at a time; when it dies, another one follows.
type history struct {
	*world
	living  *node
	nodes   []*node
	crashed chan struct{}

	mu      sync.Mutex
	plans   map[string][]string // what the attempts at a job do, before one succeeds
	begun   map[string]bool
	done    map[string]bool
	trouble []string
}

// boot starts the next node.
func (h *history) boot() {
	n := &node{w: h.world, line: &storetest.Line{DB: h.db}}
	n.Queue = job.New(job.Config{DB: n.line, Clock: h.clock, Log: slog.New(slog.DiscardHandler), Observe: h.observe})
	n.Handle("work", func(_ context.Context, j job.Job) error { return h.work(n, j) }, job.Options{
		Concurrency: 3, Attempts: 1000, Backoff: func(int) time.Duration { return 5 * time.Second },
	})
	h.living, h.nodes = n, append(h.nodes, n)
	n.run()
}

// work is the handler. A crash comes after the work and before the queue knows.
func (h *history) work(n *node, j job.Job) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done[j.ID] && !n.line.Cut.Load() { // the dead may be late
		h.trouble = append(h.trouble, j.ID+" ran after it was done")
	}
	h.begun[j.ID] = true
	if len(h.plans[j.ID]) == 0 {
		return nil
	}
	step := h.plans[j.ID][0]
	h.plans[j.ID] = h.plans[j.ID][1:]
	switch step {
	case "fail":
		return errors.New("failed")
	case "panic":
		panic("panicked")
	}
	if !n.line.Cut.Swap(true) {
		h.crashed <- struct{}{}
	}
	return nil
}

// observe notes what is stored of a run.
func (h *history) observe(e job.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.Kind != "work" || e.Outcome != job.Done {
		return
	}
	if h.done[e.ID] || !h.begun[e.ID] {
		h.trouble = append(h.trouble, e.ID+" was done twice, or without being run")
	}
	h.done[e.ID] = true
}

// pass lets time pass, and a node follow one that has crashed.
func (h *history) pass(d time.Duration) {
	select {
	case <-h.crashed:
		h.boot()
	default:
		h.clock.Advance(d)
		runtime.Gosched()
	}
}

func (h *history) finished() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.done) == len(h.plans)
}

// Whatever fails and whichever nodes die, every job is run, and none again once
// it is done.
func TestEveryJobIsDoneOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		h := &history{
			world: &world{t: t, db: openSQLite(t), clock: clock.Fixed(noon)}, crashed: make(chan struct{}, 100),
			plans: make(map[string][]string), begun: make(map[string]bool), done: make(map[string]bool),
		}
		h.boot()
		seconds := rapid.IntRange(0, 90)
		plan := rapid.SliceOfN(rapid.SampledFrom([]string{"fail", "panic", "crash"}), 0, 3)
		for i := range rapid.IntRange(1, 6).Draw(r, "jobs") {
			id := fmt.Sprint(i)
			h.mu.Lock()
			h.plans[id] = plan.Draw(r, "plan")
			h.mu.Unlock()
			h.living.add(job.Job{Kind: "work", ID: id, RunAt: h.clock.Now().Add(time.Duration(seconds.Draw(r, "delay")) * time.Second)})
			h.pass(time.Duration(seconds.Draw(r, "pause")) * time.Second)
		}
		for deadline := time.Now().Add(20 * time.Second); !h.finished(); h.pass(15 * time.Second) {
			if time.Now().After(deadline) {
				r.Fatalf("not all jobs are done: %v of %v", h.done, h.plans)
			}
		}
		for _, n := range h.nodes {
			if err := n.stop(); err != nil && !n.line.Cut.Load() {
				r.Error(err)
			}
		}
		if err := h.db.Close(); err != nil {
			r.Error(err)
		}
		for _, trouble := range h.trouble {
			r.Error(trouble)
		}
	})
}
