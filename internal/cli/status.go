package cli

import (
	"context"
	"fmt"
	"net/url"
	"sort"
	"text/tabwriter"
	"time"

	"pintail/internal/analytics"
	"pintail/internal/app"
	"pintail/internal/eventstream"
)

type statusCmd struct {
	target
	JSON bool   `help:"Print JSON."`
	App  string `help:"What happened in this Pinpoint application during the last 30 days." placeholder:"ID"`
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
	for _, state := range status.Streams {
		fmt.Fprintf(w, "event stream\t%s\n", streamLine(&state))
	}
	return w.Flush()
}

// streamLine tells how an application's event stream is doing.
func streamLine(s *eventstream.State) string {
	line := fmt.Sprintf("%s to %s: %d records, lag %s", s.App, s.Destination, s.Taken, s.Lag.Round(100*time.Millisecond))
	if s.Failures > 0 {
		line += fmt.Sprintf(", %d failures, again at %s: %s", s.Failures, s.Retry.Format(time.RFC3339), s.Error)
	}
	return line
}

// activity prints what happened in an application.
func (c *statusCmd) activity(ctx context.Context, s *streams, server *client) error {
	var happened analytics.Activity
	if err := server.get(ctx, "/_pintail/apps/"+url.PathEscape(c.App)+"/activity", &happened); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s, happened)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, t := range happened.Events {
		fmt.Fprintf(w, "event\t%s\t%d\n", t.Type, t.Count)
	}
	for _, d := range happened.Endpoints {
		fmt.Fprintf(w, "active endpoints\t%s\t%d\n", d.Day.Format(time.DateOnly), d.Count)
	}
	for _, d := range happened.Users {
		fmt.Fprintf(w, "active users\t%s\t%d\n", d.Day.Format(time.DateOnly), d.Count)
	}
	return w.Flush()
}
