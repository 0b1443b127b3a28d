package duckdb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pintail/internal/eventstore"
)

// Last implements eventstore.Store.
func (s *Store) Last(context.Context) (eventstore.Cursor, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	return s.tail.state().last, nil
}

// DeleteApp implements eventstore.Store.
func (s *Store) DeleteApp(ctx context.Context, app string) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.forget()
	ctx = context.WithoutCancel(ctx) // half an erasure would have to be undone
	return s.mover.erase(ctx, func(e *engine, stored eventstore.Cursor) error { return e.deleteApp(ctx, app, stored) })
}

// Reset implements eventstore.Store.
func (s *Store) Reset(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.forget()
	return s.mover.erase(ctx, (*engine).reset)
}

// Erase implements eventstore.Store.
func (s *Store) Erase(ctx context.Context, x eventstore.Erasure) (n int64, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	if x, err = eventstore.PrepareErasure(x); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx) // half an erasure would have to be undone
	err = s.mover.erase(ctx, func(e *engine, stored eventstore.Cursor) (err error) {
		n, err = e.erase(ctx, x, stored)
		return err
	})
	return n, err
}

// erase erases events; stored is the highest cursor in use. The checkpoint makes
// it durable, and since the commit log is never read again up to state.erased, a
// crash brings nothing back. After an error the engine must be discarded.
func (e *engine) erase(ctx context.Context, x eventstore.Erasure, stored eventstore.Cursor) (int64, error) {
	if err := e.writer.exec(fmt.Sprintf("BEGIN; UPDATE state SET erased = %d", stored)); err != nil {
		return 0, err
	}
	n, err := e.eraseRows(ctx, x)
	switch {
	case err != nil:
		return 0, err
	case n == 0: // a checkpoint would be for nothing
		return 0, e.writer.exec("ROLLBACK")
	}
	if err := e.writer.exec("COMMIT"); err != nil {
		return 0, err
	}
	return n, e.checkpoint()
}

// eraseRows erases events, and what the table activity has of them: its rows are of
// one day, endpoint and user, as erasures are.
func (e *engine) eraseRows(ctx context.Context, x eventstore.Erasure) (int64, error) {
	person, users, ids := "", "", []any(nil)
	if x.OfPerson() {
		person = fmt.Sprintf(" AND (user_hash IN (%s) OR user_hash = 0 AND endpoint_hash IN (%s))", hashes(x.UserIDs), hashes(x.EndpointIDs))
		users = fmt.Sprintf(" AND (user_id IN (%s) OR user_id = '' AND endpoint_id IN (%s))", marks(x.UserIDs), marks(x.EndpointIDs))
		for _, id := range slices.Concat(x.UserIDs, x.EndpointIDs) {
			ids = append(ids, id)
		}
	}
	where, args := conditions(eventstore.Filter{App: x.App, To: x.Before})
	n, err := e.writer.number(ctx, "DELETE FROM events WHERE true"+where+person+users, append(args, ids...)...)
	if err != nil || n == 0 {
		return 0, err
	}
	where, args = " AND app = ?", []any{x.App}
	if !x.Before.IsZero() {
		where, args = where+" AND day < ?", append(args, x.BeforeDay())
	}
	days := "DELETE FROM daily WHERE app = ? AND day IN (SELECT day FROM activity WHERE true" + where + person + ")"
	if err := e.writer.query(ctx, days, append([]any{x.App}, args...), nil); err != nil {
		return 0, err
	}
	return n, e.writer.query(ctx, "DELETE FROM activity WHERE true"+where+person, args, nil)
}

// hashes are the stored hashes of ids, as a list in SQL, which may not be empty.
func hashes(ids []string) string {
	list := "NULL"
	for _, id := range ids {
		list += fmt.Sprintf(", %d", eventstore.Hash(id))
	}
	return list
}

// marks are parameters for ids, as such a list.
func marks(ids []string) string { return "NULL" + strings.Repeat(", ?", len(ids)) }
