package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb"
	eventpostgres "pintail/internal/eventstore/postgres"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/history"
)

// A measurement of analytics: the past of an app in the event store, the questions of a
// dashboard asked of the store itself and of the server over it.

// historyDays is the length of the past.
const historyDays = 90

// cooling is how long after the last question memory is measured.
const cooling = 30 * time.Second

// study is a measurement of analytics.
type study struct {
	*bench
	folder, app string
	until       time.Time
	events      int
	filled      time.Duration
	asked       []asked
	dip         dip
	resident    int // bytes, of the server when it had cooled
}

// asked is a question and how long its answers took.
type asked struct {
	*inquiry
	alone  time.Duration // asked of the store, read off the events alone; 0 where it always is
	store  time.Duration // asked of the store
	server time.Duration // asked of the server, over HTTP
	again  time.Duration // and once more
}

// analytics measures with so many events and writes a report.
func (b *bench) analytics(ctx context.Context, w io.Writer, events int) error {
	t := &study{bench: b, events: events, until: time.Now().UTC().Truncate(24 * time.Hour)}
	var err error
	if t.folder, err = os.MkdirTemp(b.folder, "analytics"); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{t.makeApp, t.askStore, t.askServer} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	t.report(w)
	return nil
}

// makeApp lets a server make the app and leaves it.
func (t *study) makeApp(ctx context.Context) error {
	s, _, err := t.startServer(ctx, t.folder)
	if err != nil {
		return err
	}
	site := &site{server: s}
	c, err := dial(s.address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := site.makeApp(c); err != nil {
		return err
	}
	t.app = site.app
	return s.stop()
}

// open opens the event store without a server.
func (t *study) open(ctx context.Context) (eventstore.Store, error) {
	if t.database != nil {
		return eventpostgres.Open(ctx, t.database.URL("postgres"))
	}
	return duckdb.Open(ctx, filepath.Join(t.folder, "events"), duckdb.Options{})
}

// askStore makes the past and asks the store about it.
func (t *study) askStore(ctx context.Context) (err error) {
	store, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := t.fill(ctx, store); err != nil {
		return err
	}
	inquiries := t.inquiries()
	for i := range inquiries {
		q := &inquiries[i]
		a := asked{inquiry: q}
		if a.store, err = median(3, func() error { return q.ask(ctx, store, false) }); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		if q.rolled {
			if a.alone, err = median(1, func() error { return q.ask(ctx, store, true) }); err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
		}
		t.asked = append(t.asked, a)
	}
	if t.dip, err = measureDip(ctx, store, func() error { return inquiries[0].ask(ctx, store, false) }); err != nil {
		return err
	}
	return store.Close()
}

// fill appends the past.
func (t *study) fill(ctx context.Context, store eventstore.Store) error {
	past := history.New(history.Options{
		App: t.app, Users: t.events * 10 / (historyDays * 8), Days: historyDays, Until: t.until.Add(-time.Millisecond), Seed: 1,
		EventsPerDay: float64(t.events) / historyDays,
	})
	began, count := time.Now(), 0
	err := past.Events(func(events []eventstore.Event) error {
		count += len(events)
		if count/1_000_000 != (count-len(events))/1_000_000 {
			fmt.Fprintf(os.Stderr, "\r%d million events", count/1_000_000)
		}
		return store.Append(ctx, slices.Clone(events))
	})
	fmt.Fprintln(os.Stderr)
	t.events, t.filled = count, time.Since(began)
	return err
}

// askServer asks a server over the same events.
func (t *study) askServer(ctx context.Context) error {
	s, _, err := t.startServer(ctx, t.folder)
	if err != nil {
		return err
	}
	defer s.kill()
	c, err := dial(s.address)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range t.asked {
		a := &t.asked[i]
		if a.kpi == "" {
			continue
		}
		path := "/v1/apps/" + t.app + "/kpis/daterange/" + a.kpi + "?" + a.parameters.Encode()
		ask := func() error {
			_, err := c.do(s.root.write(http.MethodGet, path, pinpoint.Service.SigningName, http.Header{}, nil))
			return err
		}
		if a.server, err = median(1, ask); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		if a.again, err = median(3, ask); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	select {
	case <-time.After(cooling):
	case <-ctx.Done():
		return ctx.Err()
	}
	t.resident, err = memory(s.Process.Pid, "VmRSS")
	return err
}

// median times something so many times.
func median(times int, do func() error) (time.Duration, error) {
	var took []time.Duration
	for range times {
		began := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// inquiry is a question of a dashboard: as the store is asked, and as the server is.
type inquiry struct {
	name   string
	target time.Duration
	rolled bool // the table activity can answer it
	ask    func(ctx context.Context, s eventstore.Store, alone bool) error

	kpi        string
	parameters url.Values
}

// days are the last days of the past.
func (t *study) days(n int) (b eventstore.Buckets) {
	for i := range n + 1 {
		b = append(b, t.until.AddDate(0, 0, i-n))
	}
	return b
}

func field(name string) eventstore.Field { return eventstore.Field{Kind: eventstore.Text, Name: name} }

func ofType(name string) []eventstore.Condition {
	return []eventstore.Condition{{Field: field("event_type"), Values: []string{name}}}
}

// reading returns conditions that have a question read off the events alone, or none.
func reading(alone bool) []eventstore.Condition {
	if !alone {
		return nil
	}
	return []eventstore.Condition{{Field: field("event_type")}}
}

func nothing[T any](_ T, err error) error { return err }

// inquiries are the questions. Their targets are for fifty million events.
func (t *study) inquiries() []inquiry {
	const ms = time.Millisecond
	whole := func(n int) eventstore.Buckets { return eventstore.Buckets{t.until.AddDate(0, 0, -n), t.until} }
	span := func(n int, more ...string) url.Values {
		v := url.Values{"start-time": {whole(n)[0].Format(time.RFC3339)}, "end-time": {t.until.Format(time.RFC3339)}}
		for i := 0; i < len(more); i += 2 {
			v.Add(more[i], more[i+1])
		}
		return v
	}
	count := func(b eventstore.Buckets, m eventstore.MeasureKind, by ...eventstore.Field) func(context.Context, eventstore.Store, bool) error {
		return func(ctx context.Context, s eventstore.Store, alone bool) error {
			return nothing(s.Count(ctx, &eventstore.Question{App: t.app, Buckets: b, By: by, Where: reading(alone), Measures: []eventstore.Measure{{Kind: m}}}))
		}
	}
	about := func(days eventstore.Buckets, alone bool) eventstore.ActorQuestion {
		return eventstore.ActorQuestion{App: t.app, Days: days, Where: reading(alone)}
	}
	screen := eventstore.Condition{Field: eventstore.Field{Kind: eventstore.Attribute, Name: "screen"}, Values: []string{"home"}}
	return []inquiry{
		{name: "daily active endpoints, 30 days", target: 100 * ms, rolled: true, ask: count(t.days(30), eventstore.CountEndpoints),
			kpi: "daily-active-endpoints", parameters: span(30)},
		{name: "active endpoints of 30 days", target: 500 * ms, rolled: true, ask: count(whole(30), eventstore.CountEndpoints),
			kpi: "daily-active-endpoints", parameters: span(30, "interval", "none")},
		{name: "monthly active endpoints, each of 30 days", rolled: true,
			ask: func(ctx context.Context, s eventstore.Store, alone bool) error {
				return nothing(s.Rolling(ctx, &eventstore.RollingQuestion{ActorQuestion: about(t.days(59), alone), Window: 30}))
			},
			kpi: "monthly-active-endpoints", parameters: span(30)},
		{name: "events by app version, 30 days", target: 150 * ms, rolled: true, ask: count(whole(30), eventstore.CountEvents, field("app_version")),
			kpi: "events", parameters: span(30, "interval", "none", "group-by", "app-version")},
		{name: "active endpoints by app version, 30 days", rolled: true, ask: count(t.days(30), eventstore.CountEndpoints, field("app_version")),
			kpi: "daily-active-endpoints", parameters: span(30, "group-by", "app-version")},
		{name: "events with an attribute, 30 days", target: 600 * ms,
			ask: func(ctx context.Context, s eventstore.Store, _ bool) error {
				return nothing(s.Count(ctx, &eventstore.Question{App: t.app, Buckets: t.days(30), Where: []eventstore.Condition{screen}, Measures: []eventstore.Measure{{}}}))
			},
			kpi: "events", parameters: span(30, "filter", "attributes.screen:home")},
		{name: "funnel of three steps, 30 days", target: time.Second,
			ask: func(ctx context.Context, s eventstore.Store, _ bool) error {
				return nothing(s.Funnel(ctx, &eventstore.FunnelQuestion{
					ActorQuestion: about(whole(30), false), Window: 7 * 24 * time.Hour,
					Steps: []eventstore.Step{{Where: ofType("product.view")}, {Where: ofType("cart.add")}, {Where: ofType("order.placed")}},
				}))
			},
			kpi: "funnel", parameters: span(30, "steps", "product.view,cart.add,order.placed")},
		{name: "retention after 7 days, cohorts of 30 days", target: 1200 * ms, rolled: true,
			ask: func(ctx context.Context, s eventstore.Store, alone bool) error {
				return nothing(s.Cohorts(ctx, &eventstore.CohortQuestion{ActorQuestion: about(t.days(37), alone), After: []int{7}}))
			}},
		{name: "retention after 1, 7 and 30 days, cohorts of 60 days", rolled: true,
			ask: func(ctx context.Context, s eventstore.Store, alone bool) error {
				return nothing(s.Cohorts(ctx, &eventstore.CohortQuestion{ActorQuestion: about(t.days(90), alone), After: []int{1, 7, 30}}))
			},
			kpi: "retention", parameters: span(60)},
		{name: "new endpoints, 30 days", rolled: true,
			ask: func(ctx context.Context, s eventstore.Store, alone bool) error {
				q := about(t.days(30), alone)
				return nothing(s.FirstSeen(ctx, &q))
			},
			kpi: "new-endpoints", parameters: span(30)},
		{name: "sessions, 30 days",
			ask: func(ctx context.Context, s eventstore.Store, _ bool) error {
				return nothing(s.Count(ctx, &eventstore.Question{App: t.app, Buckets: t.days(30), Where: ofType("_session.start"), Measures: []eventstore.Measure{{}}}))
			},
			kpi: "sessions", parameters: span(30)},
	}
}

// report writes the figures as Markdown.
func (t *study) report(w io.Writer) {
	fmt.Fprintf(w, "%s events over %d days, appended at %s/s.\n\n", grouped(float64(t.events)), historyDays, grouped(float64(t.events)/t.filled.Seconds()))
	fmt.Fprint(w, "| question | events alone | store | through the server | asked again | target |\n| --- | ---: | ---: | ---: | ---: | --- |\n")
	for _, a := range t.asked {
		verdict := ""
		if a.target > 0 && t.database == nil {
			verdict = fmt.Sprintf("%s: %s", short(a.target), judged(a.store <= a.target))
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", a.name, orNone(a.alone), short(a.store), orNone(a.server), orNone(a.again), verdict)
	}
	fmt.Fprintf(w, "\nAppending while questions are asked one after the other: %s/s in the worst second, %s/s without, %.1f questions/s.\n",
		grouped(t.dip.worst), grouped(t.dip.quiet), t.dip.questions)
	fmt.Fprintf(w, "\nThe server's memory %s after the last question: %s resident.\n", cooling, megabytes(t.resident))
}

func orNone(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return short(d)
}
