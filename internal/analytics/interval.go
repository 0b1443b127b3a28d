package analytics

import (
	"time"

	"pintail/internal/eventstore"
)

// interval is the length of an answer's rows.
type interval string

// Intervals. A week begins on Monday.
const (
	hourly  interval = "hour"
	daily   interval = "day"
	weekly  interval = "week"
	monthly interval = "month"
	whole   interval = "none"
)

// series are an answer's buckets and what each is called: the date, or with
// hours the time, on which its interval begins, in the question's zone.
type series struct {
	bounds eventstore.Buckets
	dates  []string
}

// begin is the start of the interval that a time is in. Hours of a day are of
// the clock: when it is put back, an hour comes twice.
func (i interval) begin(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	year, month, day := t.Date()
	switch i {
	case hourly:
		hour := t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
		if moved, _ := t.ZoneBounds(); hour.Before(moved) {
			hour = moved // by less than an hour, in the midst of it
		}
		return quarterUp(hour.In(zone))
	case weekly:
		return midnight(year, month, day-(int(t.Weekday())+6)%7, zone)
	case monthly:
		return midnight(year, month, 1, zone)
	}
	return midnight(year, month, day, zone)
}

// next is the start of the interval after the one that begins at a time.
func (i interval) next(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	year, month, day := t.Date()
	switch i {
	case hourly:
		return i.begin(t.Add(time.Hour), zone)
	case weekly:
		return midnight(year, month, day+7, zone)
	case monthly:
		return midnight(year, month+1, 1, zone)
	}
	return midnight(year, month, day+1, zone)
}

// midnight is the first quarter of an hour of a day. Where the clock is put
// forward at midnight it is not at zero o'clock, and a day that a zone left out
// begins with the next.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	want := date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	for date(t) < want {
		t = t.Add(eventstore.Quarter)
	}
	for date(t.Add(-eventstore.Quarter)) >= want {
		t = t.Add(-eventstore.Quarter)
	}
	return quarterUp(t)
}

// date is a time's date as a number that grows.
func date(t time.Time) int {
	year, month, day := t.Date()
	return (year*100+int(month))*100 + day
}

// quarterDown and quarterUp round to whole quarters of an hour: those of the
// event log's buckets.
func quarterDown(t time.Time) time.Time {
	const quarter = int64(eventstore.Quarter / time.Millisecond)
	ms := t.UnixMilli()
	return time.UnixMilli(ms - (ms%quarter+quarter)%quarter).In(t.Location())
}

func quarterUp(t time.Time) time.Time {
	down := quarterDown(t)
	if down.Before(t) {
		return down.Add(eventstore.Quarter)
	}
	return down
}

// label is how answers call the interval that begins at a time.
func (i interval) label(t time.Time) string {
	if i == hourly {
		return t.Format("2006-01-02T15:04:05Z07:00")
	}
	return t.Format(time.DateOnly)
}

// split divides a span into intervals. The first and the last are cut at its
// bounds. It returns false when there would be too many.
func (i interval) split(from, to time.Time, zone *time.Location) (s series, ok bool) {
	if i == whole {
		return series{bounds: eventstore.Buckets{from, to}, dates: []string{""}}, true
	}
	s.bounds = eventstore.Buckets{from}
	for begin := i.begin(from, zone); begin.Before(to); {
		end := i.next(begin, zone)
		if end.After(from) {
			s.dates = append(s.dates, i.label(begin))
			s.bounds = append(s.bounds, earlier(end, to))
		}
		if len(s.dates) > eventstore.MaxBuckets {
			return s, false
		}
		begin = end
	}
	return s, true
}

// days are the whole days that a span touches.
func days(from, to time.Time, zone *time.Location) eventstore.Buckets {
	b := eventstore.Buckets{daily.begin(from, zone)}
	for last := b[0]; last.Before(to); {
		last = daily.next(last, zone)
		b = append(b, last)
	}
	return b
}

// extend adds days before and after.
func extend(b eventstore.Buckets, before, after int, zone *time.Location) eventstore.Buckets {
	out := make(eventstore.Buckets, before, before+len(b)+after)
	first := b[0]
	for n := before - 1; n >= 0; n-- {
		first = daily.begin(first.Add(-eventstore.Quarter), zone)
		out[n] = first
	}
	out = append(out, b...)
	for range after {
		out = append(out, daily.next(out[len(out)-1], zone))
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
