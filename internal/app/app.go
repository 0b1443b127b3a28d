// Package app is the composition root: it alone knows every room. Open builds
// the server that a Config describes, Run serves it, Close lets go of
// everything. The command line and the tests use it as a value; there is no
// other way to start Pintail.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"time"

	"pintail/internal/access"
	"pintail/internal/analytics"
	"pintail/internal/audience"
	"pintail/internal/audit"
	"pintail/internal/clock"
	"pintail/internal/config"
	"pintail/internal/delivery"
	"pintail/internal/delivery/smtp"
	"pintail/internal/event"
	"pintail/internal/eventstore"
	"pintail/internal/eventstream"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/iam"
	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/gen/sts"
	"pintail/internal/identitypool"
	"pintail/internal/idp"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/live"
	"pintail/internal/observe"
	"pintail/internal/person"
	"pintail/internal/retention"
	"pintail/internal/store"
	"pintail/internal/userpool"
	"pintail/internal/userpool/breached"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// App is a server that has been opened.
type App struct {
	// Version is shown by status; the command line sets it.
	Version string

	config   config.Config
	log      *slog.Logger
	clock    *clock.Clock
	listener net.Listener
	baseURL  string
	started  time.Time

	master *keys.MasterKey
	db     store.DB
	events eventstore.Store

	triggers *trigger.Invoker

	metrics    *observe.Metrics
	router     *wire.Router
	jobs       *job.Queue
	outbox     *delivery.Outbox
	trail      *audit.Trail
	dispatcher *delivery.Dispatcher
	mail       *smtp.Channel // nil: e-mail stays in the outbox
	access     *access.Service
	userPools  *userpool.Service
	providers  *idp.Validator
	identities *identitypool.Service
	audience   *audience.Service
	event      *event.Service
	analytics  *analytics.Service
	feeds      *live.Feeds
	retention  *retention.Service
	persons    *person.Service
	streams    *eventstream.Service

	breached *breached.List

	root    Credentials
	newRoot bool
}

// Services are all that Pintail serves on its one port.
func Services() []*model.Service {
	return []*model.Service{
		cognitoidp.Service, cognitoidentity.Service, sts.Service, iam.Service, pinpoint.Service, mobileanalytics.Service,
		audience.CustomerProfiles,
	}
}

// Open makes the server: it listens, opens or creates the stores, and wires the
// rooms. Requests are answered once Run is called. Errors say what to do.
func Open(ctx context.Context, c config.Config, now *clock.Clock, log *slog.Logger) (_ *App, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	a := &App{config: c, log: log, clock: now, started: time.Now(), metrics: observe.NewMetrics()}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if a.triggers, err = trigger.Load(c.Triggers, trigger.Options{Now: now.Now}); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	if a.listener, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w. Choose another address with --listen", c.Listen, err)
	}
	a.baseURL = c.BaseURL(a.listener.Addr().String())
	if err := a.openStores(ctx); err != nil {
		return nil, err
	}
	if err := a.openRooms(); err != nil {
		return nil, err
	}
	return a, a.openRoot(ctx)
}

