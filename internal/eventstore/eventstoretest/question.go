package eventstoretest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pintail/internal/eventstore"
)

// rounding is what sums of doubles may differ by, by the order in which they are summed.
var rounding = cmp.Comparer(func(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1)
})

// testQuestions asks random questions about random histories, before and after what the
// store keeps to answer faster is made anew.
func testQuestions(t *testing.T, target Target) {
	place := target.Place(t)
	store := target.openAt(t, place)
	rapid.Check(t, func(r *rapid.T) {
		if err := store.Reset(background); err != nil {
			r.Fatalf("reset: %v", err)
		}
		var n naive
		for range rapid.IntRange(1, 3).Draw(r, "appends") {
			appendAll(r, store, rapid.SliceOfN(aHappening, 0, 40).Draw(r, "events")...)
			if rapid.IntRange(0, 3).Draw(r, "rebuild") == 0 {
				if err := store.Rebuild(background); err != nil {
					r.Fatalf("rebuild: %v", err)
				}
			}
			if rapid.IntRange(0, 2).Draw(r, "erase") == 0 {
				eraseSome(r, store)
			}
			n.all = scan(r, store, eventstore.Query{})
			for range 3 {
				ask(r, store, n)
			}
		}
	})
}

// eraseSome erases old events, or those of one person: answers must follow.
func eraseSome(r *rapid.T, s eventstore.Store) {
	x := eventstore.Erasure{App: "a", UserIDs: []string{"u1"}, EndpointIDs: []string{"e1", "e2"}}
	if rapid.Bool().Draw(r, "old") {
		x = eventstore.Erasure{App: "a", Before: time.Date(2026, 3, rapid.IntRange(20, 35).Draw(r, "before"), 0, 0, 0, 0, time.UTC)}
	}
	if _, err := s.Erase(background, x); err != nil {
		r.Fatalf("erase: %v", err)
	}
}

// aHappening draws an event of few apps, endpoints and users around a change of clocks.
var aHappening = rapid.Custom(func(r *rapid.T) eventstore.Event {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(r, name) }
	e := eventstore.Event{
		App: pick("app", "a", "a", "a", "b"), EndpointID: pick("endpoint", "", "e1", "e2", "e3", "e4"),
		UserID: pick("user", "", "u1", "u2"), Type: pick("type", "open", "view", "buy"),
		Platform: pick("platform", "", "ios", "android"), AppVersion: pick("version", "1", "Zoo", "ä"),
		Timestamp: springForward.Add(time.Duration(rapid.Int64Range(-12*day, 12*day).Draw(r, "at")) * time.Millisecond),
	}
	if rapid.IntRange(0, 2).Draw(r, "round") == 0 {
		e.Timestamp = e.Timestamp.Truncate(eventstore.Quarter)
	}
	e.Arrival = e.Timestamp
	if v := pick("screen", "-", "", "home", "cart"); v != "-" {
		e.Attributes = map[string]string{"screen": v}
		if rapid.Bool().Draw(r, "has another") { // with a value that is asked for under the other name
			e.Attributes["before"] = pick("before", "home", "cart")
		}
	}
	if rapid.Bool().Draw(r, "has metric") {
		e.Metrics = map[string]float64{"price": float64(rapid.IntRange(-2, 4).Draw(r, "price")) / 4}
		if rapid.Bool().Draw(r, "has quantity") {
			e.Metrics["quantity"] = float64(rapid.IntRange(0, 3).Draw(r, "quantity"))
		}
	}
	return e
})

const day = 86_400_000 // milliseconds

// springForward is when clocks in Berlin were put forward, from 2 to 3.
var springForward = time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)

// berlin and kathmandu have half-hour bounds and such that are not.
var berlin, kathmandu = location("Europe/Berlin"), location("Asia/Kathmandu")

