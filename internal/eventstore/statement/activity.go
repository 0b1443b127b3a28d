package statement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pintail/internal/eventstore"
)

// Devices are the text fields that the table activity has beside its key.
var Devices = []string{
	"app_version", "platform", "platform_version", "make", "model", "locale", "country", "channel_type",
}

// slot is the resolution of the table activity.
const (
	slot       = 30 * time.Minute
	slotsADay  = 48
	wholeDay   = 1<<slotsADay - 1
	dayLength  = 24 * time.Hour
	activities = "app, day, endpoint_hash, user_hash, slots, events, first_time"
)

// RollUp are the statements that add the events after one cursor up to another to the
// table activity, and count days anew for the table daily, at most so many.
func (d *Dialect) RollUp(after, until eventstore.Cursor, days int) string {
	devices := strings.Join(Devices, ", ")
	return fmt.Sprintf(`INSERT INTO %s (%s, %s)
		SELECT app, %s AS utc_day, endpoint_hash, user_hash, bit_or(CAST(1 AS BIGINT) << %s), count(*), min(event_time), %s
		FROM %s WHERE seq > %d AND seq <= %d GROUP BY app, utc_day, endpoint_hash, user_hash, %s; %s`,
		d.Activity, activities, devices, d.Day("event_time"), d.Slot("event_time"), devices, d.Events, after, until, devices,
		d.recounts(after, until, days))
}

// rollable tells whether the table activity knows the fields.
func rollable(where []eventstore.Condition, by []eventstore.Field) bool {
	knows := func(f eventstore.Field) bool {
		return f.Kind == eventstore.Label || f.Kind == eventstore.Text && slices.Contains(Devices, f.Name)
	}
	return !slices.ContainsFunc(where, func(c eventstore.Condition) bool { return !knows(c.Field) }) &&
		!slices.ContainsFunc(by, func(f eventstore.Field) bool { return !knows(f) })
}

// maxEdges is the number of half hours cut by a bound from which on all is read off the
// events.
const maxEdges = 100

// edge is a part of a half hour that a bound cuts in two.
type edge struct {
	from, to time.Time
	bucket   int
}

// edges are the parts of half hours that lie in one bucket and whose rest does not. The
// table activity cannot tell them from the rest.
func edges(s *scope) (list []edge) {
	for i, bound := range s.buckets {
		from := bound.Truncate(slot)
		if from.Equal(bound) {
			continue
		}
		if i > 0 || s.before {
			list = append(list, edge{from, bound, i - 1})
		}
		if i < s.buckets.Len() {
			list = append(list, edge{bound, from.Add(slot), i})
		}
	}
	return list
}

// wholeDays tells whether the bounds are those of UTC days: only then is it known how many
// of a row's events are in which bucket.
func wholeDays(b eventstore.Buckets) bool {
	return !slices.ContainsFunc(b, func(at time.Time) bool { return at.UnixMilli()%dayLength.Milliseconds() != 0 })
}

// ofOneDay tells whether buckets of whole days have one day each.
func ofOneDay(b eventstore.Buckets) bool {
	return b[b.Len()].Sub(b[0]) == time.Duration(b.Len())*dayLength
}

// amounts is a query of how many events there were when and of whom: bucket, n,
// endpoint_hash, user_hash, g0, ... It is for whole days and what the table activity knows.
func (w *writer) amounts(s *scope) string {
	groups, joins := w.fields(s.by)
	bucket, sorted, _ := sort(s)
	return fmt.Sprintf("SELECT %s AS bucket, n, endpoint_hash, user_hash%s FROM (%s) act%s%s WHERE true%s",
		bucket, groups, w.recent(s), sorted, joins, w.all(s.where))
}

// active is a query of who was active when: bucket, endpoint_hash, user_hash, g0, ... Rows
// may repeat.
func (w *writer) active(s *scope) string {
	parts := edges(s)
	if !rollable(s.where, s.by) || len(parts) > maxEdges {
		return w.activeEvents(s)
	}
	groups, joins := w.fields(s.by)
	bucket, sorted, where := sort(s)
	return fmt.Sprintf("SELECT %s AS bucket, endpoint_hash, user_hash%s FROM (%s) act%s%s WHERE %s%s",
		bucket, groups, w.recent(s), sorted, joins, where, w.all(s.where)) + w.edges(s, parts) + w.longAgo(s)
}

// sort puts the rows act of the buckets' days into buckets: the bucket, a join, and the
// condition that a row was active in it. A join costs as much as the rest of a question;
// one bucket of whole days, and buckets of a day each, need none.
func sort(s *scope) (bucket, join, where string) {
	switch {
	case wholeDays(s.buckets) && s.buckets.Len() == 1:
		return "0", "", "true"
	case wholeDays(s.buckets) && ofOneDay(s.buckets):
		return fmt.Sprintf("act.day - %d", utcDay(s.buckets[0])), "", "true"
	}
	return "seg.bucket", fmt.Sprintf(" JOIN (VALUES %s) AS seg(day, slots, bucket) ON act.day = seg.day", segments(s)), "(act.slots & seg.slots) <> 0"
}

