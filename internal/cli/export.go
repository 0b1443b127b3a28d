package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

// exportCmd are the verbs that write files.
type exportCmd struct {
	Events exportEventsCmd `cmd:"" help:"Write the events of a Pinpoint application into a file, as lines of JSON or as Parquet."`
}

type exportEventsCmd struct {
	target
	App    string `required:"" help:"The Pinpoint application." placeholder:"ID"`
	Format string `help:"ndjson: records as Pinpoint streams them; parquet: a table." enum:"ndjson,parquet" default:"ndjson"`
	From   string `help:"Only what happened from this time on, such as 2026-01-31 or 2026-01-31T12:00:00Z." placeholder:"TIME"`
	To     string `help:"Only what happened before this time." placeholder:"TIME"`
	Type   string `help:"Only events of this type." placeholder:"TYPE"`
	Out    string `help:"The file to write; - is standard output." default:"-" placeholder:"FILE"`
}

// Run writes the file.
func (c *exportEventsCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	q := url.Values{"format": {c.Format}}
	for name, value := range map[string]string{"from": c.From, "to": c.To, "type": c.Type} {
		if value != "" {
			q.Set(name, value)
		}
	}
	answer, err := server.stream(ctx, http.MethodGet, "/_pintail/apps/"+url.PathEscape(c.App)+"/events?"+q.Encode(), nil, nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	return save(s, answer, c.Out)
}

// save writes an answer into a file, which is there under its name only once it is
// whole; - is standard output.
func save(s *streams, answer io.Reader, path string) error {
	if path == "-" {
		_, err := io.Copy(s.out, answer)
		return brokenOff(err)
	}
	part := path + ".part"
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, answer)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(part)
		return brokenOff(err)
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "Wrote %s (%d bytes).\n", path, n)
	return err
}

func brokenOff(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the answer broke off: %w. What was written is not whole; the server's log may say why", err)
}
