package analytics

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pintail/internal/eventstore"
)

func at(zone *time.Location, text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		panic(err)
	}
	return t
}

// Intervals where clocks and calendars do what they seldom do.
func TestSplit(t *testing.T) {
	for name, test := range map[string]struct {
		zone     string
		interval interval
		from, to string // UTC
		want     []string
	}{
		"a day of 23 hours": {"Europe/Berlin", daily, "2026-03-27 23:00", "2026-03-29 22:00", []string{"2026-03-28 24h0m0s", "2026-03-29 23h0m0s"}},
		"hours put forward": {"Europe/Berlin", hourly, "2026-03-29 00:00", "2026-03-29 02:00", []string{"2026-03-29T01:00:00+01:00 1h0m0s", "2026-03-29T03:00:00+02:00 1h0m0s"}},
		"an hour twice": {"Europe/Berlin", hourly, "2026-10-25 00:00", "2026-10-25 02:00",
			[]string{"2026-10-25T02:00:00+02:00 1h0m0s", "2026-10-25T02:00:00+01:00 1h0m0s"}},
		"half an hour put forward": {"Australia/Lord_Howe", hourly, "2026-10-03 14:30", "2026-10-03 17:00",
			[]string{"2026-10-04T01:00:00+10:30 1h0m0s", "2026-10-04T02:30:00+11:00 30m0s", "2026-10-04T03:00:00+11:00 1h0m0s"}},
		"no midnight":        {"America/Santiago", daily, "2026-09-05 04:00", "2026-09-07 03:00", []string{"2026-09-05 24h0m0s", "2026-09-06 23h0m0s"}},
		"midnight twice":     {"America/Havana", daily, "2026-11-01 04:00", "2026-11-02 05:00", []string{"2026-11-01 25h0m0s"}},
		"a day left out":     {"Pacific/Apia", daily, "2011-12-29 10:00", "2011-12-31 10:00", []string{"2011-12-29 24h0m0s", "2011-12-31 24h0m0s"}},
		"a zone of quarters": {"Asia/Kathmandu", hourly, "2026-01-01 00:15", "2026-01-01 02:15", []string{"2026-01-01T06:00:00+05:45 1h0m0s", "2026-01-01T07:00:00+05:45 1h0m0s"}},
		"cut weeks":          {"UTC", weekly, "2026-01-01 00:00", "2026-01-13 12:00", []string{"2025-12-29 96h0m0s", "2026-01-05 168h0m0s", "2026-01-12 36h0m0s"}},
		"months":             {"UTC", monthly, "2026-01-31 00:00", "2026-03-02 00:00", []string{"2026-01-01 24h0m0s", "2026-02-01 672h0m0s", "2026-03-01 24h0m0s"}},
		"none":               {"UTC", whole, "2026-01-31 00:00", "2026-03-02 00:00", []string{" 720h0m0s"}},
	} {
		zone, ok := location(test.zone)
		if !ok {
			t.Fatalf("no zone %s", test.zone)
		}
		s, ok := test.interval.split(at(time.UTC, test.from), at(time.UTC, test.to), zone)
		if !ok {
			t.Fatalf("%s: refused", name)
		}
		var got []string
		for i, date := range s.dates {
			got = append(got, fmt.Sprint(date, " ", s.bounds[i+1].Sub(s.bounds[i])))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// Whatever is split, the pieces are the whole, in quarters of an hour, and an
// event's interval is the one that its local date says.
func TestSplitIsWhole(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana", "America/Santiago", "Africa/Cairo", "Africa/Monrovia"}
	rapid.Check(t, func(r *rapid.T) {
		zone, _ := location(rapid.SampledFrom(zones).Draw(r, "zone"))
		i := rapid.SampledFrom([]interval{hourly, daily, weekly, monthly, whole}).Draw(r, "interval")
		from := time.Unix(rapid.Int64Range(0, 2_000_000_000/900).Draw(r, "from")*900, 0).UTC()
		to := from.Add(time.Duration(rapid.IntRange(1, 4000).Draw(r, "quarters")) * eventstore.Quarter)
		s, ok := i.split(from, to, zone)
		if !ok || len(s.dates) != s.bounds.Len() || !s.bounds[0].Equal(from) || !s.bounds[len(s.bounds)-1].Equal(to) {
			r.Fatalf("%v to %v: %v", from, to, s)
		}
		if q := (&eventstore.Question{App: "a", Buckets: s.bounds, Measures: []eventstore.Measure{events}}); q.Check() != nil {
			r.Fatalf("%v to %v: %v", from, to, q.Check())
		}
		for n := range s.dates {
			if i == daily || i == monthly || i == weekly {
				middle := s.bounds[n].Add(s.bounds[n+1].Sub(s.bounds[n]) / 2)
				n2 := naive{zone: zone, interval: string(i)}
				if want := n2.date(middle); want != s.dates[n] && zone.String() != "Africa/Monrovia" { // whose offset was no whole quarter until 1972
					r.Fatalf("%v is of %s, not of %s", middle, want, s.dates[n])
				}
			}
		}
	})
}
