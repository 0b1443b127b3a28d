package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pintail/internal/eventstore"
)

// pageRows is how many events a scan asks for at once.
const pageRows = 2048

// Scan implements eventstore.Store.
func (s *Store) Scan(ctx context.Context, q eventstore.Query, fn func(eventstore.Cursor, *eventstore.Event) error) error {
	if err := s.check(); err != nil {
		return err
	}
	where, args := conditions(q.Filter)
	for given, after := 0, q.After; q.Limit == 0 || given < q.Limit; {
		rows := pageRows
		if q.Limit > 0 {
			rows = min(rows, q.Limit-given)
		}
		sql := fmt.Sprintf("SELECT %s FROM eventstore.events WHERE seq > %d%s ORDER BY seq LIMIT %d", columns, after, where, rows)
		page, err := s.page(ctx, sql, args)
		if err != nil {
			return err
		}
		for i := range page {
			if err := fn(page[i].cursor, &page[i].event); err != nil {
				return err
			}
			after = page[i].cursor
		}
		if len(page) < rows {
			return nil
		}
		given += len(page)
	}
	return nil
}

type row struct {
	cursor eventstore.Cursor
	event  eventstore.Event
}

// page runs a scan's query. No connection stays open while the scan's caller
// works on the events.
func (s *Store) page(ctx context.Context, sql string, args []any) ([]row, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	page, err := pgx.CollectRows(rows, readRow)
	return page, s.explain(err)
}

func readRow(rows pgx.CollectableRow) (r row, err error) {
	e := &r.event
	var start, stop *time.Time
	var millis, hash int64
	var attributes, metrics []byte
	into := []any{&r.cursor, &e.Timestamp, &e.Arrival, &start, &stop, &millis, &hash, &hash}
	for i := range eventstore.TextFields {
		into = append(into, eventstore.TextFields[i].Of(e))
	}
	if err := rows.Scan(append(into, &attributes, &metrics)...); err != nil {
		return row{}, err
	}
	e.Timestamp, e.Arrival = e.Timestamp.UTC(), e.Arrival.UTC()
	if start != nil {
		e.Session.Start = start.UTC()
	}
	if stop != nil {
		e.Session.Stop = stop.UTC()
	}
	e.Session.Duration = time.Duration(millis) * time.Millisecond
	if attributes != nil {
		err = json.Unmarshal(attributes, &e.Attributes)
	}
	if metrics != nil && err == nil {
		err = json.Unmarshal(metrics, &e.Metrics)
	}
	return r, err
}

// conditions turns a filter into " AND ..." and its arguments.
func conditions(f eventstore.Filter) (sql string, args []any) {
	var b strings.Builder
	add := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&b, " AND %s $%d", condition, len(args))
	}
	if f.App != "" {
		add("app =", f.App)
	}
	if f.Type != "" {
		add("event_type =", f.Type)
	}
	if f.EndpointID != "" {
		add("endpoint_id =", f.EndpointID)
	}
	if f.UserID != "" {
		add("user_id =", f.UserID)
	}
	if !f.From.IsZero() {
		add("event_time >=", eventstore.Bound(f.From))
	}
	if !f.To.IsZero() {
		add("event_time <", eventstore.Bound(f.To))
	}
	return b.String(), args
}
