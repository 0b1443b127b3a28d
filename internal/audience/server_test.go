package audience_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/aws/smithy-go"

	"pintail/internal/access"
	"pintail/internal/audience"
	"pintail/internal/clock"
	"pintail/internal/event"
	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb"
	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	genpinpoint "pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/testkit/pgtest"
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
	room   *audience.Service
	db     store.DB
	events eventstore.Store
	clock  *clock.Clock
	keys   aws.Credentials
	gate   *access.Service
	jobs   *job.Queue
	ended  chan job.Event // a run of a job
}

func newServer(t testing.TB) *server {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "directory.db"), kinds()...)
	return serve(t, db, err)
}

func newPostgresServer(t testing.TB) *server {
	t.Helper()
	db, err := postgres.Open(t.Context(), pgtest.Database(t), kinds()...)
	return serve(t, db, err)
}

// onEveryEngine runs a test on a server over each kind of directory.
func onEveryEngine(t *testing.T, test func(*testing.T, *server)) {
	for name, start := range map[string]func(testing.TB) *server{"sqlite": newServer, "postgres": newPostgresServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

func kinds() []store.Kind {
	return slices.Concat(audience.Collections(), access.Collections(), job.Collections())
}

func serve(t testing.TB, db store.DB, err error) *server {
	t.Helper()
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	events, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, events.Close()) })
	return node(t, db, events)
}

// node is one of possibly several servers over the same stores.
func node(t testing.TB, db store.DB, events eventstore.Store) *server {
	return nodeWith(t, db, events, 0)
}

func nodeWith(t testing.TB, db store.DB, events eventstore.Store, perUser int) *server {
	t.Helper()
	master, err := keys.ParseMasterKey(strings.Repeat("5a", 32))
	must(t, err)
	number, err := ids.ParseAccount(account)
	must(t, err)
	s := &server{db: db, events: events, clock: new(clock.Clock), ended: make(chan job.Event, 100)}
	gate := access.New(access.Config{DB: db, Master: master, Clock: s.clock, Account: number})
	id, secret, _, err := gate.RootKey(t.Context())
	must(t, err)
	s.keys = aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	s.gate = gate
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	s.jobs = job.New(job.Config{DB: db, Clock: s.clock, Log: log, Observe: func(e job.Event) { s.ended <- e }})
	router := wire.NewRouter(wire.Config{
		Services: []*model.Service{genpinpoint.Service, mobileanalytics.Service, audience.CustomerProfiles}, Gate: gate, Clock: s.clock, Account: account, Region: region,
		Log: log,
	})
	s.room = audience.New(audience.Config{
		DB: db, Events: events, Master: master, Clock: s.clock, Account: account, Jobs: s.jobs, Log: log, EndpointsPerUser: perUser,
	})
	s.room.Routes(router)
	event.New(event.Config{Audience: s.room, Store: events}).Routes(router)
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

// work runs jobs for the rest of the test.
func (s *server) work(t testing.TB) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { must(t, s.jobs.Run(ctx)) })
	t.Cleanup(func() { stop(); running.Wait() })
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
func (s *server) update(ctx context.Context, app, id string, r *types.EndpointRequest) error {
	_, err := s.UpdateEndpoint(ctx, &pinpoint.UpdateEndpointInput{ApplicationId: &app, EndpointId: &id, EndpointRequest: r})
	return err
}

// endpoint sends GetEndpoint.
func (s *server) endpoint(t testing.TB, app, id string) *types.EndpointResponse {
	t.Helper()
	out, err := s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: &id})
	must(t, err)
	return out.EndpointResponse
}

// refused checks that an error is the API's, with this code and message.
func refused(t testing.TB, err error, code, message string) {
	t.Helper()
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		t.Fatalf("got %v, want %s: %s", err, code, message)
	}
	if answer.ErrorCode() != code || answer.ErrorMessage() != message {
		t.Errorf("got %s: %s, want %s: %s", answer.ErrorCode(), answer.ErrorMessage(), code, message)
	}
}

// raw sends a body that no SDK would, signed, and returns status and answer.
func (s *server) raw(t testing.TB, method, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	sum := sha256.Sum256([]byte(body))
	must(t, v4.NewSigner().SignHTTP(t.Context(), s.keys, r, hex.EncodeToString(sum[:]), "mobiletargeting", region, time.Now()))
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	out := map[string]any{}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&out); err != nil {
		t.Fatalf("%s %s answered %q: %v", method, path, text, err)
	}
	return answer.StatusCode, out
}
