package userpool_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// whoami asks who holds an access token.
func (w *world) whoami(tokens *types.AuthenticationResultType) error {
	_, err := w.GetUser(w.t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
	return err
}

func TestRevokeToken(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		app, other := w.app(p), w.app(p)
		w.member(app, "ada")
		lost, kept := w.signIn(app, "ada"), w.signIn(app, "ada")
		later, err := w.refreshed(app, lost.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		revoke := func(app *types.UserPoolClientType, token *string) error {
			_, err := w.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: app.ClientId, Token: token})
			return err
		}
		wants(t, revoke(other, lost.RefreshToken), "UnauthorizedException", "The token was not issued to the client.")
		wants(t, revoke(app, lost.AccessToken), "UnsupportedTokenTypeException", "Only refresh tokens can be revoked.")
		wants(t, revoke(app, aws.String("nonsense")), invalidParameter, "Invalid Refresh Token")
		for range 2 { // revoking again is no error
			if err := revoke(app, lost.RefreshToken); err != nil {
				t.Fatal(err)
			}
		}
		wants(t, w.whoami(lost), notAuthorized, "Access Token has been revoked")
		wants(t, w.whoami(later), notAuthorized, "Access Token has been revoked")
		_, err = w.refreshed(app, lost.RefreshToken)
		wants(t, err, notAuthorized, "Refresh Token has been revoked")
		_, err = w.byFlow(app, lost.RefreshToken)
		wants(t, err, notAuthorized, "Refresh Token has been revoked")
		if err := w.whoami(kept); err != nil {
			t.Error("the other sign-in:", err)
		}
		w.clock.Advance(30 * 24 * time.Hour)
		if err := revoke(app, kept.RefreshToken); err != nil {
			t.Error("a token that has expired:", err)
		}
	})
}

func TestRevokeTokenNeedsTheSecret(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(), func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
	_, err := w.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: app.ClientId, Token: aws.String("x")})
	wants(t, err, "UnauthorizedException", "Unable to verify secret for client "+*app.ClientId)
	_, err = w.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: aws.String("nobody"), Token: aws.String("x")})
	wants(t, err, invalidParameter, "User pool client nobody does not exist.")
}

func TestGlobalSignOut(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool())
		w.member(app, "ada")
		w.member(app, "bob")
		one, two, bob := w.signIn(app, "ada"), w.signIn(app, "ada"), w.signIn(app, "bob")
		if _, err := w.GlobalSignOut(t.Context(), &idp.GlobalSignOutInput{AccessToken: one.AccessToken}); err != nil {
			t.Fatal(err)
		}
		for _, tokens := range []*types.AuthenticationResultType{one, two} {
			wants(t, w.whoami(tokens), notAuthorized, "Access Token has been revoked")
			_, err := w.refreshed(app, tokens.RefreshToken)
			wants(t, err, notAuthorized, "Refresh Token has been revoked")
		}
		_, err := w.GlobalSignOut(t.Context(), &idp.GlobalSignOutInput{AccessToken: one.AccessToken})
		wants(t, err, notAuthorized, "Access Token has been revoked")
		if err := w.whoami(bob); err != nil {
			t.Error("somebody else:", err)
		}
		if err := w.whoami(w.signIn(app, "ada")); err != nil {
			t.Error("the next sign-in:", err)
		}
	})
}

func TestAccessTokenRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	flip := func(token string, at int) string {
		b := []byte(token)
		if b[at] == 'A' {
			b[at] = 'B'
		} else {
			b[at] = 'A'
		}
		return string(b)
	}
	good := *tokens.AccessToken
	body := strings.IndexByte(good, '.') + 1
	for name, token := range map[string]string{
		"garbage": "abc", "three parts of nothing": "a.b.c", "an ID token": *tokens.IdToken, "a refresh token": *tokens.RefreshToken,
		"other claims": flip(good, body+40), "another header": flip(good, 3), "another signature": flip(good, len(good)-30),
		"no signature": good[:strings.LastIndexByte(good, '.')+1], "a part more": good + ".AAAA",
	} {
		_, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: &token})
		t.Run(name, func(t *testing.T) { wants(t, err, notAuthorized, "Invalid Access Token") })
	}
	if _, err := w.DeleteUserPoolClient(t.Context(), &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId}); err != nil {
		t.Fatal(err)
	}
	wants(t, w.whoami(tokens), "ResourceNotFoundException", "User pool client "+*app.ClientId+" does not exist.")
}