// openRooms makes every room and the router over them.
func (a *App) openRooms() error {
	account, err := ids.ParseAccount(a.config.AccountID)
	if err != nil {
		return err
	}
	if a.config.Breached != "" {
		if a.breached, err = breached.Open(a.config.Breached); err != nil {
			return fmt.Errorf("the list of breached passwords cannot be used: %w", err)
		}
	}
	a.jobs = job.New(job.Config{DB: a.db, Clock: a.clock, Log: a.log, Observe: a.metrics.Job})
	a.outbox = delivery.New(a.db, a.master, a.clock)
	a.jobs.Handle("outbox.prune", a.pruneOutbox, job.Options{Every: time.Hour})
	a.trail = audit.New(audit.Config{
		DB: a.db, Clock: a.clock, Log: a.log, Account: a.config.AccountID, Keep: days(a.config.AuditDays), KeepData: days(a.config.AuditDataDays),
	})
	a.jobs.Handle("audit.prune", a.pruneTrail, job.Options{Every: time.Hour})
	if err := a.openChannels(); err != nil {
		return err
	}
	if a.providers, err = idp.New(a.config.Reach(a.clock)); err != nil {
		return fmt.Errorf("identity providers cannot be reached: %w", err)
	}
	a.access = access.New(access.Config{
		DB: a.db, Master: a.master, Clock: a.clock, Account: account, Dev: a.config.Dev, Hosts: a.hosts(), Providers: a.providers,
	})
	a.audience = audience.New(audience.Config{
		DB: a.db, Master: a.master, Clock: a.clock, Account: a.config.AccountID, Events: a.events, Jobs: a.jobs, Log: a.log,
		EndpointsPerUser: a.config.EndpointsPerUser,
		OnDelete:         func(tx store.Tx, app string) error { return a.streams.Forget(tx, app) },
	})
	a.openStreams()
	a.event = event.New(event.Config{Audience: a.audience, Store: a.events})
	a.analytics = analytics.New(analytics.Config{Audience: a.audience, Events: a.events})
	a.userPools = userpool.New(userpool.Config{
		DB: a.db, Master: a.master, Clock: a.clock, BaseURL: a.URL, Sender: a.outbox, Account: a.config.AccountID,
		Triggers: a.triggers, Breached: a.breached, Jobs: a.jobs,
		CodesPerSource: a.config.CodesPerSource, Roles: a.access, Log: a.log,
		Analytics: &reporting{a.access, a.audience, a.event, a.clock}, ObserveReports: a.metrics.Reports,
	})
	a.outbox.OnFailure(a.userPools.NoteUndelivered)
	a.dispatcher.Handle(userpool.SenderRoute, a.userPools.SendByTrigger)
	a.identities = identitypool.New(identitypool.Config{
		DB: a.db, Master: a.master, Clock: a.clock, Access: a.access, UserPools: a.userPools, Providers: a.providers, Account: a.config.AccountID,
	})
	a.access.AcceptTokens(a.identities)
	a.retention = retention.New(retention.Config{
		DB: a.db, Events: a.events, Audience: a.audience, Jobs: a.jobs, Clock: a.clock, Log: a.log, Days: a.config.EventDays,
	})
	a.persons = person.New(person.Config{
		DB: a.db, Events: a.events, Audience: a.audience, UserPools: a.userPools, Identities: a.identities, Outbox: a.outbox,
		Trail: a.trail, Jobs: a.jobs, Clock: a.clock, Account: a.config.AccountID,
	})
	a.feeds = live.New(live.Config{Events: a.events, Outbox: a.outbox, Clock: a.clock, Log: a.log, Account: a.config.AccountID})
	a.router = wire.NewRouter(wire.Config{
		Services: Services(), Gate: a.access, Clock: a.clock, Log: a.log,
		Account: a.config.AccountID, Region: a.config.Region, Observe: a.metrics.Request, Audit: a.trail.Note,
	})
	for _, room := range []interface{ Routes(*wire.Router) }{a.access, a.userPools, a.identities, a.audience, a.event, a.analytics, a.streams} {
		room.Routes(a.router)
	}
	a.routes()
	a.measure()
	return nil
}

// openChannels makes the dispatcher and the channels that are configured.
func (a *App) openChannels() (err error) {
	a.dispatcher = delivery.NewDispatcher(a.outbox, a.jobs, a.metrics.Message)
	if a.mail, err = a.config.Mail(); err != nil {
		return err
	}
	if a.mail != nil {
		a.dispatcher.Use(delivery.Email, a.mail)
	}
	texts, err := a.config.Texts()
	if err != nil {
		return err
	}
	if texts != nil {
		a.dispatcher.Use(delivery.SMS, texts)
	}
	return nil
}

// measure shows what the stores count.
func (a *App) measure() {
	count := func(name, help string, value func() uint64) {
		a.metrics.Counter(name, help, func() float64 { return float64(value()) })
	}
	count("pintail_directory_updates_total", "Transactions that changed the directory.", func() uint64 { return a.db.Stats().Updates })
	count("pintail_directory_commits_total", "Commits of the directory: fewer than updates when they are grouped.", func() uint64 { return a.db.Stats().Commits })
	count("pintail_events_appended_total", "Events made durable.", func() uint64 { return a.events.Stats().Appended })
	count("pintail_event_commits_total", "Group commits of the event store.", func() uint64 { return a.events.Stats().Commits })
	a.metrics.Gauge("pintail_messages_pending", "Messages that wait to be delivered.", a.pendingMessages)
	count("pintail_endpoints_evicted_total", "Endpoints that gave way to a newer one, because their user had too many.", func() uint64 { return a.audience.Stats().Evicted })
	count("pintail_endpoints_refused_total", "Endpoints that were refused because their user had too many.", func() uint64 { return a.audience.Stats().Refused })
	count("pintail_event_failures_total", "Group commits of the event store that failed.", func() uint64 { return a.events.Stats().Failures })
}