func location(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

func drawDays(r *rapid.T, least int) eventstore.Buckets {
	zone := rapid.SampledFrom([]*time.Location{time.UTC, berlin, kathmandu}).Draw(r, "zone")
	first := rapid.IntRange(15, 30).Draw(r, "first")
	var b eventstore.Buckets
	for i := range rapid.IntRange(least, least+12).Draw(r, "days") + 1 {
		b = append(b, time.Date(2026, 3, first+i, 0, 0, 0, 0, zone))
	}
	return b
}

func drawBuckets(r *rapid.T) eventstore.Buckets {
	switch rapid.IntRange(0, 4).Draw(r, "buckets") {
	case 4: // whole UTC days, some of them together
		at := springForward.Truncate(day*time.Millisecond).AddDate(0, 0, -5)
		b := eventstore.Buckets{at}
		for _, days := range rapid.SliceOfN(rapid.IntRange(1, 3), 1, 6).Draw(r, "days together") {
			at = at.AddDate(0, 0, days)
			b = append(b, at)
		}
		return b
	case 0:
		return eventstore.Buckets{springForward.Add(-50 * time.Hour), springForward.Add(75 * time.Hour)}
	case 1:
		var b eventstore.Buckets
		for i := range 30 {
			b = append(b, springForward.Add(time.Duration(i-10)*eventstore.Quarter))
		}
		return b
	case 2: // of unequal lengths
		at := springForward.Add(-200 * time.Hour)
		b := eventstore.Buckets{at}
		for _, quarters := range rapid.SliceOfN(rapid.IntRange(1, 400), 1, 6).Draw(r, "lengths") {
			at = at.Add(time.Duration(quarters) * eventstore.Quarter)
			b = append(b, at)
		}
		return b
	}
	return drawDays(r, 1)
}

var (
	someLabels = []eventstore.Labels{
		{Of: eventstore.Endpoints, IDs: hashes("e1", "e2", "e2", "e9"), Names: []string{"gold", "gold", "new", "gold"}},
		{Of: eventstore.Users, IDs: hashes("u1"), Names: []string{"staff"}},
		{Of: eventstore.Endpoints},
	}
	someFields = []eventstore.Field{
		{Kind: eventstore.Text, Name: "platform"}, {Kind: eventstore.Text, Name: "app_version"}, {Kind: eventstore.Text, Name: "event_type"},
		{Kind: eventstore.Text, Name: "country"}, {Kind: eventstore.Attribute, Name: "screen"}, {Kind: eventstore.Attribute, Name: "'x\"]"},
		{Kind: eventstore.Label, Label: 0}, {Kind: eventstore.Label, Label: 1}, {Kind: eventstore.Label, Label: 2},
	}
	aField = rapid.SampledFrom(someFields)
)

func hashes(ids ...string) (list []uint64) {
	for _, id := range ids {
		list = append(list, eventstore.Hash(id))
	}
	return list
}

var aCondition = rapid.Custom(func(r *rapid.T) eventstore.Condition {
	c := eventstore.Condition{Field: aField.Draw(r, "field"), Not: rapid.Bool().Draw(r, "not")}
	if rapid.IntRange(0, 4).Draw(r, "of a metric") == 0 {
		c.Field = eventstore.Field{Kind: eventstore.Metric, Name: "price"}
		bound := func(name string) *float64 {
			return rapid.Ptr(rapid.SampledFrom([]float64{-0.25, 0, 0.5, 1}), true).Draw(r, name)
		}
		c.AtLeast, c.Below, c.Exactly = bound("at least"), bound("below"), bound("exactly")
		return c
	}
	c.Values = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"ios", "Zoo", "view", "home", "", "gold", "staff"}), 0, 3, rapid.ID).Draw(r, "values")
	return c
})

var someConditions = rapid.SliceOfN(aCondition, 0, 2)

// ask draws one question of each kind.
func ask(r *rapid.T, s eventstore.Store, n naive) {
	q := &eventstore.Question{
		App: "a", Buckets: drawBuckets(r), Where: someConditions.Draw(r, "where"), Labels: someLabels,
		By: rapid.SliceOfNDistinct(aField, 0, 2, func(f eventstore.Field) string { return fmt.Sprint(f) }).Draw(r, "by"),
		Measures: rapid.SliceOfN(rapid.SampledFrom([]eventstore.Measure{
			{Kind: eventstore.CountEvents}, {Kind: eventstore.CountEndpoints}, {Kind: eventstore.CountUsers},
			{Kind: eventstore.CountEndpoints}, {Kind: eventstore.CountUsers},
			{Kind: eventstore.SumMetric, Metric: "price"}, {Kind: eventstore.SumMetric, Metric: "price", Times: "quantity"},
		}), 1, 3).Draw(r, "measures"),
	}
	got, err := s.Count(background, q)
	compare(r, "Count", q, n.count(q), got, err)
	var days eventstore.Buckets
	for i := range rapid.IntRange(2, 20).Draw(r, "utc days") {
		days = append(days, springForward.Truncate(day*time.Millisecond).AddDate(0, 0, i-10))
	}
	plain := &eventstore.Question{App: "a", Buckets: days, Measures: []eventstore.Measure{{Kind: eventstore.CountUsers}, {Kind: eventstore.CountEndpoints}}}
	got, err = s.Count(background, plain)
	compare(r, "Count by day", plain, n.count(plain), got, err)

	who := eventstore.ActorQuestion{
		App: "a", Actor: rapid.SampledFrom([]eventstore.Actor{eventstore.Endpoints, eventstore.Users}).Draw(r, "actor"),
		Days: drawDays(r, 1), Where: someConditions.Draw(r, "where"), Labels: someLabels,
	}
	first := who
	first.By = q.By
	got, err = s.FirstSeen(background, &first)
	compare(r, "FirstSeen", first, n.firstSeen(&first), got, err)

	rolling := &eventstore.RollingQuestion{ActorQuestion: who, Window: rapid.IntRange(1, who.Days.Len()).Draw(r, "window")}
	got, err = s.Rolling(background, rolling)
	compare(r, "Rolling", rolling, n.rolling(rolling), got, err)

	who.Days = drawDays(r, 6)
	cohorts := &eventstore.CohortQuestion{
		ActorQuestion: who, Active: rapid.Bool().Draw(r, "active"), Within: rapid.Bool().Draw(r, "within"),
		After: slices.Sorted(slices.Values(rapid.SliceOfNDistinct(rapid.IntRange(1, 5), 1, 3, rapid.ID).Draw(r, "after"))),
	}
	got, err = s.Cohorts(background, cohorts)
	compare(r, "Cohorts", cohorts, n.cohorts(cohorts), got, err)

	who.Days = eventstore.Buckets{who.Days[0], who.Days[who.Days.Len()]}
	funnel := &eventstore.FunnelQuestion{ActorQuestion: who, Window: time.Duration(rapid.Int64Range(1, 3*day).Draw(r, "window")) * time.Millisecond}
	for range rapid.IntRange(1, 4).Draw(r, "steps") {
		funnel.Steps = append(funnel.Steps, eventstore.Step{Where: someConditions.Draw(r, "step")})
	}
	if by := aField.Draw(r, "by"); by.Kind != eventstore.Label || someLabels[by.Label].Of == who.Actor {
		funnel.By = []eventstore.Field{by}
	}
	got, err = s.Funnel(background, funnel)
	compare(r, "Funnel", funnel, n.funnel(funnel), got, err)
}