// edges adds to active who was so in parts of half hours.
func (w *writer) edges(s *scope, parts []edge) string {
	var b strings.Builder
	for _, part := range parts {
		groups, joins := w.fields(s.by)
		fmt.Fprintf(&b, " UNION ALL SELECT %d AS bucket, endpoint_hash, user_hash%s FROM %s%s WHERE app = %s AND event_time >= %s AND event_time < %s%s",
			part.bucket, groups, w.Events, joins, w.arg(s.app), w.arg(part.from.UTC()), w.arg(part.to.UTC()), w.all(s.where))
	}
	return b.String()
}

// longAgo adds to active who was so before the first day of the buckets.
func (w *writer) longAgo(s *scope) string {
	if !s.before {
		return ""
	}
	return fmt.Sprintf(" UNION ALL SELECT -1 AS bucket, endpoint_hash, user_hash FROM %s WHERE app = %s AND day < %d%s",
		w.Activity, w.arg(s.app), utcDay(s.buckets[0]), w.all(s.where)) +
		fmt.Sprintf(" UNION ALL SELECT -1 AS bucket, endpoint_hash, user_hash FROM %s WHERE seq > %d AND app = %s AND event_time < %s%s",
			w.Events, w.rolled, w.arg(s.app), w.arg(s.buckets[0].UTC()), w.all(s.where))
}

// activeEvents is active, read off the events.
func (w *writer) activeEvents(s *scope) string {
	bucket := w.bucket(s)
	groups, joins := w.fields(s.by)
	return fmt.Sprintf("SELECT %s AS bucket, endpoint_hash, user_hash%s FROM %s%s WHERE %s%s",
		bucket, groups, w.Events, joins, w.span(s), w.all(s.where))
}

// recent is the table activity, of the days that the buckets are on, with the events that
// it lacks.
func (w *writer) recent(s *scope) string {
	devices := devicesOf(s)
	first, last := utcDay(s.buckets[0]), utcDay(s.buckets[s.buckets.Len()].Add(-1))
	rolled := fmt.Sprintf("SELECT day, endpoint_hash, user_hash, slots, events AS n%s FROM %s WHERE app = %s AND day >= %d AND day <= %d",
		devices, w.Activity, w.arg(s.app), first, last)
	within := *s
	within.before = false
	return rolled + fmt.Sprintf(" UNION ALL SELECT %s AS day, endpoint_hash, user_hash, CAST(1 AS BIGINT) << %s AS slots, 1 AS n%s FROM %s WHERE seq > %d AND %s",
		w.Day("event_time"), w.Slot("event_time"), devices, w.Events, w.rolled, w.span(&within))
}

// devicesOf are the columns of Devices that are asked for, with a comma before each.
func devicesOf(s *scope) (columns string) {
	for _, name := range Devices {
		is := func(f eventstore.Field) bool { return f.Kind == eventstore.Text && f.Name == name }
		if slices.ContainsFunc(s.where, func(c eventstore.Condition) bool { return is(c.Field) }) || slices.ContainsFunc(s.by, is) {
			columns += ", " + name
		}
	}
	return columns
}

// segments are the values (UTC day, half hours of it, bucket) of all parts of UTC days that
// lie in one bucket, and of what lies before the first on its day where that is asked for.
func segments(s *scope) string {
	var b strings.Builder
	add := func(day int64, slots uint64, bucket int) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d, CAST(%d AS BIGINT), %d)", day, slots, bucket)
	}
	for i := range s.buckets.Len() {
		from, to := s.buckets[i], s.buckets[i+1]
		for day := utcDay(from); day <= utcDay(to.Add(-1)); day++ {
			midnight := time.UnixMilli(day * dayLength.Milliseconds())
			if slots := slotsOf(from.Sub(midnight), to.Sub(midnight)); slots != 0 {
				add(day, slots, i)
			}
		}
	}
	day := utcDay(s.buckets[0])
	midnight := time.UnixMilli(day * dayLength.Milliseconds())
	if slots := slotsOf(0, s.buckets[0].Sub(midnight)); s.before && slots != 0 {
		add(day, slots, -1)
	}
	if b.Len() == 0 {
		add(0, 0, 0) // VALUES takes no empty list
	}
	return b.String()
}

// slotsOf are the half hours of a day that lie between two times after its midnight.
func slotsOf(from, to time.Duration) uint64 {
	first, last := (max(from, 0)+slot-1)/slot, min(to, dayLength)/slot
	if first >= last {
		return 0
	}
	return (wholeDay << first) & (wholeDay >> (slotsADay - last)) & wholeDay
}