// pendingMessages counts for the metrics.
func (a *App) pendingMessages() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	n, err := a.outbox.Pending(ctx)
	if err != nil {
		a.log.Warn("the pending messages cannot be counted", "error", err)
		return math.NaN()
	}
	return float64(n)
}

// hosts are further names that clients may have signed for: the public URL's
// and those that the owner configured.
func (a *App) hosts() []string {
	hosts := a.config.Hosts
	if u, err := http.NewRequest(http.MethodGet, a.baseURL, nil); err == nil {
		hosts = append(hosts, u.Host)
	}
	return hosts
}

// openRoot makes sure that the root user has an access key and that the command
// line can find it.
func (a *App) openRoot(ctx context.Context) error {
	var err error
	a.root.AccessKeyID, a.root.Secret, a.newRoot, err = a.access.RootKey(ctx)
	if err != nil {
		return fmt.Errorf("the root access key cannot be read: %w", err)
	}
	if have, err := ReadCredentials(a.config.Data); err == nil && have == a.root {
		return nil
	}
	return writeCredentials(a.config.Data, a.config.Region, a.root)
}

// URL is where clients reach the server.
func (a *App) URL() string { return a.baseURL }

// Root returns the root access key; created tells that this start made it.
func (a *App) Root() (key Credentials, created bool) { return a.root, a.newRoot }

// Handler serves every request.
func (a *App) Handler() http.Handler { return a.router }

// Limits of a connection. Bodies are limited by operation.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	drainFor      = 20 * time.Second
)

// Run serves until ctx is done, then lets running requests finish. It returns
// nil after a clean stop.
func (a *App) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: a.router, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	note := Running{
		URL: a.baseURL, PID: os.Getpid(), Account: a.config.AccountID, Region: a.config.Region,
		Dev: a.config.Dev, Certificate: a.config.TLSCert, Started: a.started,
	}
	if err := writeRunning(a.config.Data, note); err != nil {
		return err
	}
	defer os.Remove(a.config.Path(RunningFile))
	failed := make(chan error, 1)
	go func() {
		if a.config.TLS() {
			failed <- server.ServeTLS(a.listener, a.config.TLSCert, a.config.TLSKey)
			return
		}
		failed <- server.Serve(a.listener)
	}()
	stopJobs := a.runBehind()
	select {
	case err := <-failed:
		return errors.Join(err, stopJobs())
	case <-ctx.Done():
	}
	a.log.Info("stopping: letting running requests and jobs finish")
	a.feeds.Stop() // which would never finish
	drain, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("some requests did not finish within %s: %w", drainFor, err), stopJobs())
	}
	return stopJobs()
}

// runBehind does the background work until stop, which waits for it to finish.
func (a *App) runBehind() (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		streams := make(chan error, 1)
		go func() { streams <- a.streams.Run(ctx) }()
		ended <- errors.Join(a.jobs.Run(ctx), <-streams)
	}()
	return func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(drainFor):
			return fmt.Errorf("some jobs did not finish within %s; they are run again after the next start", drainFor)
		}
	}
}

// keepMessages is for how long the outbox remembers.
const keepMessages = 30 * 24 * time.Hour

// pruneOutbox is the hourly job that forgets old messages.
func (a *App) pruneOutbox(ctx context.Context, _ job.Job) error {
	for {
		if n, err := a.outbox.Prune(ctx, keepMessages); err != nil || n < store.MaxLimit {
			return err
		}
	}
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// pruneTrail is the hourly job that forgets old audit records.
func (a *App) pruneTrail(ctx context.Context, _ job.Job) error {
	for {
		if more, err := a.trail.Prune(ctx); err != nil || !more {
			return err
		}
	}
}

// Close closes the stores. The server must not be running.
func (a *App) Close() error {
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.userPools != nil {
		a.userPools.Close()
	}
	if a.trail != nil {
		a.trail.Close()
	}
	if a.providers != nil {
		a.providers.Close()
	}
	if a.mail != nil {
		a.mail.Close()
	}
	errs = append(errs, a.breached.Close())
	if a.events != nil {
		errs = append(errs, a.events.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	return errors.Join(errs...)
}
