package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"

	"pintail/internal/config"
	"pintail/internal/testkit"
)

// Nobody is kept out because the project is gone.
func TestSignInWithoutProject(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	r.member("ada")
	must(t, does(t, r.pinpoint.DeleteApp, &pinpoint.DeleteAppInput{ApplicationId: &r.app}))
	before := r.outcomes()
	for range 3 {
		_, err := r.signIn("ada", password, "phone")
		must(t, err)
	}
	r.eventually("the reports are refused", func() bool { return r.outcomes()["refused"] >= before["refused"]+3 })
	if text := r.log.String(); !strings.Contains(text, `No application with the id`) || strings.Count(text, "outcome=refused") != 1 {
		t.Errorf("the log says\n%s", text)
	}
}

// Nobody is kept out because the event log fails.
func TestSignInWithoutEventLog(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	r.member("ada")
	r.settle()
	must(t, r.s.EventLog().Close())
	_, err := r.signIn("ada", password, "phone")
	must(t, err)
	_, err = r.signIn("ada", "Wrong-Horse-1", "phone")
	wantCode(t, err, "NotAuthorizedException")
	r.eventually("both reports fail", func() bool { return r.outcomes()["failed"] == 2 })
	if text := r.log.String(); !strings.Contains(text, "outcome=failed") {
		t.Errorf("the log says\n%s", text)
	}
}

// An endpoint id that no project takes, and a user with too many endpoints, cost the
// endpoint and nothing else.
func TestEndpointsThatCannotBe(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	sub := r.member("ada")
	for _, id := range []string{"${phone}", strings.Repeat("x", 1025), strings.Repeat("x", 100_000)} {
		_, err := r.signIn("ada", password, id)
		must(t, err)
	}
	r.contact(sub, "EMAIL", "ACTIVE ada@example.org")
	for i := range 14 { // with the address a user has fifteen
		_, err := r.signIn("ada", password, fmt.Sprint("device-", i))
		must(t, err)
	}
	_, err := r.signIn("ada", password, "one too many")
	must(t, err)
	r.settle()
	if r.endpoint("device-13") == nil || r.endpoint("one too many") != nil {
		t.Error("the fifteenth endpoint is not there, or the sixteenth is")
	}
	events := r.events()
	if last := events[len(events)-1]; len(events) != 15 || last.EndpointID != "one too many" || last.UserID != sub {
		t.Errorf("%d events, the last %+v", len(events), last)
	}
	if got := r.outcomes()["refused"]; got != 4 {
		t.Errorf("%d reports were refused", got)
	}
}

// A server that is stopped reports everything that it has answered first.
func TestStopReportsWhatWaits(t *testing.T) {
	t.Parallel()
	var kept config.Config
	r := newReporter(t, func(c *config.Config) { kept = *c })
	const people = 300
	for i := range people {
		must(t, does(t, r.SignUp, &idp.SignUpInput{
			ClientId: &r.client, Username: aws.String(fmt.Sprint("user-", i)), Password: aws.String(password), AnalyticsMetadata: at(fmt.Sprint("phone-", i)),
		}))
	}
	must(t, r.s.Stop())
	r.s = testkit.Start(t, func(c *config.Config) { *c = kept })
	if got := r.counts()["sign_up"]; got != people {
		t.Errorf("%d sign-ups are recorded", got)
	}
}

// Of two nodes each reports what it has answered, and a change on one is obeyed by the other.
func TestReportsOfNodes(t *testing.T) {
	t.Parallel()
	n := startNodes(t)
	r := &reporter{T: t, log: new(logged), s: n.here, Client: n.here.IDP(n.here.RootKeys()), pinpoint: n.here.Pinpoint(n.here.RootKeys())}
	r.app, r.arn = r.project(testkit.Region)
	r.pool = r.newPool(testkit.Region)
	r.client = r.newClient(&types.AnalyticsConfigurationType{ApplicationArn: &r.arn, UserDataShared: true})
	sub := r.member("ada")
	r.contact(sub, "EMAIL", "ACTIVE ada@example.org")
	here := r.Client
	for _, client := range []*idp.Client{here, n.there.IDP(testkit.Keys{})} {
		r.Client = client
		_, err := r.signIn("ada", password, "phone")
		must(t, err)
	}
	r.Client = here
	r.eventually("both sign-ins are reported", func() bool { return r.counts()["sign_in"] == 2 })
	must(t, does(t, n.there.IDP(n.there.RootKeys()).AdminDeleteUser, &idp.AdminDeleteUserInput{UserPoolId: &r.pool, Username: aws.String("ada")}))
	r.contact(sub, "EMAIL", "")
}

// An address cannot fill a project with endpoints that nobody was seen at.
func TestReportsOfOneAddress(t *testing.T) {
	t.Parallel()
	r := newReporter(t, func(c *config.Config) { c.CodesPerSource = 2 })
	for i := range 25 {
		_, err := r.signIn("nobody", password, fmt.Sprint("phone-", i))
		wantCode(t, err, "UserNotFoundException")
	}
	r.signUp("ada", "hers") // who shows who she is
	r.eventually("the sign-up is reported", func() bool { return r.counts()["sign_up"] == 1 })
	if got, out := r.counts(), r.outcomes(); got["auth_fail"] != 20 || got["sign_up"] != 1 || out["dropped"] != 5 {
		t.Errorf("events %v, outcomes %v", got, out)
	}
}
