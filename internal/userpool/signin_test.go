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

	"pintail/internal/userpool/srp"
)

// challenge asks for an SRP challenge.
func (w *world) challenge(app *types.UserPoolClientType, username string, client *srp.Client) (*idp.InitiateAuthOutput, error) {
	return w.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{
		AuthFlow: "USER_SRP_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": username, "SRP_A": client.PublicHex(), "SECRET_HASH": hash(app, username)},
	})
}

// hash returns the SECRET_HASH of a client's call for a name.
func hash(app *types.UserPoolClientType, username string) string {
	if app.ClientSecret == nil {
		return ""
	}
	h := hmac.New(sha256.New, []byte(*app.ClientSecret))
	h.Write([]byte(username + *app.ClientId))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// srpClient starts an exchange as Amplify would.
func srpClient(app *types.UserPoolClientType, password string) *srp.Client {
	_, name, _ := strings.Cut(*app.UserPoolId, "_")
	return srp.NewClient(name, password)
}

// answer makes the answer to a challenge.
func (w *world) answer(app *types.UserPoolClientType, client *srp.Client, challenge map[string]string) *idp.RespondToAuthChallengeInput {
	w.t.Helper()
	timestamp, signature, err := client.Answer(srp.Challenge{
		UserID: challenge["USER_ID_FOR_SRP"], Salt: challenge["SALT"], SRPB: challenge["SRP_B"], SecretBlock: challenge["SECRET_BLOCK"],
	}, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return &idp.RespondToAuthChallengeInput{
		ChallengeName: "PASSWORD_VERIFIER", ClientId: app.ClientId,
		ChallengeResponses: map[string]string{
			"USERNAME": challenge["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
			"TIMESTAMP": timestamp, "PASSWORD_CLAIM_SIGNATURE": signature, "SECRET_HASH": hash(app, challenge["USER_ID_FOR_SRP"]),
		},
	}
}

// bySRP signs in as Amplify does.
func (w *world) bySRP(app *types.UserPoolClientType, username, password string) (*types.AuthenticationResultType, error) {
	client := srpClient(app, password)
	asked, err := w.challenge(app, username, client)
	if err != nil {
		return nil, err
	}
	out, err := w.RespondToAuthChallenge(w.t.Context(), w.answer(app, client, asked.ChallengeParameters))
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

const incorrect = "Incorrect username or password."

func TestSignInBySRP(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(aliased)
		app := w.app(p)
		w.member(app, "Ada")
		client := srpClient(app, password)
		asked, err := w.challenge(app, "ada@example.org", client)
		if err != nil {
			t.Fatal(err)
		}
		c := asked.ChallengeParameters
		if asked.ChallengeName != "PASSWORD_VERIFIER" || c["USERNAME"] != "Ada" || c["USER_ID_FOR_SRP"] != "Ada" || len(c) != 5 || asked.AuthenticationResult != nil {
			t.Errorf("challenge %s %v", asked.ChallengeName, c)
		}
		answer := w.answer(app, client, c)
		answer.Session = aws.String("a-session-that-says-nothing") // some clients send one
		out, err := w.RespondToAuthChallenge(t.Context(), answer)
		if err != nil {
			t.Fatal(err)
		}
		r := out.AuthenticationResult
		if *r.TokenType != "Bearer" || r.ExpiresIn != 3600 || r.RefreshToken == nil || r.IdToken == nil || out.ChallengeParameters == nil {
			t.Errorf("result %+v", out)
		}
		got, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: r.AccessToken})
		if err != nil || *got.Username != "Ada" {
			t.Errorf("%v %v", got, err)
		}
		_, err = w.RespondToAuthChallenge(t.Context(), answer)
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
		_, err = w.bySRP(app, "Ada", "Wrong-Passw0rd")
		wants(t, err, notAuthorized, incorrect)
		_, err = w.bySRP(app, "bob", password)
		wants(t, err, "UserNotFoundException", "User does not exist.")
	})
}

