package app_test

import (
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/config"
	"pintail/internal/testkit"
	"pintail/internal/userpool/srp"
)

// srpAnswers begins a sign-in by SRP at one endpoint and returns what answers the challenge.
func (r *reporter) srpAnswers(username, password, endpoint string) map[string]string {
	r.Helper()
	client := srp.NewClient(r.pool[len(testkit.Region)+1:], password)
	begun, err := r.InitiateAuth(testkit.Context(r), &idp.InitiateAuthInput{
		ClientId: &r.client, AuthFlow: types.AuthFlowTypeUserSrpAuth, AnalyticsMetadata: at(endpoint),
		AuthParameters: map[string]string{"USERNAME": username, "SRP_A": client.PublicHex()},
	})
	must(r.T, err)
	asked := begun.ChallengeParameters
	stamp, signature, err := client.Answer(srp.Challenge{
		UserID: asked["USER_ID_FOR_SRP"], Salt: asked["SALT"], SRPB: asked["SRP_B"], SecretBlock: asked["SECRET_BLOCK"],
	}, time.Now())
	must(r.T, err)
	return map[string]string{
		"USERNAME": asked["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
		"TIMESTAMP": stamp, "PASSWORD_CLAIM_SIGNATURE": signature,
	}
}

func (r *reporter) respond(challenge types.ChallengeNameType, session *string, endpoint string, responses map[string]string) (*idp.RespondToAuthChallengeOutput, error) {
	return r.RespondToAuthChallenge(testkit.Context(r), &idp.RespondToAuthChallengeInput{
		ClientId: &r.client, ChallengeName: challenge, Session: session, ChallengeResponses: responses, AnalyticsMetadata: at(endpoint),
	})
}

// Each of the nine operations makes the endpoint that it names: the user's where the call
// shows who is there, and nobody's where anybody could make it.
func TestNineOperations(t *testing.T) {
	t.Parallel()
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReporter(t, func(c *config.Config) { engine(t, c) })
			ctx := testkit.Context(t)
			began := time.Now().Truncate(time.Millisecond)
			const email = "ada@example.org"
			ada := aws.String("ada")

			sub := r.signUp("ada", "SignUp")
			must(t, does(t, r.ResendConfirmationCode, &idp.ResendConfirmationCodeInput{ClientId: &r.client, Username: ada, AnalyticsMetadata: at("Resend")}))
			must(t, does(t, r.ConfirmSignUp, &idp.ConfirmSignUpInput{
				ClientId: &r.client, Username: ada, ConfirmationCode: aws.String(r.code(email)), AnalyticsMetadata: at("ConfirmSignUp"),
			}))
			must(t, does(t, r.ForgotPassword, &idp.ForgotPasswordInput{ClientId: &r.client, Username: ada, AnalyticsMetadata: at("Forgot")}))
			must(t, does(t, r.ConfirmForgotPassword, &idp.ConfirmForgotPasswordInput{
				ClientId: &r.client, Username: ada, ConfirmationCode: aws.String(r.code(email)), Password: aws.String(password), AnalyticsMetadata: at("ConfirmForgot"),
			}))
			tokens, err := r.signIn("ada", password, "Initiate")
			must(t, err)
			_, err = r.signIn("ada", "Wrong-Horse-1", "Refused")
			wantCode(t, err, "NotAuthorizedException")
			_, err = r.signIn("nobody", "Wrong-Horse-1", "Unknown")
			wantCode(t, err, "UserNotFoundException")
			answers := r.srpAnswers("ada", password, "InitiateSRP")
			_, err = r.respond("PASSWORD_VERIFIER", nil, "Respond", answers)
			must(t, err)
			must(t, does(t, r.AdminInitiateAuth, &idp.AdminInitiateAuthInput{
				UserPoolId: &r.pool, ClientId: &r.client, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, AnalyticsMetadata: at("AdminInitiate"),
				AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password},
			}))
			must(t, does(t, r.InitiateAuth, &idp.InitiateAuthInput{
				ClientId: &r.client, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, AnalyticsMetadata: at("Refresh"),
				AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.AuthenticationResult.RefreshToken},
			}))

			// Somebody with a temporary password takes two requests.
			const temporary = "Temporary-Horse-1"
			made, err := r.AdminCreateUser(ctx, &idp.AdminCreateUserInput{
				UserPoolId: &r.pool, Username: aws.String("bob"), TemporaryPassword: aws.String(temporary), MessageAction: "SUPPRESS",
			})
			must(t, err)
			bob := *made.User.Attributes[0].Value
			asked, err := r.AdminInitiateAuth(ctx, &idp.AdminInitiateAuthInput{
				UserPoolId: &r.pool, ClientId: &r.client, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, AnalyticsMetadata: at("AdminChallenge"),
				AuthParameters: map[string]string{"USERNAME": "bob", "PASSWORD": temporary},
			})
			must(t, err)
			must(t, does(t, r.AdminRespondToAuthChallenge, &idp.AdminRespondToAuthChallengeInput{
				UserPoolId: &r.pool, ClientId: &r.client, ChallengeName: asked.ChallengeName, Session: asked.Session, AnalyticsMetadata: at("AdminRespond"),
				ChallengeResponses: map[string]string{"USERNAME": "bob", "NEW_PASSWORD": password},
			}))
			r.settle()

			for id, user := range map[string]string{
				"SignUp": sub, "Resend": "", "ConfirmSignUp": sub, "Forgot": "", "ConfirmForgot": sub, "Initiate": sub, "Refused": "", "Unknown": "",
				"InitiateSRP": "", "Respond": sub, "AdminInitiate": sub, "Refresh": sub, "AdminChallenge": "", "AdminRespond": bob,
			} {
				e := r.endpoint(id)
				if e == nil || owner(e) != user {
					t.Errorf("endpoint %s: %+v, want one of %q", id, e, user)
					continue
				}
				if *e.OptOut != "NONE" || *e.EndpointStatus != "ACTIVE" || e.Address != nil || e.ChannelType != "" {
					t.Errorf("endpoint %s: %+v", id, e)
				}
			}
			common := func(more ...string) map[string]string {
				m := map[string]string{"user_pool_id": r.pool, "client_id": r.client}
				for i := 0; i < len(more); i += 2 {
					m[more[i]] = more[i+1]
				}
				return m
			}
			want := []struct {
				kind, endpoint, user string
				attributes           map[string]string
			}{
				{"sign_up", "SignUp", sub, common()},
				{"sign_in", "Initiate", sub, common("auth_flow", "USER_PASSWORD_AUTH")},
				{"auth_fail", "Refused", "", common("auth_flow", "USER_PASSWORD_AUTH", "reason", "NotAuthorizedException")},
				{"auth_fail", "Unknown", "", common("auth_flow", "USER_PASSWORD_AUTH", "reason", "UserNotFoundException")},
				{"sign_in", "Respond", sub, common("auth_flow", "USER_SRP_AUTH")},
				{"sign_in", "AdminInitiate", sub, common("auth_flow", "ADMIN_USER_PASSWORD_AUTH")},
				{"sign_in", "AdminRespond", bob, common("auth_flow", "ADMIN_USER_PASSWORD_AUTH")},
			}
			got := r.events()
			if len(got) != len(want) {
				t.Fatalf("%d events, want %d: %+v", len(got), len(want), r.counts())
			}
			for i, w := range want {
				e := got[i]
				if e.Type != "_userauth."+w.kind || e.EndpointID != w.endpoint || e.UserID != w.user || !maps.Equal(e.Attributes, w.attributes) {
					t.Errorf("event %d: %+v, want %+v", i, e, w)
				}
				if e.Timestamp.Before(began) || e.Arrival.Before(e.Timestamp) || e.Arrival.Sub(e.Timestamp) > 2*time.Second {
					t.Errorf("event %d happened %v and arrived %v", i, e.Timestamp, e.Arrival)
				}
			}
		})
	}
}

