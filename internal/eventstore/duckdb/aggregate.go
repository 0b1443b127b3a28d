package duckdb

import (
	"context"
	"time"

	"pintail/internal/eventstore"
)

// CountByType implements eventstore.Store.
func (s *Store) CountByType(ctx context.Context, f eventstore.Filter) (counts []eventstore.TypeCount, err error) {
	const question = "SELECT event_type, count(*) FROM " + table + " WHERE true"
	err = s.ask(ctx, f, question, " GROUP BY 1 ORDER BY 1", func(rows result) error {
		types, numbers := rows.texts(0), rows.int64s(1)
		for i := range types {
			counts = append(counts, eventstore.TypeCount{Type: types[i].clone(""), Count: numbers[i]})
		}
		return nil
	})
	return counts, err
}

// ActiveEndpoints implements eventstore.Store.
func (s *Store) ActiveEndpoints(ctx context.Context, f eventstore.Filter) ([]eventstore.DayCount, error) {
	return s.active(ctx, f, "endpoint_hash")
}

// ActiveUsers implements eventstore.Store.
func (s *Store) ActiveUsers(ctx context.Context, f eventstore.Filter) ([]eventstore.DayCount, error) {
	return s.active(ctx, f, "user_hash")
}

func (s *Store) active(ctx context.Context, f eventstore.Filter, column string) (counts []eventstore.DayCount, err error) {
	question := "SELECT CAST(event_time AS DATE), count(DISTINCT " + column + ") FROM " + table + " WHERE " + column + " <> 0"
	err = s.ask(ctx, f, question, " GROUP BY 1 ORDER BY 1", func(rows result) error {
		days, numbers := values[int32](rows.vector(0), rows.rows), rows.int64s(1)
		for i := range days {
			day := time.Unix(int64(days[i])*24*60*60, 0).UTC()
			counts = append(counts, eventstore.DayCount{Day: day, Count: numbers[i]})
		}
		return nil
	})
	return counts, err
}

// ask answers a question about the events that f chooses, everything
// acknowledged before included.
func (s *Store) ask(ctx context.Context, f eventstore.Filter, question, rest string, each func(result) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if err := eventstore.CheckAggregate(f); err != nil {
		return err
	}
	if err := s.mover.flush(ctx); err != nil {
		return err
	}
	where, args := conditions(f)
	return s.query(ctx, question+where+rest, args, each)
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
