package person_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/access"
	"pintail/internal/audience"
	"pintail/internal/audit"
	"pintail/internal/clock"
	"pintail/internal/config"
	"pintail/internal/delivery"
	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb"
	eventpostgres "pintail/internal/eventstore/postgres"
	"pintail/internal/identitypool"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/person"
	"pintail/internal/sigv4"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/testkit"
	"pintail/internal/testkit/pgtest"
	"pintail/internal/userpool"
	"pintail/internal/userpool/trigger"
)

// engines are the two ways to keep everything.
var engines = map[string]func(t *testing.T, c *config.Config){
	"embedded":   func(*testing.T, *config.Config) {},
	"PostgreSQL": func(t *testing.T, c *config.Config) { c.DatabaseURL = pgtest.Database(t) },
}

const password = "Correct-Horse-1"

// story is what a server knows after some people have used it.
type story struct {
	testkit.Project
	ada, bob string // subs
	kept     config.Config
}

// tell lets Ada and Bob use a shop: she as a guest on two devices, signed in, and on a
// device that is his later.
func tell(t *testing.T, engine func(*testing.T, *config.Config)) story {
	st := story{}
	logs := "arn:aws:logs:us-east-1:" + testkit.Account + ":log-group:people"
	places := filepath.Join(t.TempDir(), "triggers.json") // where nobody answers, so that records wait
	must(t, os.WriteFile(places, []byte(`{"destinations":{"`+logs+`":{"url":"http://127.0.0.1:1","accessKeyId":"a","secretAccessKey":"b"}}}`), 0o600))
	s := testkit.Start(t, func(c *config.Config) { engine(t, c); c.Triggers = places; st.kept = *c })
	st.Project = s.NewProject(t)
	ctx, root := testkit.Context(t), s.IDP(s.RootKeys())
	_, err := root.UpdateUserPool(ctx, &idp.UpdateUserPoolInput{UserPoolId: &st.UserPool, UserPoolTier: idptypes.UserPoolTierTypePlus,
		AutoVerifiedAttributes: []idptypes.VerifiedAttributeType{"email"}, UserPoolAddOns: &idptypes.UserPoolAddOnsType{AdvancedSecurityMode: "AUDIT"},
		DeviceConfiguration: &idptypes.DeviceConfigurationType{DeviceOnlyRememberedOnUserPrompt: true}})
	must(t, err)
	_, err = root.UpdateUserPoolClient(ctx, &idp.UpdateUserPoolClientInput{UserPoolId: &st.UserPool, ClientId: &st.Client, ExplicitAuthFlows: []idptypes.ExplicitAuthFlowsType{
		"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	must(t, err)
	_, err = root.SetLogDeliveryConfiguration(ctx, &idp.SetLogDeliveryConfigurationInput{UserPoolId: &st.UserPool, LogConfigurations: []idptypes.LogConfigurationType{{
		EventSource: "userAuthEvents", LogLevel: "INFO", CloudWatchLogsConfiguration: &idptypes.CloudWatchLogsConfigurationType{LogGroupArn: &logs}}}})
	must(t, err)
	_, err = root.CreateGroup(ctx, &idp.CreateGroupInput{UserPoolId: &st.UserPool, GroupName: aws.String("poets")})
	must(t, err)
	for name, sub := range map[string]*string{"ada.lovelace": &st.ada, "bob": &st.bob} {
		*sub = signUp(t, s, st.Project, name)
		_, err = root.AdminAddUserToGroup(ctx, &idp.AdminAddUserToGroupInput{UserPoolId: &st.UserPool, GroupName: aws.String("poets"), Username: &name})
		must(t, err)
	}
	report := func(k testkit.Keys, endpoint, user string, events ...string) {
		block := &pptypes.PublicEndpoint{}
		if user != "" {
			block.User = &pptypes.EndpointUser{UserId: &user, UserAttributes: map[string][]string{"knows": {user}}}
		}
		all := map[string]pptypes.Event{}
		for _, id := range events {
			all[id] = pptypes.Event{EventType: aws.String("see"), Timestamp: aws.String(time.Now().UTC().Format(time.RFC3339))}
		}
		_, err := s.Pinpoint(k).PutEvents(ctx, &pinpoint.PutEventsInput{ApplicationId: &st.App, EventsRequest: &pptypes.EventsRequest{
			BatchItem: map[string]pptypes.EventsBatch{endpoint: {Endpoint: block, Events: all}},
		}})
		must(t, err)
	}
	visit := func(id string, tokens testkit.Tokens) (string, testkit.Keys) {
		id, k, err := s.Visitor(ctx, st.Project, id, tokens)
		must(t, err)
		return id, k
	}
	for _, name := range []string{"ada.lovelace", "bob"} {
		addDevice(t, s, st.Project, name)
	}
	adas, err := s.SignIn(ctx, st.Project, "ada.lovelace", password)
	must(t, err)
	bobs, err := s.SignIn(ctx, st.Project, "bob", password)
	must(t, err)

	phone, k := visit("", testkit.Tokens{})
	report(k, "phone", "", "1", "2")
	_, k = visit(phone, adas)
	report(k, "phone", st.ada, "3")
	tablet, k := visit("", testkit.Tokens{})
	report(k, "tablet", st.ada, "4") // a guest who says who she is
	_, k = visit(tablet, adas)       // merged into the phone's identity
	report(k, "shared", st.ada, "5")
	kiosk, k := visit("", testkit.Tokens{})
	report(k, "kiosk", st.ada, "6") // a guest who stays one
	_, k = visit("", bobs)
	report(k, "shared", st.bob, "7", "8")
	_, other := visit("", testkit.Tokens{})
	report(other, "stranger", "", "9")
	if phone == tablet || tablet == kiosk {
		t.Fatal("the story has too few identities")
	}
	// The trail names users that administrators worked on, and keeps that.
	must(t, s.Stop())
	return st
}

func signUp(t *testing.T, s *testkit.Server, p testkit.Project, name string) string {
	t.Helper()
	ctx, client, email := testkit.Context(t), s.IDP(testkit.Keys{}), name+"@example.org"
	up, err := client.SignUp(ctx, &idp.SignUpInput{ClientId: &p.Client, Username: &name, Password: aws.String(password),
		UserAttributes: []idptypes.AttributeType{{Name: aws.String("email"), Value: &email}}})
	must(t, err)
	sent, err := s.Outbox().List(ctx, delivery.Filter{To: email, Limit: 1})
	must(t, err)
	_, err = client.ConfirmSignUp(ctx, &idp.ConfirmSignUpInput{ClientId: &p.Client, Username: &name, ConfirmationCode: &sent[0].Code})
	must(t, err)
	return *up.UserSub
}

// addDevice has a user sign in from a device that the pool then knows.
func addDevice(t *testing.T, s *testkit.Server, p testkit.Project, name string) {
	t.Helper()
	ctx, client := testkit.Context(t), s.IDP(testkit.Keys{})
	in, err := client.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &p.Client, AuthFlow: "USER_PASSWORD_AUTH",
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password}})
	must(t, err)
	got := in.AuthenticationResult
	number := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 300))
	_, err = client.ConfirmDevice(ctx, &idp.ConfirmDeviceInput{AccessToken: got.AccessToken, DeviceKey: got.NewDeviceMetadata.DeviceKey,
		DeviceSecretVerifierConfig: &idptypes.DeviceSecretVerifierConfigType{PasswordVerifier: &number, Salt: aws.String(number[:24])}})
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens the rooms over a server's stores, whose queue nobody runs.
func open(t *testing.T, c config.Config) (*person.Service, store.DB) {
	s, db, closeAll := openToClose(t, c)
	t.Cleanup(closeAll)
	return s, db
}

