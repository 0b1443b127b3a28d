package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"pintail/internal/app"
	"pintail/internal/gen/pinpoint"
)

type statusCmd struct {
	target
	JSON bool   `help:"Print JSON."`
	App  string `help:"What happened in this Pinpoint application during the last 31 days." placeholder:"ID"`
}

// Run tells what the server says of itself.
func (c *statusCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	if c.App != "" {
		return c.activity(ctx, s, server)
	}
	var status app.Status
	if err := server.get(ctx, "/_pintail/status", &status); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s, status)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "url\t%s\nversion\t%s\naccount\t%s\nregion\t%s\nstores\t%s\nup\t%s\n", status.URL, status.Version,
		status.Account, status.Region, status.Stores, status.Up.Round(time.Second))
	names := make([]string, 0, len(status.Counts))
	for name := range status.Counts {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "%s\t%d\n", name, status.Counts[name])
	}
	return w.Flush()
}

// Activity is what happened in an application: events by type, and who was active
// on each UTC day.
type Activity struct {
	Events           []TypeCount
	Endpoints, Users []DayCount
}

// TypeCount is a number of events, DayCount of whom was active.
type (
	TypeCount struct {
		Type  string
		Count int
	}
	DayCount struct {
		Day   string
		Count int
	}
)

// activity prints what happened in an application.
func (c *statusCmd) activity(ctx context.Context, s *streams, server *client) error {
	happened := Activity{Events: []TypeCount{}, Endpoints: []DayCount{}, Users: []DayCount{}}
	for name, take := range map[string]func(r *pinpoint.ResultRow, count int){
		"events": func(r *pinpoint.ResultRow, n int) {
			happened.Events = append(happened.Events, TypeCount{r.GroupedBys[0].Value, n})
		},
		"daily-active-endpoints": func(r *pinpoint.ResultRow, n int) {
			happened.Endpoints = append(happened.Endpoints, DayCount{r.GroupedBys[0].Value, n})
		},
		"daily-active-users": func(r *pinpoint.ResultRow, n int) {
			happened.Users = append(happened.Users, DayCount{r.GroupedBys[0].Value, n})
		},
	} {
		query := url.Values{}
		if name == "events" {
			query.Set("interval", "none")
		}
		answer, err := server.kpi(ctx, c.App, name, query)
		if err != nil {
			return err
		}
		for i := range answer.KpiResult.Rows {
			r := &answer.KpiResult.Rows[i]
			n, err := strconv.ParseFloat(r.Values[0].Value, 64)
			if err != nil {
				return fmt.Errorf("the server's answer about %s has no number: %w", name, err)
			}
			take(r, int(n))
		}
	}
	slices.SortFunc(happened.Events, func(a, b TypeCount) int { return strings.Compare(a.Type, b.Type) })
	if c.JSON {
		return printJSON(s, happened)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, t := range happened.Events {
		fmt.Fprintf(w, "event\t%s\t%d\n", t.Type, t.Count)
	}
	for _, d := range happened.Endpoints {
		fmt.Fprintf(w, "active endpoints\t%s\t%d\n", d.Day, d.Count)
	}
	for _, d := range happened.Users {
		fmt.Fprintf(w, "active users\t%s\t%d\n", d.Day, d.Count)
	}
	return w.Flush()
}
