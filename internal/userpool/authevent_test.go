package userpool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool"
)

const noProtection = "Threat protection is not enabled for the user pool: set AdvancedSecurityMode to AUDIT or ENFORCED."

// recorded notes a sign-in of somebody from an address.
func (w *world) recorded(pool *types.UserPoolType, username, address string, response cognitoidp.EventResponseType) {
	w.t.Helper()
	w.clock.Advance(time.Second)
	if err := userpool.RecordAuthEvent(w.t.Context(), w.service, *pool.Id, username, address, response); err != nil {
		w.t.Fatal(err)
	}
}

// history lists a user's events, page by page.
func (w *world) history(pool *types.UserPoolType, username string, limit int32) []types.AuthEventType {
	w.t.Helper()
	var all []types.AuthEventType
	in := &idp.AdminListUserAuthEventsInput{UserPoolId: pool.Id, Username: &username, MaxResults: &limit}
	for pages := idp.NewAdminListUserAuthEventsPaginator(w.Client, in); pages.HasMorePages(); {
		out, err := pages.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, out.AuthEvents...)
	}
	return all
}

func addresses(events []types.AuthEventType) string {
	var list []string
	for _, e := range events {
		list = append(list, *e.EventContextData.IpAddress)
	}
	return strings.Join(list, " ")
}

func TestAuthEvents(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(protected)
		app := w.app(p)
		w.member(app, "ada")
		w.member(app, "bob")
		before := len(w.history(p, "ada", 60))
		w.recorded(p, "ada", "192.0.2.1", cognitoidp.EventResponseTypePass)
		w.recorded(p, "bob", "192.0.2.9", cognitoidp.EventResponseTypePass)
		w.recorded(p, "ada", "192.0.2.2", cognitoidp.EventResponseTypePass)
		w.recorded(p, "ada", "192.0.2.3", cognitoidp.EventResponseTypeFail)

		got := w.history(p, "ada", 2)
		if want := before + 3; len(got) != want {
			t.Fatalf("%d events, want %d", len(got), want)
		}
		if want := "192.0.2.3 192.0.2.2 192.0.2.1"; addresses(got[:3]) != want {
			t.Errorf("events from %s, want %s", addresses(got[:3]), want)
		}
		want := types.AuthEventType{
			EventType: "SignIn", EventResponse: "Fail",
			EventRisk:          &types.EventRiskType{RiskDecision: "Block", CompromisedCredentialsDetected: aws.Bool(true)},
			EventContextData:   &types.EventContextDataType{IpAddress: aws.String("192.0.2.3"), DeviceName: aws.String("Firefox 126, Linux")},
			ChallengeResponses: []types.ChallengeResponseType{{ChallengeName: "Password", ChallengeResponse: "Failure"}},
		}
		if diff := cmp.Diff(want, got[0], plainly, cmpopts.IgnoreFields(types.AuthEventType{}, "EventId", "CreationDate")); diff != "" {
			t.Error(diff)
		}
		if risk := got[1].EventRisk; risk.RiskDecision != "NoRisk" || *risk.CompromisedCredentialsDetected {
			t.Errorf("a sign-in without risk has %+v", *risk)
		}
		if age := w.clock.Now().Sub(*got[0].CreationDate); age < 0 || age > time.Second {
			t.Errorf("the newest event is %v old", age)
		}
		// They go with the pool.
		if _, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
		if n, err := userpool.AuthEvents(t.Context(), w.service, *p.Id); n != 0 || err != nil {
			t.Errorf("%d events are left of a deleted pool, %v", n, err)
		}
	})
}

// Only the newest events are kept, and none for ever.
func TestAuthEventsAreBounded(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(protected)
	w.member(w.app(p), "ada")
	for i := range 110 {
		w.recorded(p, "ada", fmt.Sprintf("192.0.2.%d", i), cognitoidp.EventResponseTypePass)
	}
	got := w.history(p, "ada", 0)
	if len(got) != 100 || *got[0].EventContextData.IpAddress != "192.0.2.109" || *got[99].EventContextData.IpAddress != "192.0.2.10" {
		t.Errorf("kept %d events: %s", len(got), addresses(got))
	}
	w.clock.Advance(2 * 366 * 24 * time.Hour)
	w.recorded(p, "ada", "198.51.100.1", cognitoidp.EventResponseTypePass)
	w.recorded(p, "ada", "198.51.100.2", cognitoidp.EventResponseTypePass)
	if n, err := userpool.AuthEvents(t.Context(), w.service, *p.Id); n != 98 || err != nil {
		t.Errorf("%d events after two years, %v; want two fewer for each new one", n, err)
	}
}

