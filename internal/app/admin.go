package app

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pintail/internal/access"
	"pintail/internal/analytics"
	"pintail/internal/audit"
	"pintail/internal/delivery"
	"pintail/internal/eventstream"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/userpool"
)

// SigningName is the service for which requests to the server's own paths are
// signed.
const SigningName = "pintail"

// Status is what a server says of itself.
type Status struct {
	URL, Version, Account, Region string
	Stores                        string // "embedded" or "PostgreSQL"
	Dev                           bool
	Up                            time.Duration
	Counts                        map[string]int
	Streams                       []eventstream.State // of applications that have an event stream
}

// routes are the server's own paths, beside the AWS operations.
func (a *App) routes() {
	handle := func(pattern string, h http.HandlerFunc) { a.router.HandleHTTP(pattern, h) }
	handle("GET /_pintail/health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	handle("GET /_pintail/ready", a.ready)
	handle("GET /_pintail/metrics", a.local(a.metrics.Handler().ServeHTTP))
	handle("GET /_pintail/status", a.owner(a.status))
	handle("GET /_pintail/outbox", a.owner(a.readOutbox))
	handle("GET /_pintail/explain", a.owner(a.explain))
	handle("GET /_pintail/audit", a.owner(a.audit))
	handle("GET /_pintail/apps/{app}/activity", a.owner(a.activity))
	handle("GET /_pintail/import/{pool}/{job}/log", a.owner(a.importLog))
	handle("POST /_pintail/events/rebuild", a.owner(a.rebuild))
	handle("POST /_pintail/pools/{pool}/rotate-keys", a.owner(a.rotateKeys))
	a.ownRoutes()
	if a.config.Dev {
		handle("POST /_pintail/reset", a.owner(a.reset))
	}
}

// owner admits the owner only: the root user by signature, or in developer mode
// anyone on this machine. A page in a browser is not the owner, so requests
// that carry an Origin are refused.
func (a *App) owner(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a.config.Dev && isLocal(r) && r.Header.Get("Origin") == "" {
			h(w, r)
			return
		}
		caller, _, err := a.access.Authenticate(r.Context(), r, nil, SigningName)
		if err != nil || !caller.Root() {
			writeJSON(w, http.StatusForbidden, map[string]string{"Message": "Only the root user may ask this. Sign the request with the root access key."})
			return
		}
		h(w, r)
	}
}

// local admits requests from this machine only, and not those that a proxy
// passed on. Everyone else must sign as the owner.
func (a *App) local(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if isLocal(r) {
			h(w, r)
			return
		}
		a.owner(h)(w, r)
	}
}

func isLocal(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}

// ready tells whether the server can do its work.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.answers(ctx); err != nil {
		a.log.Error("not ready", "error", err)
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "a store does not answer"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// answers asks the directory for something small. The event store has been
// opened and takes events from then on; questions to it may wait while it
// catches up after a crash, which does not make the server less ready.
func (a *App) answers(ctx context.Context) error {
	return a.db.View(ctx, func(tx store.Tx) error {
		_, err := a.access.Counts(tx)
		return err
	})
}

// counts gathers what every room counts.
func (a *App) counts(ctx context.Context) (map[string]int, error) {
	all := make(map[string]int)
	err := a.db.View(ctx, func(tx store.Tx) error {
		for _, room := range []interface {
			Counts(store.Tx) (map[string]int, error)
		}{a.access, a.userPools, a.identities, a.audience, a.outbox} {
			counts, err := room.Counts(tx)
			if err != nil {
				return err
			}
			maps.Copy(all, counts)
		}
		return nil
	})
	return all, err
}

func (a *App) status(w http.ResponseWriter, r *http.Request) {
	counts, err := a.counts(r.Context())
	if err != nil {
		a.fail(w, err)
		return
	}
	streams, err := a.streams.States(r.Context())
	if err != nil {
		a.fail(w, err)
		return
	}
	stores := "embedded"
	if a.config.DatabaseURL != "" {
		stores = "PostgreSQL"
	}
	writeJSON(w, http.StatusOK, Status{
		URL: a.baseURL, Version: a.Version, Account: a.config.AccountID, Region: a.config.Region,
		Stores: stores, Dev: a.config.Dev, Up: time.Since(a.started), Counts: counts, Streams: streams,
	})
}

