package analytics

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"pintail/internal/eventstore"
)

// naive answers KPIs off a list of events, by what docs/analytics.md says and
// without the log's questions: a second implementation to compare with.
type naive struct {
	all      []eventstore.Event
	from, to time.Time
	now      time.Time
	zone     *time.Location
	interval string
	filter   func(*eventstore.Event) bool
	groups   func(*eventstore.Event) []string // the event's groups, as their rows have them; nil: one, ""
	users    bool
	steps    []func(*eventstore.Event) bool
	window   time.Duration
	metric   string
}

// table is an answer: values by row, which is called by date and group.
type table map[string]map[string]float64

func (t table) set(date, group, key string, n float64) {
	row := date + "|" + group
	if t[row] == nil {
		t[row] = map[string]float64{}
	}
	t[row][key] = n
}

func (n *naive) date(t time.Time) string {
	t = t.In(n.zone)
	switch n.interval {
	case "hour":
		return t.Format("2006-01-02T15:00:00Z07:00")
	case "day":
		return t.Format("2006-01-02")
	case "week":
		for t.Weekday() != time.Monday {
			t = t.AddDate(0, 0, -1)
		}
		return t.Format("2006-01-02")
	case "month":
		return t.Format("2006-01") + "-01"
	}
	return ""
}

func (n *naive) in(e *eventstore.Event) bool {
	return !e.Timestamp.Before(n.from) && e.Timestamp.Before(n.to)
}

func (n *naive) groupsOf(e *eventstore.Event) []string {
	if n.groups == nil {
		return []string{""}
	}
	return n.groups(e)
}

func (n *naive) who(e *eventstore.Event) string {
	if n.users {
		return e.UserID
	}
	return e.EndpointID
}

// tally is what one count knows of a row.
type tally struct {
	events           float64
	endpoints, users map[string]bool
	sum              float64
}

// tallies counts chosen events within the range by row.
func (n *naive) tallies(choose func(*eventstore.Event) bool, sum func(*eventstore.Event) float64) map[string]*tally {
	out := map[string]*tally{}
	for i := range n.all {
		e := &n.all[i]
		if !n.in(e) || !n.filter(e) || !choose(e) {
			continue
		}
		for _, g := range n.groupsOf(e) {
			row := n.date(e.Timestamp) + "|" + g
			if out[row] == nil {
				out[row] = &tally{endpoints: map[string]bool{}, users: map[string]bool{}}
			}
			c := out[row]
			c.events++
			if e.EndpointID != "" {
				c.endpoints[e.EndpointID] = true
			}
			if e.UserID != "" {
				c.users[e.UserID] = true
			}
			if sum != nil {
				c.sum += sum(e)
			}
		}
	}
	return out
}

func typed(types ...string) func(*eventstore.Event) bool {
	return func(e *eventstore.Event) bool { return slices.Contains(types, e.Type) }
}

func anything(*eventstore.Event) bool { return true }

func price(e *eventstore.Event) float64 {
	p, ok := e.Metrics["_item_price"]
	if q, has := e.Metrics["_quantity"]; ok && has {
		p *= q
	}
	return p
}

// one is a KPI of one number.
func (n *naive) one(key string, choose func(*eventstore.Event) bool, sum func(*eventstore.Event) float64, of func(*tally) float64) table {
	out := table{}
	for row, c := range n.tallies(choose, sum) {
		if v := of(c); v != 0 {
			out[row] = map[string]float64{key: v}
		}
	}
	return out
}

// ratio is a KPI of one number divided by another, for groups in which the first
// one happened at all.
func (n *naive) ratio(key string, upper, lower table) table {
	groups := map[string]bool{}
	for row := range upper {
		_, g, _ := strings.Cut(row, "|")
		groups[g] = true
	}
	out := table{}
	for row, v := range lower {
		_, g, _ := strings.Cut(row, "|")
		if n.groups == nil || groups[g] {
			out[row] = map[string]float64{key: only(upper[row]) / only(v)}
		}
	}
	return out
}

func only(m map[string]float64) float64 {
	for _, v := range m {
		return v
	}
	return 0
}

func countEvents(c *tally) float64    { return c.events }
func countEndpoints(c *tally) float64 { return float64(len(c.endpoints)) }
func countUsers(c *tally) float64     { return float64(len(c.users)) }
func sumOf(c *tally) float64          { return c.sum }

