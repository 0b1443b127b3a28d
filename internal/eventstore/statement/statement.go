// Package statement writes the SQL by which the engines of the event store answer
// questions, and reads the rows that come back. Both engines keep the same tables, so
// that the statements differ only in what a [Dialect] says.
//
//	events    every event, by cursor
//	activity  for a project, UTC day, endpoint, user and what is known of the device: in
//	          which half hours there were events, how many, and when the first was
//
//	daily     for a project and UTC day, how many endpoints and users those are
//
// The second is made of the first, up to a cursor that it is rolled up to, and may hold a
// key several times. Questions about who was active, and how much on whole UTC days,
// asked of fields that it has, read it together with the events that came later; all
// others read the events. Either way the
// answer is exact.
//
// A question becomes a [Statement]: text, arguments, and the function that turns its result
// into rows.
package statement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pintail/internal/eventstore"
)

// Dialect is what an engine's SQL has of its own.
type Dialect struct {
	Events, Activity, Daily string // the tables' names

	Attribute func(name string) string // the attribute with the name that an expression gives, or NULL
	Metric    func(name string) string // the metric, likewise, as a double

	// AttributeIs is true when the attribute is one of some values, and else false. Nil
	// stands for comparing what Attribute says.
	AttributeIs func(name string, values []string) string

	// Millis is a time in Unix milliseconds.
	Millis func(time string) string
	// Bucket is the index of the bucket that a time is in; it lies within the bounds.
	Bucket func(time string, bounds eventstore.Buckets, arg func(any) string) string

	// Day is the UTC day of a time, in days since 1970, and Slot the half hour of it, 0 to 47.
	Day, Slot func(time string) string

	// Bytewise makes ordering by a text the order of its bytes.
	Bytewise func(text string) string

	// Label is a table with the columns id and name: the i-th labels of a question.
	Label func(i int, labels *eventstore.Labels, arg func(any) string) string
}

// Statement is a question in SQL. Columns of its result are, in this order, Bucket (a
// 64-bit integer, where HasBucket), as many texts as Texts says and Numbers doubles.
type Statement struct {
	SQL       string
	Args      []any
	HasBucket bool
	Texts     int
	Numbers   int

	spread func(rows []eventstore.Row) []eventstore.Row
}

// Rows turns result rows, as the statement returns them, into the answer.
func (s *Statement) Rows(rows []eventstore.Row) ([]eventstore.Row, error) {
	if s.spread != nil {
		rows = s.spread(rows)
	}
	rows = slices.DeleteFunc(rows, func(r eventstore.Row) bool {
		return !slices.ContainsFunc(r.Values, func(v float64) bool { return v != 0 })
	})
	if len(rows) > eventstore.MaxRows {
		return nil, TooManyRows()
	}
	slices.SortFunc(rows, func(a, b eventstore.Row) int {
		if a.Bucket != b.Bucket {
			return a.Bucket - b.Bucket
		}
		return slices.Compare(a.Groups, b.Groups)
	})
	return rows, nil
}

// TooManyRows is the error about an answer that has more than [eventstore.MaxRows] rows.
func TooManyRows() error {
	return fmt.Errorf("%w question: the answer has more than %d rows", eventstore.ErrInvalid, eventstore.MaxRows)
}

// writer writes one statement.
type writer struct {
	*Dialect
	args   []any
	rolled eventstore.Cursor // activity has the events up to here
	labels []eventstore.Labels
}

// arg adds an argument and returns its placeholder.
func (w *writer) arg(value any) string {
	w.args = append(w.args, value)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *writer) label(i int) string { return w.Label(i, &w.labels[i], w.arg) }

// scope is what a source of rows is asked for.
type scope struct {
	app     string
	buckets eventstore.Buckets
	where   []eventstore.Condition
	by      []eventstore.Field
	before  bool // also what was before the first bucket, which gets the bucket -1
}

// who is the column of an actor's hash.
func who(a eventstore.Actor) string {
	if a == eventstore.Users {
		return "user_hash"
	}
	return "endpoint_hash"
}

// groupNames are the columns g0, g1, ... with a comma before each.
func groupNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ", g%d", i)
	}
	return b.String()
}

// fields are the expressions of the groups, each with its name g0, g1, ... and a comma
// before, and the joins that they need.
func (w *writer) fields(by []eventstore.Field) (columns, joins string) {
	for i, f := range by {
		value := f.Name
		switch f.Kind {
		case eventstore.Attribute:
			value = w.Attribute(w.arg(f.Name))
		case eventstore.Label:
			value = fmt.Sprintf("l%d.name", i)
			joins += fmt.Sprintf(" LEFT JOIN %s l%d ON l%d.id = %s", w.label(f.Label), i, i, who(w.labels[f.Label].Of))
		}
		columns += fmt.Sprintf(", coalesce(%s, '') AS g%d", value, i)
	}
	return columns, joins
}

// span are the conditions on project and time of the table events.
func (w *writer) span(s *scope) string {
	sql := "app = " + w.arg(s.app)
	if !s.before {
		sql += " AND event_time >= " + w.arg(s.buckets[0].UTC())
	}
	return sql + " AND event_time < " + w.arg(s.buckets[s.buckets.Len()].UTC())
}

// bucket is the expression for the bucket of an event.
func (w *writer) bucket(s *scope) string {
	if s.buckets.Len() == 1 {
		return w.orBefore(s, "0")
	}
	return w.orBefore(s, w.Bucket("event_time", s.buckets, w.arg))
}

func (w *writer) orBefore(s *scope, bucket string) string {
	if !s.before {
		return bucket
	}
	return fmt.Sprintf("CASE WHEN event_time < %s THEN -1 ELSE %s END", w.arg(s.buckets[0].UTC()), bucket)
}

// utcDay returns a time's UTC day, in days since 1970.
func utcDay(t time.Time) int64 {
	const day = 86_400_000
	ms := t.UnixMilli()
	if ms < 0 {
		ms -= day - 1
	}
	return ms / day
}
