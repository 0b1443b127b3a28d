package duckdb

import (
	"context"
	"fmt"
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
	where, args := chosenBy(x)
	n, err := e.writer.number(ctx, "DELETE FROM events WHERE "+where, args...)
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

// chosenBy turns an erasure into a condition and its arguments.
func chosenBy(x eventstore.Erasure) (string, []any) {
	sql, args := conditions(eventstore.Filter{App: x.App, To: x.Before})
	sql = "true" + sql
	if !x.OfPerson() {
		return sql, args
	}
	users, args := oneOf("user", x.UserIDs, args)
	endpoints, args := oneOf("endpoint", x.EndpointIDs, args)
	return sql + " AND (" + users + " OR user_hash = 0 AND " + endpoints + ")", args
}

// oneOf is the condition that an id, of users or endpoints, is one of some, and
// the arguments with those that it adds.
func oneOf(of string, ids []string, args []any) (string, []any) {
	if len(ids) == 0 {
		return "false", args
	}
	hashes, marks := make([]string, len(ids)), make([]string, len(ids))
	for i, id := range ids {
		hashes[i], marks[i] = fmt.Sprint(eventstore.Hash(id)), "?"
		args = append(args, id)
	}
	return fmt.Sprintf("%s_hash IN (%s) AND %s_id IN (%s)", of, strings.Join(hashes, ","), of, strings.Join(marks, ",")), args
}
