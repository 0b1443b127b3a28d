package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"pintail/internal/audit"
)

type auditCmd struct {
	target
	From   time.Time `help:"Only calls from this time on, for example 2026-01-31T12:00:00Z." placeholder:"TIME"`
	To     time.Time `help:"Only calls before this time." placeholder:"TIME"`
	Name   string    `help:"Only this operation, for example CreateUser." placeholder:"OPERATION"`
	Who    string    `help:"Only calls of this user, role session or root user." placeholder:"ARN"`
	Denied bool      `help:"Only calls that were refused for want of permission."`
	Events bool      `name:"data-events" help:"The calls by which apps report, in place of all others."`
	Limit  int       `help:"How many of the newest to show." default:"50"`
	JSON   bool      `help:"Print records as CloudTrail has them, one on each line."`
}

// Run shows records, the newest first.
func (c *auditCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	var all []audit.Record
	for before := ""; len(all) < c.Limit; {
		var page audit.Page
		if err := server.get(ctx, "/_pintail/audit?"+c.query(before, c.Limit-len(all)).Encode(), &page); err != nil {
			return err
		}
		all = append(all, page.Records...)
		if before = page.Next; before == "" {
			break
		}
	}
	if c.JSON {
		lines := json.NewEncoder(s.out)
		for _, r := range all {
			if err := lines.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	return printTrail(s, all)
}

func (c *auditCmd) query(before string, limit int) url.Values {
	query := url.Values{"limit": {strconv.Itoa(min(limit, 1000))}}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("before", before)
	set("name", c.Name)
	set("who", c.Who)
	for name, t := range map[string]time.Time{"from": c.From, "to": c.To} {
		if !t.IsZero() {
			set(name, t.Format(time.RFC3339))
		}
	}
	for name, on := range map[string]bool{"denied": c.Denied, "data": c.Events} {
		if on {
			query.Set(name, "")
		}
	}
	return query
}

func printTrail(s *streams, all []audit.Record) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(s.out, "No call is recorded that fits.")
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TIME\tWHO\tFROM\tOPERATION\tRESOURCE\tOUTCOME")
	for _, r := range all {
		outcome, resource := "ok", ""
		if r.ErrorCode != "" {
			outcome = r.ErrorCode
		}
		if len(r.Resources) > 0 {
			resource = r.Resources[0].ARN
		}
		who := r.UserIdentity.ARN
		if who == "" {
			who = r.UserIdentity.Type
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.EventTime.Local().Format(time.DateTime), who, r.SourceIPAddress, r.EventName, resource, outcome)
	}
	return w.Flush()
}
