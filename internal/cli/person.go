package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"text/tabwriter"

	"pintail/internal/person"
)

// personCmd are the verbs about one person, across everything that the server keeps.
type personCmd struct {
	Delete deletePersonCmd `cmd:"" help:"Delete a person: endpoints, events, identities, messages, and the user of a user pool."`
	Export exportPersonCmd `cmd:"" help:"Write everything that is kept of a person as one JSON document."`
}

// whom says which person.
type whom struct {
	App      string `help:"The Pinpoint application." placeholder:"ID"`
	User     string `help:"The user's id in the application; with --user-pool, their username, e-mail address, phone number or sub there." placeholder:"ID"`
	Endpoint string `help:"An endpoint of the person, in place of --user." placeholder:"ID"`
	UserPool string `help:"The user pool in which the person has an account." placeholder:"ID"`
}

func (w *whom) query() person.Query {
	return person.Query{App: w.App, User: w.User, Endpoint: w.Endpoint, UserPool: w.UserPool}
}

type deletePersonCmd struct {
	target
	whom
	Plan bool `help:"Show what would be deleted, and delete nothing."`
	JSON bool `help:"Print JSON."`
}

// Run plans, or deletes and waits until that is done.
func (c *deletePersonCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	if c.Plan {
		var plan person.Plan
		if err := server.tell(ctx, "/_pintail/person/plan", c.query(), &plan); err != nil {
			return err
		}
		return c.print(s, plan, plan.Counts, "Would delete:")
	}
	var d person.Deletion
	if err := server.tell(ctx, "/_pintail/person/delete", c.query(), &d); err != nil {
		return err
	}
	for d.Finished.IsZero() {
		err := server.get(ctx, "/_pintail/person/deletions/"+url.PathEscape(d.ID)+"?wait=20s", &d)
		if err != nil {
			return fmt.Errorf("the deletion %s goes on by itself, but its end is not known: %w", d.ID, err)
		}
	}
	return c.print(s, d, d.Deleted, "Deleted:")
}

func (c *deletePersonCmd) print(s *streams, v any, counts person.Counts, title string) error {
	if c.JSON {
		return printJSON(s, v)
	}
	if len(counts) == 0 {
		_, err := fmt.Fprintln(s.out, "Nothing is kept of this person.")
		return err
	}
	fmt.Fprintln(s.out, title)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "%d\t %s\n", counts[name], name)
	}
	return w.Flush()
}

type exportPersonCmd struct {
	target
	whom
	Out string `help:"The file to write; - is standard output." default:"-" placeholder:"FILE"`
}

// Run writes the document.
func (c *exportPersonCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	body, err := json.Marshal(c.query())
	if err != nil {
		return err
	}
	answer, err := server.stream(ctx, http.MethodPost, "/_pintail/person/export", http.Header{"Content-Type": {"application/json"}}, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	return save(s, answer, c.Out)
}
