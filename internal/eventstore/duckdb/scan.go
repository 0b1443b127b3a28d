package duckdb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"pintail/internal/eventstore"
)

// A scan of the table asks for pages: at most pageRows events out of a window
// of cursors. The window grows while pages come back less than half full.
const (
	pageRows  = 4096
	maxWindow = 1 << 20
)

// Scan implements eventstore.Store.
func (s *Store) Scan(ctx context.Context, q eventstore.Query, fn func(eventstore.Cursor, *eventstore.Event) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	now := s.tail.state()
	out := &emitter{limit: q.Limit, fn: fn}
	if q.After < now.stored {
		if err := s.scanTable(ctx, q, now.stored, out); err != nil {
			return err
		}
	}
	for _, r := range now.runs {
		if out.full() {
			return nil
		}
		if err := r.after(q.After).each(func(x *record) error { return out.record(&q.Filter, x) }); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// emitter counts what Scan's caller gets.
type emitter struct {
	limit, given int
	fn           func(eventstore.Cursor, *eventstore.Event) error
}

func (o *emitter) full() bool { return o.limit > 0 && o.given >= o.limit }

// record emits an event that is not in the table yet, if a filter chooses it.
func (o *emitter) record(f *eventstore.Filter, x *record) error {
	if o.full() || f.App != "" && f.App != x.text[textApp] || f.Type != "" && f.Type != x.text[textType] {
		return nil // without making an event of it: followers of one project see those of all pass
	}
	e := new(eventstore.Event)
	x.copyTo(e)
	if !f.Match(e) {
		return nil
	}
	return o.emit(x.cursor, e)
}

func (o *emitter) emit(c eventstore.Cursor, e *eventstore.Event) error {
	o.given++
	return o.fn(c, e)
}

// scanTable emits the chosen events of the table up to a cursor.
func (s *Store) scanTable(ctx context.Context, q eventstore.Query, last eventstore.Cursor, out *emitter) error {
	where, args := conditions(q.Filter)
	window := int64(pageRows)
	for after := q.After; after < last && !out.full(); {
		until := min(last, after+eventstore.Cursor(window))
		rows := pageRows
		if out.limit > 0 {
			rows = min(rows, out.limit-out.given)
		}
		sql := fmt.Sprintf("SELECT * FROM %s WHERE seq > %d AND seq <= %d%s ORDER BY seq LIMIT %d", table, after, until, where, rows)
		page, err := s.page(ctx, sql, args)
		if err != nil {
			return err
		}
		for i := range page.events {
			if err := out.emit(page.cursors[i], &page.events[i]); err != nil {
				return err
			}
		}
		after = until
		if n := len(page.events); n == rows {
			after = page.cursors[n-1]
		}
		if len(page.events) < pageRows/2 {
			window = min(2*window, maxWindow)
		}
	}
	return nil
}

// page is a part of a scan, copied out of DuckDB.
type page struct {
	cursors []eventstore.Cursor
	events  []eventstore.Event
}

// page runs a scan's query. No connection stays open while the scan's caller
// works on the events.
func (s *Store) page(ctx context.Context, sql string, args []any) (p page, err error) {
	err = s.query(ctx, sql, args, func(rows result) error {
		for _, seq := range rows.int64s(colSeq) {
			p.cursors = append(p.cursors, eventstore.Cursor(seq))
		}
		p.events = append(p.events, rows.events()...)
		return nil
	})
	return p, err
}

// query runs one statement on a connection of its own.
func (s *Store) query(ctx context.Context, sql string, args []any, each func(result) error) error {
	c, release, err := s.reader()
	if err != nil {
		return err
	}
	defer release()
	return c.query(ctx, sql, args, each)
}

// reader returns a connection to read with, until release. While there is one the store
// does not rest, since a query needs more memory than it then leaves, nor checkpoint.
func (s *Store) reader() (c *connection, release func(), err error) {
	s.reading.RLock()
	e, unuse, err := s.use()
	if err != nil {
		s.reading.RUnlock()
		return nil, nil, err
	}
	s.activity.Add(1)
	done := func() {
		s.activity.Add(1)
		unuse()
		s.reading.RUnlock()
	}
	if c, err = connect(e.db); err != nil {
		done()
		return nil, nil, err
	}
	return c, func() { c.close(); done() }, nil
}

// conditions turns a filter into " AND ..." and its arguments.
func conditions(f eventstore.Filter) (sql string, args []any) {
	var b strings.Builder
	add := func(condition string, values ...any) {
		b.WriteString(" AND " + condition)
		args = append(args, values...)
	}
	if f.App != "" {
		add("app = ?", f.App)
	}
	if f.Type != "" {
		add("event_type = ?", f.Type)
	}
	if f.EndpointID != "" {
		add("endpoint_hash = ? AND endpoint_id = ?", eventstore.Hash(f.EndpointID), f.EndpointID)
	}
	if f.UserID != "" {
		add("user_hash = ? AND user_id = ?", eventstore.Hash(f.UserID), f.UserID)
	}
	if !f.From.IsZero() {
		add("event_time >= ?", eventstore.Bound(f.From))
	}
	if !f.To.IsZero() {
		add("event_time < ?", eventstore.Bound(f.To))
	}
	return b.String(), args
}

// events copies the rows of a chunk with all columns of the table events.
func (r result) events() []eventstore.Event {
	events := make([]eventstore.Event, r.rows)
	millis := r.int64s(colSessionMillis)
	for i := range events {
		events[i].Session.Duration = time.Duration(millis[i]) * time.Millisecond
	}
	for i, column := range timeColumns {
		vector := r.vector(column)
		micros, valid := values[int64](vector, r.rows), validity(vector, r.rows)
		for row := range events {
			if valid == nil || valid[row/64]&(1<<(row%64)) != 0 {
				*times(&events[row])[i] = time.UnixMicro(micros[row]).UTC()
			}
		}
	}
	for i := range eventstore.TextFields {
		var last string
		for row, t := range r.texts(colText + i) {
			last = t.clone(last)
			*eventstore.TextFields[i].Of(&events[row]) = last
		}
	}
	r.maps(events)
	return events
}

func (r result) maps(events []eventstore.Event) {
	attributes, metrics := r.vector(colAttributes), r.vector(colMetrics)
	entries, keys, vals := mapVectors(attributes, r.rows)
	total := int(mapping.ListVectorGetSize(attributes))
	names, texts := values[text](keys, total), values[text](vals, total)
	for row, at := range entries {
		if at.length > 0 {
			m := make(map[string]string, at.length)
			for i := at.offset; i < at.offset+at.length; i++ {
				m[names[i].clone("")] = texts[i].clone("")
			}
			events[row].Attributes = m
		}
	}
	entries, keys, vals = mapVectors(metrics, r.rows)
	total = int(mapping.ListVectorGetSize(metrics))
	names, numbers := values[text](keys, total), values[float64](vals, total)
	for row, at := range entries {
		if at.length > 0 {
			m := make(map[string]float64, at.length)
			for i := at.offset; i < at.offset+at.length; i++ {
				m[names[i].clone("")] = numbers[i]
			}
			events[row].Metrics = m
		}
	}
}
