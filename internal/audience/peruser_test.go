package audience_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"pgregory.net/rapid"

	"pintail/internal/audience"
	"pintail/internal/config"
	"pintail/internal/testkit"
)

// member is what decides who gives way to whom.
type member struct {
	user, channel, status string
	effective             time.Time
}

// club is the naive model of users who have at most so many endpoints.
type club struct {
	most    int
	members map[string]member
}

var tokens = []string{"ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM"}

// join updates an endpoint, or refuses to. The channel and the user are those
// of the request.
func (c *club) join(id string, m member) bool {
	if c.members[id].user == m.user {
		c.members[id] = m
		return true
	}
	var theirs []string
	for _, other := range slices.Sorted(maps.Keys(c.members)) {
		if c.members[other].user == m.user {
			theirs = append(theirs, other)
		}
	}
	if len(theirs) >= c.most {
		oldest := ""
		for _, other := range theirs {
			if slices.Contains(tokens, c.members[other].channel) && (oldest == "" || c.members[other].effective.Before(c.members[oldest].effective)) {
				oldest = other
			}
		}
		if oldest == "" || !slices.Contains(tokens, m.channel) {
			return false
		}
		gone := c.members[oldest]
		gone.user, gone.status = "", "INACTIVE"
		c.members[oldest] = gone
	}
	c.members[id] = m
	return true
}

// TestUsersAreFull: whatever the way in, the oldest push token gives way to a
// new one, everything else is refused, and nothing else happens. What was
// evicted can come back.
func TestUsersAreFull(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, s *server) {
		s = nodeWith(t, s.db, s.events, 3)
		rapid.Check(t, func(r *rapid.T) { s.checkClub(t, r) })
	})
}

func (s *server) checkClub(t *testing.T, r *rapid.T) {
	app := s.app(t)
	c := &club{3, map[string]member{}}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	ids := []string{"e0", "e1", "e2", "e3", "e4", "e5"}
	before := s.room.Stats()
	var evicted, refused uint64
	for range rapid.IntRange(4, 12).Draw(r, "steps") {
		id := rapid.SampledFrom(ids).Draw(r, "id")
		m := member{
			user: rapid.SampledFrom([]string{"ann", "ann", "bob"}).Draw(r, "user"), status: "ACTIVE",
			channel:   rapid.SampledFrom(append([]string{"SMS", "EMAIL", "IN_APP"}, tokens...)).Draw(r, "channel"),
			effective: day.AddDate(0, 0, rapid.IntRange(0, 20).Draw(r, "day")),
		}
		was := maps.Clone(c.members)
		accepted := c.join(id, m)
		if !accepted {
			refused++
		}
		for other := range was {
			if other != id && was[other].user != c.members[other].user {
				evicted++
			}
		}
		if got := s.join(t, r, app, id, m); got != accepted {
			r.Fatalf("%s joined: %v, want %v", id, got, accepted)
		}
	}
	s.expectClub(t, r, app, c)
	if after := s.room.Stats(); after.Evicted-before.Evicted != evicted || after.Refused-before.Refused != refused {
		r.Fatalf("counted %+v after %+v, want %d evicted and %d refused", after, before, evicted, refused)
	}
}

// join sends the update one way or the other and tells whether it was taken.
func (s *server) join(t *testing.T, r *rapid.T, app, id string, m member) bool {
	request := document{
		"ChannelType": m.channel, "Address": "of " + id, "EffectiveDate": m.effective.Format(time.RFC3339), "User": document{"UserId": m.user},
	}
	var code int
	var answer map[string]any
	switch rapid.SampledFrom([]string{"update", "batch", "events"}).Draw(r, "way") {
	case "update":
		code, answer = s.raw(t, "PUT", "/v1/apps/"+app+"/endpoints/"+id, text(request))
	case "batch":
		request["Id"] = id
		code, answer = s.raw(t, "PUT", "/v1/apps/"+app+"/endpoints", text(document{"Item": []document{request}}))
	case "events":
		code, answer = s.raw(t, "POST", "/v1/apps/"+app+"/events", text(document{"BatchItem": document{id: document{"Endpoint": request, "Events": document{}}}}))
		answer = answer["Results"].(map[string]any)[id].(map[string]any)["EndpointItemResponse"].(map[string]any)
		code = int(answer["StatusCode"].(float64))
	}
	if want := "Exceeded maximum endpoint per user count:3"; code != 202 && (code != 400 || answer["Message"] != want) {
		r.Fatalf("%d %v, want %s", code, answer, want)
	}
	return code == 202
}

