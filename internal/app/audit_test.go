package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/app"
	"pintail/internal/audit"
	"pintail/internal/config"
	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

// trail asks for the newest records that a query chooses.
func trail(t *testing.T, s *testkit.Server, query url.Values) audit.Page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/_pintail/audit?"+query.Encode(), nil)
	must(t, err)
	root := s.RootKeys()
	sigv4.Sign(r, nil, sigv4.Credentials{AccessKeyID: root.ID, Secret: root.Secret}, testkit.Region, app.SigningName, time.Now())
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	var page audit.Page
	must(t, json.NewDecoder(answer.Body).Decode(&page))
	return page
}

// What a guest reports is a data event, what the guest may not do is on record with the
// reason, and where the credentials come from too.
func TestAuditOfAGuest(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	ctx := testkit.Context(t)
	_, guest, err := s.Visitor(ctx, p, "", testkit.Tokens{})
	must(t, err)
	must(t, putEvents(t, s, guest, p.App, "device-1"))
	if _, err := s.IAM(guest).ListUsers(ctx, &iam.ListUsersInput{}); err == nil {
		t.Fatal("a guest lists users")
	}
	reports := trail(t, s, url.Values{"data": {""}, "limit": {"10"}}).Records
	if len(reports) != 1 || reports[0].EventName != "PutEvents" || reports[0].ManagementEvent || reports[0].EventCategory != "Data" ||
		string(reports[0].RequestParameters) != "null" || reports[0].UserIdentity.Type != "AssumedRole" {
		t.Errorf("reports %+v", reports)
	}
	denied := trail(t, s, url.Values{"denied": {""}, "limit": {"10"}}).Records
	const session = "arn:aws:sts::123456789012:assumed-role/shop-unauthenticated/CognitoIdentityCredentials"
	if len(denied) != 1 || denied[0].EventName != "ListUsers" || denied[0].UserIdentity.ARN != session || denied[0].AdditionalEventData["reason"] == "" ||
		denied[0].ErrorCode != "AccessDenied" || denied[0].EventSource != "iam.amazonaws.com" {
		t.Errorf("denied %+v", denied)
	}
	of := trail(t, s, url.Values{"who": {session}, "limit": {"10"}}).Records
	if len(of) != 1 {
		t.Errorf("%d records of the guest", len(of))
	}
}

// Pages follow each other without a gap, the newest first, and a filter holds for all.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, client := context.WithoutCancel(t.Context()), s.IAM(s.RootKeys())
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(name)})
		must(t, err)
		_, err = client.GetUser(ctx, &iam.GetUserInput{UserName: aws.String(name)})
		must(t, err)
	}
	var seen string
	for before := ""; ; {
		page := trail(t, s, url.Values{"name": {"CreateUser"}, "limit": {"2"}, "before": {before}})
		for _, r := range page.Records {
			var parameters struct{ UserName string }
			must(t, json.Unmarshal(r.RequestParameters, &parameters))
			seen += parameters.UserName
			if r.ReadOnly || !r.ManagementEvent {
				t.Errorf("record %+v", r)
			}
		}
		if before = page.Next; before == "" {
			break
		}
	}
	if seen != "edcba" {
		t.Errorf("seen %s", seen)
	}
	late := url.Values{"from": {time.Now().Add(time.Hour).Format(time.RFC3339)}, "limit": {"5"}}
	if page := trail(t, s, late); len(page.Records) != 0 {
		t.Errorf("records of the future: %+v", page.Records)
	}
}

// A kind of record that is kept for no time is not kept at all.
func TestAuditOfNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, func(c *config.Config) { c.AuditDays = 0 })
	p := s.NewProject(t)
	_, guest, err := s.Visitor(testkit.Context(t), p, "", testkit.Tokens{})
	must(t, err)
	must(t, putEvents(t, s, guest, p.App, "device-1"))
	if page := trail(t, s, url.Values{"limit": {"10"}}); len(page.Records) != 0 {
		t.Errorf("%d records, the last %+v", len(page.Records), page.Records[0])
	}
	if page := trail(t, s, url.Values{"data": {""}, "limit": {"10"}}); len(page.Records) != 1 {
		t.Errorf("%d data events", len(page.Records))
	}
}

// Asking for credentials by a token is on record, though nothing is signed.
func TestAuditOfAnAssumption(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	ctx := testkit.Context(t)
	_, err := s.Identity(s.RootKeys()).UpdateIdentityPool(ctx, &cognitoidentity.UpdateIdentityPoolInput{
		IdentityPoolId: &p.IdentityPool, IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: true, AllowClassicFlow: aws.Bool(true),
	})
	must(t, err)
	id, err := s.Identity(testkit.Keys{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &p.IdentityPool})
	must(t, err)
	token, err := s.Identity(testkit.Keys{}).GetOpenIdToken(ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: id.IdentityId})
	must(t, err)
	assumed, err := assumeWithToken(ctx, s, "arn:aws:iam::123456789012:role/shop-unauthenticated", *token.Token)
	must(t, err)
	of := trail(t, s, url.Values{"name": {"AssumeRoleWithWebIdentity"}, "limit": {"5"}}).Records
	if len(of) != 1 || of[0].UserIdentity.Type != "WebIdentityUser" || of[0].ErrorCode != "" || assumed == "" {
		t.Fatalf("records %+v", of)
	}
	if text := string(of[0].RequestParameters); !json.Valid(of[0].RequestParameters) || len(text) > 400 {
		t.Errorf("parameters %s", text)
	}
}

// assumeWithToken takes a role by a token and returns the session's ARN.
func assumeWithToken(ctx context.Context, s *testkit.Server, role, token string) (string, error) {
	out, err := s.STS(testkit.Keys{}).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("visit"), WebIdentityToken: &token,
	})
	if err != nil {
		return "", err
	}
	return *out.AssumedRoleUser.Arn, nil
}
