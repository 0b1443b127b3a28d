package analytics

import (
	"strconv"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// Limits of a heat map. Endpoints in further zones count by the question's.
const (
	maxZones   = 300
	maxHeatMap = 366 * 24 * time.Hour
)

// week counts sessions by local weekday, Monday first, and hour.
type week [7][24]float64

// heatMap answers session-heat-map: when in their week people begin sessions, by
// the clock of each endpoint or, where none is known, by that of the question.
func heatMap(a *asking) (*answer, error) {
	if a.to.Sub(a.from) > maxHeatMap {
		return nil, badRequest("The date range of a heat map must not be longer than 366 days.")
	}
	zones, others, err := a.zones()
	if err != nil {
		return nil, err
	}
	var w week
	timezone := textDimension("TimeZone")
	known := eventstore.Condition{Field: timezone.field, Values: zones}
	if len(zones) > 0 {
		if err := a.heat(&w, min(eventstore.MaxBuckets, eventstore.MaxRows/len(zones)), []dimension{timezone}, known); err != nil {
			return nil, err
		}
	}
	if others {
		var unknown []eventstore.Condition
		if known.Not = true; len(zones) > 0 {
			unknown = append(unknown, known)
		}
		if err := a.heat(&w, eventstore.MaxBuckets, nil, unknown...); err != nil {
			return nil, err
		}
	}
	return w.answer(), nil
}

// zones returns the zones that endpoints are in and whether there are sessions
// of endpoints in none of them.
func (a *asking) zones() (zones []string, others bool, err error) {
	timezone := textDimension("TimeZone")
	rows, err := a.count(of(sessionStart, events), eventstore.Buckets{a.from, a.to}, []dimension{timezone}, nil)
	if err != nil {
		return nil, false, err
	}
	selectTop(rows, []dimension{timezone}, len(rows)) // the most frequent first
	for _, r := range rows {
		if _, ok := location(r.Groups[0]); ok && len(zones) < maxZones {
			zones = append(zones, r.Groups[0])
		} else {
			others = true
		}
	}
	return zones, others, nil
}

// heat adds sessions to the week. It asks for quarters of an hour, each of which
// is in one hour of every zone, so many at a time.
func (a *asking) heat(w *week, atOnce int, by []dimension, where ...eventstore.Condition) error {
	var quarters eventstore.Buckets
	for at := a.from; !at.After(a.to); at = at.Add(eventstore.Quarter) {
		quarters = append(quarters, at)
	}
	for from := 0; from < quarters.Len(); from += atOnce {
		some := quarters[from:min(from+atOnce+1, len(quarters))]
		rows, err := a.count(of(sessionStart, events), some, by, where)
		if err != nil {
			return err
		}
		for _, r := range rows {
			zone := a.zone
			if len(by) > 0 {
				zone, _ = location(r.Groups[0])
			}
			w.add(some[r.Bucket].In(zone), r.Values[0])
		}
	}
	return nil
}

func (w *week) add(t time.Time, n float64) { w[(t.Weekday()+6)%7][t.Hour()] += n }

func (w *week) answer() *answer {
	out := new(answer)
	for day, hours := range w {
		for hour, n := range hours {
			r := row{before: []pinpoint.ResultRowValue{
				text("DayOfWeek", time.Weekday((day+1)%7).String()), text("Hour", strconv.Itoa(hour)),
			}}
			r.add("Sessions", n)
			out.addRow(r)
		}
	}
	return out
}
