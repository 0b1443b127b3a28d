package live_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"log/slog"

	"pintail/internal/clock"
	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb"
	"pintail/internal/eventstore/postgres"
	"pintail/internal/live"
	"pintail/internal/testkit/pgtest"
)

// stores are both engines, empty.
func stores(t *testing.T, test func(*testing.T, eventstore.Store)) {
	t.Run("duckdb", func(t *testing.T) {
		s, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		test(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), pgtest.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		test(t, s)
	})
}

// world is a server of feeds.
type world struct {
	*testing.T
	store eventstore.Store
	feeds *live.Feeds
	http  *httptest.Server
	ended chan error // of every feed
	query live.Query
	next  int
}

func newWorld(t *testing.T, s eventstore.Store, change func(*live.Config)) *world {
	w := &world{T: t, store: s, ended: make(chan error, 100)}
	c := live.Config{Events: s, Clock: new(clock.Clock), Log: slog.New(slog.DiscardHandler), Account: "123456789012"}
	if change != nil {
		change(&c)
	}
	w.feeds = live.New(c)
	w.http = httptest.NewUnstartedServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		q := w.query
		if id := r.Header.Get("Last-Event-ID"); id != "" {
			q.After = id
		}
		err := w.feeds.Serve(to, r, q)
		if err != nil {
			http.Error(to, err.Error(), http.StatusServiceUnavailable)
		}
		w.ended <- err
	}))
	w.http.Config.ReadTimeout, w.http.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	w.http.Start()
	t.Cleanup(func() { w.feeds.Stop(); w.http.Close() })
	return w
}

func (w *world) put(events ...eventstore.Event) {
	w.Helper()
	for i := range events {
		e := &events[i]
		w.next++
		e.EventID, e.Timestamp, e.Arrival = fmt.Sprintf("e-%d", w.next), time.Now(), time.Now()
		if e.App == "" {
			e.App = "app"
		}
	}
	if err := w.store.Append(w.Context(), events); err != nil {
		w.Fatal(err)
	}
}

// reader is somebody who reads a feed.
type reader struct {
	w      *world
	lines  *bufio.Reader
	id     string
	cancel context.CancelFunc
}

// read opens a feed and waits until it has begun.
func (w *world) read(id string) *reader {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	w.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.http.URL, nil)
	if err != nil {
		w.Fatal(err)
	}
	if id != "" {
		r.Header.Set("Last-Event-ID", id)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		w.Fatalf("a feed answers %d", answer.StatusCode)
	}
	return &reader{w: w, lines: bufio.NewReader(answer.Body), cancel: cancel}
}

// item returns the next item's data, "" for a sign of life.
func (r *reader) item() string {
	r.w.Helper()
	data := ""
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			r.w.Fatalf("the feed ended: %v", err)
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); field {
		case "id":
			r.id = value
		case "data":
			data = value
		case "":
			if r.id != "" && line == "\n" {
				return data
			}
		}
	}
}

func (r *reader) begun() *reader {
	r.w.Helper()
	if first := r.item(); first != "" {
		r.w.Fatalf("a feed that begins now begins with %s", first)
	}
	return r
}

// wants reads items, and holds the event ids against those that are wanted.
func (r *reader) wants(ids ...string) {
	r.w.Helper()
	for _, id := range ids {
		item := r.item()
		for item == "" {
			item = r.item()
		}
		if !strings.HasPrefix(item, fmt.Sprintf("{\"event_id\":%q,\"event_type\":", id)) {
			r.w.Fatalf("want %s, the feed shows %s", id, item)
		}
	}
}

func TestFilters(t *testing.T) {
	stores(t, func(t *testing.T, s eventstore.Store) {
		for name, test := range map[string]struct {
			query live.Query
			want  []string
		}{
			"everything":    {live.Query{}, []string{"e-1", "e-2", "e-3", "e-4", "e-5"}},
			"an app":        {live.Query{Events: eventstore.Filter{App: "app"}}, []string{"e-2", "e-3", "e-4", "e-5"}},
			"a type":        {live.Query{Events: eventstore.Filter{Type: "buy"}}, []string{"e-3", "e-4", "e-5"}},
			"an endpoint":   {live.Query{Events: eventstore.Filter{EndpointID: "e1"}}, []string{"e-4", "e-5"}},
			"a user":        {live.Query{Events: eventstore.Filter{UserID: "u1"}}, []string{"e-5"}},
			"an attribute":  {live.Query{Attributes: map[string]string{"screen": "cart"}}, []string{"e-5"}},
			"an empty one":  {live.Query{Attributes: map[string]string{"screen": ""}}, []string{"e-4"}},
			"another value": {live.Query{Attributes: map[string]string{"screen": "home"}}, nil},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, s, nil)
				w.query = test.query
				r := w.read("").begun()
				w.put(eventstore.Event{App: "other", Type: "see"}, eventstore.Event{Type: "see"}, eventstore.Event{Type: "buy"},
					eventstore.Event{Type: "buy", EndpointID: "e1", Attributes: map[string]string{"screen": ""}},
					eventstore.Event{Type: "buy", EndpointID: "e1", UserID: "u1", Attributes: map[string]string{"screen": "cart"}})
				end := eventstore.Event{Type: "buy", EndpointID: "e1", UserID: "u1", Attributes: test.query.Attributes} // which all choose
				w.put(end)
				r.wants(append(test.want, "e-6")...)
			})
		}
	})
}