func openToClose(t *testing.T, c config.Config) (*person.Service, store.DB, func()) {
	t.Helper()
	ctx := t.Context()
	var collections []store.Kind
	for _, room := range [][]store.Kind{access.Collections(), userpool.Collections(), identitypool.Collections(), audience.Collections(),
		delivery.Collections(), job.Collections(), audit.Collections(), person.Collections()} {
		collections = append(collections, room...)
	}
	var db store.DB
	var events eventstore.Store
	var err error
	if c.DatabaseURL == "" {
		db, err = sqlite.Open(ctx, c.Path("directory.db"), collections...)
		must(t, err)
		events, err = duckdb.Open(ctx, c.Path("events"), duckdb.Options{})
	} else {
		db, err = postgres.Open(ctx, c.DatabaseURL, collections...)
		must(t, err)
		events, err = eventpostgres.Open(ctx, c.DatabaseURL)
	}
	must(t, err)
	master, err := keys.LoadMasterKey(c.Path("master.key"))
	must(t, err)
	now, log := new(clock.Clock), slog.New(slog.DiscardHandler)
	jobs, outbox := job.New(job.Config{DB: db, Clock: now, Log: log}), delivery.New(db, master, now)
	triggers, err := trigger.Load("", trigger.Options{Now: now.Now})
	must(t, err)
	trail := audit.New(audit.Config{DB: db, Clock: now, Log: log, Account: testkit.Account, Keep: time.Hour})
	pools := userpool.New(userpool.Config{DB: db, Master: master, Clock: now, Account: testkit.Account, BaseURL: func() string { return "http://127.0.0.1" },
		Sender: outbox, Triggers: triggers, Jobs: jobs, Log: log})
	closeAll := func() {
		trail.Close()
		pools.Close()
		events.Close()
		db.Close()
	}
	return person.New(person.Config{
		DB: db, Events: events, UserPools: pools, Outbox: outbox, Trail: trail, Jobs: jobs, Clock: now, Account: testkit.Account,
		Audience:   audience.New(audience.Config{DB: db, Master: master, Clock: now, Account: testkit.Account, Events: events, Jobs: jobs, Log: log}),
		Identities: identitypool.New(identitypool.Config{DB: db, Master: master, Clock: now, Account: testkit.Account}),
	}), db, closeAll
}

