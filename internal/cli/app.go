package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"pintail/internal/app"
	"pintail/internal/retention"
)

// appCmd are the verbs for Pinpoint applications that AWS's API has no operation for.
type appCmd struct {
	Retention retentionCmd `cmd:"" help:"Show or say for how many days an application's events are kept. Older ones are erased."`
}

type retentionCmd struct {
	target
	App  string `arg:"" name:"app-id" help:"The Pinpoint application's id."`
	Days string `arg:"" optional:"" help:"A number of days, forever, or default for what the server's --event-days says."`
	JSON bool   `help:"Print JSON."`
}

// Run shows the rule, or changes it first.
func (c *retentionCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	path := "/_pintail/apps/" + url.PathEscape(c.App) + "/retention"
	var rule retention.Rule
	if c.Days == "" {
		err = server.get(ctx, path, &rule)
	} else {
		var days *int
		if days, err = parseDays(c.Days); err != nil {
			return err
		}
		err = server.rest(ctx, http.MethodPut, path, app.SigningName, map[string]*int{"EventDays": days}, &rule)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s, rule)
	}
	from := "as the server's --event-days says"
	if rule.Own {
		from = "as was said for this application"
	}
	if rule.EventDays == 0 {
		_, err = fmt.Fprintf(s.out, "Events of %s are kept for ever, %s.\n", c.App, from)
		return err
	}
	_, err = fmt.Fprintf(s.out, "Events of %s are kept for %d days, %s: those from before %s are erased.\n",
		c.App, rule.EventDays, from, rule.Before.Format(time.DateOnly))
	return err
}

// parseDays reads a number of days; nil is the server's.
func parseDays(text string) (*int, error) {
	switch text {
	case "default":
		return nil, nil
	case "forever":
		return new(int), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("%q is not a number of days. Say for example 90, forever or default", text)
	}
	return &n, nil
}