// count answers the KPIs that are made of counts.
func (n *naive) count(name string) table {
	sessions := func() table { return n.one("x", typed("_session.start"), nil, countEvents) }
	active := func(of func(*tally) float64) table { return n.one("x", anything, nil, of) }
	bought := typed("_monetization.purchase")
	switch name {
	case "daily-active-endpoints":
		return n.one("DailyActiveEndpoints", anything, nil, countEndpoints)
	case "daily-active-users":
		return n.one("DailyActiveUsers", anything, nil, countUsers)
	case "sessions":
		return n.one("Sessions", typed("_session.start"), nil, countEvents)
	case "sessions-per-endpoint":
		return n.ratio("SessionsPerEndpoint", sessions(), active(countEndpoints))
	case "sessions-per-user":
		return n.ratio("SessionsPerUser", sessions(), active(countUsers))
	case "events-per-session":
		return n.ratio("EventsPerSession", n.one("x", func(e *eventstore.Event) bool { return e.Session.ID != "" }, nil, countEvents), sessions())
	case "sign-ups":
		return n.one("SignUps", typed("_userauth.sign_up"), nil, countEvents)
	case "sign-ins":
		return n.one("SignIns", typed("_userauth.sign_in"), nil, countEvents)
	case "failed-sign-ins":
		return n.one("FailedSignIns", typed("_userauth.auth_fail"), nil, countEvents)
	case "revenue":
		return n.one("Revenue", bought, price, sumOf)
	case "revenue-per-endpoint":
		return n.ratio("RevenuePerEndpoint", n.one("x", bought, price, sumOf), active(countEndpoints))
	case "revenue-per-user":
		return n.ratio("RevenuePerUser", n.one("x", bought, price, sumOf), active(countUsers))
	case "revenue-per-paying-user":
		return n.ratio("RevenuePerPayingUser", n.one("x", bought, price, sumOf), n.one("x", bought, nil, countUsers))
	case "paying-users":
		return n.one("PayingUsers", bought, nil, countUsers)
	case "paying-endpoints":
		return n.one("PayingEndpoints", bought, nil, countEndpoints)
	case "units-sold", "units-sold-per-endpoint":
		sold := n.one("UnitsSold", bought, func(e *eventstore.Event) float64 { return e.Metrics["_quantity"] }, sumOf)
		if name == "units-sold" {
			return sold
		}
		return n.ratio("UnitsSoldPerEndpoint", sold, active(countEndpoints))
	case "purchases":
		return n.one("Purchases", bought, nil, countEvents)
	case "purchases-per-purchasing-endpoint":
		return n.ratio("PurchasesPerPurchasingEndpoint", n.one("x", bought, nil, countEvents), n.one("x", bought, nil, countEndpoints))
	case "events":
		return n.explore()
	}
	return nil
}

func (n *naive) explore() table {
	out := table{}
	for row, c := range n.tallies(anything, nil) {
		out[row] = map[string]float64{"Events": c.events, "Endpoints": countEndpoints(c), "Users": countUsers(c)}
		if n.metric != "" {
			out[row]["Sum"] = 0
		}
	}
	if n.metric == "" {
		return out
	}
	has := func(e *eventstore.Event) bool { _, ok := e.Metrics[n.metric]; return ok }
	for row, c := range n.tallies(has, func(e *eventstore.Event) float64 { return e.Metrics[n.metric] }) {
		out[row]["Sum"], out[row]["Mean"] = c.sum, c.sum/c.events
	}
	return out
}