// countdown is a context that ends when it has been asked so often whether it has.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// What is planned is deleted, however often the deletion is cut short, and nothing of
// anybody else.
func TestDeletion(t *testing.T) {
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := tell(t, engine)
			s, db := open(t, st.kept)
			ctx := testkit.Context(t)
			ada := person.Query{App: st.App, UserPool: st.UserPool, User: "ada.lovelace"}
			bob := person.Query{App: st.App, UserPool: st.UserPool, User: "bob"}
			plan := func(q person.Query) *person.Plan {
				found, err := s.Find(ctx, q)
				must(t, err)
				p, err := s.Plan(ctx, found)
				must(t, err)
				return p
			}
			// phone, tablet and kiosk, for shared is Bob's now; two guest events of the phone,
			// and one each of phone, tablet, shared and kiosk.
			want := person.Counts{
				"endpoints": 3, "events": 6, "identities": 3, "messages": 1, "users of the application": 1,
				"user pool users": 1, "group memberships": 1, "auth events": 3, "devices": 1,
			}
			if diff := cmp.Diff(want, plan(ada).Counts); diff != "" {
				t.Errorf("plan: -want +got:\n%s", diff)
			}
			want["log records"] = 3 // which a plan does not look at, since they are on their way
			bobs := plan(bob).Counts
			if bobs["events"] != 2 || bobs["endpoints"] != 1 || bobs["identities"] != 1 {
				t.Errorf("Bob's plan is %v", bobs)
			}

			found, err := s.Find(ctx, ada)
			must(t, err)
			d, err := s.Delete(ctx, found, audit.Record{EventName: "DeletePerson", EventID: "e", EventTime: time.Now()})
			must(t, err)
			runs := 0
			for ; ; runs++ {
				err := s.RunDeletion(&countdown{ctx, runs}, d.ID)
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
			if runs < 5 {
				t.Errorf("the deletion was cut short %d times only", runs)
			}
			must(t, s.RunDeletion(ctx, d.ID)) // by a slow twin
			d, err = s.Wait(ctx, d.ID)
			must(t, err)
			if d.Finished.IsZero() {
				t.Error("the deletion is not done")
			}
			if diff := cmp.Diff(want, d.Deleted); diff != "" {
				t.Errorf("deleted: -want +got:\n%s", diff)
			}
			if left := plan(ada).Counts; len(left) > 0 {
				t.Errorf("left of Ada: %v", left)
			}
			if diff := cmp.Diff(bobs, plan(bob).Counts); diff != "" {
				t.Errorf("Bob: -before +after:\n%s", diff)
			}
			if st.kept.DatabaseURL == "" {
				wantForgotten(t, db, st.kept, st.ada, "ada.lovelace")
			}
		})
	}
}