// A reader that comes back goes on where it was, however long it was away, and where
// nothing was for it that place moves on all the same.
func TestResume(t *testing.T) {
	stores(t, func(t *testing.T, s eventstore.Store) {
		w := newWorld(t, s, func(c *live.Config) { c.Heartbeat = 20 * time.Millisecond })
		w.query.Events.Type = "buy"
		r := w.read("").begun()
		w.put(eventstore.Event{Type: "buy"}, eventstore.Event{Type: "see"})
		r.wants("e-1")
		r.cancel()
		<-w.ended
		many := make([]eventstore.Event, 1000) // more than a feed takes at once
		for i := range many {
			many[i].Type = "buy"
		}
		w.put(many...)
		again := w.read(r.id)
		for n := range many {
			again.wants(fmt.Sprintf("e-%d", n+3))
		}
		last := again.id
		w.put(eventstore.Event{Type: "see"})
		for again.id == last {
			if item := again.item(); item != "" {
				t.Fatalf("the feed shows %s", item)
			}
		}
		w.put(eventstore.Event{Type: "buy"})
		w.read(again.id).wants("e-1004")
		again.wants("e-1004")
	})
}

// A feed can begin with what was.
func TestBeginnings(t *testing.T) {
	stores(t, func(t *testing.T, s eventstore.Store) {
		w := newWorld(t, s, nil)
		old := eventstore.Event{App: "app", Type: "old", EventID: "old", Timestamp: time.Now().Add(-2 * time.Hour), Arrival: time.Now()}
		many := make([]eventstore.Event, 600)
		for i := range many {
			many[i].Type = fmt.Sprintf("t.%d", i%2)
		}
		w.put(many...)
		if err := s.Append(t.Context(), []eventstore.Event{old}); err != nil {
			t.Fatal(err)
		}
		w.query = live.Query{Last: 3}
		w.read("").wants("e-599", "e-600", "old")
		w.query = live.Query{Last: 2, Events: eventstore.Filter{Type: "t.0"}}
		w.read("").wants("e-597", "e-599")
		w.query = live.Query{Last: 1000, Attributes: map[string]string{"none": "such"}}
		w.read("").begun()
		w.query = live.Query{Since: time.Hour}
		r := w.read("")
		for n := range many {
			r.wants(fmt.Sprintf("e-%d", n+1))
		}
		w.put(eventstore.Event{Type: "new"})
		r.wants("e-601")
	})
}

// The time-outs of the server, here shorter than the feed, do not end it.
func TestOutlivesTimeouts(t *testing.T) {
	s, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := newWorld(t, s, func(c *live.Config) { c.Heartbeat = 25 * time.Millisecond })
	r := w.read("").begun()
	for began := time.Now(); time.Since(began) < 300*time.Millisecond; {
		r.item() // signs of life
	}
	w.put(eventstore.Event{Type: "t"})
	r.wants("e-1")
}

// A reader that does not read holds nobody up: events are taken in, others see them,
// and its feed ends. A patient one gets all, later.
func TestSlowReader(t *testing.T) {
	stores(t, func(t *testing.T, s eventstore.Store) {
		w := newWorld(t, s, func(c *live.Config) { c.Patience = 100 * time.Millisecond })
		lazy, quick := w.read("").begun(), w.read("").begun()
		from := lazy.id
		wide := eventstore.Event{Type: "t", Attributes: map[string]string{"text": strings.Repeat("x", 2000)}}
		const batches, size = 60, 100 // 12 MB, more than sockets hold
		for range batches {
			many := make([]eventstore.Event, size)
			for i := range many {
				many[i] = wide
			}
			w.put(many...)
			for i := range many {
				quick.wants(many[i].EventID)
			}
		}
		<-w.ended // the lazy reader's, and nobody else's
		w.put(eventstore.Event{Type: "t"})
		quick.wants(fmt.Sprintf("e-%d", batches*size+1))
		again := w.read(from)
		for n := range batches*size + 1 {
			again.wants(fmt.Sprintf("e-%d", n+1))
		}
	})
}

// There are so many feeds and no more, one that ends makes room, and stopping ends all.
func TestBound(t *testing.T) {
	s, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := newWorld(t, s, func(c *live.Config) { c.Most = 2 })
	one, _ := w.read("").begun(), w.read("").begun()
	status := func() int {
		answer, err := http.Get(w.http.URL)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if got := status(); got != http.StatusServiceUnavailable {
		t.Errorf("a third feed: %d", got)
	}
	if err := <-w.ended; err != live.ErrFull {
		t.Errorf("a third feed: %v", err)
	}
	one.cancel()
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
	w.read("").begun()
	w.feeds.Stop()
	for range 2 {
		if err := <-w.ended; err != nil {
			t.Error(err)
		}
	}
	w.query.After = "nonsense"
	if status(); <-w.ended != live.ErrID {
		t.Error("nonsense is an id")
	}
}
