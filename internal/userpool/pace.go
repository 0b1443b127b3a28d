package userpool

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// pace keeps who exists from being told by the time that an answer takes. To answer for
// somebody who exists, the directory is written, functions are asked and hashes
// computed; an answer for somebody who does not exist waits for as long as one of the
// latest others took. It only waits, so that asking for people who do not exist keeps
// no processor busy.
type pace struct {
	mu     sync.Mutex
	recent map[pacedKey][]time.Duration
}

// pacedKey names answers that must not differ in time.
type pacedKey struct{ pool, what string }

// What answers are about, beside the operations of which answers are kept alike.
const (
	pacedPassword = "wrong password"
	pacedProof    = "wrong proof of a password"
	pacedHash     = "imported hash"
	pacedSend     = "one-time password"
	pacedGuess    = "wrong one-time password"
)

// recentPaces is how many answers of a kind are remembered, the latest.
const recentPaces = 16

// stopwatch measures one answer.
type stopwatch struct {
	*pace
	key   pacedKey
	began time.Time
}

// start begins to measure an answer of a kind.
func (s *pace) start(p *pool, what string) stopwatch {
	return stopwatch{s, pacedKey{p.Id, what}, time.Now()}
}

// guess is exists or nobody for an answer to a code: one that counts as a wrong guess is
// as slow for both, and others are not.
func (w stopwatch) guess(ctx context.Context, exists bool, err error) {
	switch {
	case !isWrongCode(err):
	case exists:
		w.exists()
	default:
		w.nobody(ctx)
	}
}

// exists remembers how long it took to answer for somebody who exists.
func (w stopwatch) exists() {
	took := time.Since(w.began)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.recent == nil {
		w.recent = make(map[pacedKey][]time.Duration)
	}
	recent := append(w.recent[w.key], took)
	w.recent[w.key] = recent[max(0, len(recent)-recentPaces):]
}

// nobody returns once it has taken as long as for somebody who exists, or the request
// is over.
func (w stopwatch) nobody(ctx context.Context) {
	left := w.typical() - time.Since(w.began)
	if left <= 0 {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// typical is the time of one of the latest answers, 0 where there were none.
func (w stopwatch) typical() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	recent := w.recent[w.key]
	if len(recent) == 0 {
		return 0
	}
	return recent[rand.IntN(len(recent))]
}
