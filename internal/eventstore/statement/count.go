package statement

import (
	"fmt"
	"slices"
	"strings"

	"pintail/internal/eventstore"
)

// Count writes a Question, which must have passed its check. Rolled is the cursor up to
// which the table activity has the events.
func (d *Dialect) Count(q *eventstore.Question, rolled eventstore.Cursor) *Statement {
	w := &writer{Dialect: d, rolled: rolled, labels: q.Labels}
	s := &scope{app: q.App, buckets: q.Buckets, where: q.Where, by: q.By}
	out := &Statement{HasBucket: true, Texts: len(q.By), Numbers: len(q.Measures)}
	groups := groupNames(len(q.By))
	if byDay(q) {
		out.SQL = w.daily(s, q.Measures)
		out.Args = w.args
		return out
	}
	rows, measures := "", measured(q.Measures)
	switch {
	case !has(q.Measures, eventstore.SumMetric) && !has(q.Measures, eventstore.CountEvents):
		rows = w.active(s)
	case !has(q.Measures, eventstore.SumMetric) && wholeDays(q.Buckets) && rollable(q.Where, q.By):
		rows = w.amounts(s)
	default:
		rows = w.eventRows(s, q.Measures)
	}
	out.SQL = fmt.Sprintf("SELECT CAST(bucket AS BIGINT)%s%s FROM (%s) found GROUP BY bucket%s LIMIT %d",
		groups, measures, rows, groups, eventstore.MaxRows+1)
	out.Args = w.args
	return out
}

func has(measures []eventstore.Measure, kind eventstore.MeasureKind) bool {
	return slices.ContainsFunc(measures, func(m eventstore.Measure) bool { return m.Kind == kind })
}

// measured are the measures of rows with the number of events n, the actors and the values
// m0, m1, ... to sum, each where it is measured; with a comma before each.
func measured(list []eventstore.Measure) string {
	var b strings.Builder
	for i, m := range list {
		switch m.Kind {
		case eventstore.CountEvents:
			b.WriteString(", CAST(sum(n) AS DOUBLE PRECISION)")
		case eventstore.SumMetric:
			fmt.Fprintf(&b, ", coalesce(sum(m%d), 0)", i)
		case eventstore.CountEndpoints:
			b.WriteString(distinct(eventstore.Endpoints))
		case eventstore.CountUsers:
			b.WriteString(distinct(eventstore.Users))
		}
	}
	return b.String()
}

// distinct counts actors; the hash 0 is nobody's.
func distinct(a eventstore.Actor) string {
	return fmt.Sprintf(", CAST(count(DISTINCT nullif(%s, 0)) AS DOUBLE PRECISION)", who(a))
}

// eventRows is amounts, read off the events, with the values that measures sum.
func (w *writer) eventRows(s *scope, list []eventstore.Measure) string {
	columns := w.bucket(s) + " AS bucket, 1 AS n, endpoint_hash, user_hash"
	groups, joins := w.fields(s.by)
	columns += groups
	for i, m := range list {
		if m.Kind != eventstore.SumMetric {
			continue
		}
		value := w.Metric(w.arg(m.Metric))
		if m.Times != "" {
			value += " * coalesce(" + w.Metric(w.arg(m.Times)) + ", 1)"
		}
		columns += fmt.Sprintf(", %s AS m%d", value, i)
	}
	return fmt.Sprintf("SELECT %s FROM %s%s WHERE %s%s", columns, w.Events, joins, w.span(s), w.all(s.where))
}