// Of many equal answers at once, one gives tokens.
func TestSRPAnswerIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	client := srpClient(app, password)
	asked, err := w.challenge(app, "ada", client)
	if err != nil {
		t.Fatal(err)
	}
	answer := w.answer(app, client, asked.ChallengeParameters)
	var given atomic.Int32
	together(8, func(int) {
		if _, err := w.RespondToAuthChallenge(t.Context(), answer); err == nil {
			given.Add(1)
		}
	})
	if given.Load() != 1 {
		t.Errorf("one answer gave tokens %d times", given.Load())
	}
}

func TestSRPRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app, other := w.app(p), w.app(p)
	w.member(app, "ada")
	w.signUp(app, "new", "email", "new@example.org")

	for _, public := range []string{"0", "zz", strings.Repeat("f", 771), strings.Repeat("0", 100)} {
		_, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_SRP_AUTH", ClientId: app.ClientId,
			AuthParameters: map[string]string{"USERNAME": "ada", "SRP_A": public}})
		wants(t, err, invalidParameter, "Invalid SRP_A value.")
	}
	for _, missing := range []string{"USERNAME", "SRP_A"} {
		given := map[string]string{"USERNAME": "ada", "SRP_A": "2"}
		delete(given, missing)
		_, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_SRP_AUTH", ClientId: app.ClientId, AuthParameters: given})
		wants(t, err, invalidParameter, "Missing required parameter "+missing)
	}

	client := srpClient(app, password)
	asked, err := w.challenge(app, "ada", client)
	if err != nil {
		t.Fatal(err)
	}
	good := w.answer(app, client, asked.ChallengeParameters)
	tests := []struct {
		name          string
		change        func(in *idp.RespondToAuthChallengeInput)
		code, message string
	}{
		{"no block", set("PASSWORD_CLAIM_SECRET_BLOCK", ""), invalidParameter, "Missing required parameter PASSWORD_CLAIM_SECRET_BLOCK"},
		{"no timestamp", set("TIMESTAMP", ""), invalidParameter, "Missing required parameter TIMESTAMP"},
		{"no name", set("USERNAME", ""), invalidParameter, "Missing required parameter USERNAME"},
		{"block of nothing", set("PASSWORD_CLAIM_SECRET_BLOCK", "AAAA"), notAuthorized, incorrect},
		{"block not base64", set("PASSWORD_CLAIM_SECRET_BLOCK", "!"), notAuthorized, incorrect},
		{"signature not base64", set("PASSWORD_CLAIM_SIGNATURE", "!"), notAuthorized, incorrect},
		{"old timestamp", set("TIMESTAMP", w.clock.Now().Add(-time.Hour).Format(srp.TimestampLayout)), notAuthorized, incorrect},
		{"no time", set("TIMESTAMP", "now"), notAuthorized, incorrect},
		{"another client", func(in *idp.RespondToAuthChallengeInput) { in.ClientId = other.ClientId }, notAuthorized, incorrect},
		{"another challenge", func(in *idp.RespondToAuthChallengeInput) { in.ChallengeName = "SMS_MFA" },
			invalidParameter, "The challenge SMS_MFA is not supported by this server yet."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := *good
			in.ChallengeResponses = make(map[string]string)
			for k, v := range good.ChallengeResponses {
				in.ChallengeResponses[k] = v
			}
			test.change(&in)
			_, err := w.RespondToAuthChallenge(t.Context(), &in)
			wants(t, err, test.code, test.message)
		})
	}
	w.clock.Advance(3 * time.Minute)
	late := w.answer(app, client, asked.ChallengeParameters)
	_, err = w.RespondToAuthChallenge(t.Context(), late)
	wants(t, err, notAuthorized, "Invalid session for the user, session is expired.")

	_, err = w.bySRP(app, "new", password)
	wants(t, err, "UserNotConfirmedException", "User is not confirmed.")
	_, err = w.bySRP(app, "new", "Wrong-Passw0rd")
	wants(t, err, notAuthorized, incorrect) // who does not know the password learns nothing more
}

// set changes one parameter of an answer.
func set(name, value string) func(*idp.RespondToAuthChallengeInput) {
	return func(in *idp.RespondToAuthChallengeInput) {
		in.ChallengeResponses[name] = value
		if value == "" {
			delete(in.ChallengeResponses, name)
		}
	}
}

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
		{"choice", with("ALLOW_USER_AUTH"), "USER_AUTH", "UnsupportedOperationException", "The flow USER_AUTH is not supported by this server yet."},
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