func compare(r *rapid.T, what string, q any, want, got []eventstore.Row, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s %+v: %v", what, q, err)
	}
	if len(got) == 0 {
		got = nil
	}
	if diff := cmp.Diff(want, got, rounding); diff != "" {
		r.Fatalf("%s %+v: -want +got:\n%s", what, q, diff)
	}
}

// testRefusedQuestions: what no engine can answer is refused by both alike.
func testRefusedQuestions(t *testing.T, target Target) {
	s := target.open(t)
	days := eventstore.Buckets{noon, noon.Add(24 * time.Hour), noon.Add(48 * time.Hour)}
	good := eventstore.ActorQuestion{App: "a", Days: days}
	count := eventstore.Question{App: "a", Buckets: days, Measures: []eventstore.Measure{{}}}
	if _, err := s.Count(background, &count); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*eventstore.Question)) error {
		q := count
		change(&q)
		_, err := s.Count(background, &q)
		return err
	}
	price := eventstore.Field{Kind: eventstore.Metric, Name: "price"}
	for name, err := range map[string]error{
		"no app":            with(func(q *eventstore.Question) { q.App = "" }),
		"no bucket":         with(func(q *eventstore.Question) { q.Buckets = days[:1] }),
		"odd bound":         with(func(q *eventstore.Question) { q.Buckets = eventstore.Buckets{noon, noon.Add(time.Minute)} }),
		"bounds backwards":  with(func(q *eventstore.Question) { q.Buckets = eventstore.Buckets{noon, noon} }),
		"ages":              with(func(q *eventstore.Question) { q.Buckets = eventstore.Buckets{noon, noon.AddDate(12, 0, 0)} }),
		"no measure":        with(func(q *eventstore.Question) { q.Measures = nil }),
		"sum of nothing":    with(func(q *eventstore.Question) { q.Measures = []eventstore.Measure{{Kind: eventstore.SumMetric}} }),
		"groups by metric":  with(func(q *eventstore.Question) { q.By = []eventstore.Field{price} }),
		"unknown field":     with(func(q *eventstore.Question) { q.By = []eventstore.Field{{Name: "seq; DROP TABLE events"}} }),
		"no such label":     with(func(q *eventstore.Question) { q.By = []eventstore.Field{{Kind: eventstore.Label}} }),
		"uneven labels":     with(func(q *eventstore.Question) { q.Labels = []eventstore.Labels{{Names: []string{"x"}}} }),
		"metric as text":    with(func(q *eventstore.Question) { q.Where = []eventstore.Condition{{Field: price, Values: []string{"1"}}} }),
		"too many groups":   with(func(q *eventstore.Question) { q.By = make([]eventstore.Field, 4) }),
		"rolling too far":   second(s.Rolling(background, &eventstore.RollingQuestion{ActorQuestion: good, Window: 3})),
		"cohorts too late":  second(s.Cohorts(background, &eventstore.CohortQuestion{ActorQuestion: good, After: []int{2}})),
		"cohorts unordered": second(s.Cohorts(background, &eventstore.CohortQuestion{ActorQuestion: good, After: []int{2, 1}})),
		"first of no app":   second(s.FirstSeen(background, &eventstore.ActorQuestion{Days: days})),
		"funnel of days":    second(s.Funnel(background, &eventstore.FunnelQuestion{ActorQuestion: good, Steps: make([]eventstore.Step, 1), Window: time.Hour})),
	} {
		if !errors.Is(err, eventstore.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
