package cli

import (
	"context"
	"fmt"
	"sort"
	"text/tabwriter"
	"time"

	"pintail/internal/app"
)

type statusCmd struct {
	target
	JSON bool `help:"Print JSON."`
}

// Run tells what the server says of itself.
func (c *statusCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
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
