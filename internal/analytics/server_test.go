package analytics

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"pintail/internal/access"
	"pintail/internal/audience"
	"pintail/internal/clock"
	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb"
	"pintail/internal/eventstore/postgres"
	"pintail/internal/gen/model"
	genpinpoint "pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store/sqlite"
	"pintail/internal/testkit/pgtest"
	"pintail/internal/wire"
)

const (
	account = "123456789012"
	region  = "eu-central-1"
)

// engines are the event stores that every test runs on.
var engines = map[string]func(testing.TB) eventstore.Store{
	"duckdb": func(t testing.TB) eventstore.Store {
		s, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
		must(t, err)
		return s
	},
	"postgres": func(t testing.TB) eventstore.Store {
		s, err := postgres.Open(t.Context(), pgtest.Database(t))
		must(t, err)
		return s
	},
}

// onEveryEngine runs a test on a server with each event store.
func onEveryEngine(t *testing.T, test func(*testing.T, *server)) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) { test(t, newServer(t, open(t))) })
	}
}

// server is the room and the directory of endpoints behind the real pipeline and
// the real gate, over real stores.
type server struct {
	*httptest.Server
	*pinpoint.Client
	room  *Service
	log   eventstore.Store
	clock *clock.Clock
	keys  aws.Credentials
	app   string
}

func newServer(t testing.TB, log eventstore.Store) *server {
	t.Helper()
	t.Cleanup(func() { must(t, log.Close()) })
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "directory.db"), slices.Concat(audience.Collections(), access.Collections(), job.Collections())...)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	master, err := keys.ParseMasterKey(strings.Repeat("5a", 32))
	must(t, err)
	number, err := ids.ParseAccount(account)
	must(t, err)
	s := &server{log: log, clock: clock.Fixed(now)}
	gate := access.New(access.Config{DB: db, Master: master, Clock: s.clock, Account: number})
	id, secret, _, err := gate.RootKey(t.Context())
	must(t, err)
	s.keys = aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	router := wire.NewRouter(wire.Config{
		Services: []*model.Service{genpinpoint.Service, audience.CustomerProfiles}, Gate: gate, Clock: s.clock, Account: account, Region: region,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	people := audience.New(audience.Config{
		DB: db, Events: log, Master: master, Clock: s.clock, Account: account, Jobs: job.New(job.Config{DB: db, Clock: s.clock}),
	})
	people.Routes(router)
	s.room = New(Config{Audience: people, Events: log})
	s.room.Routes(router)
	s.Server = httptest.NewServer(router)
	t.Cleanup(s.Close)
	s.Client = pinpoint.New(pinpoint.Options{
		Region: region, BaseEndpoint: aws.String(s.URL), Retryer: aws.NopRetryer{},
		Credentials: credentials.StaticCredentialsProvider{Value: s.keys},
	})
	s.app = s.newApp(t)
	return s
}

func (s *server) newApp(t testing.TB) string {
	t.Helper()
	out, err := s.CreateApp(t.Context(), &pinpoint.CreateAppInput{CreateApplicationRequest: &types.CreateApplicationRequest{Name: aws.String("shop")}})
	must(t, err)
	return *out.ApplicationResponse.Id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// now is when requests through the SDK happen, which signs them by the machine's
// clock; noon is when all others do.
var (
	now  = time.Now().UTC().Truncate(time.Second)
	noon = time.Date(2026, 4, 20, 12, 0, 0, 0, time.UTC)
)

// record appends events of the server's app.
func (s *server) record(t testing.TB, list ...eventstore.Event) {
	t.Helper()
	for i := range list {
		list[i].App = s.app
		list[i].EventID = fmt.Sprint(i)
		list[i].Arrival = now
	}
	must(t, s.log.Append(t.Context(), list))
}

// line is a row of an answer: its groups and values by key.
type line map[string]string

// lines are an answer's rows.
func lines(rows []genpinpoint.ResultRow) (list []line) {
	for _, r := range rows {
		l := line{}
		for _, v := range slices.Concat(r.GroupedBys, r.Values) {
			l[v.Key] = v.Value
		}
		list = append(list, l)
	}
	return list
}

// answer asks the room, past the wire, at noon.
func (s *server) answer(in genpinpoint.GetApplicationDateRangeKpiRequest) (*genpinpoint.ApplicationDateRangeKpiResponse, error) {
	in.ApplicationId = s.app
	out, err := s.room.getApplicationDateRangeKpi(context.Background(), &wire.Call{Time: noon}, &in)
	if err != nil {
		return nil, err
	}
	return out.ApplicationDateRangeKpiResponse, nil
}

// ask sends GetApplicationDateRangeKpi through the SDK, with further parameters
// NAME=VALUE, and returns its rows.
func (s *server) ask(t testing.TB, name string, parameters ...string) []line {
	t.Helper()
	out, err := s.GetApplicationDateRangeKpi(t.Context(), &pinpoint.GetApplicationDateRangeKpiInput{ApplicationId: &s.app, KpiName: &name}, extra(parameters))
	must(t, err)
	var list []line
	for _, r := range out.ApplicationDateRangeKpiResponse.KpiResult.Rows {
		l := line{}
		for _, v := range r.GroupedBys {
			if *v.Type != "String" {
				t.Errorf("%s: group %s has the type %s", name, *v.Key, *v.Type)
			}
			l[*v.Key] = *v.Value
		}
		for _, v := range r.Values {
			if *v.Type != "Double" {
				t.Errorf("%s: value %s has the type %s", name, *v.Key, *v.Type)
			}
			l[*v.Key] = *v.Value
		}
		list = append(list, l)
	}
	return list
}

// raw sends a signed GET of a path below the app's and returns the answer's body.
func (s *server) raw(t testing.TB, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/apps/"+s.app+path, nil)
	must(t, err)
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	must(t, v4.NewSigner().SignHTTP(t.Context(), s.keys, r, empty, "mobiletargeting", region, now))
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(text)
}

func contains(text, part string) bool { return strings.Contains(text, part) }

// extra adds parameters that the SDK does not know to a request before it is
// signed.
func extra(parameters []string) func(*pinpoint.Options) {
	add := middleware.BuildMiddlewareFunc("extra", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		r := in.Request.(*smithyhttp.Request)
		query := r.URL.Query()
		for _, p := range parameters {
			name, value, _ := strings.Cut(p, "=")
			query.Add(name, value)
		}
		r.URL.RawQuery = query.Encode()
		return next.HandleBuild(ctx, in)
	})
	return func(o *pinpoint.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error { return s.Build.Add(add, middleware.After) })
	}
}
