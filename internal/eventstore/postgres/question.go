package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/statement"
)

// Count implements eventstore.Analyst.
func (s *Store) Count(ctx context.Context, q *eventstore.Question) ([]eventstore.Row, error) {
	return s.answer(ctx, q, func(rolled eventstore.Cursor) *statement.Statement { return dialect.Count(q, rolled) })
}

// FirstSeen implements eventstore.Analyst.
func (s *Store) FirstSeen(ctx context.Context, q *eventstore.ActorQuestion) ([]eventstore.Row, error) {
	return s.answer(ctx, q, func(rolled eventstore.Cursor) *statement.Statement { return dialect.FirstSeen(q, rolled) })
}

// Rolling implements eventstore.Analyst.
func (s *Store) Rolling(ctx context.Context, q *eventstore.RollingQuestion) ([]eventstore.Row, error) {
	return s.answer(ctx, q, func(rolled eventstore.Cursor) *statement.Statement { return dialect.Rolling(q, rolled) })
}

// Cohorts implements eventstore.Analyst.
func (s *Store) Cohorts(ctx context.Context, q *eventstore.CohortQuestion) ([]eventstore.Row, error) {
	return s.answer(ctx, q, func(rolled eventstore.Cursor) *statement.Statement { return dialect.Cohorts(q, rolled) })
}

// Funnel implements eventstore.Analyst.
func (s *Store) Funnel(ctx context.Context, q *eventstore.FunnelQuestion) ([]eventstore.Row, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	walk := statement.NewWalk(q)
	err := s.examine(ctx, func(tx pgx.Tx, _ eventstore.Cursor) error {
		st := dialect.Funnel(q)
		var actor, at, steps int64
		var group string
		into := []any{&actor, &at, &steps}
		if st.Texts > 0 {
			into = append(into, &group)
		}
		return each(ctx, tx, st, into, func() error {
			walk.Event(uint64(actor), at, uint64(steps), group)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return walk.Rows(len(q.By) > 0)
}

// answer checks a question and runs its statement.
func (s *Store) answer(ctx context.Context, q interface{ Check() error }, write func(rolled eventstore.Cursor) *statement.Statement) (rows []eventstore.Row, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	var st *statement.Statement
	err = s.examine(ctx, func(tx pgx.Tx, rolled eventstore.Cursor) error {
		st = write(rolled)
		var bucket int64
		groups, values := make([]string, st.Texts), make([]float64, st.Numbers)
		var into []any
		if st.HasBucket {
			into = append(into, &bucket)
		}
		for i := range groups {
			into = append(into, &groups[i])
		}
		for i := range values {
			into = append(into, &values[i])
		}
		return each(ctx, tx, st, into, func() error {
			row := eventstore.Row{Bucket: int(bucket), Values: append([]float64{}, values...)}
			if len(groups) > 0 {
				row.Groups = append([]string{}, groups...)
			}
			if rows = append(rows, row); len(rows) > eventstore.MaxRows {
				return statement.TooManyRows()
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return st.Rows(rows)
}

// each runs a statement and calls then for every row, scanned into variables.
func each(ctx context.Context, tx pgx.Tx, st *statement.Statement, into []any, then func() error) error {
	rows, err := tx.Query(ctx, st.SQL, st.Args...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, into, then)
	return err
}

// examine lets a question read one state of the tables.
func (s *Store) examine(ctx context.Context, read func(tx pgx.Tx, rolled eventstore.Cursor) error) error {
	if err := s.check(); err != nil {
		return err
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return s.explain(pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		var rolled eventstore.Cursor
		if err := tx.QueryRow(ctx, "SELECT until FROM eventstore.rolled").Scan(&rolled); err != nil {
			return err
		}
		return read(tx, rolled)
	}))
}