func (s *server) expectClub(t *testing.T, r *rapid.T, app string, c *club) {
	for id, m := range c.members {
		e := s.endpoint(t, app, id)
		who := ""
		if e.User != nil {
			who = *e.User.UserId
		}
		if who != m.user || *e.EndpointStatus != m.status || string(e.ChannelType) != m.channel {
			r.Fatalf("%s is %s's, %s and %s, want %+v", id, who, *e.EndpointStatus, e.ChannelType, m)
		}
	}
	for _, who := range []string{"ann", "bob"} {
		var want, got []string
		for id, m := range c.members {
			if m.user == who {
				want = append(want, id)
			}
		}
		if found, err := s.user(t, app, who); err == nil {
			for _, e := range found {
				got = append(got, *e.Id)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			r.Fatalf("%s has %v, want %v", who, got, want)
		}
	}
}

// TestLimitIsLowered: endpoints that are there already stay and are all shown;
// a new one takes the place of one of them.
func TestLimitIsLowered(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	request := func(i int) *types.EndpointRequest {
		return &types.EndpointRequest{
			ChannelType: "GCM", Address: aws.String(fmt.Sprint(i)), User: &types.EndpointUser{UserId: aws.String("u")},
			EffectiveDate: aws.String(time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)),
		}
	}
	for i := range 15 {
		must(t, s.update(t.Context(), app, fmt.Sprintf("e%02d", i), request(i)))
	}
	low := nodeWith(t, s.db, s.events, 2)
	must(t, low.update(t.Context(), app, "new", request(20)))
	found, err := low.user(t, app, "u")
	must(t, err)
	if len(found) != 15 || *found[0].Id != "e01" {
		t.Errorf("%d endpoints, the first %s", len(found), *found[0].Id)
	}
	if low.room.Stats() != (audience.Stats{Evicted: 1}) {
		t.Errorf("counted %+v", low.room.Stats())
	}
	// What was evicted comes back as any other endpoint would.
	must(t, low.update(t.Context(), app, "e00", &types.EndpointRequest{
		EndpointStatus: aws.String("ACTIVE"), User: &types.EndpointUser{UserId: aws.String("u")}, EffectiveDate: aws.String("2026-02-01T00:00:00Z"),
	}))
	if e := low.endpoint(t, app, "e00"); *e.EndpointStatus != "ACTIVE" || *e.User.UserId != "u" {
		t.Errorf("e00 is %s", *e.EndpointStatus)
	}
	if e := low.endpoint(t, app, "e01"); *e.EndpointStatus != "INACTIVE" || e.User != nil {
		t.Errorf("e01 is %s", *e.EndpointStatus)
	}
}

// TestFullUsersAreVisible: the owner sees who lost an endpoint, and how many.
func TestFullUsersAreVisible(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	s := testkit.StartLogging(t, slog.NewTextHandler(&log, nil), func(c *config.Config) { c.EndpointsPerUser = 1 })
	app := s.NewProject(t).App
	update := func(id string, channel types.ChannelType) error {
		_, err := s.Pinpoint(s.RootKeys()).UpdateEndpoint(t.Context(), &pinpoint.UpdateEndpointInput{
			ApplicationId: &app, EndpointId: &id, EndpointRequest: &types.EndpointRequest{
				ChannelType: channel, Address: &id, User: &types.EndpointUser{UserId: aws.String("u")},
			},
		})
		return err
	}
	must(t, update("first", "GCM"))
	must(t, update("second", "APNS"))
	refused(t, update("third", "EMAIL"), "BadRequestException", "Exceeded maximum endpoint per user count:1")
	answer, err := http.Get(s.URL() + "/_pintail/metrics")
	must(t, err)
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	must(t, err)
	for _, want := range []string{"\npintail_endpoints_evicted_total 1\n", "\npintail_endpoints_refused_total 1\n"} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	must(t, s.Stop())
	for _, want := range []string{"evicted_endpoints=[first]", "refused_endpoints=[third]"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("the log has %s %d times", want, n)
		}
	}
}

// lockedBuffer is a buffer for several writers.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
