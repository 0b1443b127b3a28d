package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/history"
)

// generateCmd sends a made-up past, as an app would have sent it.
type generateCmd struct {
	target
	App          string  `help:"The Pinpoint application." required:"" placeholder:"ID"`
	Users        int     `help:"How many people." default:"1000" placeholder:"N"`
	Days         int     `help:"How many days, of which that of --until is the last." default:"30" placeholder:"D"`
	Until        string  `help:"The last day, or time; now when not given." placeholder:"DATE"`
	Seed         uint64  `help:"Another seed makes other people." default:"1" placeholder:"S"`
	EventsPerDay float64 `help:"How many events a day has on average; the people's number decides when this is not given." placeholder:"N"`
	Parallel     int     `help:"How many requests to send at a time." default:"8" placeholder:"N"`
}

// Limits of one request (UpdateEndpointsBatch, PutEvents).
const (
	endpointsPerRequest = 100
	eventsPerRequest    = 100
)

// Run makes the history and sends it.
func (c *generateCmd) Run(ctx context.Context, s *streams) error {
	switch {
	case c.Users < 1 || c.Users > 5_000_000:
		return errors.New("--users must be between 1 and 5000000")
	case c.Days < 1 || c.Days > 3650:
		return errors.New("--days must be between 1 and 3650")
	case c.Parallel < 1 || c.Parallel > 64:
		return errors.New("--parallel must be between 1 and 64")
	case c.EventsPerDay < 0:
		return errors.New("--events-per-day must not be negative")
	}
	until, err := parseDate(c.Until, time.UTC, 1)
	if err != nil {
		return fmt.Errorf("--until %s is not a date such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z", c.Until)
	}
	server, err := c.connect()
	if err != nil {
		return err
	}
	began := time.Now()
	if until.IsZero() {
		until = began
	}
	past := history.New(history.Options{
		App: c.App, Users: c.Users, Days: c.Days, Until: until, Seed: c.Seed, EventsPerDay: c.EventsPerDay,
	})
	g := &generator{client: server, app: url.PathEscape(c.App), past: past, parallel: c.Parallel, err: s.err}
	if err := g.send(ctx); err != nil {
		return fmt.Errorf("%w. What was sent stays; the same command sends the same again", err)
	}
	_, err = fmt.Fprintf(s.out, "Sent %d endpoints and %d events, which happened from %s to %s, in %s.\n",
		g.endpoints.Load(), g.events.Load(), past.Start().Format(time.DateOnly), until.UTC().Format(time.DateOnly), time.Since(began).Round(100*time.Millisecond))
	return err
}

// generator sends a history in parallel requests.
type generator struct {
	*client
	app      string
	past     *history.History
	parallel int
	err      io.Writer

	endpoints, events atomic.Int64
}

func (g *generator) send(ctx context.Context) error {
	if err := g.each(ctx, "endpoints", -1, &g.endpoints, g.sendEndpoints); err != nil {
		return err
	}
	return g.each(ctx, "events", g.past.Expected(), &g.events, g.sendEvents)
}

// each runs a part of the work, whose requests go to the group, and shows how far
// it is.
func (g *generator) each(ctx context.Context, what string, total int, done *atomic.Int64, part func(context.Context, *errgroup.Group, func(int)) error) error {
	bar := progress(g.err, what, total)
	requests, ctx := errgroup.WithContext(ctx)
	requests.SetLimit(g.parallel)
	failed := part(ctx, requests, func(n int) {
		done.Add(int64(n))
		_ = bar.Add(n) // it only shows
	})
	err := errors.Join(requests.Wait(), failed)
	_ = bar.Exit()
	return err
}

// progress is a bar on a terminal, and nothing anywhere else.
func progress(to io.Writer, what string, total int) *progressbar.ProgressBar {
	if f, ok := to.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return progressbar.DefaultSilent(int64(total))
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(to), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(to) }))
}

