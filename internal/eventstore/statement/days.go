package statement

import (
	"fmt"
	"strings"

	"pintail/internal/eventstore"
)

// wordDays is the number of days that one integer of an actor's calendar has a bit for.
const wordDays = 60

// calendar is a query of the days on which each actor was active: actor, first (the first
// day, -1 when that was before), and the bits of the days in w0, w1, ...
func (w *writer) calendar(q *eventstore.ActorQuestion, before bool) string {
	s := &scope{app: q.App, buckets: q.Days, where: q.Where, before: before}
	var bits strings.Builder
	for i := range words(q.Days.Len()) {
		fmt.Fprintf(&bits, ", bit_or(CASE WHEN bucket >= %d AND bucket < %d THEN CAST(1 AS BIGINT) << CAST(bucket - %d AS INTEGER) ELSE 0 END) AS w%d",
			i*wordDays, (i+1)*wordDays, i*wordDays, i)
	}
	return fmt.Sprintf("SELECT %s AS actor, min(bucket) AS first%s FROM (%s) active WHERE %s <> 0 GROUP BY 1",
		who(q.Actor), bits.String(), w.active(s), who(q.Actor))
}

func words(days int) int { return (days + wordDays - 1) / wordDays }

// onAny is the condition that a calendar has one of the days from first to last.
func onAny(first, last int) string {
	var parts []string
	for i := first / wordDays; i <= last/wordDays; i++ {
		var mask uint64
		for day := max(first, i*wordDays); day <= min(last, (i+1)*wordDays-1); day++ {
			mask |= 1 << (day - i*wordDays)
		}
		parts = append(parts, fmt.Sprintf("(w%d & %d) <> 0", i, mask))
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

func countIf(condition string) string {
	return fmt.Sprintf("CAST(count(*) FILTER (WHERE %s) AS DOUBLE PRECISION)", condition)
}

// Rolling writes a RollingQuestion, which must have passed its check. Rolled is the cursor
// up to which the table activity has the events.
func (d *Dialect) Rolling(q *eventstore.RollingQuestion, rolled eventstore.Cursor) *Statement {
	w := &writer{Dialect: d, rolled: rolled, labels: q.Labels}
	var columns []string
	for day := q.Window - 1; day < q.Days.Len(); day++ {
		columns = append(columns, countIf(onAny(day-q.Window+1, day)))
	}
	return &Statement{
		SQL:  fmt.Sprintf("SELECT %s FROM (%s) calendar", strings.Join(columns, ", "), w.calendar(&q.ActorQuestion, false)),
		Args: w.args, Numbers: len(columns),
		spread: func(rows []eventstore.Row) []eventstore.Row { return spread(rows, q.Window-1, 1) },
	}
}

// spread makes the values of the only row rows of so many values each, with buckets from
// the first on.
func spread(rows []eventstore.Row, first, each int) (out []eventstore.Row) {
	if len(rows) == 0 {
		return nil
	}
	for values := rows[0].Values; len(values) > 0; values = values[each:] {
		out = append(out, eventstore.Row{Bucket: first + len(out), Values: values[:each:each]})
	}
	return out
}

// Cohorts writes a CohortQuestion, which must have passed its check. Rolled is the cursor
// up to which the table activity has the events.
func (d *Dialect) Cohorts(q *eventstore.CohortQuestion, rolled eventstore.Cursor) *Statement {
	w := &writer{Dialect: d, rolled: rolled, labels: q.Labels}
	var columns []string
	cohorts := q.Days.Len() - q.After[len(q.After)-1]
	for day := range cohorts {
		member := fmt.Sprintf("first = %d", day)
		if q.Active {
			member = onAny(day, day)
		}
		columns = append(columns, countIf(member))
		for _, n := range q.After {
			from := day + n
			if q.Within {
				from = day + 1
			}
			columns = append(columns, countIf(member+" AND "+onAny(from, day+n)))
		}
	}
	return &Statement{
		SQL:  fmt.Sprintf("SELECT %s FROM (%s) calendar", strings.Join(columns, ", "), w.calendar(&q.ActorQuestion, !q.Active)),
		Args: w.args, Numbers: len(columns),
		spread: func(rows []eventstore.Row) []eventstore.Row { return spread(rows, 0, 1+len(q.After)) },
	}
}
