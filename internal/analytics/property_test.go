package analytics

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pintail/internal/eventstore"
	genpinpoint "pintail/internal/gen/pinpoint"
	"pintail/internal/history"
)

// choice is a filter in both forms.
type choice struct {
	text  string
	holds func(*eventstore.Event) bool
}

// What the directory says of endpoints and users.
var (
	plans = map[string][]string{"e1": {"gold", "new"}, "e2": {"gold"}, "e3": {"a,b"}}
	tiers = map[string][]string{"u1": {"staff"}}
)

var choices = []choice{
	{"event-type:view,_session.start", typed("view", "_session.start")},
	{"!event-type:view", func(e *eventstore.Event) bool { return e.Type != "view" }},
	{"platform:ios", func(e *eventstore.Event) bool { return e.Platform == "ios" }},
	{"platform", func(e *eventstore.Event) bool { return e.Platform != "" }},
	{"!app-version:1", func(e *eventstore.Event) bool { return e.AppVersion != "1" }},
	{`attributes.screen:home,a\,b\:c`, func(e *eventstore.Event) bool {
		v, ok := e.Attributes["screen"]
		return ok && (v == "home" || v == "a,b:c")
	}},
	{"!attributes.screen", func(e *eventstore.Event) bool { _, ok := e.Attributes["screen"]; return !ok }},
	{"metrics._item_price>=1", func(e *eventstore.Event) bool { v, ok := e.Metrics["_item_price"]; return ok && v >= 1 }},
	{"!metrics._quantity<2", func(e *eventstore.Event) bool { v, ok := e.Metrics["_quantity"]; return !ok || v >= 2 }},
	{"metrics._quantity:2", func(e *eventstore.Event) bool { return e.Metrics["_quantity"] == 2 }},
	{`endpoint.plan:gold`, func(e *eventstore.Event) bool { return slices.Contains(plans[e.EndpointID], "gold") }},
	{`!endpoint.plan:new,a\,b`, func(e *eventstore.Event) bool {
		return !slices.Contains(plans[e.EndpointID], "new") && !slices.Contains(plans[e.EndpointID], "a,b")
	}},
	{"user.tier", func(e *eventstore.Event) bool { return len(tiers[e.UserID]) > 0 }},
	{"endpoint.nothing", func(*eventstore.Event) bool { return false }},
}

// grouping is a field to group by in both forms.
type grouping struct {
	text, key string
	of        func(*eventstore.Event) []string
}

func orNone(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

var groupings = []grouping{
	{"platform", "Platform", func(e *eventstore.Event) []string { return []string{e.Platform} }},
	{"app-version", "AppVersion", func(e *eventstore.Event) []string { return []string{e.AppVersion} }},
	{"event-type", "EventType", func(e *eventstore.Event) []string { return []string{e.Type} }},
	{"attributes.screen", "attributes.screen", func(e *eventstore.Event) []string { return []string{e.Attributes["screen"]} }},
	{"endpoint.plan", "endpoint.plan", func(e *eventstore.Event) []string { return orNone(plans[e.EndpointID]) }},
	{"user.tier", "user.tier", func(e *eventstore.Event) []string { return orNone(tiers[e.UserID]) }},
}

// drawEvents draws a history of few around a change of Berlin's clocks, no two
// events at the same moment.
func drawEvents(r *rapid.T) []eventstore.Event {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(r, name) }
	list := make([]eventstore.Event, rapid.IntRange(0, 60).Draw(r, "events"))
	for i := range list {
		quarters := rapid.IntRange(-40*96, 30*96).Draw(r, "at")
		at := noon.Add(time.Duration(quarters) * eventstore.Quarter).Add(time.Duration(i) * time.Millisecond)
		list[i] = eventstore.Event{
			EndpointID: pick("endpoint", "e1", "e2", "e3", "e4", ""), UserID: pick("user", "", "u1", "u2"),
			Type:     pick("type", "_session.start", "view", "_monetization.purchase", "_userauth.sign_in", "_userauth.sign_up", "_userauth.auth_fail"),
			Platform: pick("platform", "", "ios", "android"), AppVersion: pick("version", "1", "2"),
			Timezone: pick("zone", "", "Asia/Kathmandu", "America/New_York", "Mars/Olympus", "Local"), Timestamp: at,
		}
		e := &list[i]
		if v := pick("screen", "", "home", "a,b:c"); v != "" {
			e.Attributes = map[string]string{"screen": v}
		}
		if e.Type == "_monetization.purchase" {
			e.Metrics = map[string]float64{"_item_price": float64(rapid.IntRange(0, 8).Draw(r, "price")) / 4}
			if rapid.Bool().Draw(r, "has quantity") {
				e.Metrics["_quantity"] = float64(rapid.IntRange(0, 3).Draw(r, "quantity"))
			}
		}
		if rapid.Bool().Draw(r, "in session") {
			e.Session.ID = "s"
		}
	}
	return list
}

