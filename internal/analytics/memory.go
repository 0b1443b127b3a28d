package analytics

import (
	"context"
	"errors"
	"sync"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// Rules of what is kept and how much is asked at a time.
const (
	// reuseFor is how long an answer is given again although there are new events.
	// Only answers that took as long as dear are: others are computed anew.
	reuseFor = 1500 * time.Millisecond
	dear     = 100 * time.Millisecond

	// keepFor is how long an answer is given again when there are none. Events are
	// erased, too, which this bounds.
	keepFor = time.Minute

	maxAnswers = 256
	maxKept    = 300_000 // rows of all answers

	atOnce     = 2   // questions that the log is asked at a time
	maxWaiting = 100 // further questions
	patience   = time.Minute
)

// key tells answers apart.
type key struct{ app, rest string }

// memory keeps answers and bounds how many are computed at a time. Its time is
// the machine's, not the clock's: it is about work, and a clock that stands still
// must not make answers stand still.
type memory struct {
	silent func(ctx context.Context, app string, after eventstore.Cursor) (bool, error)
	newest func() eventstore.Cursor
	slots  chan struct{}

	mu      sync.Mutex
	answers map[key]*kept
	rows    int // of all answers
	waiting int
}

// kept is an answer, or one that is being computed.
type kept struct {
	began  time.Time
	last   eventstore.Cursor // the answer has all events up to here
	mixed  bool              // the answer depends on the directory, too
	done   chan struct{}     // closed when what follows is set
	answer *answer
	err    error
	took   time.Duration

	waiters int // guarded by memory.mu
	stop    context.CancelFunc
}

func newMemory(newest func() eventstore.Cursor, silent func(ctx context.Context, app string, after eventstore.Cursor) (bool, error)) *memory {
	return &memory{newest: newest, silent: silent, slots: make(chan struct{}, atOnce), answers: make(map[key]*kept)}
}

func (m *memory) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers, m.rows = make(map[key]*kept), 0
}

// recall returns an answer that is fresh enough, or computes it. Equal questions
// at the same time are asked once; what nobody waits for any more is cancelled.
func (m *memory) recall(ctx context.Context, k key, mixed bool, compute func(context.Context) (*answer, error)) (*answer, error) {
	m.mu.Lock()
	have := m.answers[k]
	m.mu.Unlock()
	if have != nil && have.finished() {
		if fresh, err := m.fresh(ctx, k, have); fresh || err != nil {
			return have.answer, err
		}
	}
	e, err := m.join(ctx, k, have, mixed, compute)
	if err != nil {
		return nil, err
	}
	select {
	case <-e.done:
		return e.answer, e.err
	case <-ctx.Done():
		m.leave(e)
		return nil, ctx.Err()
	}
}

func (e *kept) finished() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// fresh tells whether an answer may be given again.
func (m *memory) fresh(ctx context.Context, k key, e *kept) (bool, error) {
	age := time.Since(e.began)
	switch {
	case age < reuseFor && e.took >= dear:
		return true, nil
	case e.mixed || age > keepFor:
		return false, nil
	}
	return m.silent(ctx, k.app, e.last)
}

// join waits with those who asked the same a moment ago, or begins. old is not
// fresh any more.
func (m *memory) join(ctx context.Context, k key, old *kept, mixed bool, compute func(context.Context) (*answer, error)) (*kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.answers[k]; e != nil && !e.finished() && e.waiters > 0 && time.Since(e.began) < reuseFor {
		e.waiters++
		return e, nil
	}
	if m.waiting >= maxWaiting {
		return nil, pinpoint.TooManyRequestsException.New("Too many questions are being answered. Try again in a moment.")
	}
	m.waiting++
	own, stop := context.WithTimeoutCause(context.WithoutCancel(ctx), patience, errPatience)
	e := &kept{began: time.Now(), mixed: mixed, done: make(chan struct{}), waiters: 1, stop: stop}
	m.put(k, e)
	go m.run(own, k, e, compute)
	return e, nil
}

var errPatience = badRequest("This takes longer than %v to answer. Ask for a shorter range or fewer groups.", patience)

// run computes an answer once there is a slot.
func (m *memory) run(ctx context.Context, k key, e *kept, compute func(context.Context) (*answer, error)) {
	defer e.stop()
	select {
	case m.slots <- struct{}{}:
		begun := time.Now()
		e.last = m.newest()
		e.answer, e.err = compute(ctx)
		e.took = time.Since(begun)
		<-m.slots
	case <-ctx.Done():
		e.err = ctx.Err()
	}
	if e.err != nil && errors.Is(context.Cause(ctx), errPatience) {
		e.err = errPatience
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting--
	if m.answers[k] == e {
		if e.err != nil {
			delete(m.answers, k)
		} else {
			m.rows += len(e.answer.rows)
			m.sweep(k)
		}
	}
	close(e.done)
}

// leave is called by those who do not wait any more.
func (m *memory) leave(e *kept) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.waiters--; e.waiters == 0 {
		e.stop()
	}
}

// put makes e the answer of a key.
func (m *memory) put(k key, e *kept) {
	m.forget(k)
	m.answers[k] = e
}

func (m *memory) forget(k key) {
	if old := m.answers[k]; old != nil && old.finished() && old.answer != nil {
		m.rows -= len(old.answer.rows)
	}
	delete(m.answers, k)
}

// sweep drops the oldest answers but one while there are too many.
func (m *memory) sweep(but key) {
	for len(m.answers) > maxAnswers || m.rows > maxKept {
		var oldest key
		var at time.Time
		for k, e := range m.answers {
			if k != but && e.finished() && (at.IsZero() || e.began.Before(at)) {
				oldest, at = k, e.began
			}
		}
		if at.IsZero() {
			return
		}
		m.forget(oldest)
	}
}
