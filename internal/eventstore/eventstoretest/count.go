package eventstoretest

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pintail/internal/eventstore"
)

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

func countTypes(all []recorded) (counts []eventstore.TypeCount) {
	byType := map[string]int64{}
	for _, r := range all {
		byType[r.Event.Type]++
	}
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		counts = append(counts, eventstore.TypeCount{Type: name, Count: byType[name]})
	}
	return counts
}

// countDays counts the distinct ids of each day; "" is none.
func countDays(all []recorded, id func(eventstore.Event) string) (counts []eventstore.DayCount) {
	days := map[string]map[string]bool{}
	for _, r := range all {
		if id(r.Event) == "" {
			continue
		}
		day := r.Event.Timestamp.Format(time.DateOnly)
		if days[day] == nil {
			days[day] = map[string]bool{}
		}
		days[day][id(r.Event)] = true
	}
	for _, day := range slices.SortedFunc(maps.Keys(days), strings.Compare) {
		at, _ := time.Parse(time.DateOnly, day)
		counts = append(counts, eventstore.DayCount{Day: at, Count: int64(len(days[day]))})
	}
	return counts
}

// checkAnswers compares a store's answers with the suite's.
func checkAnswers(t tester, s eventstore.Store, f eventstore.Filter, all []recorded) {
	t.Helper()
	want := chosen(f, all)
	types, err := s.CountByType(background, f)
	if err != nil {
		t.Fatalf("CountByType: %v", err)
	}
	same(t, "CountByType", countTypes(want), types)
	endpoints, err := s.ActiveEndpoints(background, f)
	if err != nil {
		t.Fatalf("ActiveEndpoints: %v", err)
	}
	same(t, "ActiveEndpoints", countDays(want, func(e eventstore.Event) string { return e.EndpointID }), endpoints)
	users, err := s.ActiveUsers(background, f)
	if err != nil {
		t.Fatalf("ActiveUsers: %v", err)
	}
	same(t, "ActiveUsers", countDays(want, func(e eventstore.Event) string { return e.UserID }), users)
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