// Without threat protection nothing is written.
func TestNoAuthEvents(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.member(w.app(p), "ada")
	before := w.db.Stats().Updates
	w.recorded(p, "ada", "192.0.2.1", cognitoidp.EventResponseTypePass)
	if after := w.db.Stats().Updates; after != before {
		t.Errorf("%d transactions wrote", after-before)
	}
	_, err := w.AdminListUserAuthEvents(t.Context(), &idp.AdminListUserAuthEventsInput{UserPoolId: p.Id, Username: aws.String("ada")})
	wants(t, err, "UserPoolAddOnNotEnabledException", noProtection)
}

func TestAuthEventRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(protected)
	_, err := w.AdminListUserAuthEvents(t.Context(), &idp.AdminListUserAuthEventsInput{UserPoolId: p.Id, Username: aws.String("nobody")})
	wants(t, err, "UserNotFoundException", "User does not exist.")
	w.member(w.app(p), "ada")
	_, err = w.AdminListUserAuthEvents(t.Context(), &idp.AdminListUserAuthEventsInput{UserPoolId: p.Id, Username: aws.String("ada"), NextToken: aws.String("x")})
	wants(t, err, invalidParameter, "Invalid pagination token.")
}

func TestAuthEventFeedback(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	p := w.pool(protected)
	app := w.app(p)
	w.member(app, "ada")
	w.member(app, "bob")
	w.recorded(p, "ada", "192.0.2.1", cognitoidp.EventResponseTypePass)
	id := w.history(p, "ada", 1)[0].EventId
	said := func(by string, value types.FeedbackValueType) {
		t.Helper()
		want := &types.EventFeedbackType{FeedbackValue: value, Provider: &by}
		got := w.history(p, "ada", 1)[0].EventFeedback
		if diff := cmp.Diff(want, got, plainly, cmpopts.IgnoreFields(types.EventFeedbackType{}, "FeedbackDate")); diff != "" || got.FeedbackDate == nil {
			t.Error(diff)
		}
	}
	byAdmin := func(username, event *string) error {
		_, err := w.AdminUpdateAuthEventFeedback(ctx, &idp.AdminUpdateAuthEventFeedbackInput{
			UserPoolId: p.Id, Username: username, EventId: event, FeedbackValue: "Invalid",
		})
		return err
	}
	if err := byAdmin(aws.String("ada"), id); err != nil {
		t.Fatal(err)
	}
	said("Admin", "Invalid")
	wants(t, byAdmin(aws.String("bob"), id), "ResourceNotFoundException", "The event "+*id+" does not exist.")
	wants(t, byAdmin(aws.String("ada"), aws.String("none")), "ResourceNotFoundException", "The event none does not exist.")
	wants(t, byAdmin(aws.String("eve"), id), "UserNotFoundException", "User does not exist.")

	token, err := userpool.FeedbackToken(ctx, w.service, *p.Id, "ada", *id)
	if err != nil {
		t.Fatal(err)
	}
	byUser := func(username, event, token string) error {
		_, err := w.UpdateAuthEventFeedback(ctx, &idp.UpdateAuthEventFeedbackInput{
			UserPoolId: p.Id, Username: &username, EventId: &event, FeedbackToken: &token, FeedbackValue: "Valid",
		})
		return err
	}
	for name, err := range map[string]error{
		"another event": byUser("ada", "other", token), "another user": byUser("bob", *id, token),
		"nobody": byUser("eve", *id, token), "no token": byUser("ada", *id, "garbage"),
	} {
		t.Run(name, func(t *testing.T) { wants(t, err, notAuthorized, "Invalid feedback token.") })
	}
	if err := byUser("ada", *id, token); err != nil {
		t.Fatal(err)
	}
	said("User", "Valid")
	w.clock.Advance(8 * 24 * time.Hour)
	wants(t, byUser("ada", *id, token), notAuthorized, "Invalid feedback token.")
}
