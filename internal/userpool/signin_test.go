package userpool_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// hash returns the SECRET_HASH of a client's call for a name.
func hash(app *types.UserPoolClientType, username string) string {
	if app.ClientSecret == nil {
		return ""
	}
	h := hmac.New(sha256.New, []byte(*app.ClientSecret))
	h.Write([]byte(username + *app.ClientId))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

const incorrect = "Incorrect username or password."

func TestSignInByPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	w.signIn(app, "ada")
	_, err := w.byPassword(app, "ada", "Wrong-Passw0rd")
	wants(t, err, notAuthorized, incorrect)
	_, err = w.byPassword(app, "bob", password)
	wants(t, err, "UserNotFoundException", "User does not exist.")
	_, err = w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: app.ClientId, AuthParameters: map[string]string{"USERNAME": "ada"}})
	wants(t, err, invalidParameter, "Missing required parameter PASSWORD")
}

func TestFlows(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	with := func(flows ...types.ExplicitAuthFlowsType) *types.UserPoolClientType {
		return w.app(p, func(in *idp.CreateUserPoolClientInput) { in.ExplicitAuthFlows = flows })
	}
	byDefault := with()
	w.member(byDefault, "ada")
	const missing = "Missing required parameter "
	tests := []struct {
		name          string
		app           *types.UserPoolClientType
		flow          types.AuthFlowType
		code, message string
	}{
		{"SRP by default", byDefault, "USER_SRP_AUTH", invalidParameter, missing + "USERNAME"},
		{"refresh by default", byDefault, "REFRESH_TOKEN_AUTH", invalidParameter, missing + "REFRESH_TOKEN"},
		{"refresh by its short name", byDefault, "REFRESH_TOKEN", invalidParameter, missing + "REFRESH_TOKEN"},
		{"no password by default", byDefault, "USER_PASSWORD_AUTH", invalidParameter, "USER_PASSWORD_AUTH flow not enabled for this client"},
		{"no choice by default", byDefault, "USER_AUTH", invalidParameter, "USER_AUTH flow not enabled for this client"},
		{"custom without triggers", byDefault, "CUSTOM_AUTH", invalidParameter, "Custom auth lambda trigger is not configured for the user pool."},
		{"administrator's", byDefault, "ADMIN_USER_PASSWORD_AUTH", invalidParameter, "Initiate Auth method not supported."},
		{"only password", with("ALLOW_USER_PASSWORD_AUTH"), "USER_SRP_AUTH", invalidParameter, "USER_SRP_AUTH is not enabled for the client."},
		{"only password, custom", with("ALLOW_USER_PASSWORD_AUTH"), "CUSTOM_AUTH", invalidParameter, "CUSTOM_AUTH is not enabled for the client."},
		{"only password, refresh", with("ALLOW_USER_PASSWORD_AUTH"), "REFRESH_TOKEN_AUTH", invalidParameter, "REFRESH_TOKEN_AUTH flow not enabled for this client"},
		{"choice", with("ALLOW_USER_AUTH"), "USER_AUTH", invalidParameter, missing + "USERNAME"},
		{"old names allow SRP", with("USER_PASSWORD_AUTH"), "USER_SRP_AUTH", invalidParameter, missing + "USERNAME"},
		{"old names allow refresh", with("USER_PASSWORD_AUTH"), "REFRESH_TOKEN_AUTH", invalidParameter, missing + "REFRESH_TOKEN"},
		{"old name of custom only", with("CUSTOM_AUTH_FLOW_ONLY"), "USER_SRP_AUTH", invalidParameter, "USER_SRP_AUTH is not enabled for the client."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: test.flow, ClientId: test.app.ClientId})
			wants(t, err, test.code, test.message)
		})
	}
}