// calendar numbers the days of a zone.
func (n *naive) calendar(t time.Time) int {
	year, month, day := t.In(n.zone).Date()
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// dayName is the row of a day's number.
func (n *naive) dayName(day int) string {
	t := time.Unix(int64(day)*86400, 0).UTC()
	return (&naive{zone: time.UTC, interval: n.interval}).date(t)
}

// span are the days that the range touches.
func (n *naive) span() (first, last int) {
	return n.calendar(n.from), n.calendar(n.to.Add(-time.Millisecond))
}

// activeDays are the days on which each actor was active, by group.
func (n *naive) activeDays() map[string]map[string]map[int]bool {
	out := map[string]map[string]map[int]bool{}
	for i := range n.all {
		e := &n.all[i]
		if !n.filter(e) || n.who(e) == "" {
			continue
		}
		for _, g := range n.groupsOf(e) {
			if out[g] == nil {
				out[g] = map[string]map[int]bool{}
			}
			if out[g][n.who(e)] == nil {
				out[g][n.who(e)] = map[int]bool{}
			}
			out[g][n.who(e)][n.calendar(e.Timestamp)] = true
		}
	}
	return out
}

func activeWithin(days map[int]bool, from, to int) bool {
	for d := from; d <= to; d++ {
		if days[d] {
			return true
		}
	}
	return false
}

// monthly answers monthly actives, and sticky the sticky factor.
func (n *naive) monthly(key string) table {
	first, last := n.span()
	out := table{}
	for g, actors := range n.activeDays() {
		for d := first; d <= last; d++ {
			count := 0.0
			for _, days := range actors {
				if activeWithin(days, d-29, d) {
					count++
				}
			}
			delete(out, n.dayName(d)+"|"+g) // the interval's last day counts
			if count > 0 {
				out.set(n.dayName(d), g, key, count)
			}
		}
	}
	return out
}

func (n *naive) sticky() table {
	first, last := n.span()
	out := table{}
	for g, actors := range n.activeDays() {
		for d := first; d <= last; d++ {
			today, month := 0.0, 0.0
			for _, days := range actors {
				if days[d] {
					today++
				}
				if activeWithin(days, d-29, d) {
					month++
				}
			}
			if today > 0 {
				out.set(n.dayName(d), g, "StickyFactor", today/month)
			}
		}
	}
	return out
}

// arrivals answers new endpoints and users. No two events are of the same moment.
func (n *naive) arrivals(key string) table {
	firsts := map[string]*eventstore.Event{}
	for i := range n.all {
		e := &n.all[i]
		if who := n.who(e); who != "" && n.filter(e) && (firsts[who] == nil || e.Timestamp.Before(firsts[who].Timestamp)) {
			firsts[who] = e
		}
	}
	out := table{}
	for _, e := range firsts {
		if !n.in(e) {
			continue
		}
		for _, g := range n.groupsOf(e) {
			out.set(n.date(e.Timestamp), g, key, out[n.date(e.Timestamp)+"|"+g][key]+1)
		}
	}
	return out
}

// over tells whether a day has ended.
func (n *naive) over(day int) bool { return n.calendar(n.now) > day }

// retained answers retention.
func (n *naive) retained() table {
	first, last := n.span()
	noun := map[bool]string{false: "NewEndpoints", true: "NewUsers"}[n.users]
	out, judged := table{}, table{}
	for g, actors := range n.activeDays() {
		for _, days := range actors {
			born := slices.Min(slices.Collect(maps.Keys(days)))
			if born < first || born > last {
				continue
			}
			date := n.dayName(born)
			row := date + "|" + g
			out.set(date, g, noun, out[row][noun]+1)
			for _, after := range []int{1, 7, 30} {
				if key := fmt.Sprintf("Day%dRetention", after); n.over(born + after) {
					judged.set(date, g, key, judged[row][key]+1)
					back := 0.0
					if days[born+after] {
						back = 1
					}
					out.set(date, g, key, out[row][key]+back)
				}
			}
		}
	}
	for row, keys := range judged {
		for key, size := range keys {
			out[row][key] /= size
		}
	}
	return out
}

// weekRetained answers seven-day-retention.
func (n *naive) weekRetained() table {
	first, last := n.span()
	noun := map[bool]string{false: "ActiveEndpoints", true: "ActiveUsers"}[n.users]
	out := table{}
	for g, actors := range n.activeDays() {
		for _, days := range actors {
			for d := first; d <= last; d++ {
				if !days[d] || !n.over(d+7) {
					continue
				}
				row := n.dayName(d) + "|" + g
				back := 0.0
				if activeWithin(days, d+1, d+7) {
					back = 1
				}
				out.set(n.dayName(d), g, noun, out[row][noun]+1)
				out.set(n.dayName(d), g, "SevenDayRetention", out[row]["SevenDayRetention"]+back)
			}
		}
	}
	for _, values := range out {
		values["SevenDayRetention"] /= values[noun]
	}
	return out
}

// heat answers session-heat-map.
func (n *naive) heat() table {
	out := table{}
	for i := range n.all {
		e := &n.all[i]
		if e.Type != "_session.start" || !n.in(e) || !n.filter(e) {
			continue
		}
		local := e.Timestamp.In(n.zone)
		if zone, err := time.LoadLocation(e.Timezone); err == nil && e.Timezone != "" && e.Timezone != "Local" {
			local = e.Timestamp.In(zone)
		}
		out.set(local.Weekday().String(), fmt.Sprint(local.Hour()), "Sessions", out[local.Weekday().String()+"|"+fmt.Sprint(local.Hour())]["Sessions"]+1)
	}
	return out
}

// funnel answers funnel, of one interval, by trying every way.
func (n *naive) funnel() table {
	byActor := map[string][]*eventstore.Event{}
	for i := range n.all {
		e := &n.all[i]
		if n.in(e) && n.filter(e) && n.who(e) != "" {
			byActor[n.who(e)] = append(byActor[n.who(e)], e)
		}
	}
	came := map[string][]float64{} // to each step, by group
	for _, list := range byActor {
		sort.Slice(list, func(i, j int) bool { return list[i].Timestamp.Before(list[j].Timestamp) })
		best, groups := 0, []string(nil)
		for i, e := range list {
			if n.steps[0](e) {
				if way := 1 + n.ways(list[i+1:], 1, e.Timestamp); way >= best {
					best, groups = way, n.groupsOf(e)
				}
			}
		}
		for _, g := range groups {
			if came[g] == nil {
				came[g] = make([]float64, len(n.steps))
			}
			for k := range best {
				came[g][k]++
			}
		}
	}
	noun, out := map[bool]string{false: "Endpoints", true: "Users"}[n.users], table{}
	for g, counts := range came {
		for k, count := range counts {
			out.set("", fmt.Sprint(k+1, " ", g), noun, count)
			out.set("", fmt.Sprint(k+1, " ", g), "Rate", count/counts[0])
		}
	}
	return out
}

// ways returns how many further steps can be made.
func (n *naive) ways(list []*eventstore.Event, step int, began time.Time) int {
	if step == len(n.steps) {
		return 0
	}
	best := 0
	for i, e := range list {
		if e.Timestamp.Sub(began) <= n.window && n.steps[step](e) {
			best = max(best, 1+n.ways(list[i+1:], step+1, began))
		}
	}
	return best
}
