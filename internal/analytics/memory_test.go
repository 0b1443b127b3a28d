package analytics

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// quiet is a memory over a log that has had no event.
func quiet() *memory {
	return newMemory(func() eventstore.Cursor { return 0 }, func(context.Context, string, eventstore.Cursor) (bool, error) { return true, nil })
}

// computing is a question that takes until it is let go.
type computing struct {
	begun, let chan struct{}
	times      atomic.Int32
	ended      chan error
}

func newComputing() *computing {
	return &computing{begun: make(chan struct{}, 100), let: make(chan struct{}), ended: make(chan error, 100)}
}

func (c *computing) run(ctx context.Context) (*answer, error) {
	c.times.Add(1)
	c.begun <- struct{}{}
	select {
	case <-c.let:
		return &answer{rows: make([]pinpoint.ResultRow, 1)}, nil
	case <-ctx.Done():
		c.ended <- ctx.Err()
		return nil, ctx.Err()
	}
}

// ask recalls in the background.
func ask(ctx context.Context, m *memory, k key, c *computing) chan error {
	out := make(chan error, 1)
	go func() {
		_, err := m.recall(ctx, k, false, c.run)
		out <- err
	}()
	return out
}

// waiters waits until so many wait for the answer of a key.
func waiters(t *testing.T, m *memory, k key, n int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-tick.C {
		m.mu.Lock()
		e := m.answers[k]
		have := e != nil && e.waiters == n
		m.mu.Unlock()
		if have {
			return
		}
	}
	t.Fatalf("there are not %d who wait", n)
}

func TestEqualQuestionsAreAskedOnce(t *testing.T) {
	m, c := quiet(), newComputing()
	k := key{"app", "q"}
	first := ask(t.Context(), m, k, c)
	<-c.begun
	second := ask(t.Context(), m, k, c)
	waiters(t, m, k, 2)
	close(c.let)
	must(t, <-first)
	must(t, <-second)
	if _, err := m.recall(t.Context(), k, false, c.run); err != nil || c.times.Load() != 1 {
		t.Errorf("asked %d times, error %v", c.times.Load(), err)
	}
}

// A question goes on while one of those who asked it waits, and not longer.
func TestQuestionsThatNobodyWaitsForStop(t *testing.T) {
	m, c := quiet(), newComputing()
	k := key{"app", "q"}
	one, leave := context.WithCancel(t.Context())
	other, leaveToo := context.WithCancel(t.Context())
	first := ask(one, m, k, c)
	<-c.begun
	second := ask(other, m, k, c)
	waiters(t, m, k, 2)
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left got %v", err)
	}
	select {
	case <-c.ended:
		t.Error("the question stopped while somebody waited")
	default:
	}
	leaveToo()
	<-second
	if err := <-c.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the question ended with %v", err)
	}
}

// Few questions run at a time, some wait, and further ones are refused.
func TestTooManyQuestions(t *testing.T) {
	m, c := quiet(), newComputing()
	var all []chan error
	for i := range maxWaiting {
		all = append(all, ask(t.Context(), m, key{"app", fmt.Sprint(i)}, c))
		waiters(t, m, key{"app", fmt.Sprint(i)}, 1)
	}
	for range atOnce {
		<-c.begun
	}
	_, err := m.recall(t.Context(), key{"app", "another"}, false, c.run)
	if !errors.Is(err, pinpoint.TooManyRequestsException.New("")) {
		t.Errorf("error %v", err)
	}
	if n := c.times.Load(); n != atOnce {
		t.Errorf("%d questions run at a time", n)
	}
	close(c.let)
	for _, done := range all {
		must(t, <-done)
	}
	_, err = m.recall(t.Context(), key{"app", "another"}, false, c.run)
	must(t, err)
}

func TestFreshness(t *testing.T) {
	m := quiet()
	news := true // since cursor 5
	m.silent = func(_ context.Context, app string, after eventstore.Cursor) (bool, error) {
		return app == "quiet" || !news || after > 5, nil
	}
	for name, test := range map[string]struct {
		age, took time.Duration
		mixed     bool
		app       string
		want      bool
	}{
		"cheap, no news":               {time.Second, time.Millisecond, false, "quiet", true},
		"cheap, news":                  {time.Millisecond, time.Millisecond, false, "busy", false},
		"dear, news, a second old":     {time.Second, time.Second, false, "busy", true},
		"dear, news, two seconds old":  {2 * time.Second, time.Second, false, "busy", false},
		"old, no news":                 {2 * time.Minute, time.Second, false, "quiet", false},
		"of the directory, no news":    {time.Millisecond, time.Millisecond, true, "quiet", false},
		"of the directory, dear":       {time.Second, time.Second, true, "quiet", true},
		"of the directory, dear, late": {2 * time.Second, time.Second, true, "quiet", false},
	} {
		e := &kept{began: time.Now().Add(-test.age), took: test.took, mixed: test.mixed, last: 5}
		if got, err := m.fresh(t.Context(), key{test.app, "q"}, e); err != nil || got != test.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// What is kept is bounded by number and by size, and failures are not kept.
func TestBounds(t *testing.T) {
	m := quiet()
	large := func(context.Context) (*answer, error) {
		return &answer{rows: make([]pinpoint.ResultRow, maxKept/10)}, nil
	}
	for i := range 2 * maxAnswers {
		_, err := m.recall(t.Context(), key{"app", fmt.Sprint(i)}, false, func(context.Context) (*answer, error) { return new(answer), nil })
		must(t, err)
	}
	if n := len(m.answers); n != maxAnswers {
		t.Errorf("%d answers are kept", n)
	}
	for i := range 30 {
		_, err := m.recall(t.Context(), key{"large", fmt.Sprint(i)}, false, large)
		must(t, err)
	}
	if m.rows != maxKept {
		t.Errorf("%d rows are kept", m.rows)
	}
	broken := errors.New("broken")
	_, err := m.recall(t.Context(), key{"app", "broken"}, false, func(context.Context) (*answer, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	_, err = m.recall(t.Context(), key{"app", "broken"}, false, large)
	must(t, err)
}

// An event is in the very next answer, unless that is dear.
func TestLive(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *server) {
		for n := range 3 {
			e := happened("_session.start", "e", n, nil)
			s.record(t, e)
			tick := time.NewTicker(10 * time.Millisecond)
			for deadline := time.Now().Add(2 * time.Second); ; <-tick.C {
				got := s.ask(t, "sessions", "interval=none")
				if len(got) == 1 && got[0]["Sessions"] == fmt.Sprintf("%d.0", n+1) {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("after two seconds: %v, want %d sessions", got, n+1)
				}
			}
			tick.Stop()
		}
	})
}