// A sign-in is one event however many challenges it takes, and every wrong answer is one
// more of its own kind.
func TestOncePerSignIn(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	sub := r.member("ada")
	ctx := testkit.Context(t)
	begin := func() *idp.InitiateAuthOutput {
		t.Helper()
		out, err := r.InitiateAuth(ctx, &idp.InitiateAuthInput{
			ClientId: &r.client, AuthFlow: types.AuthFlowTypeUserAuth, AnalyticsMetadata: at("phone"),
			AuthParameters: map[string]string{"USERNAME": "ada"},
		})
		must(t, err)
		return out
	}
	begun := begin()
	chosen, err := r.respond(begun.ChallengeName, begun.Session, "phone", map[string]string{"USERNAME": "ada", "ANSWER": "EMAIL_OTP"})
	must(t, err)
	wrong := "00000000"
	for range 2 {
		_, err = r.respond("EMAIL_OTP", chosen.Session, "phone", map[string]string{"USERNAME": "ada", "EMAIL_OTP_CODE": wrong})
		wantCode(t, err, "CodeMismatchException")
	}
	right := map[string]string{"USERNAME": "ada", "EMAIL_OTP_CODE": r.code("ada@example.org")}
	_, err = r.respond("EMAIL_OTP", chosen.Session, "phone", right)
	must(t, err)
	_, err = r.respond("EMAIL_OTP", chosen.Session, "phone", right) // a session is used once
	wantCode(t, err, "NotAuthorizedException")

	// What finds fault with the request, and what names no endpoint, is no event.
	_, err = r.signIn("ada", "", "phone")
	wantCode(t, err, "InvalidParameterException")
	must(t, does(t, r.InitiateAuth, &idp.InitiateAuthInput{
		ClientId: &r.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password},
	}))
	answers := r.srpAnswers("ada", "Wrong-Horse-1", "phone")
	_, err = r.respond("PASSWORD_VERIFIER", nil, "phone", answers)
	wantCode(t, err, "NotAuthorizedException")
	r.settle()
	if got, want := r.counts(), map[string]int{"sign_in": 1, "auth_fail": 4}; !maps.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	for _, e := range r.events() {
		if e.EndpointID != "phone" || e.Type == "_userauth.sign_in" && e.UserID != sub {
			t.Errorf("event %+v", e)
		}
	}
	if e := r.endpoint("phone"); owner(e) != sub {
		t.Errorf("the endpoint is %+v", e)
	}
}
