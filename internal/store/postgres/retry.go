package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// patience bounds for how long a transaction runs again and again.
	patience = 10 * time.Second
	// The longest pause after an attempt doubles from firstPause to maxPause.
	firstPause = 500 * time.Microsecond
	maxPause   = 32 * time.Millisecond
)

// lost reports whether a transaction failed because of others beside it, so that
// it may succeed if it runs again.
func lost(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch failure.Code {
	case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return true
	case "57014":
		// query_canceled: nobody cancels our queries, but a lock timeout that
		// fires at the moment in which the lock is granted says that it was so.
		return true
	case "23505":
		// unique_violation: our statements look first, so the other document is
		// one that this transaction could not see. Its next attempt will.
		return true
	}
	return false
}

// pause waits before the next attempt, for a random time so that those who met
// do not meet again. It returns ctx's error if that is done first.
func pause(ctx context.Context, attempt int) error {
	longest := min(firstPause<<min(attempt-1, 10), maxPause)
	timer := time.NewTimer(rand.N(longest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
