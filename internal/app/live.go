package app

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pintail/internal/live"
	"pintail/internal/wire"
)

// feed is a live feed that somebody asks for.
type feed struct {
	feedTerms
	query live.Query
}

// feedTerms are what a feed shows, as the trail keeps it.
type feedTerms struct {
	App, Type, EndpointID, UserID string
	Attributes                    map[string]string
	Messages                      bool
}

// read takes the query of a URL, and the Last-Event-ID of a browser that comes back,
// which goes before an id in the URL, since that one is older.
func (in *feed) read(r *http.Request, _ []byte) error {
	q := r.URL.Query()
	in.App, in.Type, in.EndpointID, in.UserID = q.Get("app"), q.Get("type"), q.Get("endpoint"), q.Get("user")
	in.Messages = q.Has("messages")
	for _, pair := range q["attribute"] {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("attribute=%q is not NAME=VALUE.", pair)
		}
		if in.Attributes == nil {
			in.Attributes = make(map[string]string)
		}
		in.Attributes[name] = value
	}
	f := &in.query.Events
	f.App, f.Type, f.EndpointID, f.UserID = in.App, in.Type, in.EndpointID, in.UserID
	in.query.Attributes, in.query.Messages = in.Attributes, in.Messages
	if in.query.After = r.Header.Get("Last-Event-ID"); in.query.After == "" {
		in.query.After = q.Get("after")
	}
	return in.readStart(q)
}

// readStart takes where the feed begins.
func (in *feed) readStart(q url.Values) (err error) {
	if text := q.Get("since"); text != "" {
		if in.query.Since, err = time.ParseDuration(text); err != nil || in.query.Since <= 0 || in.query.Since > live.MaxSince {
			return fmt.Errorf("since=%q is not a duration of up to %s, such as 10m.", text, live.MaxSince)
		}
	}
	if text := q.Get("last"); text != "" {
		if in.query.Last, err = strconv.Atoi(text); err != nil || in.query.Last < 1 || in.query.Last > live.MaxLast {
			return fmt.Errorf("last=%q is not a number from 1 to %d.", text, live.MaxLast)
		}
	}
	return nil
}

func (in *feed) resources(c *wire.Call) []string {
	app := in.App
	if app == "" {
		app = "*" // which only those may who may on every application
	}
	if in.Messages {
		return []string{appARN(c, app), c.ARN(SigningName, "outbox")}
	}
	return []string{appARN(c, app)}
}

func (in *feed) recorded() any { return &in.feedTerms }

// watchLive answers with a live feed.
func (a *App) watchLive(w http.ResponseWriter, r *http.Request, _ *wire.Call, in *feed) error {
	if in.App != "" {
		if err := a.audience.CheckApp(r.Context(), in.App); err != nil {
			return err
		}
	}
	switch err := a.feeds.Serve(w, r, in.query); {
	case errors.Is(err, live.ErrFull):
		w.Header().Set("Retry-After", "10")
		return errBusy.New("As many live feeds are open on this server as it allows. Close one, or try again later.")
	case errors.Is(err, live.ErrID):
		return errBadRequest.New("Last-Event-ID is not the id of an item of a feed.")
	default:
		return err
	}
}
