package userpool

import (
	"sync"
	"time"

	"pintail/internal/store"
)

const (
	// manyUsers is from how many users on a pool's size is an estimate: counting
	// reads an index from end to end.
	manyUsers = 10_000
	// estimateFor is how old an estimate gets.
	estimateFor = time.Minute
)

// estimates remember how many users large pools have.
type estimates struct {
	mu     sync.Mutex
	byPool map[string]estimate
}

type estimate struct {
	users int
	until time.Time
}

// countUsers returns how many users a pool has: exactly for a small pool, and as of
// the last minute for a large one.
func (s *Service) countUsers(tx store.Tx, poolID string) (int, error) {
	now := s.clock.Now()
	if known, ok := s.sizes.get(poolID, now); ok {
		return known, nil
	}
	n, err := users.Count(tx, poolID)
	if err == nil && n >= manyUsers {
		s.sizes.set(poolID, estimate{n, now.Add(estimateFor)})
	}
	return n, err
}

func (e *estimates) get(poolID string, now time.Time) (users int, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	known, ok := e.byPool[poolID]
	if ok && !now.Before(known.until) {
		delete(e.byPool, poolID)
		return 0, false
	}
	return known.users, ok
}

func (e *estimates) set(poolID string, size estimate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byPool == nil {
		e.byPool = make(map[string]estimate)
	}
	e.byPool[poolID] = size
}

// forget drops the estimates of the pools, of all without any.
func (e *estimates) forget(poolIDs ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range poolIDs {
		delete(e.byPool, id)
	}
	if len(poolIDs) == 0 {
		clear(e.byPool)
	}
}
