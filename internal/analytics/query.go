package analytics

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// Rules about dates and numbers.
const (
	defaultSpan = 31 * 24 * time.Hour
	// The original's KPIs take 31 days at most, of the last 90 (Pinpoint Developer
	// Guide, "Querying analytics data").
	originalSpan = 31 * 24 * time.Hour
	originalAge  = 90 * 24 * time.Hour

	defaultLimit  = 10
	maxLimit      = 100
	defaultWindow = 7 * 24 * time.Hour
	maxWindow     = 366 * 24 * time.Hour
)

// query is a request that has been understood.
type query struct {
	kpi        *kpi
	app        string
	start, end time.Time // as the answer repeats them
	from, to   time.Time // what is asked about: whole quarters of an hour, to excluded
	now        time.Time
	zone       *time.Location
	interval   interval
	series     series
	where      []eventstore.Condition
	by         []dimension
	labels     []labelName
	limit      int // of groups
	metric     string
	actor      eventstore.Actor
	steps      []step
	window     time.Duration

	request *pinpoint.GetApplicationDateRangeKpiRequest
}

// parse reads a request that came at a time. It returns BadRequestException.
func parse(in *pinpoint.GetApplicationDateRangeKpiRequest, now time.Time) (*query, error) {
	k, ok := kpis[in.KpiName]
	if !ok {
		return nil, badRequest("There is no KPI with the name %q for applications.", in.KpiName)
	}
	q := &query{kpi: k, app: in.ApplicationId, now: now, request: in}
	for _, read := range []func() error{q.checkTakes, q.readZone, q.readSpan, q.readInterval, q.readFields, q.readNumbers, q.readSteps} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// checkTakes refuses parameters that the KPI has no use for.
func (q *query) checkTakes() error {
	in := q.request
	for _, p := range []struct {
		name  string
		given bool
		takes takes
	}{
		{"interval", in.Interval != "", takesInterval}, {"group-by", len(in.GroupBy) > 0, takesGroups},
		{"limit", in.Limit != "", takesGroups}, {"metric", in.Metric != "", takesMetric},
		{"actor", in.Actor != "", takesActor}, {"steps", in.Steps != "", takesSteps}, {"window", in.Window != "", takesSteps},
	} {
		if p.given && q.kpi.takes&p.takes == 0 {
			return badRequest("The KPI %s does not take the parameter %s.", in.KpiName, p.name)
		}
	}
	return nil
}

func (q *query) readZone() error {
	q.zone = time.UTC
	if name := q.request.TimeZone; name != "" {
		zone, ok := location(name)
		if !ok {
			return badRequest("The parameter time-zone is not a zone of the IANA database such as Europe/Berlin: %q.", name)
		}
		q.zone = zone
	}
	return nil
}

// location finds a time zone by name. "Local" would be the server's.
func location(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// readSpan reads the dates and holds them against the rules.
func (q *query) readSpan() error {
	q.end = cmp.Or(q.request.EndTime, q.now)
	q.start = q.request.StartTime
	if q.start.IsZero() {
		q.start = q.end.Add(-defaultSpan)
	}
	for _, t := range []time.Time{q.start, q.end} {
		if t.Year() < 1970 || t.Year() > 9998 {
			return badRequest("The parameters start-time and end-time must be of the years 1970 to 9998.")
		}
	}
	switch {
	case q.start.After(q.end):
		return badRequest("The parameter start-time must not be after end-time.")
	case q.start.After(q.now):
		return badRequest("The parameter start-time must not be in the future.")
	case q.kpi.original && q.end.Sub(q.start) > originalSpan:
		return badRequest("The date range of this KPI must not be longer than 31 days.")
	case q.kpi.original && q.now.Sub(q.start) > originalAge:
		return badRequest("The parameter start-time of this KPI must be within the last 90 days.")
	case q.end.Sub(q.start) > eventstore.MaxSpan-2*eventstore.Quarter:
		return badRequest("The date range must not be longer than eleven years.")
	}
	q.from, q.to = quarterDown(q.start), quarterUp(q.end)
	if !q.to.After(q.from) {
		q.to = q.from.Add(eventstore.Quarter)
	}
	return nil
}

func (q *query) readInterval() error {
	q.interval = interval(cmp.Or(q.request.Interval, string(q.kpi.interval)))
	if !slices.Contains([]interval{hourly, daily, weekly, monthly, whole}, q.interval) {
		return badRequest("The parameter interval must be hour, day, week, month or none.")
	}
	if q.interval == hourly && q.kpi.takes&takesDaysOnly != 0 {
		return badRequest("The KPI %s is about days: the parameter interval must be day, week, month or none.", q.request.KpiName)
	}
	var ok bool
	if q.series, ok = q.interval.split(q.from, q.to, q.zone); !ok {
		return badRequest("The date range has more than %d intervals. Ask for a longer interval.", eventstore.MaxBuckets)
	}
	if q.kpi.takes&takesDaysOnly != 0 && q.to.Sub(q.from) > maxDays*24*time.Hour {
		return badRequest("The date range of this KPI must not be longer than %d days.", maxDays)
	}
	return nil
}

// readFields reads filters and groups.
func (q *query) readFields() error {
	in, r := q.request, new(reader)
	if len(in.Filter) > maxFilters {
		return badRequest("There may be at most %d filters.", maxFilters)
	}
	for _, text := range in.Filter {
		c, err := r.condition(text)
		if err != nil {
			return badRequest("The filter %s %v.", quoted(text), err)
		}
		q.where = append(q.where, c)
	}
	if most := q.kpi.maxGroups(); len(in.GroupBy) > most {
		return badRequest("The KPI %s takes the parameter group-by at most %d times.", in.KpiName, most)
	}
	for _, text := range in.GroupBy {
		d, err := r.group(text)
		if err != nil {
			return badRequest("The group-by %s %v.", quoted(text), err)
		}
		if slices.Contains(q.by, d) {
			return badRequest("The group-by %s is given twice.", quoted(text))
		}
		q.by = append(q.by, d)
	}
	if len(q.by) == 0 {
		q.by = q.kpi.by
	}
	if in.Steps != "" {
		var err error
		if q.steps, err = r.steps(in.Steps); err != nil {
			return badRequest("The step %v.", err)
		}
	}
	q.labels = r.labels
	return nil
}

// readNumbers reads what else shapes the answer.
func (q *query) readNumbers() error {
	in := q.request
	q.limit = cmp.Or(q.kpi.limit, defaultLimit)
	if in.Limit != "" {
		n, err := strconv.Atoi(in.Limit)
		if err != nil || n < 1 || n > maxLimit {
			return badRequest("The parameter limit must be a number from 1 to %d.", maxLimit)
		}
		q.limit = n
	}
	switch in.Actor {
	case "", "endpoints":
	case "users":
		q.actor = eventstore.Users
	default:
		return badRequest("The parameter actor must be endpoints or users.")
	}
	if _, _, err := scan(in.Metric, ""); err != nil {
		return badRequest("The parameter metric %v.", err)
	}
	q.metric = in.Metric
	return nil
}

// readSteps checks a funnel as a whole.
func (q *query) readSteps() error {
	if q.kpi.takes&takesSteps == 0 {
		return nil
	}
	if len(q.steps) == 0 {
		return badRequest("A funnel has 1 to %d steps, which the parameter steps names.", eventstore.MaxSteps)
	}
	for _, d := range q.by {
		if d.field.Kind == eventstore.Label && q.labels[d.field.Label].of != q.actor {
			return badRequest("A funnel is grouped by attributes of those whom it counts: see the parameter actor.")
		}
	}
	if q.series.bounds.Len() > maxFunnels {
		return badRequest("A funnel has at most %d intervals.", maxFunnels)
	}
	var err error
	q.window, err = parseWindow(q.request.Window)
	return err
}

// parseWindow reads a length of time such as 30m, 12h, 7d or 2w.
func parseWindow(text string) (time.Duration, error) {
	if text == "" {
		return defaultWindow, nil
	}
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[text[len(text)-1]]
	n, err := strconv.Atoi(text[:len(text)-1])
	if unit == 0 || err != nil || n < 1 || time.Duration(n) > maxWindow/unit {
		return 0, badRequest("The parameter window must be a number with m, h, d or w for minutes, hours, days or weeks, at most 366 days: %s.", quoted(text))
	}
	return time.Duration(n) * unit, nil
}

// quoted shows a piece of a request.
func quoted(text string) string {
	if len(text) > 60 {
		text = text[:60] + "..."
	}
	return strconv.Quote(text)
}

// key is the same for requests that have the same answer.
func (q *query) key() key {
	in := q.request
	return key{app: q.app, rest: fmt.Sprintf("%q %d %d %d %q", []string{
		in.KpiName, q.zone.String(), string(q.interval), strings.Join(in.Filter, "\x00"), strings.Join(in.GroupBy, "\x00"),
		in.Steps, q.metric, q.window.String(),
	}, q.from.Unix(), q.to.Unix(), quarterDown(q.now).Unix(), []string{strconv.Itoa(q.limit), strconv.Itoa(int(q.actor))})}
}
