package userpool_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const subject = "Cognito_Subject"

// identifier names somebody at a provider.
func identifier(provider, attribute, value string) *types.ProviderUserIdentifierType {
	return &types.ProviderUserIdentifierType{ProviderName: &provider, ProviderAttributeName: &attribute, ProviderAttributeValue: &value}
}

// link links somebody at a provider to a local user.
func (w *world) link(p *types.UserPoolType, username string, source *types.ProviderUserIdentifierType) error {
	_, err := w.AdminLinkProviderForUser(w.t.Context(), &idp.AdminLinkProviderForUserInput{
		UserPoolId: p.Id, DestinationUser: identifier("Cognito", subject, username), SourceUser: source,
	})
	return err
}

func (w *world) disable(p *types.UserPoolType, who *types.ProviderUserIdentifierType) error {
	_, err := w.AdminDisableProviderForUser(w.t.Context(), &idp.AdminDisableProviderForUserInput{UserPoolId: p.Id, User: who})
	return err
}

// identities returns the attribute identities of a user as it is shown.
func (w *world) identities(p *types.UserPoolType, username string) (list []map[string]any) {
	w.t.Helper()
	out, err := w.AdminGetUser(w.t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: &username})
	if err != nil {
		w.t.Fatal(err)
	}
	text, ok := values(out.UserAttributes)["identities"]
	if !ok {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		w.t.Fatalf("identities %q: %v", text, err)
	}
	return list
}

func TestLink(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		app := w.app(p)
		w.provider(p, "Google", "Google", googleDetails)
		w.provider(p, "Own", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.AttributeMapping = details("email", "mail") })
		w.member(app, "ada")
		if err := w.link(p, "ada", identifier("Google", subject, "1234")); err != nil {
			t.Fatal(err)
		}
		first := w.clock.Now().UnixMilli()
		if err := w.link(p, "ada", identifier("Own", "email", "ada@books.example")); err != nil {
			t.Fatal(err)
		}
		second := w.clock.Now().UnixMilli()
		want := []map[string]any{
			{"userId": "1234", "providerName": "Google", "providerType": "Google", "issuer": nil, "primary": false, "dateCreated": float64(first)},
			{"userId": "ada@books.example", "providerName": "Own", "providerType": "OIDC", "issuer": nil, "primary": false, "dateCreated": float64(second)},
		}
		if diff := cmp.Diff(want, w.identities(p, "ada")); diff != "" {
			t.Error(diff)
		}

		// In a token all values are strings.
		claims, _ := w.claimsOf(p.Id, w.signIn(app, "ada").IdToken)
		inToken := []any{
			map[string]any{"userId": "1234", "providerName": "Google", "providerType": "Google", "issuer": nil, "primary": "false", "dateCreated": strconv.FormatInt(first, 10)},
			map[string]any{"userId": "ada@books.example", "providerName": "Own", "providerType": "OIDC", "issuer": nil, "primary": "false", "dateCreated": strconv.FormatInt(second, 10)},
		}
		if diff := cmp.Diff(inToken, claims["identities"]); diff != "" {
			t.Error(diff)
		}

		if err := w.disable(p, identifier("Google", subject, "1234")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[1:], w.identities(p, "ada")); diff != "" {
			t.Error(diff)
		}
		if err := w.disable(p, identifier("Own", "email", "ada@books.example")); err != nil {
			t.Fatal(err)
		}
		if got := w.identities(p, "ada"); got != nil {
			t.Errorf("identities %v, want none", got)
		}
		// Who is not linked any more can be linked to somebody else.
		w.member(app, "grace")
		if err := w.link(p, "grace", identifier("Google", subject, "1234")); err != nil {
			t.Error(err)
		}
	})
}

func TestLinkRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom)
	app := w.app(p)
	w.provider(p, "Google", "Google", googleDetails)
	w.provider(p, "Own", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.AttributeMapping = details("email", "mail") })
	w.member(app, "ada")
	w.member(app, "grace")
	w.member(app, "Google_signed-up")
	w.member(app, "born", "custom:born", "1815") // which is immutable
	if err := w.link(p, "ada", identifier("Google", subject, "taken")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, username string
		source         *types.ProviderUserIdentifierType
		code, message  string
	}{
		{"nobody", "nobody", identifier("Google", subject, "1"), "UserNotFoundException", "User does not exist."},
		{"linked", "ada", identifier("Google", subject, "taken"), invalidParameter, "SourceUser is already linked to DestinationUser"},
		{"linked to another", "grace", identifier("Google", subject, "taken"), invalidParameter, "SourceUser is already linked to DestinationUser"},
		{"signed up", "ada", identifier("Google", subject, "signed-up"), invalidParameter,
			"Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"},
		{"local", "ada", identifier("Cognito", subject, "grace"), invalidParameter,
			"Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser"},
		{"no provider", "ada", identifier("Facebook", subject, "1"), resourceNotFound, "Identity provider Facebook does not exist."},
		{"attribute of a social provider", "ada", identifier("Google", "email", "a@b.example"), invalidParameter,
			"ProviderAttributeName must be Cognito_Subject for provider Google."},
		{"attribute without a claim", "ada", identifier("Own", "name", "Ada"), invalidParameter,
			"ProviderAttributeName must be Cognito_Subject or a mapped attribute of provider Own."},
		{"username", "ada", identifier("Own", "username", "1"), invalidParameter,
			"ProviderAttributeName must be Cognito_Subject or a mapped attribute of provider Own."},
		{"no value", "ada", identifier("Own", subject, ""), invalidParameter,
			"SourceUser needs ProviderName, ProviderAttributeName and ProviderAttributeValue."},
		{"long value", "ada", identifier("Own", subject, strings.Repeat("x", 1025)), invalidParameter,
			"The ProviderAttributeValue of SourceUser can have at most 1024 characters."},
		{"immutable attribute", "born", identifier("Google", subject, "2"), invalidParameter,
			"user.custom:born: Attribute cannot be updated. (changing an immutable attribute)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wants(t, w.link(p, test.username, test.source), test.code, test.message) })
	}
	for i := range 4 {
		if err := w.link(p, "ada", identifier("Google", subject, strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, w.link(p, "ada", identifier("Google", subject, "one too many")), "LimitExceededException", "A user can be linked to at most 5 identities.")
	if n := len(w.identities(p, "ada")); n != 5 {
		t.Errorf("%d identities, want 5", n)
	}
	wants(t, w.disable(p, identifier("Google", subject, "unknown")), invalidParameter,
		"Account isn't linked to anyone else, verify that the account has been linked")
	wants(t, w.disable(p, identifier("Cognito", subject, "nobody")), "UserNotFoundException", "User does not exist.")
}

// TestLinkToFederatedUser links a second identity to somebody who signed in by a first.
func TestLinkToFederatedUser(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(aliased)
	app := w.app(p)
	w.provider(p, "Google", "Google", googleDetails)
	w.provider(p, "Own", "OIDC", oidcDetails)
	to := func(value string) error {
		_, err := w.AdminLinkProviderForUser(t.Context(), &idp.AdminLinkProviderForUserInput{
			UserPoolId: p.Id, DestinationUser: identifier("Own", subject, value), SourceUser: identifier("Google", subject, "1234"),
		})
		return err
	}
	w.member(app, "eve")
	w.mustSet(w.signIn(app, "eve"), "preferred_username", "Own_41")
	wants(t, to("41"), "UserNotFoundException", "User does not exist.") // who only calls herself so
	w.member(app, "Own_42")                                             // as a sign-in through the provider would name them
	if err := to("42"); err != nil {
		t.Fatal(err)
	}
	if got := w.identities(p, "Own_42"); len(got) != 1 || got[0]["userId"] != "1234" {
		t.Errorf("identities %v", got)
	}
}

// TestDisableLocalUser takes their password away from a user.
func TestDisableLocalUser(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	w.signIn(app, "ada")
	for range 2 { // the second time changes nothing
		if err := w.disable(p, identifier("Cognito", subject, "ada")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.byPassword(app, "ada", password)
	wants(t, err, notAuthorized, "Incorrect username or password.")
	out, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada")})
	if err != nil || !out.Enabled || out.UserStatus != "CONFIRMED" {
		t.Errorf("user %+v, %v", out, err)
	}
}
