package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pintail/internal/live"
)

type tailCmd struct {
	target
	App       string            `help:"Only events of this Pinpoint application." placeholder:"ID"`
	Type      string            `help:"Only events of this type." placeholder:"TYPE"`
	Endpoint  string            `help:"Only events of this endpoint." placeholder:"ID"`
	User      string            `help:"Only events of this user; with --messages, messages to a user of this name or to this address." placeholder:"ID"`
	Attribute map[string]string `help:"Only events with this attribute." placeholder:"NAME=VALUE"`
	Messages  bool              `help:"Show messages too: that they go, and what becomes of them. What they say shows: pintail outbox ID."`
	Since     time.Duration     `help:"Begin with what happened in this time, a day at most." placeholder:"DURATION"`
	Last      int               `help:"Begin with so many of the newest events." placeholder:"N"`
	Count     int               `help:"End after so many lines." placeholder:"N"`
	JSON      bool              `help:"Print records as Pinpoint streams them, one on each line."`
	Link      bool              `help:"Print the feed's URL for a browser, signed for an hour, and nothing else."`
}

// errEnough ends a feed that has shown what it should.
var errEnough = errors.New("enough")

// Run shows what passes until it is told to stop.
func (c *tailCmd) Run(ctx context.Context, s *streams) error {
	if c.Since > 0 && c.Last > 0 {
		return errors.New("--since and --last are two ways to begin: give one of them")
	}
	server, err := c.connect()
	if err != nil {
		return err
	}
	if c.Link {
		_, err := fmt.Fprintln(s.out, server.presign("/_pintail/live?"+c.query().Encode(), time.Hour))
		return err
	}
	f := &follower{c: c, s: s}
	for began := time.Now(); ; {
		err := f.follow(ctx, server)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errEnough):
			return nil
		case !f.begun || !lost(err):
			return err
		case f.heard:
			began = time.Now()
		case time.Since(began) > patience:
			return fmt.Errorf("the server has gone: %w", err)
		}
		// The server stops, or has ended the feed: it may be there again, or another.
		if err := pause(ctx, time.Second/4); err != nil {
			return err
		}
		if again, err := c.connect(); err == nil {
			server = again
		}
	}
}

// patience is how long a feed is looked for that has been lost.
const patience = 20 * time.Second

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lost tells whether a feed ended because of the connection or the server, and not
// because the server refuses it.
func lost(err error) bool {
	refused, ok := errors.AsType[*refusal](err)
	return !ok || refused.Status >= 500
}

func (c *tailCmd) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"app": c.App, "type": c.Type, "endpoint": c.Endpoint, "user": c.User} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Attribute)) {
		q.Add("attribute", name+"="+c.Attribute[name])
	}
	if c.Messages {
		q.Set("messages", "")
	}
	if c.Since > 0 {
		q.Set("since", c.Since.String())
	}
	if c.Last > 0 {
		q.Set("last", strconv.Itoa(c.Last))
	}
	return q
}

// follower reads feeds, one after the other, as one.
type follower struct {
	c     *tailCmd
	s     *streams
	id    string // of the last item
	begun bool   // whether there was a feed at all
	heard bool   // whether this feed has said anything
	lines int
}

// follow prints one feed to its end.
func (f *follower) follow(ctx context.Context, server *client) error {
	f.heard = false
	h := http.Header{"Accept": {"text/event-stream"}}
	if f.id != "" {
		h.Set("Last-Event-ID", f.id)
	}
	feed, err := server.stream(ctx, http.MethodGet, "/_pintail/live?"+f.c.query().Encode(), h, nil)
	if err != nil {
		return err
	}
	defer feed.Close()
	f.begun = true
	kind, data := "", ""
	for lines := bufio.NewReader(feed); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		f.heard = true
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "event":
			kind = value
		case "data":
			data = value
		case "id":
			f.id = value
		case "":
			if data == "" {
				continue
			}
			if err := f.print(kind, data); err != nil {
				return err
			}
			kind, data = "", ""
		}
	}
}

// print prints an item.
func (f *follower) print(kind, data string) error {
	if err := f.line(kind, data); err != nil {
		return err
	}
	if f.lines++; f.lines == f.c.Count {
		return errEnough
	}
	return nil
}

func (f *follower) line(kind, data string) error {
	if f.c.JSON {
		_, err := fmt.Fprintln(f.s.out, data)
		return err
	}
	if kind == live.MessageKind {
		var m live.Message
		if err := json.Unmarshal([]byte(data), &m); err != nil {
			return err
		}
		_, err := fmt.Fprintf(f.s.out, "%s  message  %s %s to %s: %s  %s\n", clockTime(m.Time), m.Channel, m.Purpose, m.To, m.State, m.ID)
		return err
	}
	var e live.Event
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return err
	}
	return printEvent(f.s.out, &e)
}

func clockTime(t time.Time) string { return t.Local().Format("15:04:05.000") }

// printEvent prints an event as a line: when, what, whose, and its attributes and
// metrics.
func printEvent(out io.Writer, e *live.Event) error {
	who := e.Client.ClientID
	if e.Endpoint != nil && e.Endpoint.User != nil {
		who += " (" + e.Endpoint.User.UserID + ")"
	}
	var more strings.Builder
	for _, name := range slices.Sorted(maps.Keys(e.Attributes)) {
		fmt.Fprintf(&more, " %s=%s", name, quote(e.Attributes[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Metrics)) {
		fmt.Fprintf(&more, " %s=%s", name, strconv.FormatFloat(e.Metrics[name], 'f', -1, 64))
	}
	_, err := fmt.Fprintf(out, "%s  %s  %s %s%s\n", clockTime(time.UnixMilli(e.EventTimestamp)), e.Application.AppID, e.EventType, who, more.String())
	return err
}
