package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"pintail/internal/delivery"
)

type outboxCmd struct {
	target
	To    string        `help:"Only messages to this address." placeholder:"ADDRESS"`
	After string        `help:"Only messages later than the one with this id; with --wait, 0 takes the newest that is there." placeholder:"ID"`
	Limit int           `help:"How many of the newest to list." default:"20"`
	Wait  time.Duration `help:"Wait this long for the next message and show it." placeholder:"DURATION"`
	Code  bool          `help:"Print nothing but the newest message's code."`
	JSON  bool          `help:"Print JSON."`
	ID    string        `arg:"" optional:"" help:"Show this message whole."`
}

// Run lists, shows or waits for messages.
func (c *outboxCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	query := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	for name, value := range map[string]string{"to": c.To, "id": c.ID, "after": c.After} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if c.Wait > 0 {
		query.Set("wait", c.Wait.String())
	}
	var answer struct{ Messages []delivery.Message }
	if err := server.get(ctx, "/_pintail/outbox?"+query.Encode(), &answer); err != nil {
		return err
	}
	return c.print(s, answer.Messages)
}

func (c *outboxCmd) print(s *streams, messages []delivery.Message) error {
	switch {
	case c.JSON:
		return printJSON(s, messages)
	case len(messages) == 0 && c.Wait > 0:
		return fmt.Errorf("no message came within %s", c.Wait)
	case len(messages) == 0 && c.ID != "":
		return fmt.Errorf("there is no message %s. List them with: pintail outbox", c.ID)
	case c.Code:
		return printCode(s, messages)
	case c.ID != "" || c.Wait > 0:
		for _, m := range messages {
			printMessage(s, m)
		}
		return nil
	case len(messages) == 0:
		fmt.Fprintln(s.out, "The outbox is empty. The next message shows with: pintail outbox --wait 60s")
		return nil
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tTIME\tSTATE\tCHANNEL\tTO\tCODE\tSUBJECT\tERROR")
	for _, m := range messages {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			m.ID, m.Time.Local().Format(time.DateTime), m.State, m.Channel, m.To, m.Code, m.Subject, m.LastError())
	}
	return w.Flush()
}

func printCode(s *streams, messages []delivery.Message) error {
	for _, m := range messages {
		if m.Code != "" {
			fmt.Fprintln(s.out, m.Code)
			return nil
		}
	}
	return fmt.Errorf("no message with a code. Wait for one with: pintail outbox --code --wait 60s")
}

func printMessage(s *streams, m delivery.Message) {
	fmt.Fprintf(s.out, "id:      %s\ntime:    %s\nstate:   %s\nchannel: %s\nto:      %s\n",
		m.ID, m.Time.Local().Format(time.DateTime), m.State, m.Channel, m.To)
	if why := m.LastError(); why != "" {
		fmt.Fprintf(s.out, "error:   %s (attempt %d)\n", why, len(m.Attempts))
	}
	if m.Subject != "" {
		fmt.Fprintf(s.out, "subject: %s\n", m.Subject)
	}
	if m.Code != "" {
		fmt.Fprintf(s.out, "code:    %s\n", m.Code)
	}
	fmt.Fprintf(s.out, "\n%s\n\n", strings.TrimSpace(m.Body))
}
