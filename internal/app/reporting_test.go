package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/config"
	"pintail/internal/delivery"
	"pintail/internal/eventstore"
	"pintail/internal/testkit"
	"pintail/internal/userpool/srp"
)

// reporter is a user pool whose client reports to a Pinpoint project.
type reporter struct {
	*testing.T
	*idp.Client // of the root user
	s           *testkit.Server
	pinpoint    *pinpoint.Client
	log         *logged
	app, arn    string // the project
	pool        string
	client      string
	barriers    int // so far
}

var everyFlow = []types.ExplicitAuthFlowsType{
	"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH",
}

// newReporter starts a server with a pool and a project. The client reports to it by the
// project's ARN, and shares addresses.
func newReporter(t *testing.T, change ...func(*config.Config)) *reporter {
	t.Helper()
	r := &reporter{T: t, log: new(logged)}
	r.s = testkit.StartLogging(t, slog.NewTextHandler(r.log, nil), change...)
	r.Client, r.pinpoint = r.s.IDP(r.s.RootKeys()), r.s.Pinpoint(r.s.RootKeys())
	r.app, r.arn = r.project(testkit.Region)
	r.pool = r.newPool(testkit.Region)
	r.client = r.newClient(&types.AnalyticsConfigurationType{ApplicationArn: &r.arn, UserDataShared: true})
	return r
}

// project makes a Pinpoint project in a region.
func (r *reporter) project(region string) (id, arn string) {
	r.Helper()
	in := &pinpoint.CreateAppInput{CreateApplicationRequest: &pptypes.CreateApplicationRequest{Name: aws.String("shop")}}
	out, err := r.pinpoint.CreateApp(testkit.Context(r), in, func(o *pinpoint.Options) { o.Region = region })
	must(r.T, err)
	return *out.ApplicationResponse.Id, *out.ApplicationResponse.Arn
}

func (r *reporter) newPool(region string) string {
	r.Helper()
	out, err := r.CreateUserPool(testkit.Context(r), &idp.CreateUserPoolInput{
		PoolName: aws.String("people"), AutoVerifiedAttributes: []types.VerifiedAttributeType{"email", "phone_number"},
		Policies: &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}}},
	}, inRegion(region))
	must(r.T, err)
	return *out.UserPool.Id
}

func inRegion(region string) func(*idp.Options) { return func(o *idp.Options) { o.Region = region } }

// configure asks for a client with a configuration, in the region of the pool.
func (r *reporter) configure(pool string, a *types.AnalyticsConfigurationType) (string, error) {
	r.Helper()
	region, _, _ := strings.Cut(pool, "_")
	out, err := r.CreateUserPoolClient(testkit.Context(r), &idp.CreateUserPoolClientInput{
		UserPoolId: &pool, ClientName: aws.String("web"), ExplicitAuthFlows: everyFlow, AnalyticsConfiguration: a,
	}, inRegion(region))
	if err != nil {
		return "", err
	}
	return *out.UserPoolClient.ClientId, nil
}

func (r *reporter) newClient(a *types.AnalyticsConfigurationType) string {
	r.Helper()
	id, err := r.configure(r.pool, a)
	must(r.T, err)
	return id
}

// at names an endpoint.
func at(endpoint string) *types.AnalyticsMetadataType {
	return &types.AnalyticsMetadataType{AnalyticsEndpointId: &endpoint}
}

// signUp signs somebody up, at an endpoint if one is named, and returns the sub.
func (r *reporter) signUp(username, endpoint string) (sub string) {
	r.Helper()
	in := &idp.SignUpInput{
		ClientId: &r.client, Username: &username, Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(username + "@example.org")}},
	}
	if endpoint != "" {
		in.AnalyticsMetadata = at(endpoint)
	}
	out, err := r.SignUp(testkit.Context(r), in)
	must(r.T, err)
	return *out.UserSub
}

// code returns the newest code that was sent to an address.
func (r *reporter) code(to string) string {
	r.Helper()
	sent, err := r.s.Outbox().List(testkit.Context(r), delivery.Filter{To: to, Limit: 1})
	must(r.T, err)
	if len(sent) != 1 || sent[0].Code == "" {
		r.Fatalf("the outbox holds %v", sent)
	}
	return sent[0].Code
}

func (r *reporter) confirm(username string) {
	r.Helper()
	code := r.code(username + "@example.org")
	must(r.T, does(r, r.ConfirmSignUp, &idp.ConfirmSignUpInput{ClientId: &r.client, Username: &username, ConfirmationCode: &code}))
}

// member is signUp and confirm, at no endpoint.
func (r *reporter) member(username string) (sub string) {
	r.Helper()
	sub = r.signUp(username, "")
	r.confirm(username)
	return sub
}

