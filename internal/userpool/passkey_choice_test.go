package userpool_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/userpool/passkey/passkeytest"
)

// byChoice lets a client sign in with passkeys beside passwords.
func byChoice(in *idp.CreateUserPoolClientInput) {
	in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
}

// askPasskey begins a sign-in with a passkey: the request options, and the session.
func (w *world) askPasskey(app *types.UserPoolClientType, username string) ([]byte, *string) {
	w.t.Helper()
	out, err := w.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{
		AuthFlow: "USER_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": username, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if out.ChallengeName != "WEB_AUTHN" || !slices.Contains(out.AvailableChallenges, "WEB_AUTHN") {
		w.t.Fatalf("challenge %s of %v", out.ChallengeName, out.AvailableChallenges)
	}
	return []byte(out.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]), out.Session
}

// showPasskey ends it.
func (w *world) showPasskey(app *types.UserPoolClientType, username string, session *string, answer []byte) (*types.AuthenticationResultType, error) {
	out, err := w.RespondToAuthChallenge(w.t.Context(), &idp.RespondToAuthChallengeInput{
		ChallengeName: "WEB_AUTHN", ClientId: app.ClientId, Session: session,
		ChallengeResponses: map[string]string{"USERNAME": username, "CREDENTIAL": string(answer)},
	})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func TestSignInWithPasskey(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool(withPasskeys), byChoice)
		w.member(app, "ada")
		token := w.signIn(app, "ada").AccessToken
		held := w.addPasskey(token, passkeytest.NewES256(t))
		options, session := w.askPasskey(app, "ada")
		var got map[string]any
		if err := json.Unmarshal(options, &got); err != nil || got["rpId"] != "localhost" || got["userVerification"] != "preferred" {
			t.Fatalf("%s %v", options, err)
		}
		w.start() // any node can go on
		tokens, err := w.showPasskey(app, "ada", session, held.Get(t, options, page))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken}); err != nil || tokens.RefreshToken == nil || tokens.IdToken == nil {
			t.Fatal(err)
		}
	})
}

func TestSignInWithPasskeyRefused(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(withPasskeys), byChoice)
	w.member(app, "ada")
	w.member(app, "bob")
	held := w.addPasskey(w.signIn(app, "ada").AccessToken, passkeytest.NewES256(t))
	bobs := w.addPasskey(w.signIn(app, "bob").AccessToken, passkeytest.NewES256(t))
	const incorrect = "Incorrect username or password."
	for name, attack := range map[string]func(options []byte) []byte{
		"another origin":  func(o []byte) []byte { return held.Get(t, o, "https://evil.example") },
		"bob's passkey":   func(o []byte) []byte { return bobs.Get(t, o, page) },
		"other challenge": func(o []byte) []byte { other, _ := w.askPasskey(app, "ada"); return held.Get(t, other, page) },
		"another key": func(o []byte) []byte {
			return held.Get(t, o, page, func(c *passkeytest.Ceremony) { c.Signer = bobs.Key })
		},
	} {
		t.Run(name, func(t *testing.T) {
			options, session := w.askPasskey(app, "ada")
			_, err := w.showPasskey(app, "ada", session, attack(options))
			wants(t, err, notAuthorized, incorrect)
		})
	}
	options, session := w.askPasskey(app, "ada")
	_, err := w.showPasskey(app, "ada", session, []byte(`{}`))
	wants(t, err, invalidParameter, "Invalid passkey credential.")

	// An answer is good once, and for as long as its session.
	answer := held.Get(t, options, page)
	if _, err := w.showPasskey(app, "ada", session, answer); err != nil {
		t.Fatal(err)
	}
	_, err = w.showPasskey(app, "ada", session, answer)
	wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	options, session = w.askPasskey(app, "ada")
	w.clock.Advance(4 * time.Minute)
	_, err = w.showPasskey(app, "ada", session, held.Get(t, options, page))
	wants(t, err, notAuthorized, "Invalid session for the user, session is expired.")
}

// A passkey alone does not do for somebody who has activated a second factor, though they
// were asked for it before.
func TestPasskeyAndANewSecondFactor(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withPasskeys)
	w.offerTOTP(p, "OPTIONAL")
	app := w.app(p, byChoice)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	held := w.addPasskey(tokens.AccessToken, passkeytest.NewES256(t))
	options, session := w.askPasskey(app, "ada")
	w.enroll(tokens)
	if err := w.choose(tokens, appMFA(true, true)); err != nil {
		t.Fatal(err)
	}
	_, err := w.showPasskey(app, "ada", session, held.Get(t, options, page))
	wants(t, err, notAuthorized, "Incorrect username or password.")
}

// A passkey stands for both factors where the pool says so, and only when it
// verified its user.
func TestPasskeyAsBothFactors(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withPasskeys)
	app := w.app(p, byChoice)
	w.member(app, "ada")
	held := w.addPasskey(w.signIn(app, "ada").AccessToken, passkeytest.NewES256(t))
	w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) {
		in.SoftwareTokenMfaConfiguration = totpOn
		in.WebAuthnConfiguration = &types.WebAuthnConfigurationType{FactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION"}
	})
	options, session := w.askPasskey(app, "ada")
	unverified := held.Get(t, options, page, func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified })
	_, err := w.showPasskey(app, "ada", session, unverified)
	wants(t, err, notAuthorized, "Incorrect username or password.")
	options, session = w.askPasskey(app, "ada")
	if tokens, err := w.showPasskey(app, "ada", session, held.Get(t, options, page)); err != nil || tokens == nil {
		t.Fatal(tokens, err)
	}
}
