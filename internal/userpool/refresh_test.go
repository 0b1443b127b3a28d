package userpool_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// byFlow refreshes as older clients do.
func (w *world) byFlow(app *types.UserPoolClientType, token *string) (*types.AuthenticationResultType, error) {
	out, err := w.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"REFRESH_TOKEN": *token}})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

// refreshed refreshes as Amplify does.
func (w *world) refreshed(app *types.UserPoolClientType, token *string) (*types.AuthenticationResultType, error) {
	out, err := w.GetTokensFromRefreshToken(w.t.Context(), &idp.GetTokensFromRefreshTokenInput{ClientId: app.ClientId, RefreshToken: token})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app, other := w.app(p), w.app(p)
	w.member(app, "ada")
	first := w.signIn(app, "ada")
	was, _ := w.claimsOf(p.Id, first.AccessToken)
	w.clock.Advance(90 * time.Minute)
	_, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: first.AccessToken})
	wants(t, err, notAuthorized, "Access Token has expired")

	for name, refresh := range map[string]func(*types.UserPoolClientType, *string) (*types.AuthenticationResultType, error){"flow": w.byFlow, "operation": w.refreshed} {
		t.Run(name, func(t *testing.T) {
			again, err := refresh(app, first.RefreshToken)
			if err != nil {
				t.Fatal(err)
			}
			if again.RefreshToken != nil || again.IdToken == nil || again.ExpiresIn != 3600 {
				t.Errorf("result %+v", again)
			}
			is, _ := w.claimsOf(p.Id, again.AccessToken)
			for _, kept := range []string{"sub", "auth_time", "origin_jti", "event_id"} {
				if is[kept] != was[kept] {
					t.Errorf("%s was %v and is %v", kept, was[kept], is[kept])
				}
			}
			if is["iat"] == was["iat"] || is["jti"] == was["jti"] {
				t.Errorf("the same token: %v", is)
			}
			_, err = refresh(other, first.RefreshToken)
			wants(t, err, notAuthorized, "Invalid Refresh Token")
			_, err = refresh(app, first.AccessToken)
			wants(t, err, notAuthorized, "Invalid Refresh Token")
			_, err = refresh(app, aws.String(strings.Repeat("A", 200)))
			wants(t, err, notAuthorized, "Invalid Refresh Token")
		})
	}
	w.clock.Advance(30 * 24 * time.Hour)
	_, err = w.refreshed(app, first.RefreshToken)
	wants(t, err, notAuthorized, "Refresh Token has expired")
}

// A refresh shows attributes as they are now.
func TestRefreshShowsChanges(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada", "nickname", "old")
	tokens := w.signIn(app, "ada")
	if _, err := w.UpdateUserAttributes(t.Context(), &idp.UpdateUserAttributesInput{AccessToken: tokens.AccessToken, UserAttributes: attrs("nickname", "new")}); err != nil {
		t.Fatal(err)
	}
	again, err := w.refreshed(app, tokens.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := w.claimsOf(p.Id, again.IdToken); id["nickname"] != "new" {
		t.Errorf("claims %v", id)
	}
}

// rotating makes a client that rotates refresh tokens.
func rotating(grace int32) func(*idp.CreateUserPoolClientInput) {
	return func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"}
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: "ENABLED", RetryGracePeriodSeconds: aws.Int32(grace)}
	}
}

const reused = "Refresh token has been used already."

func TestRotation(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool(), rotating(0))
		w.member(app, "ada")
		first := w.signIn(app, "ada")
		_, err := w.byFlow(app, first.RefreshToken)
		wants(t, err, invalidParameter, "REFRESH_TOKEN_AUTH flow not enabled for this client")
		w.clock.Advance(29 * 24 * time.Hour)
		second, err := w.refreshed(app, first.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		if *second.RefreshToken == *first.RefreshToken {
			t.Error("the same refresh token")
		}
		_, err = w.refreshed(app, first.RefreshToken)
		wants(t, err, "RefreshTokenReuseException", reused)
		third, err := w.refreshed(app, second.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(24 * time.Hour) // the first one's life, not a new one
		_, err = w.refreshed(app, third.RefreshToken)
		wants(t, err, notAuthorized, "Refresh Token has expired")
	})
}

func TestRotationGracePeriod(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(), rotating(10))
	w.member(app, "ada")
	first := w.signIn(app, "ada")
	lost, err := w.refreshed(app, first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(9 * time.Second)
	second, err := w.refreshed(app, first.RefreshToken) // the client asks again
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Second)
	_, err = w.refreshed(app, first.RefreshToken)
	wants(t, err, "RefreshTokenReuseException", reused)
	if _, err := w.refreshed(app, second.RefreshToken); err != nil {
		t.Error(err)
	}
	if _, err := w.refreshed(app, lost.RefreshToken); err != nil { // of the same generation
		t.Error(err)
	}
	w.clock.Advance(11 * time.Second)
	_, err = w.refreshed(app, lost.RefreshToken)
	wants(t, err, "RefreshTokenReuseException", reused)
}

// Of many uses of one refresh token at once, one gives tokens.
func TestRotationRace(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool(), rotating(0))
		w.member(app, "ada")
		first := w.signIn(app, "ada")
		errs := make([]error, 8)
		together(len(errs), func(i int) { _, errs[i] = w.refreshed(app, first.RefreshToken) })
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			wants(t, err, "RefreshTokenReuseException", reused)
		}
		if won != 1 {
			t.Errorf("one refresh token was used %d times", won)
		}
	})
}

// A refresh token that was replaced stays replaced when the client rotates no more.
func TestRotatedTokenAfterRotation(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(), rotating(0))
	w.member(app, "ada")
	first := w.signIn(app, "ada")
	second, err := w.refreshed(app, first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{
		UserPoolId: app.UserPoolId, ClientId: app.ClientId, ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		RefreshTokenRotation: &types.RefreshTokenRotationType{Feature: "DISABLED"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.refreshed(app, first.RefreshToken)
	wants(t, err, "RefreshTokenReuseException", reused)
	_, err = w.byFlow(app, first.RefreshToken)
	wants(t, err, notAuthorized, over)
	if _, err := w.byFlow(app, second.RefreshToken); err != nil {
		t.Error(err)
	}
}

// A function that fails does not cost the sign-in its refresh token.
func TestRotationAndAFailingFunction(t *testing.T) {
	t.Parallel()
	w := boot(t)
	var fails atomic.Bool
	w.functions(map[string]function{"claims": func(event) string {
		if fails.Load() {
			return "Down"
		}
		return ""
	}})
	app := w.app(w.pool(withTriggers(&types.LambdaConfigType{PreTokenGeneration: arn("claims")})), rotating(0))
	w.member(app, "ada")
	first := w.signIn(app, "ada")
	fails.Store(true)
	_, err := w.refreshed(app, first.RefreshToken)
	wants(t, err, "UserLambdaValidationException", "PreTokenGeneration failed with error Down.")
	fails.Store(false)
	if _, err := w.refreshed(app, first.RefreshToken); err != nil {
		t.Errorf("another try: %v", err)
	}
}
