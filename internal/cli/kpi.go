package cli

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"pintail/internal/gen/pinpoint"
)

// kpiCmd asks one of the numbers that docs/analytics.md explains.
type kpiCmd struct {
	target
	App      string   `help:"The Pinpoint application." required:"" placeholder:"ID"`
	From     string   `help:"First day, or time, for example 2026-01-31 or 2026-01-31T12:00:00Z." placeholder:"DATE"`
	To       string   `help:"Last day, or time." placeholder:"DATE"`
	Interval string   `help:"Length of a row: hour, day, week, month or none." placeholder:"INTERVAL"`
	Zone     string   `help:"Time zone of dates and days, for example Europe/Berlin." placeholder:"ZONE"`
	Filter   []string `help:"Only events that fit, for example platform:iOS,Android or !attributes.screen:home or metrics.amount>=10." sep:"none" placeholder:"FILTER"`
	GroupBy  []string `help:"A row for each value, for example app-version, attributes.screen, endpoint.plan or user.tier." sep:"none" placeholder:"FIELD"`
	Limit    int      `help:"So many groups, those with the most." placeholder:"N"`
	Metric   string   `help:"Sum and mean of a metric, with the name events." placeholder:"NAME"`
	Actor    string   `help:"Whom to count: endpoints or users." placeholder:"WHOM"`
	Step     []string `help:"A step of a funnel: an event type, and filters in brackets. Give it once for each step." sep:"none" placeholder:"STEP"`
	Window   string   `help:"In how long the steps of a funnel are made, for example 30m, 12h or 7d." placeholder:"TIME"`
	JSON     bool     `help:"Print the answer as the API gives it."`
	Name     string   `arg:"" help:"What to ask, for example daily-active-endpoints."`
}

// Run asks the server and prints the answer.
func (c *kpiCmd) Run(ctx context.Context, s *streams) error {
	query, err := c.query()
	if err != nil {
		return err
	}
	server, err := c.connect()
	if err != nil {
		return err
	}
	answer, err := server.kpi(ctx, c.App, c.Name, query)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s, answer)
	}
	return printKPI(s, answer)
}

// query is the request's parameters.
func (c *kpiCmd) query() (url.Values, error) {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	zone := time.UTC
	if c.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(c.Zone); err != nil {
			return nil, fmt.Errorf("--zone %s is not a time zone such as Europe/Berlin", c.Zone)
		}
	}
	for _, bound := range []struct {
		flag, name, text string
		days             int
	}{{"--from", "start-time", c.From, 0}, {"--to", "end-time", c.To, 1}} {
		t, err := parseDate(bound.text, zone, bound.days)
		if err != nil {
			return nil, fmt.Errorf("%s %s is not a date such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z", bound.flag, bound.text)
		}
		if !t.IsZero() {
			set(bound.name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	set("interval", c.Interval)
	set("time-zone", c.Zone)
	set("metric", c.Metric)
	set("actor", c.Actor)
	set("steps", strings.Join(c.Step, ","))
	set("window", c.Window)
	if c.Limit != 0 {
		set("limit", fmt.Sprint(c.Limit))
	}
	query["filter"], query["group-by"] = c.Filter, c.GroupBy
	return query, nil
}

// parseDate reads a time, or a day in a zone, and then so many days later less a
// millisecond: the last day of a range is part of it.
func parseDate(text string, zone *time.Location, days int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day.AddDate(0, 0, days).Add(-time.Duration(days) * time.Millisecond), nil
	}
	return time.Parse(time.RFC3339, text)
}

// kpi runs GetApplicationDateRangeKpi.
func (c *client) kpi(ctx context.Context, app, name string, query url.Values) (*pinpoint.ApplicationDateRangeKpiResponse, error) {
	path := "/v1/apps/" + url.PathEscape(app) + "/kpis/daterange/" + url.PathEscape(name) + "?" + query.Encode()
	answer := new(pinpoint.ApplicationDateRangeKpiResponse)
	err := c.rest(ctx, http.MethodGet, path, pinpoint.Service.SigningName, nil, answer)
	return answer, err
}

// printKPI prints a table: one line for a row, one column for a key.
func printKPI(s *streams, answer *pinpoint.ApplicationDateRangeKpiResponse) error {
	var rows []pinpoint.ResultRow
	if answer.KpiResult != nil {
		rows = answer.KpiResult.Rows
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(s.out, "Nothing of it happened in this time.")
		return err
	}
	groups, values := columns(rows, groupsOf), columns(rows, valuesOf)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(slices.Concat(groups, values), "\t"))
	for _, r := range rows {
		var cells []string
		for _, key := range groups {
			value, ok := find(r.GroupedBys, key)
			if ok {
				value = cmp.Or(value, "-")
			}
			cells = append(cells, value)
		}
		for _, key := range values {
			value, _ := find(r.Values, key)
			cells = append(cells, rounded(value))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if answer.DroppedGroups != nil {
		fmt.Fprintf(s.out, "%d more groups are not shown; --limit shows more.\n", *answer.DroppedGroups)
	}
	return nil
}

func groupsOf(r *pinpoint.ResultRow) []pinpoint.ResultRowValue { return r.GroupedBys }
func valuesOf(r *pinpoint.ResultRow) []pinpoint.ResultRowValue { return r.Values }

// columns are the keys of all rows, in the order in which they turn up.
func columns(rows []pinpoint.ResultRow, of func(*pinpoint.ResultRow) []pinpoint.ResultRowValue) (keys []string) {
	for i := range rows {
		for _, v := range of(&rows[i]) {
			if !slices.Contains(keys, v.Key) {
				keys = append(keys, v.Key)
			}
		}
	}
	return keys
}

func find(list []pinpoint.ResultRowValue, key string) (value string, ok bool) {
	for _, v := range list {
		if v.Key == key {
			return v.Value, true
		}
	}
	return "", false
}

// rounded shows a number with four decimals at most.
func rounded(value string) string {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	return strconv.FormatFloat(math.Round(n*1e4)/1e4, 'f', -1, 64)
}
