package userpool_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"pintail/internal/clock"
	"pintail/internal/delivery"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/testkit/pgtest"
	"pintail/internal/userpool"
	"pintail/internal/userpool/breached"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

const (
	account  = "123456789012"
	region   = "us-east-1"
	password = "Passw0rd!Example"
)

// world is a running room: the real directory, the real outbox, the real router
// over HTTP, and Amazon's own client.
type world struct {
	*idp.Client
	t       testing.TB
	clock   *clock.Clock
	db      store.DB
	outbox  *delivery.Outbox
	service *userpool.Service
	jobs    *job.Queue
	ended   chan job.Event // what became of the jobs' runs
	master  *keys.MasterKey
	url     string
	region  string
	// What a test sets before it calls start again.
	triggers  *trigger.Invoker
	perSource int
	breached  *breached.List
	log       *slog.Logger
}

// rootGate lets one key do everything; what keys may do is package access's concern.
type rootGate struct{ verifier *sigv4.Verifier }

func (g rootGate) Authenticate(_ context.Context, r *http.Request, body []byte, service string) (*wire.Caller, *sigv4.Verified, error) {
	verified, err := g.verifier.Verify(r, body, service, func(string, string) (string, error) { return "secret", nil })
	if err != nil {
		return nil, nil, err
	}
	return &wire.Caller{Principal: policy.Principal{Type: policy.Root, ARN: "arn:aws:iam::" + account + ":root", Account: account, ID: account}}, verified, nil
}

func (rootGate) Authorize(context.Context, *wire.Caller, string, string, policy.Context) (policy.Decision, error) {
	return policy.Decision{Allowed: true}, nil
}

func openSQLite(t testing.TB) store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "directory.db"), kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openPostgres(t testing.TB) store.DB {
	t.Helper()
	db, err := postgres.Open(context.Background(), pgtest.Database(t), kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func kinds() []store.Kind {
	return slices.Concat(userpool.Collections(), delivery.Collections(), job.Collections())
}

// boot starts a world on SQLite.
func boot(t testing.TB) *world { return bootOn(t, openSQLite) }

// onEveryEngine runs a test in a world of each engine.
func onEveryEngine(t *testing.T, test func(t *testing.T, w *world)) {
	for name, open := range map[string]func(testing.TB) store.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) { test(t, bootOn(t, open)) })
	}
}

func bootOn(t testing.TB, open func(testing.TB) store.DB) *world {
	t.Helper()
	master, err := keys.ParseMasterKey(strings.Repeat("0123456789abcdef", 4))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clock.Fixed(time.Now().Truncate(time.Second)), db: open(t), master: master, region: region}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.outbox = delivery.New(w.db, master, w.clock)
	w.start()
	return w
}

// start serves the room over what the world's directory holds, as a new process
// would.
func (w *world) start() {
	w.ended = make(chan job.Event, 100)
	w.jobs = job.New(job.Config{
		DB: w.db, Clock: w.clock, Log: slog.New(slog.DiscardHandler),
		Observe: func(e job.Event) {
			if strings.HasPrefix(e.Kind, "userpool.") {
				w.ended <- e
			}
		},
	})
	w.service = userpool.New(userpool.Config{
		Jobs: w.jobs,
		DB:   w.db, Master: w.master, Clock: w.clock, Account: account, Sender: w.outbox,
		BaseURL: func() string { return w.url }, Triggers: w.triggers, CodesPerSource: w.perSource, Breached: w.breached, Log: w.log,
	})
	userpool.ShareKeys(w.service) // and so it must not be closed
	// The client signs with the machine's time, whatever the room's clock says.
	router := wire.NewRouter(wire.Config{
		Services: []*model.Service{cognitoidp.Service}, Gate: rootGate{&sigv4.Verifier{Now: time.Now}},
		Clock: w.clock, Account: account, Region: region,
	})
	w.service.Routes(router)
	// Time goes on with each request, so that messages have an order.
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.clock.Advance(time.Millisecond)
		router.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(server.Close)
	w.url = server.URL
	w.Client = w.clientIn(region)
}

// work runs the world's jobs until the test ends.
func (w *world) work() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.jobs.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

