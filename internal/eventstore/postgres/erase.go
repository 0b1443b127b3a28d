package postgres

import (
	"context"
	"fmt"

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

// Erase implements eventstore.Store. It is one statement, which the server
// finishes or undoes whatever becomes of this process.
func (s *Store) Erase(ctx context.Context, x eventstore.Erasure) (int64, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	x, err := eventstore.PrepareErasure(x)
	if err != nil {
		return 0, err
	}
	where, args := chosenBy(x)
	done, err := s.pool.Exec(ctx, "DELETE FROM eventstore.events WHERE true"+where, args...)
	return done.RowsAffected(), s.explain(err)
}

// chosenBy turns an erasure into " AND ..." and its arguments.
func chosenBy(x eventstore.Erasure) (string, []any) {
	sql, args := conditions(eventstore.Filter{App: x.App, To: x.Before})
	if !x.OfPerson() {
		return sql, args
	}
	args = append(args, x.UserIDs, x.EndpointIDs)
	users, endpoints := len(args)-1, len(args)
	return sql + fmt.Sprintf(" AND (user_id = ANY($%d) OR user_id = '' AND endpoint_id = ANY($%d))", users, endpoints), args
}
