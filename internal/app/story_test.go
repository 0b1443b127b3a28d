package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/aws/smithy-go"

	"pintail/internal/config"
	"pintail/internal/delivery"
	"pintail/internal/testkit"
	"pintail/internal/testkit/pgtest"
)

// engines are the two ways to keep everything.
var engines = map[string]func(t *testing.T, c *config.Config){
	"embedded":   func(*testing.T, *config.Config) {},
	"PostgreSQL": func(t *testing.T, c *config.Config) { c.DatabaseURL = pgtest.Database(t) },
}

const password = "Correct-Horse-1"

// The main story with the AWS SDK for Go, on both engines, with a restart in the
// middle: whatever was acknowledged is still there.
func TestStory(t *testing.T) {
	t.Parallel()
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var kept config.Config
			s := testkit.Start(t, func(c *config.Config) { engine(t, c); kept = *c })
			p := s.NewProject(t)
			ctx := testkit.Context(t)

			guest, credentials, err := s.Visitor(ctx, p, "", testkit.Tokens{})
			must(t, err)
			must(t, updateEndpoint(t, s, credentials, p.App, "device-1"))

			sub := signUp(t, s, p, "ada")
			tokens, err := s.SignIn(ctx, p, "ada", password)
			must(t, err)

			if err := s.Stop(); err != nil {
				t.Fatalf("stopping: %v", err)
			}
			s = testkit.Start(t, func(c *config.Config) { *c = kept })

			who, err := s.IDP(testkit.Keys{}).GetUser(ctx, &cognitoidentityprovider.GetUserInput{AccessToken: &tokens.Access})
			must(t, err)
			if *who.Username != "ada" {
				t.Errorf("the access token speaks for %s", *who.Username)
			}
			user, credentials, err := s.Visitor(ctx, p, guest, tokens)
			must(t, err)
			if user != guest {
				t.Errorf("the guest %s became %s", guest, user)
			}
			_, _, err = s.Visitor(ctx, p, guest, testkit.Tokens{})
			wantCode(t, err, "NotAuthorizedException")

			must(t, putEvents(t, s, credentials, p.App, "device-1"))
			err = updateEndpoint(t, s, credentials, "0123456789abcdef0123456789abcdef", "device-1")
			wantCode(t, err, "AccessDeniedException")

			e, err := s.Pinpoint(s.RootKeys()).GetEndpoint(ctx, &pinpoint.GetEndpointInput{ApplicationId: &p.App, EndpointId: aws.String("device-1")})
			must(t, err)
			if got := e.EndpointResponse.Attributes["interests"]; len(got) != 2 {
				t.Errorf("the endpoint's interests are %v", got)
			}
			wantAdmin(t, s, p, sub)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

func signUp(t *testing.T, s *testkit.Server, p testkit.Project, username string) (sub string) {
	t.Helper()
	ctx, idp := testkit.Context(t), s.IDP(testkit.Keys{})
	email := username + "@example.org"
	up, err := idp.SignUp(ctx, &cognitoidentityprovider.SignUpInput{
		ClientId: &p.Client, Username: &username, Password: aws.String(password),
		UserAttributes: []idptypes.AttributeType{{Name: aws.String("email"), Value: &email}},
	})
	must(t, err)
	sent, err := s.Outbox().List(ctx, delivery.Filter{To: email, Limit: 1})
	must(t, err)
	if len(sent) != 1 || sent[0].Code == "" {
		t.Fatalf("the outbox holds %v", sent)
	}
	_, err = idp.ConfirmSignUp(ctx, &cognitoidentityprovider.ConfirmSignUpInput{ClientId: &p.Client, Username: &username, ConfirmationCode: &sent[0].Code})
	must(t, err)
	return *up.UserSub
}

func updateEndpoint(t *testing.T, s *testkit.Server, k testkit.Keys, app, id string) error {
	t.Helper()
	_, err := s.Pinpoint(k).UpdateEndpoint(testkit.Context(t), &pinpoint.UpdateEndpointInput{
		ApplicationId: &app, EndpointId: &id,
		EndpointRequest: &pptypes.EndpointRequest{Attributes: map[string][]string{"interests": {"engines", "music"}}},
	})
	return err
}

func putEvents(t *testing.T, s *testkit.Server, k testkit.Keys, app, id string) error {
	t.Helper()
	event := pptypes.Event{EventType: aws.String("order.placed"), Timestamp: aws.String(time.Now().UTC().Format(time.RFC3339))}
	out, err := s.Pinpoint(k).PutEvents(testkit.Context(t), &pinpoint.PutEventsInput{ApplicationId: &app, EventsRequest: &pptypes.EventsRequest{
		BatchItem: map[string]pptypes.EventsBatch{id: {Endpoint: &pptypes.PublicEndpoint{}, Events: map[string]pptypes.Event{"e1": event}}},
	}})
	if err == nil && *out.EventsResponse.Results[id].EventsItemResponse["e1"].Message != "Accepted" {
		t.Errorf("results %+v", out.EventsResponse.Results)
	}
	return err
}

// wantAdmin checks what the owner sees of the user, and what the server says of itself.
func wantAdmin(t *testing.T, s *testkit.Server, p testkit.Project, sub string) {
	t.Helper()
	ctx, root := testkit.Context(t), s.IDP(s.RootKeys())
	user, err := root.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &p.UserPool, Username: aws.String("ada")})
	must(t, err)
	if user.UserStatus != idptypes.UserStatusTypeConfirmed {
		t.Errorf("status %s", user.UserStatus)
	}
	list, err := root.ListUsers(ctx, &cognitoidentityprovider.ListUsersInput{UserPoolId: &p.UserPool, Filter: aws.String(`sub = "` + sub + `"`)})
	must(t, err)
	if len(list.Users) != 1 {
		t.Errorf("found %d users by sub", len(list.Users))
	}
	wantEvents(t, s, p.App, time.Now().AddDate(0, 0, -1))
}

// wantEvents checks that orders are all that happened in an app since a time.
func wantEvents(t *testing.T, s *testkit.Server, app string, since time.Time) {
	t.Helper()
	out, err := s.Pinpoint(s.RootKeys()).GetApplicationDateRangeKpi(testkit.Context(t), &pinpoint.GetApplicationDateRangeKpiInput{
		ApplicationId: &app, KpiName: aws.String("events"), StartTime: &since,
	})
	must(t, err)
	rows := out.ApplicationDateRangeKpiResponse.KpiResult.Rows
	if len(rows) != 1 || *rows[0].GroupedBys[1].Value != "order.placed" || *rows[0].Values[0].Value != "1.0" {
		t.Errorf("events %+v", rows)
	}
}

// Reset leaves nothing but the root key, and the server works on.
func TestReset(t *testing.T) {
	t.Parallel()
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, func(c *config.Config) { c.Dev = true; engine(t, c) })
			ctx := testkit.Context(t)
			before := s.NewProject(t)
			signUp(t, s, before, "ada")
			answer, err := http.Post(s.URL()+"/_pintail/reset", "", strings.NewReader(""))
			must(t, err)
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Fatalf("reset answered %d", answer.StatusCode)
			}
			_, err = s.IDP(s.RootKeys()).DescribeUserPool(ctx, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &before.UserPool})
			wantCode(t, err, "ResourceNotFoundException")
			_, err = s.SignIn(ctx, before, "ada", password)
			wantCode(t, err, "ResourceNotFoundException")
			after := s.NewProject(t)
			signUp(t, s, after, "ada")
		})
	}
}
