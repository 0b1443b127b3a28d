package event

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/access"
	"pintail/internal/audience"
	"pintail/internal/clock"
	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb"
	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	genpinpoint "pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/store/sqlite"
	"pintail/internal/wire"
)

const (
	account = "123456789012"
	region  = "eu-central-1"
)

// server is the two Pinpoint rooms behind the real pipeline and the real gate,
// over real stores.
type server struct {
	*httptest.Server
	*pinpoint.Client
	room  *Service
	db    store.DB
	log   eventstore.Store
	clock *clock.Clock
	keys  aws.Credentials
}

func newServer(t testing.TB) *server {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "directory.db"), append(audience.Collections(), access.Collections()...)...)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	log, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, log.Close()) })
	master, err := keys.ParseMasterKey(strings.Repeat("5a", 32))
	must(t, err)
	number, err := ids.ParseAccount(account)
	must(t, err)
	s := &server{db: db, log: log, clock: clock.Fixed(time.Now())}
	gate := access.New(access.Config{DB: db, Master: master, Clock: s.clock, Account: number})
	id, secret, _, err := gate.RootKey(t.Context())
	must(t, err)
	s.keys = aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	router := wire.NewRouter(wire.Config{
		Services: []*model.Service{genpinpoint.Service, mobileanalytics.Service, audience.CustomerProfiles},
		Gate:     gate, Clock: s.clock, Account: account, Region: region,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	people := audience.New(audience.Config{
		DB: db, Events: log, Master: master, Clock: s.clock, Account: account, Jobs: job.New(job.Config{DB: db, Clock: s.clock}),
	})
	people.Routes(router)
	s.room = New(Config{Audience: people, Store: log})
	s.room.Routes(router)
	s.Server = httptest.NewServer(router)
	t.Cleanup(s.Close)
	s.Client = pinpoint.New(pinpoint.Options{
		Region: region, BaseEndpoint: aws.String(s.URL), Retryer: aws.NopRetryer{},
		Credentials: credentials.StaticCredentialsProvider{Value: s.keys},
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// app makes a project and returns its id.
func (s *server) app(t testing.TB) string {
	t.Helper()
	out, err := s.CreateApp(t.Context(), &pinpoint.CreateAppInput{
		CreateApplicationRequest: &types.CreateApplicationRequest{Name: aws.String("shop")},
	})
	must(t, err)
	return *out.ApplicationResponse.Id
}

// update sends UpdateEndpoint.
func (s *server) update(t testing.TB, app, id string, r *types.EndpointRequest) {
	t.Helper()
	_, err := s.UpdateEndpoint(t.Context(), &pinpoint.UpdateEndpointInput{ApplicationId: &app, EndpointId: &id, EndpointRequest: r})
	must(t, err)
}

// endpoint sends GetEndpoint.
func (s *server) endpoint(t testing.TB, app, id string) *types.EndpointResponse {
	t.Helper()
	out, err := s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: &id})
	must(t, err)
	return out.EndpointResponse
}

// recorded returns the project's events in the log, by event id.
func (s *server) recorded(t testing.TB, app string) map[string]*eventstore.Event {
	t.Helper()
	out := map[string]*eventstore.Event{}
	must(t, s.log.Scan(t.Context(), eventstore.Query{Filter: eventstore.Filter{App: app}}, func(_ eventstore.Cursor, e *eventstore.Event) error {
		out[e.EventID] = e
		return nil
	}))
	return out
}

// post sends a body as it is, signed, and returns status and answer.
func (s *server) post(t testing.TB, path, service, body string, headers map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+path, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range maps.All(headers) {
		r.Header.Set(name, value)
	}
	sum := sha256.Sum256([]byte(body))
	must(t, v4.NewSigner().SignHTTP(t.Context(), s.keys, r, hex.EncodeToString(sum[:]), service, region, s.clock.Now()))
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, string(text)
}

// put sends PutEvents as raw JSON.
func (s *server) put(t testing.TB, app, body string) (int, string) {
	t.Helper()
	return s.post(t, "/v1/apps/"+app+"/events", "mobiletargeting", body, nil)
}

// item is an item's part of an answer; items are the events' by id.
type (
	item struct {
		Message    string
		StatusCode int
	}
	items map[string]item
)

// accept sends PutEvents, which must be taken, and returns what it answers
// about one endpoint.
func (s *server) accept(t testing.TB, app, id, body string) (endpoint item, events items) {
	t.Helper()
	code, text := s.put(t, app, body)
	if code != http.StatusAccepted {
		t.Fatalf("answered %d %s", code, text)
	}
	var out struct {
		Results map[string]struct {
			EndpointItemResponse item
			EventsItemResponse   items
		}
	}
	must(t, json.Unmarshal([]byte(text), &out))
	result, ok := out.Results[id]
	if !ok {
		t.Fatalf("%s says nothing about %q", text, id)
	}
	return result.EndpointItemResponse, result.EventsItemResponse
}