// A deletion that was acknowledged and not begun is done by the next server, or another.
func TestGoesOn(t *testing.T) {
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := tell(t, engine)
			s, _, closeAll := openToClose(t, st.kept)
			ctx := testkit.Context(t)
			found, err := s.Find(ctx, person.Query{App: st.App, User: st.ada})
			must(t, err)
			d, err := s.Delete(ctx, found, audit.Record{EventName: "DeletePerson", EventID: "e", EventTime: time.Now()})
			must(t, err)
			closeAll()
			again := testkit.Start(t, func(c *config.Config) { *c = st.kept })
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, again.URL()+"/_pintail/person/deletions/"+d.ID+"?wait=20s", nil)
			must(t, err)
			k := again.RootKeys()
			sigv4.Sign(r, nil, sigv4.Credentials{AccessKeyID: k.ID, Secret: k.Secret}, testkit.Region, "pintail", time.Now())
			answer, err := http.DefaultClient.Do(r)
			must(t, err)
			defer answer.Body.Close()
			var done person.Deletion
			must(t, json.NewDecoder(answer.Body).Decode(&done))
			// Without the pool Ada is the application's user alone; the identities are those
			// of guests in her events: the kiosk's.
			want := person.Counts{"endpoints": 3, "events": 6, "identities": 1, "users of the application": 1}
			if diff := cmp.Diff(want, done.Deleted); diff != "" || done.Finished.IsZero() {
				t.Errorf("%d, finished %v: -want +got:\n%s", answer.StatusCode, done.Finished, diff)
			}
		})
	}
}

