package userpool_test

import (
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
			invalidParameter, "Missing required parameter Session"},
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