// question is a drawn request in both forms.
type question struct {
	in    genpinpoint.GetApplicationDateRangeKpiRequest
	naive naive
	keys  []string // of groups
}

// drawQuestion draws the range, zone, filters and groups.
func drawQuestion(r *rapid.T, all []eventstore.Event, intervals []string, groups bool) question {
	zone := rapid.SampledFrom([]string{"", "UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"}).Draw(r, "zone")
	q := question{naive: naive{all: all, now: noon, zone: time.UTC}}
	q.in.TimeZone = zone
	if zone != "" {
		q.naive.zone, _ = time.LoadLocation(zone)
	}
	q.naive.from = noon.Add(-time.Duration(rapid.IntRange(0, 35*96).Draw(r, "from")) * eventstore.Quarter)
	q.naive.to = q.naive.from.Add(time.Duration(rapid.IntRange(1, 40*96).Draw(r, "length")) * eventstore.Quarter)
	q.in.StartTime, q.in.EndTime = q.naive.from, q.naive.to
	q.in.Interval = rapid.SampledFrom(intervals).Draw(r, "interval")
	q.naive.interval = q.in.Interval
	if q.in.Interval == "" {
		q.naive.interval = intervals[0]
	}
	filters := rapid.SliceOfN(rapid.SampledFrom(choices), 0, 2).Draw(r, "filters")
	for _, f := range filters {
		q.in.Filter = append(q.in.Filter, f.text)
	}
	q.naive.filter = func(e *eventstore.Event) bool {
		return !slices.ContainsFunc(filters, func(f choice) bool { return !f.holds(e) })
	}
	if groups && rapid.Bool().Draw(r, "grouped") {
		q.groupBy(rapid.SliceOfNDistinct(rapid.SampledFrom(groupings), 1, 2, func(g grouping) string { return g.text }).Draw(r, "group by"))
	}
	q.in.Limit = "100"
	if !groups {
		q.in.Limit = ""
	}
	return q
}

// groupBy makes rows of combinations of groups.
func (q *question) groupBy(list []grouping) {
	for _, g := range list {
		q.in.GroupBy, q.keys = append(q.in.GroupBy, g.text), append(q.keys, g.key)
	}
	q.naive.groups = func(e *eventstore.Event) []string {
		out := []string{""}
		for i, g := range list {
			var longer []string
			for _, head := range out {
				for _, v := range g.of(e) {
					if i > 0 {
						v = head + "/" + v
					}
					longer = append(longer, v)
				}
			}
			out = longer
		}
		return out
	}
}

// rounding is what sums may differ by.
var rounding = cmp.Comparer(func(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1) })

// tester is what tests and rapid's checks have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// compare asks a KPI and compares the answer with the naive one. row names an
// answer's row as the naive table does.
func compare(r tester, s *server, name string, q question, want table, row func(line) string) {
	r.Helper()
	q.in.KpiName = name
	out, err := s.answer(q.in)
	if err != nil {
		r.Fatalf("%s %+v: %v", name, q.in, err)
	}
	got := table{}
	for i, l := range lines(out.KpiResult.Rows) {
		values := map[string]float64{}
		for _, v := range out.KpiResult.Rows[i].Values {
			n, err := strconv.ParseFloat(v.Value, 64)
			if err != nil || !strings.Contains(v.Value, ".") {
				r.Fatalf("%s: the value %q", name, v.Value)
			}
			values[v.Key] = n
		}
		if at := row(l); got[at] == nil {
			got[at] = values
		} else {
			r.Fatalf("%s %+v: two rows of %q", name, q.in, at)
		}
	}
	if diff := cmp.Diff(want, got, rounding); diff != "" {
		r.Fatalf("%s %+v: -want +got:\n%s", name, q.in, diff)
	}
}

// byGroups names rows by date and groups.
func (q *question) byGroups(l line) string {
	var values []string
	for _, key := range q.keys {
		values = append(values, l[key])
	}
	return l["Date"] + "|" + strings.Join(values, "/")
}

