package duckdb

import (
	"context"
	"fmt"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/statement"
)

// Count implements eventstore.Analyst.
func (s *Store) Count(ctx context.Context, q *eventstore.Question) ([]eventstore.Row, error) {
	return s.answer(ctx, q, q.Labels, func(rolled eventstore.Cursor) *statement.Statement { return dialect.Count(q, rolled) })
}

// FirstSeen implements eventstore.Analyst.
func (s *Store) FirstSeen(ctx context.Context, q *eventstore.ActorQuestion) ([]eventstore.Row, error) {
	return s.answer(ctx, q, q.Labels, func(rolled eventstore.Cursor) *statement.Statement { return dialect.FirstSeen(q, rolled) })
}

// Rolling implements eventstore.Analyst.
func (s *Store) Rolling(ctx context.Context, q *eventstore.RollingQuestion) ([]eventstore.Row, error) {
	return s.answer(ctx, q, q.Labels, func(rolled eventstore.Cursor) *statement.Statement { return dialect.Rolling(q, rolled) })
}

// Cohorts implements eventstore.Analyst.
func (s *Store) Cohorts(ctx context.Context, q *eventstore.CohortQuestion) ([]eventstore.Row, error) {
	return s.answer(ctx, q, q.Labels, func(rolled eventstore.Cursor) *statement.Statement { return dialect.Cohorts(q, rolled) })
}

// Funnel implements eventstore.Analyst.
func (s *Store) Funnel(ctx context.Context, q *eventstore.FunnelQuestion) (rows []eventstore.Row, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	walk := statement.NewWalk(q)
	err = s.examine(ctx, q.Labels, func(c *connection, _ eventstore.Cursor) error {
		st := dialect.Funnel(q)
		return c.query(ctx, st.SQL, st.Args, func(r result) error {
			actors, times, steps := values[uint64](r.vector(0), r.rows), r.int64s(1), r.int64s(2)
			var groups []text
			if st.Texts > 0 {
				groups = r.texts(3)
			}
			for i := range actors {
				group := ""
				if groups != nil {
					group = groups[i].view()
				}
				walk.Event(actors[i], times[i], uint64(steps[i]), group)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return walk.Rows(len(q.By) > 0)
}

// answer checks a question and runs its statement.
func (s *Store) answer(ctx context.Context, q interface{ Check() error }, labels []eventstore.Labels, write func(rolled eventstore.Cursor) *statement.Statement) (rows []eventstore.Row, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	var st *statement.Statement
	err = s.examine(ctx, labels, func(c *connection, rolled eventstore.Cursor) error {
		st = write(rolled)
		return c.query(ctx, st.SQL, st.Args, func(r result) error {
			rows = append(rows, r.answers(st)...)
			if len(rows) > eventstore.MaxRows {
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

// examine lets a question read one state of the tables, with everything acknowledged
// before, on a connection of its own that has the question's labels.
func (s *Store) examine(ctx context.Context, labels []eventstore.Labels, read func(c *connection, rolled eventstore.Cursor) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if err := s.mover.flush(ctx); err != nil {
		return err
	}
	c, release, err := s.reader()
	if err != nil {
		return err
	}
	defer release()
	for i := range labels {
		if err := c.label(i, &labels[i]); err != nil {
			return err
		}
	}
	if err := c.exec("BEGIN TRANSACTION"); err != nil {
		return err
	}
	rolled, err := c.rolled(ctx)
	if err != nil {
		return err
	}
	if err := read(c, rolled); err != nil {
		return err
	}
	return c.exec("COMMIT")
}

// label makes the table of a question's i-th labels.
func (c *connection) label(i int, l *eventstore.Labels) error {
	if err := c.exec(fmt.Sprintf("CREATE TEMP TABLE label%d (id UBIGINT, name VARCHAR)", i)); err != nil {
		return err
	}
	var appender mapping.Appender
	if mapping.AppenderCreateExt(c.raw, "temp", "main", fmt.Sprintf("label%d", i), &appender) == mapping.StateError {
		return fmt.Errorf("duckdb: %s", mapping.AppenderError(appender))
	}
	defer mapping.AppenderDestroy(&appender)
	chunk := newChunk(appender)
	defer chunk.destroy()
	for at := 0; at < len(l.IDs); at += rowsPerChunk {
		ids, names := l.IDs[at:min(at+rowsPerChunk, len(l.IDs))], l.Names[at:min(at+rowsPerChunk, len(l.IDs))]
		mapping.DataChunkReset(chunk.data)
		chunk.arena.reset()
		copy(values[uint64](chunk.vector(0), len(ids)), ids)
		texts := values[text](chunk.vector(1), len(names))
		for row := range names {
			chunk.set(&texts[row], names[row])
		}
		mapping.DataChunkSetSize(chunk.data, mapping.IdxT(len(ids)))
		if mapping.AppendDataChunk(appender, chunk.data) == mapping.StateError {
			return fmt.Errorf("duckdb: %s", mapping.AppenderError(appender))
		}
	}
	if mapping.AppenderFlush(appender) == mapping.StateError {
		return fmt.Errorf("duckdb: %s", mapping.AppenderError(appender))
	}
	return nil
}

// answers copies a chunk of a statement's result.
func (r result) answers(st *statement.Statement) []eventstore.Row {
	rows := make([]eventstore.Row, r.rows)
	column := 0
	if st.HasBucket {
		for i, bucket := range r.int64s(0) {
			rows[i].Bucket = int(bucket)
		}
		column++
	}
	for g := range st.Texts {
		last := ""
		for i, t := range r.texts(column + g) {
			last = t.clone(last)
			if rows[i].Groups == nil {
				rows[i].Groups = make([]string, st.Texts)
			}
			rows[i].Groups[g] = last
		}
	}
	column += st.Texts
	numbers := make([]float64, r.rows*st.Numbers)
	for i := range rows {
		rows[i].Values = numbers[i*st.Numbers : (i+1)*st.Numbers : (i+1)*st.Numbers]
	}
	for n := range st.Numbers {
		for i, v := range values[float64](r.vector(column+n), r.rows) {
			rows[i].Values[n] = v
		}
	}
	return rows
}