// signIn signs somebody in by a password, at an endpoint.
func (r *reporter) signIn(username, password, endpoint string) (*idp.InitiateAuthOutput, error) {
	return r.InitiateAuth(testkit.Context(r), &idp.InitiateAuthInput{
		ClientId: &r.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": password}, AnalyticsMetadata: at(endpoint),
	})
}

// eventually waits until something holds.
func (r *reporter) eventually(what string, holds func() bool) {
	r.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			r.Fatalf("it does not come to pass that %s\n%s", what, r.log)
		}
	}
}

// endpoint returns an endpoint of the project, nil where there is none.
func (r *reporter) endpoint(id string) *pptypes.EndpointResponse {
	r.Helper()
	out, err := r.pinpoint.GetEndpoint(testkit.Context(r), &pinpoint.GetEndpointInput{ApplicationId: &r.app, EndpointId: &id})
	if err != nil {
		wantCode(r.T, err, "NotFoundException")
		return nil
	}
	return out.EndpointResponse
}

// owner is the user of an endpoint, "" of nobody's.
func owner(e *pptypes.EndpointResponse) string {
	if e == nil || e.User == nil {
		return ""
	}
	return aws.ToString(e.User.UserId)
}

// endpoints are a user's, by channel; those without one under "".
func (r *reporter) endpoints(sub string) map[string]pptypes.EndpointResponse {
	r.Helper()
	out, err := r.pinpoint.GetUserEndpoints(testkit.Context(r), &pinpoint.GetUserEndpointsInput{ApplicationId: &r.app, UserId: &sub})
	found := map[string]pptypes.EndpointResponse{}
	if err != nil {
		wantCode(r.T, err, "NotFoundException")
		return found
	}
	for _, e := range out.EndpointsResponse.Item {
		if _, twice := found[string(e.ChannelType)]; twice && e.ChannelType != "" {
			r.Errorf("two endpoints of %s: %+v", e.ChannelType, out.EndpointsResponse.Item)
		}
		found[string(e.ChannelType)] = e
	}
	return found
}

// settle waits until everything was reported that happened up to now: reports go in the
// order in which they came, batch by batch. Of a batch the endpoints are seen first, so that
// it is done when those of the next one are.
func (r *reporter) settle() {
	r.Helper()
	r.barrier()
	r.barrier()
}

// barrier reports that somebody is at an endpoint of its own, and waits for it.
func (r *reporter) barrier() {
	r.Helper()
	r.barriers++
	id := fmt.Sprint("barrier-", r.barriers)
	client := srp.NewClient(r.pool[len(testkit.Region)+1:], password)
	must(r.T, does(r, r.InitiateAuth, &idp.InitiateAuthInput{
		ClientId: &r.client, AuthFlow: types.AuthFlowTypeUserSrpAuth, AnalyticsMetadata: at(id),
		AuthParameters: map[string]string{"USERNAME": r.anybody(), "SRP_A": client.PublicHex()},
	}))
	r.eventually("the barrier is reported", func() bool { return r.endpoint(id) != nil })
}

// anybody makes a user once, for requests that need the name of one.
func (r *reporter) anybody() string {
	const name = "anybody"
	err := does(r, r.AdminCreateUser, &idp.AdminCreateUserInput{UserPoolId: &r.pool, Username: aws.String(name), MessageAction: "SUPPRESS"})
	if err != nil {
		wantCode(r.T, err, "UsernameExistsException")
	}
	return name
}

// events are what the project's log holds, in the order of their recording.
func (r *reporter) events() (all []*eventstore.Event) {
	r.Helper()
	err := r.s.EventLog().Scan(context.Background(), eventstore.Query{Filter: eventstore.Filter{App: r.app}}, func(_ eventstore.Cursor, e *eventstore.Event) error {
		all = append(all, e)
		return nil
	})
	must(r.T, err)
	return all
}

// counts are how many events of each type there are.
func (r *reporter) counts() map[string]int {
	r.Helper()
	counts := map[string]int{}
	for _, e := range r.events() {
		counts[strings.TrimPrefix(e.Type, "_userauth.")]++
	}
	return counts
}

var reportsMetric = regexp.MustCompile(`(?m)^pintail_user_pool_reports_total\{outcome="([a-z]+)"\} ([0-9]+)$`)

// outcomes are what the metrics say of reports.
func (r *reporter) outcomes() map[string]int {
	r.Helper()
	answer, err := http.Get(r.s.URL() + "/_pintail/metrics")
	must(r.T, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(r.T, err)
	found := map[string]int{}
	for _, m := range reportsMetric.FindAllStringSubmatch(string(text), -1) {
		found[m[1]], err = strconv.Atoi(m[2])
		must(r.T, err)
	}
	return found
}