// clientIn returns Amazon's client for a region.
func (w *world) clientIn(region string) *idp.Client {
	return idp.New(idp.Options{
		Region: region, BaseEndpoint: aws.String(w.url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
}

// at is the world as a client at another address of this machine sees it.
func (w *world) at(address string) *world {
	w.t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	w.t.Cleanup(transport.CloseIdleConnections)
	elsewhere := *w
	elsewhere.Client = idp.New(w.Client.Options(), func(o *idp.Options) { o.HTTPClient = &http.Client{Transport: transport} })
	return &elsewhere
}

// pool creates a user pool with verified e-mail, as change alters it.
func (w *world) pool(change ...func(*idp.CreateUserPoolInput)) *types.UserPoolType {
	w.t.Helper()
	in := &idp.CreateUserPoolInput{PoolName: aws.String("people"), AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}
	for _, f := range change {
		f(in)
	}
	out, err := w.CreateUserPool(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserPool
}

// app creates an app client that may sign in by SRP, by password and by refreshing.
func (w *world) app(pool *types.UserPoolType, change ...func(*idp.CreateUserPoolClientInput)) *types.UserPoolClientType {
	w.t.Helper()
	in := &idp.CreateUserPoolClientInput{
		UserPoolId: pool.Id, ClientName: aws.String("app"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}
	for _, f := range change {
		f(in)
	}
	out, err := w.CreateUserPoolClient(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserPoolClient
}

// attrs makes attributes of names and values in turn.
func attrs(pairs ...string) []types.AttributeType {
	list := []types.AttributeType{}
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.AttributeType{Name: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	return list
}

// values is attrs backwards.
func values(list []types.AttributeType) map[string]string {
	m := make(map[string]string)
	for _, a := range list {
		m[*a.Name] = *a.Value
	}
	return m
}

// signUp signs somebody up with the usual password.
func (w *world) signUp(app *types.UserPoolClientType, username string, pairs ...string) *idp.SignUpOutput {
	w.t.Helper()
	out, err := w.SignUp(w.t.Context(), &idp.SignUpInput{
		ClientId: app.ClientId, Username: &username, Password: aws.String(password), UserAttributes: attrs(pairs...),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// confirm confirms somebody with the newest code in the outbox.
func (w *world) confirm(app *types.UserPoolClientType, username, address string) {
	w.t.Helper()
	_, err := w.ConfirmSignUp(w.t.Context(), &idp.ConfirmSignUpInput{
		ClientId: app.ClientId, Username: &username, ConfirmationCode: aws.String(w.codeTo(address)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// member signs somebody up under a name, with an e-mail, and confirms them.
func (w *world) member(app *types.UserPoolClientType, username string, pairs ...string) {
	w.t.Helper()
	address := strings.ToLower(username) + "@example.org"
	w.signUp(app, username, append([]string{"email", address}, pairs...)...)
	w.confirm(app, username, address)
}

// signIn signs a member in with the usual password in clear.
func (w *world) signIn(app *types.UserPoolClientType, username string) *types.AuthenticationResultType {
	w.t.Helper()
	out, err := w.byPassword(app, username, password)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.AuthenticationResult
}

func (w *world) byPassword(app *types.UserPoolClientType, username, password string) (*idp.InitiateAuthOutput, error) {
	return w.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{
		AuthFlow: "USER_PASSWORD_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": password},
	})
}

// messageTo returns the newest message to an address.
func (w *world) messageTo(address string) delivery.Message {
	w.t.Helper()
	found, err := w.outbox.List(w.t.Context(), delivery.Filter{To: address, Limit: 1000})
	if err != nil || len(found) == 0 {
		w.t.Fatalf("no message to %s: %v", address, err)
	}
	return found[0]
}

// codeTo returns the code of the newest message to an address.
func (w *world) codeTo(address string) string {
	w.t.Helper()
	m := w.messageTo(address)
	if !regexp.MustCompile(`^[0-9]{6}$`).MatchString(m.Code) || !strings.Contains(m.Body, m.Code) {
		w.t.Fatalf("message %+v has no code of six digits in its body", m)
	}
	return m.Code
}

// wrong returns a code of the same form that is not the right one.
func wrong(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

// wants checks that an error has a code and, exactly, a message.
func wants(t testing.TB, err error, code, message string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("got %v, want %s: %s", err, code, message)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Fatalf("got  %s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

// does calls an operation for its error alone.
func does[In, Out any](t testing.TB, op func(context.Context, *In, ...func(*idp.Options)) (*Out, error), in *In) error {
	_, err := op(t.Context(), in)
	return err
}

// paginator is what the SDK has for each list.
type paginator[Page any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*idp.Options)) (*Page, error)
}

// everyPage shows the pages of a list one after the other.
func everyPage[Page any](t testing.TB, pages paginator[Page], show func(*Page)) {
	t.Helper()
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		show(page)
	}
}

const (
	notAuthorized    = "NotAuthorizedException"
	invalidParameter = "InvalidParameterException"
)

// get reads a plain document of the room.
func (w *world) get(path string, into any) int {
	w.t.Helper()
	answer, err := http.Get(w.url + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
			w.t.Fatal(err)
		}
	}
	return answer.StatusCode
}

// together runs fn n times at once and waits for all.
func together(n int, fn func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { fn(i) })
	}
	group.Wait()
}
