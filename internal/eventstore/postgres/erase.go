package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pintail/internal/eventstore"
)

// Last implements eventstore.Store.
func (s *Store) Last(ctx context.Context) (eventstore.Cursor, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	if err := s.refresh(ctx); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, nil
}

// Erase implements eventstore.Store. The server finishes it or undoes it, whatever
// becomes of this process.
func (s *Store) Erase(ctx context.Context, x eventstore.Erasure) (n int64, err error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	if x, err = eventstore.PrepareErasure(x); err != nil {
		return 0, err
	}
	err = s.change(ctx, func(tx pgx.Tx) error {
		n, err = eraseRows(ctx, tx, x)
		return err
	})
	return n, err
}

// eraseRows erases events, and what the table activity has of them: its rows are of
// one day, endpoint and user, as erasures are.
func eraseRows(ctx context.Context, tx pgx.Tx, x eventstore.Erasure) (int64, error) {
	where, args := conditions(eventstore.Filter{App: x.App, To: x.Before})
	if x.OfPerson() {
		args = append(args, x.UserIDs, x.EndpointIDs)
		users, endpoints := len(args)-1, len(args)
		where += fmt.Sprintf(" AND (user_id = ANY($%d) OR user_id = '' AND endpoint_id = ANY($%d))", users, endpoints)
	}
	done, err := tx.Exec(ctx, "DELETE FROM eventstore.events WHERE true"+where, args...)
	if err != nil || done.RowsAffected() == 0 {
		return 0, err
	}
	where, args = "app = $1", []any{x.App}
	if !x.Before.IsZero() {
		where, args = where+" AND day < $2", append(args, x.BeforeDay())
	}
	if x.OfPerson() {
		args = append(args, hashes(x.UserIDs), hashes(x.EndpointIDs))
		users, endpoints := len(args)-1, len(args)
		where += fmt.Sprintf(" AND (user_hash = ANY($%d) OR user_hash = 0 AND endpoint_hash = ANY($%d))", users, endpoints)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM eventstore.daily WHERE app = $1 AND day IN (SELECT day FROM eventstore.activity WHERE "+where+")", args...); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, "DELETE FROM eventstore.activity WHERE "+where, args...)
	return done.RowsAffected(), err
}

func hashes(ids []string) []int64 {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = hash(id)
	}
	return list
}