func TestSecretHash(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app, open := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true }), w.app(p)
	id := *app.ClientId
	signUp := func(app *types.UserPoolClientType, hash *string) error {
		_, err := w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("ada"), Password: aws.String(password),
			SecretHash: hash, UserAttributes: attrs("email", "ada@example.org")})
		return err
	}
	wants(t, signUp(app, nil), notAuthorized, "Client "+id+" is configured with secret but SECRET_HASH was not received")
	wants(t, signUp(app, aws.String(hash(app, "bob"))), notAuthorized, "Unable to verify secret hash for client "+id)
	wants(t, signUp(open, aws.String(hash(app, "ada"))), notAuthorized, "Client "+*open.ClientId+" is not configured for secret but secret was received")
	if err := signUp(app, aws.String(hash(app, "ada"))); err != nil {
		t.Fatal(err)
	}
	_, err := w.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{ClientId: app.ClientId, Username: aws.String("ada"),
		ConfirmationCode: aws.String(w.codeTo("ada@example.org")), SecretHash: aws.String(hash(app, "ada"))})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := w.bySRP(app, "ada", password)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.byPassword(app, "ada", password)
	wants(t, err, notAuthorized, "Client "+id+" is configured with secret but SECRET_HASH was not received")
	refresh := func(name string) error {
		_, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: app.ClientId,
			AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken, "SECRET_HASH": hash(app, name)}})
		return err
	}
	if err := refresh("ada"); err != nil {
		t.Error(err)
	}
	wants(t, refresh("ada@example.org"), notAuthorized, "Unable to verify secret hash for client "+id)
	again := func(secret *string) error {
		_, err := w.GetTokensFromRefreshToken(t.Context(), &idp.GetTokensFromRefreshTokenInput{ClientId: app.ClientId, RefreshToken: tokens.RefreshToken, ClientSecret: secret})
		return err
	}
	wants(t, again(nil), notAuthorized, "Unable to verify secret for client "+id)
	if err := again(app.ClientSecret); err != nil {
		t.Error(err)
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool())
		w.member(app, "ada")
		fail := func() {
			t.Helper()
			_, err := w.byPassword(app, "ada", "Wrong-Passw0rd")
			wants(t, err, notAuthorized, incorrect)
		}
		locked := func() {
			t.Helper()
			_, err := w.byPassword(app, "ada", password)
			wants(t, err, notAuthorized, "Password attempts exceeded")
			_, err = w.challenge(app, "ada", srpClient(app, password))
			wants(t, err, notAuthorized, "Password attempts exceeded")
		}
		for range 5 {
			fail()
		}
		locked() // for 2^0 seconds
		w.clock.Advance(time.Second)
		fail()
		w.clock.Advance(time.Second)
		locked() // for 2^1 seconds, and what was tried meanwhile did not count
		w.clock.Advance(time.Second)
		w.signIn(app, "ada")
		for range 4 { // a success has cleared the count
			fail()
		}
		w.signIn(app, "ada")
		for range 4 {
			fail()
		}
		w.clock.Advance(16 * time.Minute) // and so have quiet minutes
		for range 4 {
			fail()
		}
		w.signIn(app, "ada")
	})
}

// A burst of guesses gets no more tries than the same guesses one by one.
func TestLockoutUnderLoad(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	var tried atomic.Int32
	together(24, func(int) {
		_, err := w.byPassword(app, "ada", "Wrong-Passw0rd")
		if err != nil && strings.Contains(err.Error(), incorrect) {
			tried.Add(1)
		}
	})
	if tried.Load() != 5 {
		t.Errorf("%d guesses were looked at, want 5", tried.Load())
	}
}

// Where a client hides who exists, the challenge of nobody looks like somebody's,
// stays the same, and leads to the same refusals.
func TestHiddenSignIn(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(namedByEmail)
	app := w.app(p, hidden)
	w.signUp(app, "ada@example.org")
	w.confirm(app, "ada@example.org", "ada@example.org")

	ask := func(username string) map[string]string {
		t.Helper()
		out, err := w.challenge(app, username, srpClient(app, password))
		if err != nil {
			t.Fatal(err)
		}
		return out.ChallengeParameters
	}
	real, fake, again, other := ask("ada@example.org"), ask("nobody@example.org"), ask("NOBODY@example.org"), ask("noone@example.org")
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, c := range []map[string]string{real, fake} {
		if !uuid.MatchString(c["USER_ID_FOR_SRP"]) || c["USER_ID_FOR_SRP"] != c["USERNAME"] || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(c["SALT"]) {
			t.Errorf("challenge %v", c)
		}
	}
	if delta := len(real["SECRET_BLOCK"]) - len(fake["SECRET_BLOCK"]); delta < -60 || delta > 60 {
		t.Errorf("the blocks differ by %d characters", delta)
	}
	if fake["SALT"] != again["SALT"] || fake["USERNAME"] != again["USERNAME"] || fake["SALT"] == other["SALT"] || fake["USERNAME"] == other["USERNAME"] || fake["SRP_B"] == again["SRP_B"] {
		t.Errorf("challenges of nobody: %v, %v, %v", fake, again, other)
	}
	for _, name := range []string{"ada@example.org", "nobody@example.org"} {
		for range 3 {
			_, err := w.bySRP(app, name, "Wrong-Passw0rd")
			wants(t, err, notAuthorized, incorrect)
		}
		for range 2 {
			_, err := w.byPassword(app, name, "Wrong-Passw0rd")
			wants(t, err, notAuthorized, incorrect)
		}
		_, err := w.byPassword(app, name, password)
		wants(t, err, notAuthorized, "Password attempts exceeded")
		_, err = w.challenge(app, name, srpClient(app, password))
		wants(t, err, notAuthorized, "Password attempts exceeded")
	}

	// Where users choose their names, a challenge shows the name that was asked for.
	plain := w.app(w.pool(), hidden)
	out, err := w.challenge(plain, "nobody@example.org", srpClient(plain, password))
	if err != nil || out.ChallengeParameters["USERNAME"] != "nobody@example.org" {
		t.Errorf("%v %v", out, err)
	}
}