// settle gives the directory the attributes of the tests' endpoints and users.
func (s *server) settle(t testing.TB) {
	t.Helper()
	items := []types.EndpointBatchItem{
		{Id: aws.String("e5"), User: &types.EndpointUser{UserId: aws.String("u1"), UserAttributes: map[string][]string{"tier": tiers["u1"]}}},
	}
	for id, values := range plans {
		items = append(items, types.EndpointBatchItem{Id: aws.String(id), Attributes: map[string][]string{"plan": append(values, values[0])}})
	}
	_, err := s.UpdateEndpointsBatch(t.Context(), &pinpoint.UpdateEndpointsBatchInput{
		ApplicationId: &s.app, EndpointBatchRequest: &types.EndpointBatchRequest{Item: items},
	})
	must(t, err)
}

// onHistories runs a test on random histories.
func onHistories(t *testing.T, test func(r *rapid.T, s *server, all []eventstore.Event)) {
	onEveryEngine(t, func(t *testing.T, s *server) {
		s.settle(t)
		rapid.Check(t, func(r *rapid.T) {
			if err := s.log.Reset(t.Context()); err != nil {
				r.Fatalf("reset: %v", err)
			}
			s.room.Forget()
			all := drawEvents(r)
			s.record(t, all...)
			for range 4 {
				test(r, s, all)
			}
		})
	})
}

var anyInterval = []string{"day", "", "hour", "week", "month", "none"}

func TestCountsAreThoseOfANaiveCount(t *testing.T) {
	names := []string{
		"daily-active-endpoints", "daily-active-users", "sessions", "sessions-per-endpoint", "sessions-per-user", "events-per-session",
		"sign-ups", "sign-ins", "failed-sign-ins", "revenue", "revenue-per-endpoint", "revenue-per-user", "revenue-per-paying-user",
		"paying-users", "paying-endpoints", "units-sold", "units-sold-per-endpoint", "purchases", "purchases-per-purchasing-endpoint", "events",
	}
	onHistories(t, func(r *rapid.T, s *server, all []eventstore.Event) {
		name := rapid.SampledFrom(names).Draw(r, "name")
		q := drawQuestion(r, all, anyInterval, true)
		if name == "events" {
			if len(q.keys) == 0 {
				q.groupBy([]grouping{groupings[2]})
				q.in.GroupBy = nil // it is the default
			}
			q.naive.metric = rapid.SampledFrom([]string{"", "_quantity"}).Draw(r, "metric")
			q.in.Metric = q.naive.metric
		}
		compare(r, s, name, q, q.naive.count(name), q.byGroups)
	})
}

func TestPeopleAreThoseOfANaiveCount(t *testing.T) {
	onHistories(t, func(r *rapid.T, s *server, all []eventstore.Event) {
		name := rapid.SampledFrom([]string{
			"monthly-active-endpoints", "monthly-active-users", "new-endpoints", "new-users", "sticky-factor", "retention", "seven-day-retention",
		}).Draw(r, "name")
		intervals := []string{"day", "", "week", "month", "none"}
		switch name {
		case "sticky-factor":
			intervals = []string{""}
		case "new-endpoints", "new-users":
			intervals = anyInterval
		}
		q := drawQuestion(r, all, intervals, true)
		if name == "sticky-factor" {
			q.naive.interval = "day"
		}
		q.naive.users = strings.HasSuffix(name, "users")
		if slices.Contains([]string{"sticky-factor", "retention", "seven-day-retention"}, name) && rapid.Bool().Draw(r, "of users") {
			q.naive.users, q.in.Actor = true, "users"
		}
		want := map[string]func() table{
			"monthly-active-endpoints": func() table { return q.naive.monthly("MonthlyActiveEndpoints") },
			"monthly-active-users":     func() table { return q.naive.monthly("MonthlyActiveUsers") },
			"new-endpoints":            func() table { return q.naive.arrivals("NewEndpoints") },
			"new-users":                func() table { return q.naive.arrivals("NewUsers") },
			"sticky-factor":            q.naive.sticky, "retention": q.naive.retained, "seven-day-retention": q.naive.weekRetained,
		}[name]()
		compare(r, s, name, q, want, q.byGroups)
	})
}

