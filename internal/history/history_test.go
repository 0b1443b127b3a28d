package history_test

import (
	"errors"
	"hash/fnv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/history"
)

var (
	noon    = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	monthly = history.Options{App: "app", Users: 4000, Days: 40, Until: noon, Seed: 7}
)

// collect returns copies of all events.
func collect(t testing.TB, options history.Options) []eventstore.Event {
	t.Helper()
	var all []eventstore.Event
	err := history.New(options).Events(func(some []eventstore.Event) error {
		all = append(all, some...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func endpoints(t testing.TB, options history.Options) map[string]*pinpoint.EndpointRequest {
	t.Helper()
	all := make(map[string]*pinpoint.EndpointRequest)
	err := history.New(options).Endpoints(func(id string, e *pinpoint.EndpointRequest) error {
		if all[id] != nil {
			t.Errorf("two endpoints have the id %q", id)
		}
		all[id] = e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEqualOptionsMakeEqualHistories(t *testing.T) {
	options := monthly
	options.Users = 300
	events, devices := collect(t, options), endpoints(t, options)
	if diff := cmp.Diff(events, collect(t, options)); diff != "" {
		t.Errorf("events differ:\n%s", diff)
	}
	if diff := cmp.Diff(devices, endpoints(t, options)); diff != "" {
		t.Errorf("endpoints differ:\n%s", diff)
	}
	options.Seed++
	for id := range endpoints(t, options) {
		if devices[id] != nil {
			t.Errorf("two seeds make the endpoint %q", id)
		}
	}
}

// A history asked for later on the same day only goes on.
func TestLaterOnTheSameDayTheHistoryIsLonger(t *testing.T) {
	options := monthly
	options.Users = 300
	short := collect(t, options)
	options.Until = noon.Add(6 * time.Hour)
	long := collect(t, options)
	if len(long) <= len(short) {
		t.Fatalf("%d events until the evening, %d until noon", len(long), len(short))
	}
	if diff := cmp.Diff(short, long[:len(short)]); diff != "" {
		t.Errorf("the beginning differs:\n%s", diff)
	}
}

func TestEventsComeInOrderAndHaveIDsOfTheirOwn(t *testing.T) {
	h := history.New(monthly)
	devices := endpoints(t, monthly)
	seen := make(map[string]bool)
	last := h.Start()
	for _, e := range collect(t, monthly) {
		if e.Timestamp.Before(last) || e.Timestamp.After(noon) || e.Arrival.Before(e.Timestamp) {
			t.Fatalf("event at %v, arrived at %v, after one at %v", e.Timestamp, e.Arrival, last)
		}
		last = e.Timestamp
		if seen[e.EventID] {
			t.Fatalf("two events have the id %q", e.EventID)
		}
		seen[e.EventID] = true
		d := devices[e.EndpointID]
		if d == nil {
			t.Fatalf("event of the unknown endpoint %q", e.EndpointID)
		}
		user := ""
		if d.User != nil {
			user = d.User.UserId
		}
		if e.UserID != user || e.Platform != d.Demographic.Platform || e.Country != d.Location.Country || e.Timezone != d.Demographic.Timezone || e.App != "app" {
			t.Fatalf("event %+v of the endpoint %+v", e, d)
		}
	}
	if want := noon.Add(-time.Hour); last.Before(want) {
		t.Errorf("the last event is of %v", last)
	}
	if !h.Start().Equal(time.Date(2026, 4, 11, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("40 days that end on May 20 start at %v", h.Start())
	}
}

// A session begins, ends and lasts as its own events say.
func TestSessionsHoldTogether(t *testing.T) {
	type session struct {
		start, last time.Time
		stopped     bool
		endpoint    string
	}
	sessions := make(map[string]*session)
	overMidnight := 0
	for _, e := range collect(t, monthly) {
		s := sessions[e.Session.ID]
		if s == nil {
			if e.Type != "_session.start" {
				t.Fatalf("session %s begins with %s", e.Session.ID, e.Type)
			}
			s = &session{start: e.Timestamp, endpoint: e.EndpointID}
			sessions[e.Session.ID] = s
		} else if e.Type == "_session.start" || s.stopped {
			t.Fatalf("%s in a session that had begun or ended", e.Type)
		}
		if !e.Session.Start.Equal(s.start) || e.EndpointID != s.endpoint || e.Timestamp.Sub(s.start) > time.Hour {
			t.Fatalf("event %+v in the session %+v", e, s)
		}
		if e.Type == "_session.stop" {
			s.stopped = true
			if e.Session.Duration != e.Timestamp.Sub(s.start) || !e.Session.Stop.Equal(e.Timestamp) {
				t.Fatalf("session %+v stops at %v", e.Session, e.Timestamp)
			}
			if e.Timestamp.Day() != s.start.Day() {
				overMidnight++
			}
		}
	}
	if overMidnight == 0 {
		t.Error("no session lasts over midnight")
	}
}

// The rates that the history is made of, within what chance allows.
func TestRatesArePlausible(t *testing.T) {
	devices := endpoints(t, monthly)
	count := make(map[string]float64)
	signedUp := make(map[string]int) // days, by endpoint
	days := make(map[string]map[int]bool)
	start := history.New(monthly).Start()
	all := collect(t, monthly)
	for _, e := range all {
		count[e.Type]++
		today := int(e.Timestamp.Sub(start) / (24 * time.Hour))
		if days[e.EndpointID] == nil {
			days[e.EndpointID] = make(map[int]bool)
		}
		days[e.EndpointID][today] = true
		if e.Type == "_userauth.sign_up" {
			signedUp[e.EndpointID] = today
		}
	}
	active, cohort, back := 0.0, 0.0, make(map[int]float64)
	for id, on := range days {
		active += float64(len(on))
		if first, ok := signedUp[id]; ok && first < 9 {
			cohort++
			for _, later := range []int{1, 7, 30} {
				if on[first+later] {
					back[later]++
				}
			}
		}
	}
	between := func(what string, got, low, high float64) {
		t.Helper()
		if !(got >= low && got <= high) {
			t.Errorf("%s: %.3f, want %.3f to %.3f", what, got, low, high)
		}
	}
	between("devices of a person", float64(len(devices))/float64(monthly.Users), 1.25, 1.35)
	between("events of an active endpoint and day", float64(len(all))/active, 5, 6)
	between("back after 1 day", back[1]/cohort, 0.33, 0.47)
	between("back after 7 days", back[7]/cohort, 0.16, 0.28)
	between("back after 30 days", back[30]/cohort, 0.1, 0.22)
	if !(back[1] > back[7] && back[7] > back[30]) {
		t.Errorf("interest does not fade: %v", back)
	}
	between("stops of sessions", count["_session.stop"]/count["_session.start"], 0.93, 0.97)
	between("views", count["product.view"]/count["_session.start"], 0.32, 0.38)
	between("carts of views", count["cart.add"]/count["product.view"], 0.27, 0.33)
	between("orders of carts", count["order.placed"]/count["cart.add"], 0.35, 0.45)
	between("purchases of orders", count["_monetization.purchase"]/count["order.placed"], 0.99, 1)
	between("failed of later sign-ins", count["_userauth.auth_fail"]/(count["_userauth.sign_in"]-count["_userauth.sign_up"]), 0.17, 0.25)
	between("sign-ups of people", count["_userauth.sign_up"]/float64(monthly.Users), 0.4, 0.5) // 60 % of the three quarters that are new
}

func TestEventsPerDay(t *testing.T) {
	for _, wanted := range []float64{1500, 6000} {
		options := monthly
		options.EventsPerDay, options.Until = wanted, noon.Truncate(24*time.Hour).Add(24*time.Hour-time.Millisecond)
		got := float64(len(collect(t, options))) / float64(options.Days)
		if got < wanted*0.95 || got > wanted*1.05 {
			t.Errorf("%.0f events a day, want %.0f", got, wanted)
		}
	}
}

func TestEventsStopWhenTheReaderFails(t *testing.T) {
	enough := errors.New("enough")
	calls := 0
	err := history.New(monthly).Events(func([]eventstore.Event) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

// A history must cost less than storing it.
func BenchmarkEvents(b *testing.B) {
	options := history.Options{App: "app", Users: 100_000, Days: 90, Until: noon, Seed: 1, EventsPerDay: 55_000}
	h := history.New(options)
	events, sum := 0, fnv.New64()
	b.ReportAllocs()
	for b.Loop() {
		_ = h.Events(func(some []eventstore.Event) error {
			events += len(some)
			sum.Write([]byte(some[0].EventID))
			return nil
		})
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(events)/float64(b.N), "events")
}
