package statement

import (
	"fmt"
	"strings"

	"pintail/internal/eventstore"
)

// FirstSeen writes an ActorQuestion about first events, which must have passed its check.
// Rolled is the cursor up to which the table activity has the events. Where an actor's
// first moment has several events, those with the least groups count.
func (d *Dialect) FirstSeen(q *eventstore.ActorQuestion, rolled eventstore.Cursor) *Statement {
	w := &writer{Dialect: d, rolled: rolled, labels: q.Labels}
	s := &scope{app: q.App, buckets: q.Days, where: q.Where, by: q.By}
	groups := groupNames(len(q.By))
	ctes := fmt.Sprintf("WITH seen AS (%s), firsts AS (SELECT actor, min(first_time) AS event_time FROM seen GROUP BY actor)", w.moments(s, q.Actor))
	from := w.arg(q.Days[0].UTC())
	found := fmt.Sprintf("SELECT actor, event_time FROM firsts WHERE event_time >= %s", from)
	if len(q.By) > 0 {
		found = fmt.Sprintf(`SELECT actor, event_time%s FROM (
			SELECT firsts.actor AS actor, event_time%s, rank() OVER (PARTITION BY firsts.actor ORDER BY %s) AS place
			FROM firsts JOIN seen ON seen.actor = firsts.actor AND first_time = event_time WHERE event_time >= %s) placed WHERE place = 1`,
			groups, groups, w.order(q.By), from)
	}
	bucket := "0"
	if q.Days.Len() > 1 {
		bucket = w.Bucket("event_time", q.Days, w.arg)
	}
	return &Statement{
		SQL: fmt.Sprintf("%s SELECT CAST(%s AS BIGINT) AS bucket%s, CAST(count(DISTINCT actor) AS DOUBLE PRECISION) FROM (%s) found GROUP BY 1%s LIMIT %d",
			ctes, bucket, groups, found, groups, eventstore.MaxRows+1),
		Args: w.args, HasBucket: true, Texts: len(q.By), Numbers: 1,
	}
}

// order lists the groups that are an event's; all labels of its actor count alike.
func (w *writer) order(by []eventstore.Field) string {
	var list []string
	for i, f := range by {
		if f.Kind != eventstore.Label {
			list = append(list, w.Bytewise(fmt.Sprintf("g%d", i)))
		}
	}
	if len(list) == 0 {
		return "1"
	}
	return strings.Join(list, ", ")
}

// moments is a query of when actors were seen before the buckets' end: actor, first_time,
// g0, ... It has every actor's first time.
func (w *writer) moments(s *scope, a eventstore.Actor) string {
	groups, joins := w.fields(s.by)
	source := w.Events
	moment, before := "event_time", *s
	before.before = true
	span := w.span(&before)
	if rollable(s.where, s.by) {
		moment = "first_time"
		devices := devicesOf(s)
		to := s.buckets[s.buckets.Len()].UTC()
		source = fmt.Sprintf("(SELECT endpoint_hash, user_hash, first_time%s FROM %s WHERE app = %s AND first_time < %s UNION ALL SELECT endpoint_hash, user_hash, event_time AS first_time%s FROM %s WHERE seq > %d AND %s) act",
			devices, w.Activity, w.arg(s.app), w.arg(to), devices, w.Events, w.rolled, span)
		span = "true"
	}
	return fmt.Sprintf("SELECT %s AS actor, %s AS first_time%s FROM %s%s WHERE %s AND %s <> 0%s",
		who(a), moment, groups, source, joins, span, who(a), w.all(s.where))
}