// readOutbox lists messages, or waits for the next when the query says so.
func (a *App) readOutbox(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, _ := strconv.Atoi(query.Get("limit"))
	f := delivery.Filter{To: query.Get("to"), After: query.Get("after"), Limit: max(limit, 1)}
	var found []delivery.Message
	var err error
	switch wait, bad := time.ParseDuration(query.Get("wait")); {
	case query.Get("id") != "":
		m, ok, failed := a.outbox.Get(r.Context(), query.Get("id"))
		if err = failed; ok {
			found = []delivery.Message{m}
		}
	case bad == nil && wait > 0:
		ctx, cancel := context.WithTimeout(r.Context(), min(wait, 10*time.Minute))
		defer cancel()
		found, err = a.outbox.Wait(ctx, f)
	default:
		found, err = a.outbox.List(r.Context(), f)
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	if found == nil {
		found = []delivery.Message{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"Messages": found})
}

// activity serves Activity.
func (a *App) activity(w http.ResponseWriter, r *http.Request) {
	activity, err := a.Activity(r.Context(), r.PathValue("app"))
	if err != nil {
		a.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, activity)
}

// Explanation is what the gate would decide, and why.
type Explanation struct {
	Allowed bool
	Why     string // for the owner
	Message string // what the caller of a refused request would be told
}

// explain answers what the gate would decide: the query names principal, action and
// resource, and condition keys as context=KEY=VALUE.
func (a *App) explain(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	q := access.Question{
		Principal: query.Get("principal"), Action: query.Get("action"), Resource: query.Get("resource"),
		Context: map[string][]string{}, Guest: query.Has("guest"),
	}
	for _, pair := range query["context"] {
		key, value, _ := strings.Cut(pair, "=")
		q.Context[key] = append(q.Context[key], value)
	}
	d, err := a.access.Explain(r.Context(), a.config.Region, q)
	if bad, ok := errors.AsType[*access.QuestionError](err); ok {
		writeJSON(w, http.StatusBadRequest, map[string]string{"Message": bad.Text})
		return
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, Explanation{Allowed: d.Allowed, Why: d.Explain(), Message: d.Message()})
}

// audit lists records of the audit trail, the newest first.
func (a *App) audit(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	f := audit.Filter{Name: query.Get("name"), Who: query.Get("who"), Denied: query.Has("denied"), Data: query.Has("data"), Before: query.Get("before")}
	f.Limit, _ = strconv.Atoi(query.Get("limit"))
	f.Limit = min(max(f.Limit, 1), store.MaxLimit)
	for name, t := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		var err error
		if *t, err = time.Parse(time.RFC3339, text); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"Message": name + " is not a time such as 2026-01-31T12:00:00Z."})
			return
		}
	}
	page, err := a.trail.List(r.Context(), f)
	if err != nil {
		a.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, page)
}

// importLog shows what became of the rows of a user import, page by page.
func (a *App) importLog(w http.ResponseWriter, r *http.Request) {
	log, err := a.userPools.ImportLog(r.Context(), r.PathValue("pool"), r.PathValue("job"), r.URL.Query().Get("after"))
	switch {
	case errors.Is(err, userpool.ErrNoImport):
		writeJSON(w, http.StatusNotFound, map[string]string{"Message": "There is no such user import job in this user pool."})
	case err != nil:
		a.fail(w, err)
	default:
		writeJSON(w, http.StatusOK, log)
	}
}

// rotateKeys makes new signing keys for a user pool, or for all identity pools, which have
// one key together.
func (a *App) rotateKeys(w http.ResponseWriter, r *http.Request) {
	pool := r.PathValue("pool")
	var err error
	if isIdentityPool := strings.Contains(pool, ":"); isIdentityPool {
		err = a.identities.RotateKeys(r.Context(), pool)
	} else {
		err = a.userPools.RotateKeys(r.Context(), pool)
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "rotated"})
}

// rebuild has the event store compute anew what it keeps to answer faster.
func (a *App) rebuild(w http.ResponseWriter, r *http.Request) {
	if err := a.events.Rebuild(r.Context()); err != nil {
		a.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "rebuilt"})
}

// reset empties both stores for the next test and keeps the root key.
func (a *App) reset(w http.ResponseWriter, r *http.Request) {
	if err := a.Reset(r.Context()); err != nil {
		a.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "empty"})
}

// Reset forgets everything but the root access key.
func (a *App) Reset(ctx context.Context) error {
	if err := a.db.Reset(ctx); err != nil {
		return err
	}
	if err := a.events.Reset(ctx); err != nil {
		return err
	}
	a.userPools.Forget()
	a.identities.Forget()
	a.audience.Forget()
	a.analytics.Forget()
	return a.access.RestoreRootKey(ctx, a.root.AccessKeyID, a.root.Secret)
}

// fail answers with a room's refusal, and hides everything else in the log.
func (a *App) fail(w http.ResponseWriter, err error) {
	if refusal, ok := errors.AsType[*model.Error](err); ok {
		writeJSON(w, refusal.Type.Status, map[string]string{"Message": refusal.Message})
		return
	}
	a.log.Error("a request to the server's own paths failed", "error", err)
	writeJSON(w, http.StatusInternalServerError, map[string]string{"Message": "The server could not answer. Its log says why."})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone when this fails
}

// Coverage is the page that lists every operation and whether it is built.
func (a *App) Coverage() string { return a.router.Coverage() }

// Outbox is where the server's messages end up.
func (a *App) Outbox() *delivery.Outbox { return a.outbox }

// Activity tells what happened in an app during the last thirty days.
func (a *App) Activity(ctx context.Context, app string) (*analytics.Activity, error) {
	now := a.clock.Now()
	return a.analytics.Activity(ctx, app, now.AddDate(0, 0, -30), now.Add(time.Minute))
}
