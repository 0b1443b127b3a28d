package statement

import (
	"fmt"
	"strings"

	"pintail/internal/eventstore"
)

// The table daily has, for a project and UTC day, how many endpoints and users the table
// activity has: the answer of the question that is asked most. It may lack days; those are
// counted when they are asked for.

const recount = `INSERT INTO %s SELECT app, day, count(DISTINCT nullif(endpoint_hash, 0)), count(DISTINCT nullif(user_hash, 0))
	FROM %s JOIN (%s) AS days USING (app, day) GROUP BY app, day`

// recounts are the statements by which daily follows events that activity gets. Of the days
// that they are on the newest are counted anew, at most so many.
func (d *Dialect) recounts(after, until eventstore.Cursor, most int) string {
	touched := fmt.Sprintf("SELECT DISTINCT app, %s AS day FROM %s WHERE seq > %d AND seq <= %d", d.Day("event_time"), d.Events, after, until)
	newest := fmt.Sprintf("SELECT app, day FROM (%s) AS touched ORDER BY day DESC LIMIT %d", touched, most)
	return fmt.Sprintf("DELETE FROM %s WHERE EXISTS (SELECT 1 FROM (%s) AS touched WHERE touched.app = daily.app AND touched.day = daily.day); ", d.Daily, touched) +
		fmt.Sprintf(recount, d.Daily, d.Activity, newest)
}

// FillDaily is the statement that counts days which daily lacks, at most so many.
func (d *Dialect) FillDaily(most int) string {
	missing := fmt.Sprintf("SELECT app, day FROM (SELECT app, day FROM %s EXCEPT SELECT app, day FROM %s) AS missing LIMIT %d", d.Activity, d.Daily, most)
	return fmt.Sprintf(recount, d.Daily, d.Activity, missing)
}

// byDay tells whether the table daily answers a question, but for days that it lacks.
func byDay(q *eventstore.Question) bool {
	if len(q.Where) > 0 || len(q.By) > 0 || !wholeDays(q.Buckets) || has(q.Measures, eventstore.CountEvents) || has(q.Measures, eventstore.SumMetric) {
		return false
	}
	return ofOneDay(q.Buckets)
}

// daily writes such a question.
func (w *writer) daily(s *scope, measures []eventstore.Measure) string {
	first, last := utcDay(s.buckets[0]), utcDay(s.buckets[s.buckets.Len()].Add(-1))
	late := fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE seq > %d AND %s", w.Day("event_time"), w.Events, w.rolled, w.span(s))
	known := fmt.Sprintf("SELECT day, endpoints, users FROM %s WHERE app = %s AND day >= %d AND day <= %d AND day NOT IN (%s)",
		w.Daily, w.arg(s.app), first, last, late)
	var counted strings.Builder
	for _, m := range measures {
		column := "endpoints"
		if m.Kind == eventstore.CountUsers {
			column = "users"
		}
		fmt.Fprintf(&counted, ", CAST(%s AS DOUBLE PRECISION)", column)
	}
	unknown := fmt.Sprintf("SELECT day FROM generate_series(%d, %d) AS asked(day) WHERE day NOT IN (SELECT day FROM known)", first, last)
	// A join with the days to count, since it lets the engine pass over all others.
	return fmt.Sprintf("WITH known AS (%s) SELECT CAST(day - %d AS BIGINT)%s FROM known UNION ALL SELECT CAST(act.day - %d AS BIGINT)%s FROM (%s) AS act JOIN (%s) AS unknown ON act.day = unknown.day GROUP BY act.day",
		known, first, counted.String(), first, measured(measures), w.recent(s), unknown)
}
