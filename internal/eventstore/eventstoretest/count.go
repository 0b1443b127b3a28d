package eventstoretest

import (
	"context"
	"testing"
	"time"

	"pintail/internal/eventstore"
)

// decade is when all tests happen.
var decade = eventstore.Buckets{time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}

// CountTypes counts a project's events of this decade by type; with a filter of more, those
// that also are of its type, endpoint and user.
func CountTypes(ctx context.Context, s eventstore.Store, f eventstore.Filter) (map[string]int64, error) {
	rows, err := s.Count(ctx, &eventstore.Question{
		App: f.App, Buckets: decade, Where: conditions(f), By: []eventstore.Field{{Name: "event_type"}},
		Measures: []eventstore.Measure{{Kind: eventstore.CountEvents}},
	})
	counts := map[string]int64{}
	for _, r := range rows {
		counts[r.Groups[0]] = int64(r.Values[0])
	}
	return counts, err
}

// countAll is the number of such events.
func countAll(ctx context.Context, s eventstore.Store, f eventstore.Filter) (sum int64, err error) {
	counts, err := CountTypes(ctx, s, f)
	for _, n := range counts {
		sum += n
	}
	return sum, err
}

// conditions are a filter's, without its span of time, as questions have them.
func conditions(f eventstore.Filter) (where []eventstore.Condition) {
	for name, value := range map[string]string{"event_type": f.Type, "endpoint_id": f.EndpointID, "user_id": f.UserID} {
		if value != "" {
			where = append(where, eventstore.Condition{Field: eventstore.Field{Name: name}, Values: []string{value}})
		}
	}
	return where
}

// chosen is the suite's own reading of a filter, one event at a time.
func chosen(f eventstore.Filter, all []recorded) []recorded {
	var list []recorded
	for _, r := range all {
		e := r.Event
		switch {
		case f.App != "" && e.App != f.App,
			f.Type != "" && e.Type != f.Type,
			f.EndpointID != "" && e.EndpointID != f.EndpointID,
			f.UserID != "" && e.UserID != f.UserID,
			!f.From.IsZero() && e.Timestamp.Before(f.From),
			!f.To.IsZero() && !e.Timestamp.Before(f.To):
			continue
		}
		list = append(list, r)
	}
	return list
}

// checkAnswers compares a store's counts with the suite's: by type, and who was active on
// each of the days around noon.
func checkAnswers(t tester, s eventstore.Store, f eventstore.Filter, all []recorded) {
	t.Helper()
	var days eventstore.Buckets
	for day := range 20 {
		days = append(days, noon.Truncate(24*time.Hour).AddDate(0, 0, day-10))
	}
	everything := []eventstore.Measure{{Kind: eventstore.CountEvents}, {Kind: eventstore.CountEndpoints}, {Kind: eventstore.CountUsers}}
	for _, q := range []*eventstore.Question{
		{App: f.App, Buckets: decade, Where: conditions(f), By: []eventstore.Field{{Name: "event_type"}}, Measures: everything},
		{App: f.App, Buckets: days, Where: conditions(f), Measures: everything[1:]},
	} {
		got, err := s.Count(background, q)
		if err != nil {
			t.Fatalf("Count: %v", err)
		}
		if len(got) == 0 {
			got = nil
		}
		same(t, "Count", naive{all}.count(q), got)
	}
}

// testFilters: each field of a filter chooses, alone and with others, also at
// the very millisecond of its bounds.
func testFilters(t *testing.T, target Target) {
	s := target.open(t)
	var list []eventstore.Event
	for n := range 80 {
		e := event([]string{"a", "b"}[n%2], n)
		e.UserID = []string{"", "u1", "u2"}[n%3]
		e.Timestamp = noon.Add(time.Duration(n-40) * time.Hour)
		list = append(list, e)
	}
	appendAll(t, s, list...)
	at := list[33].Timestamp
	filters := []eventstore.Filter{
		{}, {App: "a"}, {App: "none"}, {Type: "type.1"}, {EndpointID: "endpoint-3"}, {UserID: "u2"},
		{From: at}, {From: at.Add(1)}, {To: at}, {To: at.Add(1)}, {From: at, To: at.Add(5 * time.Hour)},
		{From: at.Add(time.Hour), To: at},
		{From: time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(30000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{App: "a", Type: "type.0", EndpointID: "endpoint-6", UserID: "u1", From: at.Add(-30 * time.Hour), To: at.Add(30 * time.Hour)},
		{App: "a' OR 1=1 --"},
	}
	for range 2 {
		all := scan(t, s, eventstore.Query{})
		same(t, "all", list, events(all))
		for _, f := range filters {
			same(t, "scan", chosen(f, all), scan(t, s, eventstore.Query{Filter: f}))
		}
		for _, f := range filters {
			if f.App == "" {
				f.App = "b"
			}
			checkAnswers(t, s, f, all)
		}
	}
}