// wantForgotten looks at every row of the directory for a person. The trail is kept.
func wantForgotten(t *testing.T, db store.DB, c config.Config, names ...string) {
	t.Helper()
	must(t, db.Close())
	raw, err := sql.Open("sqlite3", filepath.Join(c.Data, "directory.db"))
	must(t, err)
	defer raw.Close()
	tables, err := raw.Query("SELECT name FROM sqlite_schema WHERE type = 'table'")
	must(t, err)
	var all []string
	for tables.Next() {
		var name string
		must(t, tables.Scan(&name))
		all = append(all, name)
	}
	if len(all) < 40 {
		t.Fatalf("there are %d tables only", len(all))
	}
	rows := 0
	for _, table := range all {
		if strings.Contains(table, "audit") {
			continue
		}
		found, err := raw.Query(fmt.Sprintf("SELECT * FROM %q", table))
		must(t, err)
		columns, err := found.Columns()
		must(t, err)
		for found.Next() {
			rows++
			values := make([]sql.RawBytes, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			must(t, found.Scan(into...))
			for _, name := range names {
				if bytes.Contains(bytes.Join(convert(values), nil), []byte(name)) {
					t.Errorf("%s still names %s", table, name)
				}
			}
		}
		must(t, found.Err())
	}
	if rows < 20 {
		t.Errorf("there are %d rows only", rows)
	}
}

func convert(values []sql.RawBytes) [][]byte {
	out := make([][]byte, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// An export has everything, and no secret.
func TestExport(t *testing.T) {
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := tell(t, engine)
			s, _ := open(t, st.kept)
			ctx := testkit.Context(t)
			found, err := s.Find(ctx, person.Query{App: st.App, UserPool: st.UserPool, User: "ada.lovelace@example.org"})
			must(t, err)
			if found.User != nil {
				t.Fatal("in a pool without aliases an address means somebody")
			}
			found, err = s.Find(ctx, person.Query{App: st.App, UserPool: st.UserPool, User: st.ada})
			must(t, err)
			var text bytes.Buffer
			must(t, s.Export(ctx, found, func() io.Writer { return &text }))
			var got struct {
				User struct {
					Username, Status string
					Attributes       map[string]string
					Groups           []string
					AuthEvents       []any
					Devices          []any
				}
				Endpoints      []struct{ Id string }
				UserAttributes map[string]map[string][]string
				Identities     []struct {
					IdentityID, MergedInto string
					Logins                 []struct{ Provider, Subject string }
				}
				Messages []struct{ To, Body, Code string }
				Events   []struct {
					ID string `json:"event_id"`
				}
			}
			must(t, json.Unmarshal(text.Bytes(), &got))
			if got.User.Username != "ada.lovelace" || got.User.Status != "CONFIRMED" || got.User.Attributes["email"] != "ada.lovelace@example.org" ||
				len(got.User.Groups) != 1 || len(got.User.AuthEvents) != 3 || len(got.User.Devices) != 1 {
				t.Errorf("the user is %+v", got.User)
			}
			ids := map[string]bool{}
			for _, e := range got.Events {
				ids[e.ID] = true
			}
			if diff := cmp.Diff(map[string]bool{"1": true, "2": true, "3": true, "4": true, "5": true, "6": true}, ids); diff != "" || len(got.Events) != 6 {
				t.Errorf("%d events: -want +got:\n%s", len(got.Events), diff)
			}
			if len(got.Endpoints) != 3 || len(got.UserAttributes[st.ada]["knows"]) != 1 {
				t.Errorf("endpoints %v, attributes %v", got.Endpoints, got.UserAttributes)
			}
			logins, merged := 0, 0
			for _, i := range got.Identities {
				logins += len(i.Logins)
				if i.MergedInto != "" {
					merged++
				}
			}
			if len(got.Identities) != 3 || logins != 1 || merged != 1 {
				t.Errorf("the identities are %+v", got.Identities)
			}
			if len(got.Messages) != 1 || got.Messages[0].Code != "" || got.Messages[0].Body != "Your verification code is ***. " {
				t.Errorf("the messages are %+v", got.Messages)
			}
			for _, secret := range []string{"Verifier", "Secret", "Sealed", "Hash", "Codes", st.bob, "bob"} {
				if strings.Contains(text.String(), secret) {
					t.Errorf("the export has %q", secret)
				}
			}
		})
	}
}

// Who is known by an endpoint alone is deleted with it, and a name that very many share
// is no person.
func TestWhoIsMeant(t *testing.T) {
	st := tell(t, engines["embedded"])
	s, _ := open(t, st.kept)
	ctx := testkit.Context(t)
	found, err := s.Find(ctx, person.Query{App: st.App, Endpoint: "stranger"})
	must(t, err)
	plan, err := s.Plan(ctx, found)
	must(t, err)
	if diff := cmp.Diff(person.Counts{"endpoints": 1, "events": 1, "identities": 1}, plan.Counts); diff != "" {
		t.Errorf("a stranger: -want +got:\n%s", diff)
	}
	found, err = s.Find(ctx, person.Query{App: st.App, Endpoint: "phone"})
	must(t, err)
	if diff := cmp.Diff([]string{st.ada}, found.UserIDs); diff != "" {
		t.Errorf("by her phone: -want +got:\n%s", diff)
	}
	for name, q := range map[string]person.Query{
		"nobody": {App: st.App}, "nowhere": {User: "ada"}, "both": {App: st.App, User: "ada", Endpoint: "phone"},
		"no app": {App: "nope", User: "ada"}, "no pool": {UserPool: "us-east-1_Nope", User: "ada"}, "an endpoint in a pool": {UserPool: st.UserPool, Endpoint: "phone"},
	} {
		if _, err := s.Find(ctx, q); err == nil {
			t.Errorf("%s is found", name)
		}
	}
}
