package duckdb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/statement"
)

// rollAt is the number of events that the table activity lacks at which it gets them. An
// endpoint's events of one day that come in the same lot become one row; a question reads
// what activity lacks off the table events.
const rollAt = 100_000

// recountMost is how many days are counted anew when events are rolled up, and fillMost
// how many of those left out when the store rests.
const (
	recountMost = 4
	fillMost    = 30
)

// rebuildLot is how many cursors Rebuild rolls up at once, which bounds its memory.
const rebuildLot = 2_000_000

// dialect is DuckDB's SQL.
var dialect = &statement.Dialect{
	Events: table, Activity: catalog + ".activity", Daily: catalog + ".daily",
	Attribute:   func(name string) string { return "attributes[" + name + "]" },
	Metric:      func(name string) string { return "metrics[" + name + "]" },
	AttributeIs: attributeIs,
	Millis:      func(at string) string { return "epoch_ms(" + at + ")" },
	Bucket:      bucket,
	Day:         func(at string) string { return "CAST(CAST(" + at + " AS DATE) - DATE '1970-01-01' AS INTEGER)" },
	Slot:        func(at string) string { return "CAST(hour(" + at + ") * 2 + minute(" + at + ") // 30 AS BIGINT)" },
	Bytewise:    func(text string) string { return text },
	Label: func(i int, _ *eventstore.Labels, _ func(any) string) string {
		return fmt.Sprintf("temp.label%d", i)
	},
}

// attributeIs first asks whether the event has the value at all, whichever its name,
// which is read much faster; beyond two values it would cost as much as it saves. Of the
// few events that are left a place in the list of values is quicker than a map's key.
func attributeIs(name string, values []string) string {
	if len(values) > 2 {
		return "coalesce(" + statement.In("attributes["+name+"]", values) + ", false)"
	}
	is := "coalesce(" + statement.In("map_values(attributes)[list_position(map_keys(attributes), "+name+")]", values) + ", false)"
	has := make([]string, len(values))
	for i, v := range values {
		has[i] = "list_contains(map_values(attributes), " + v + ")"
	}
	return "CASE WHEN " + strings.Join(has, " OR ") + " THEN " + is + " ELSE false END"
}

// bucket computes the index of a bucket: the quarters of an hour since the first of some
// buckets of one length, divided by that length. Days of which a clock is put forward or
// back and months make several such runs.
func bucket(at string, bounds eventstore.Buckets, _ func(any) string) string {
	quarter := fmt.Sprintf("((epoch_ms(%s) - %d) // %d)", at, bounds[0].UnixMilli(), eventstore.Quarter.Milliseconds())
	since := func(t time.Time) int64 { return int64(t.Sub(bounds[0]) / eventstore.Quarter) }
	sql, runs := "CASE", 0
	for first := 0; first < bounds.Len(); runs++ {
		length := bounds[first+1].Sub(bounds[first])
		next := first + 1
		for next < bounds.Len() && bounds[next+1].Sub(bounds[next]) == length {
			next++
		}
		sql += fmt.Sprintf(" WHEN %s < %d THEN %d + (%s - %d) // %d", quarter, since(bounds[next]), first, quarter, since(bounds[first]), length/eventstore.Quarter)
		first = next
	}
	if runs == 1 {
		return fmt.Sprintf("%s // %d", quarter, bounds[1].Sub(bounds[0])/eventstore.Quarter)
	}
	return sql + " END"
}

// rolled returns the cursor up to which the table activity has the events.
func (c *connection) rolled(ctx context.Context) (eventstore.Cursor, error) {
	n, err := c.number(ctx, "SELECT rolled FROM "+catalog+".state")
	return eventstore.Cursor(n), err
}

// rollUp adds to activity what it lacks of the events up to a cursor, if those are at
// least so many. After an error the engine must be discarded.
func (e *engine) rollUp(until eventstore.Cursor, least int) error {
	after, err := e.writer.rolled(context.Background())
	if err != nil || until-after < eventstore.Cursor(least) {
		return err
	}
	return e.writer.exec(fmt.Sprintf("BEGIN; %s; UPDATE state SET rolled = %d; COMMIT", dialect.RollUp(after, until, recountMost), until))
}

// Rebuild implements eventstore.Analyst. The rows are made anew in lots, each a
// transaction; what is not rolled up yet is read off the events meanwhile.
func (s *Store) Rebuild(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	if err := s.mover.flush(ctx); err != nil {
		return err
	}
	target := s.tail.state().stored
	forget := func(s *Store, e *engine) error {
		return e.writer.exec("BEGIN; DELETE FROM activity; DELETE FROM daily; UPDATE state SET rolled = 0; COMMIT")
	}
	if err := s.mover.write(forget); err != nil {
		return err
	}
	for done := eventstore.Cursor(0); done < target; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.mover.write(func(s *Store, e *engine) error {
			after, err := e.writer.rolled(context.Background())
			if err != nil {
				return err
			}
			done = max(min(after+rebuildLot, target), after)
			return e.rollUp(done, 1)
		})
		if err != nil {
			return err
		}
	}
	return s.mover.save()
}