// sendEndpoints sends the people's devices.
func (g *generator) sendEndpoints(ctx context.Context, requests *errgroup.Group, sent func(int)) error {
	var batch []pinpoint.EndpointBatchItem
	flush := func() error {
		items := batch
		batch = nil
		requests.Go(func() error {
			var answer pinpoint.MessageBody
			err := g.rest(ctx, http.MethodPut, "/v1/apps/"+g.app+"/endpoints", pinpoint.Service.SigningName, &pinpoint.EndpointBatchRequest{Item: items}, &answer)
			if err == nil {
				sent(len(items))
			}
			return err
		})
		return ctx.Err()
	}
	err := g.past.Endpoints(func(id string, e *pinpoint.EndpointRequest) error {
		batch = append(batch, pinpoint.EndpointBatchItem{
			Id: id, Address: e.Address, Attributes: e.Attributes, ChannelType: e.ChannelType, Demographic: e.Demographic,
			Location: e.Location, OptOut: e.OptOut, User: e.User,
		})
		if len(batch) < endpointsPerRequest {
			return nil
		}
		return flush()
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	return err
}

// sendEvents sends what they did.
func (g *generator) sendEvents(ctx context.Context, requests *errgroup.Group, sent func(int)) error {
	return g.past.Events(func(some []eventstore.Event) error {
		for len(some) > 0 {
			n := min(len(some), eventsPerRequest)
			in := eventsRequest(some[:n])
			some = some[n:]
			requests.Go(func() error {
				if err := g.putEvents(ctx, in); err != nil {
					return err
				}
				sent(n)
				return nil
			})
		}
		return ctx.Err()
	})
}

// putEvents sends one request; all of it must be taken.
func (g *generator) putEvents(ctx context.Context, in *pinpoint.EventsRequest) error {
	var answer pinpoint.EventsResponse
	if err := g.rest(ctx, http.MethodPost, "/v1/apps/"+g.app+"/events", pinpoint.Service.SigningName, in, &answer); err != nil {
		return err
	}
	for id, result := range answer.Results {
		for _, item := range result.EventsItemResponse {
			if item.StatusCode == nil || *item.StatusCode/100 != 2 {
				return fmt.Errorf("the server refused an event of the endpoint %s: %s", id, item.Message)
			}
		}
	}
	return nil
}

// eventsRequest writes events as an app sends them. The version of the app is the
// endpoint's, so that goes along.
func eventsRequest(list []eventstore.Event) *pinpoint.EventsRequest {
	in := &pinpoint.EventsRequest{BatchItem: make(map[string]pinpoint.EventsBatch)}
	for i := range list {
		e := &list[i]
		batch, ok := in.BatchItem[e.EndpointID]
		if !ok {
			batch.Endpoint = &pinpoint.PublicEndpoint{Demographic: &pinpoint.EndpointDemographic{AppVersion: e.AppVersion}}
			batch.Events = make(map[string]pinpoint.Event)
			in.BatchItem[e.EndpointID] = batch
		}
		batch.Events[e.EventID] = pinpoint.Event{
			EventType: e.Type, Timestamp: stamp(e.Timestamp), Attributes: e.Attributes, Metrics: e.Metrics, Session: session(&e.Session),
			AppPackageName: e.AppPackageName, AppTitle: e.AppTitle, AppVersionCode: e.AppVersionCode, SdkName: e.SDKName, ClientSdkVersion: e.SDKVersion,
		}
	}
	return in
}

func session(s *eventstore.Session) *pinpoint.Session {
	out := &pinpoint.Session{Id: s.ID, StartTimestamp: stamp(s.Start)}
	if !s.Stop.IsZero() {
		duration := int32(s.Duration.Milliseconds())
		out.StopTimestamp, out.Duration = stamp(s.Stop), &duration
	}
	return out
}

// stamp writes a time as Pinpoint's clients do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