func TestHeatMapIsThatOfANaiveCount(t *testing.T) {
	onHistories(t, func(r *rapid.T, s *server, all []eventstore.Event) {
		q := drawQuestion(r, all, []string{""}, false)
		compare(r, s, "session-heat-map", q, q.naive.heat(), func(l line) string { return l["DayOfWeek"] + "|" + l["Hour"] })
	})
}

func TestFunnelIsThatOfANaiveSearch(t *testing.T) {
	steps := []choice{
		{"_session.start", typed("_session.start")}, {"view", typed("view")}, {"*", anything}, {"*[platform:ios]", choices[2].holds},
		{"view[attributes.screen:home,x][!metrics._quantity<2]", func(e *eventstore.Event) bool {
			return e.Type == "view" && e.Attributes["screen"] == "home" && choices[8].holds(e)
		}},
	}
	windows := map[string]time.Duration{"": 7 * 24 * time.Hour, "36h": 36 * time.Hour, "2w": 14 * 24 * time.Hour, "45m": 45 * time.Minute}
	onHistories(t, func(r *rapid.T, s *server, all []eventstore.Event) {
		q := drawQuestion(r, all, []string{"none", ""}, true)
		if len(q.keys) > 1 {
			q.keys, q.in.GroupBy = nil, nil
			q.naive.groups = nil
		}
		q.naive.users = rapid.Bool().Draw(r, "of users")
		if q.naive.users {
			q.in.Actor = "users"
		}
		if len(q.keys) == 1 && (q.keys[0] == "endpoint.plan" && q.naive.users || q.keys[0] == "user.tier" && !q.naive.users) {
			r.Skip("labels of others")
		}
		var texts []string
		for _, step := range rapid.SliceOfN(rapid.SampledFrom(steps), 1, 3).Draw(r, "steps") {
			texts, q.naive.steps = append(texts, step.text), append(q.naive.steps, step.holds)
		}
		q.in.Steps = strings.Join(texts, ",")
		q.in.Window = rapid.SampledFrom([]string{"", "36h", "2w", "45m"}).Draw(r, "window")
		q.naive.window = windows[q.in.Window]
		compare(r, s, "funnel", q, q.naive.funnel(), func(l line) string {
			group := ""
			if len(q.keys) == 1 {
				group = l[q.keys[0]]
			}
			return "|" + l["Step"] + " " + group
		})
	})
}

// What a made-up past comes to: enough events for every rule to matter.
func TestHistoryIsThatOfANaiveCount(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *server) {
		options := history.Options{App: s.app, Users: 40, Days: 75, Until: noon, Seed: 3}
		var all []eventstore.Event
		must(t, history.New(options).Events(func(some []eventstore.Event) error {
			all = append(all, some...)
			return s.log.Append(t.Context(), some)
		}))
		berlin, _ := location("Europe/Berlin")
		q := question{naive: naive{
			all: all, now: noon, zone: berlin, interval: "week", filter: anything,
			from: noon.AddDate(0, 0, -70), to: noon,
			steps: []func(*eventstore.Event) bool{typed("product.view"), typed("cart.add"), typed("order.placed")}, window: 24 * time.Hour,
		}}
		q.in = request{StartTime: q.naive.from, EndTime: q.naive.to, TimeZone: "Europe/Berlin", Interval: "week", Limit: "100"}
		q.groupBy(groupings[:2])
		for _, name := range []string{"daily-active-endpoints", "sessions-per-user", "revenue-per-paying-user", "units-sold", "sign-ins", "events-per-session"} {
			compare(t, s, name, q, q.naive.count(name), q.byGroups)
		}
		compare(t, s, "monthly-active-endpoints", q, q.naive.monthly("MonthlyActiveEndpoints"), q.byGroups)
		compare(t, s, "new-endpoints", q, q.naive.arrivals("NewEndpoints"), q.byGroups)
		compare(t, s, "retention", q, q.naive.retained(), q.byGroups)
		compare(t, s, "seven-day-retention", q, q.naive.weekRetained(), q.byGroups)
		bare := q
		bare.naive.groups, bare.naive.interval = nil, ""
		bare.in.GroupBy, bare.in.Interval, bare.in.Limit = nil, "", ""
		compare(t, s, "session-heat-map", bare, bare.naive.heat(), func(l line) string { return l["DayOfWeek"] + "|" + l["Hour"] })
		bare.in.Steps, bare.in.Window = "product.view,cart.add,order.placed", "1d"
		compare(t, s, "funnel", bare, bare.naive.funnel(), func(l line) string { return "|" + l["Step"] + " " })
	})
}
