package userpool_test

import (
	"errors"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"pintail/internal/userpool"
)

func TestVerifyIDToken(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p, other := w.pool(), w.pool()
	app := w.app(p)
	out := w.signUp(app, "ada", "email", "ada@example.org")
	w.confirm(app, "ada", "ada@example.org")
	tokens := w.signIn(app, "ada")

	c, err := w.service.VerifyIDToken(t.Context(), *p.Id, *tokens.IdToken)
	if err != nil {
		t.Fatal(err)
	}
	if c.PoolID != *p.Id || c.ClientID != *app.ClientId || c.Subject != *out.UserSub || c.Username != "ada" || c.Issuer != w.url+"/"+*p.Id ||
		c.AuthTime.Unix() != w.clock.Now().Unix() || c.Expires.Sub(c.AuthTime) != time.Hour || c.All["email"] != "ada@example.org" || c.All["email_verified"] != true {
		t.Errorf("claims %+v", c)
	}
	for name, test := range map[string]struct{ pool, token string }{
		"access token":   {*p.Id, *tokens.AccessToken},
		"other pool":     {*other.Id, *tokens.IdToken},
		"no such pool":   {"us-east-1_Nowhere00", *tokens.IdToken},
		"garbage":        {*p.Id, "a.b.c"},
		"one bit less":   {*p.Id, (*tokens.IdToken)[:len(*tokens.IdToken)-1]},
		"refresh token":  {*p.Id, *tokens.RefreshToken},
		"nothing at all": {*p.Id, ""},
	} {
		if _, err := w.service.VerifyIDToken(t.Context(), test.pool, test.token); !errors.Is(err, userpool.ErrIDToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.clock.Advance(time.Hour)
	if expired, err := w.service.VerifyIDToken(t.Context(), *p.Id, *tokens.IdToken); !errors.Is(err, userpool.ErrIDTokenExpired) || !expired.Expires.Equal(c.Expires) {
		t.Errorf("%+v %v", expired, err)
	}
}

func TestSignedIn(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	one, two := w.signIn(app, "ada"), w.signIn(app, "ada")
	holds := func(token *string) bool {
		t.Helper()
		c, err := w.service.VerifyIDToken(t.Context(), *p.Id, *token)
		if err != nil {
			t.Fatal(err)
		}
		in, err := w.service.SignedIn(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	if !holds(one.IdToken) || !holds(two.IdToken) {
		t.Error("a fresh sign-in does not hold")
	}
	if _, err := w.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: app.ClientId, Token: one.RefreshToken}); err != nil {
		t.Fatal(err)
	}
	if holds(one.IdToken) || !holds(two.IdToken) {
		t.Error("revoking one of two sign-ins")
	}
	if _, err := w.GlobalSignOut(t.Context(), &idp.GlobalSignOutInput{AccessToken: two.AccessToken}); err != nil {
		t.Fatal(err)
	}
	if holds(two.IdToken) {
		t.Error("a sign-in holds after signing out everywhere")
	}
}
