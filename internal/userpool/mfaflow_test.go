package userpool_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// A pool that demands a second factor lets nobody in before one is set up, and asks
// for it from then on.
func TestSetUpAuthenticatorAtSignIn(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool := w.pool()
		app := w.app(pool)
		w.member(app, "ada")
		w.offerTOTP(pool, "ON")
		asked, err := w.byPassword(app, "ada", password)
		if err != nil {
			t.Fatal(err)
		}
		if asked.ChallengeName != "MFA_SETUP" || asked.AuthenticationResult != nil || asked.ChallengeParameters["MFAS_CAN_SETUP"] != `["SOFTWARE_TOKEN_MFA"]` {
			t.Fatalf("asked for %+v", asked)
		}
		_, err = w.respond(app, "MFA_SETUP", asked.Session, "USERNAME", "ada")
		wants(t, err, invalidParameter, "MFA setup is not complete: verify a software token or give an email address.")
		begun, err := w.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{Session: asked.Session})
		if err != nil {
			t.Fatal(err)
		}
		shown, err := w.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{Session: begun.Session, UserCode: aws.String(w.code(*begun.SecretCode))})
		if err != nil {
			t.Fatal(err)
		}
		in, err := w.respond(app, "MFA_SETUP", shown.Session, "USERNAME", "ada")
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		_, err = w.respond(app, "MFA_SETUP", shown.Session, "USERNAME", "ada")
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")

		again, err := w.byPassword(app, "ada", password)
		if err != nil || again.ChallengeName != "SOFTWARE_TOKEN_MFA" || again.AuthenticationResult != nil {
			t.Fatalf("%+v, %v", again, err)
		}
		_, err = w.respond(app, "SOFTWARE_TOKEN_MFA", again.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(*begun.SecretCode))
		wants(t, err, "ExpiredCodeException", "Your software token has already been used once.")
		w.clock.Advance(30 * time.Second)
		code := w.code(*begun.SecretCode)
		_, err = w.respond(app, "SOFTWARE_TOKEN_MFA", again.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", wrong(code))
		wants(t, err, "CodeMismatchException", "Invalid code received for user")
		in, err = w.respond(app, "SOFTWARE_TOKEN_MFA", again.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", code) // a wrong code keeps the session
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		_, err = w.respond(app, "SOFTWARE_TOKEN_MFA", again.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", code)
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	})
}

// smsPool is a pool where codes by SMS are the second factor of everybody.
func (w *world) smsPool() (*types.UserPoolType, *types.UserPoolClientType) {
	w.t.Helper()
	pool := w.pool()
	app := w.app(pool)
	w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
		in.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsAuthenticationMessage: aws.String("Enter {####}!"), SmsConfiguration: smsRole}
	})
	return pool, app
}

func TestSecondFactorBySMS(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		_, app := w.smsPool()
		const phone = "+4915112345678"
		w.member(app, "ada", "phone_number", phone)
		asked, err := w.byPassword(app, "ada", password)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*********5678", "USER_ID_FOR_SRP": "ada"}
		if diff := cmp.Diff(want, asked.ChallengeParameters); asked.ChallengeName != "SMS_MFA" || diff != "" {
			t.Fatalf("asked for %s: %s", asked.ChallengeName, diff)
		}
		m := w.messageTo(phone)
		if m.Body != "Enter "+m.Code+"!" || m.Purpose != "Authentication" || m.Expires.Sub(w.clock.Now()) > 3*time.Minute {
			t.Errorf("message %+v", m)
		}
		for range 4 {
			_, err = w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", wrong(m.Code))
			wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
		in, err := w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", m.Code)
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		// Another node, which remembers nothing, takes the code no second time.
		w.start()
		_, err = w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", m.Code)
		wants(t, err, "ExpiredCodeException", "Invalid code provided, please request a code again.")
	})
}

// Whoever knows the password must not be able to guess the second factor by
// beginning again and again.
func TestGuessingASecondFactor(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.smsPool()
	w.member(app, "ada", "phone_number", "+4915112345678")
	for range 5 {
		asked, err := w.byPassword(app, "ada", password)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", wrong(w.codeTo("+4915112345678")))
		wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
	}
	_, err := w.byPassword(app, "ada", password)
	wants(t, err, notAuthorized, "Password attempts exceeded")
}

func TestChooseASecondFactor(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(byOwnMail)
	app := w.app(pool)
	w.member(app, "ada", "phone_number", "+4915112345678")
	tokens := w.signIn(app, "ada")
	w.offerAll(pool, "OPTIONAL")
	secret := w.enroll(tokens)
	if err := w.choose(tokens, changes(smsMFA(true, false), appMFA(true, false))); err != nil {
		t.Fatal(err)
	}
	asked, err := w.byPassword(app, "ada", password)
	if err != nil || asked.ChallengeName != "SELECT_MFA_TYPE" || asked.ChallengeParameters["MFAS_CAN_CHOOSE"] != `["SMS_MFA","SOFTWARE_TOKEN_MFA"]` {
		t.Fatalf("%+v, %v", asked, err)
	}
	_, err = w.respond(app, "SELECT_MFA_TYPE", asked.Session, "USERNAME", "ada", "ANSWER", "EMAIL_OTP")
	wants(t, err, invalidParameter, "EMAIL_OTP is not one of the MFA methods that can be chosen.")
	chosen, err := w.respond(app, "SELECT_MFA_TYPE", asked.Session, "USERNAME", "ada", "ANSWER", "SOFTWARE_TOKEN_MFA")
	if err != nil || chosen.ChallengeName != "SOFTWARE_TOKEN_MFA" {
		t.Fatalf("%+v, %v", chosen, err)
	}
	w.clock.Advance(30 * time.Second)
	in, err := w.respond(app, "SOFTWARE_TOKEN_MFA", chosen.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(secret))
	if err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
}

// A session is for its challenge, its client, its user and its operation only.
func TestSessionIsForItsChallenge(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, app := w.smsPool()
	other := w.app(pool)
	w.member(app, "ada", "phone_number", "+4915112345678")
	w.member(app, "bob", "phone_number", "+4915112345679")
	asked, err := w.byPassword(app, "ada", password)
	if err != nil {
		t.Fatal(err)
	}
	code := w.codeTo("+4915112345678")
	const invalidSession = "Invalid session for the user."
	_, err = w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", code)
	wants(t, err, notAuthorized, invalidSession)
	_, err = w.respond(other, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", code)
	wants(t, err, notAuthorized, invalidSession)
	_, err = w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "bob", "SMS_MFA_CODE", code)
	wants(t, err, notAuthorized, invalidSession)
	_, err = w.respond(app, "SMS_MFA", nil, "USERNAME", "ada", "SMS_MFA_CODE", code)
	wants(t, err, invalidParameter, "Missing required parameter Session")
	_, err = w.AdminRespondToAuthChallenge(t.Context(), &idp.AdminRespondToAuthChallengeInput{
		UserPoolId: pool.Id, ClientId: app.ClientId, ChallengeName: "SMS_MFA", Session: asked.Session,
		ChallengeResponses: map[string]string{"USERNAME": "ada", "SMS_MFA_CODE": code},
	})
	wants(t, err, notAuthorized, invalidSession)
	w.clock.Advance(3 * time.Minute)
	_, err = w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", code)
	wants(t, err, notAuthorized, "Invalid session for the user, session is expired.")
}

// Whoever was let set up a second factor and did not, cannot come back to it when the
// user has one: neither by the session of before nor by going from session to session.
func TestSetUpSessionEnds(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	app := w.app(pool)
	w.member(app, "ada")
	w.offerTOTP(pool, "ON")
	start := func() *string {
		t.Helper()
		asked, err := w.byPassword(app, "ada", password)
		if err != nil || asked.ChallengeName != "MFA_SETUP" {
			t.Fatalf("%+v, %v", asked, err)
		}
		return asked.Session
	}
	associate := func(session *string) (*idp.AssociateSoftwareTokenOutput, error) {
		return w.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{Session: session})
	}
	thief, err := associate(start())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(2 * time.Minute)
	if thief, err = associate(thief.Session); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	_, err = associate(thief.Session)
	wants(t, err, notAuthorized, "Invalid session for the user, session is expired.")

	thief, err = associate(start())
	if err != nil {
		t.Fatal(err)
	}
	owner, err := associate(start())
	if err != nil {
		t.Fatal(err)
	}
	verify := func(session *string, secret string) (*idp.VerifySoftwareTokenOutput, error) {
		return w.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{Session: session, UserCode: aws.String(w.code(secret))})
	}
	shown, err := verify(owner.Session, *owner.SecretCode)
	if err != nil {
		t.Fatal(err)
	}
	_, err = associate(thief.Session)
	wants(t, err, notAuthorized, "Invalid session for the user.")
	_, err = verify(thief.Session, *thief.SecretCode)
	wants(t, err, notAuthorized, "Invalid session for the user.")
	if in, err := w.respond(app, "MFA_SETUP", shown.Session, "USERNAME", "ada"); err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
}

// An address is no second factor for whoever began before the user had another one.
func TestSetUpByMailEnds(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(byOwnMail)
	app := w.app(pool)
	w.signUp(app, "ada")
	w.confirmAsAdmin(pool, "ada")
	w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
		in.MfaConfiguration, in.SoftwareTokenMfaConfiguration, in.EmailMfaConfiguration = "ON", totpOn, &types.EmailMfaConfigType{}
	})
	thief, err := w.byPassword(app, "ada", password)
	if err != nil || thief.ChallengeName != "MFA_SETUP" {
		t.Fatalf("%+v, %v", thief, err)
	}
	owner, err := w.byPassword(app, "ada", password)
	if err != nil {
		t.Fatal(err)
	}
	begun, err := w.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{Session: owner.Session})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{Session: begun.Session, UserCode: aws.String(w.code(*begun.SecretCode))}); err != nil {
		t.Fatal(err)
	}
	_, err = w.respond(app, "MFA_SETUP", thief.Session, "USERNAME", "ada", "EMAIL", "eve@example.org")
	wants(t, err, notAuthorized, "Invalid session for the user.")
}

// A code is void once its address is no longer the user's: it may be in other hands.
func TestCodeToAnEarlierPhone(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, app := w.smsPool()
	w.member(app, "ada", "phone_number", "+4915112345678")
	asked, err := w.byPassword(app, "ada", password)
	if err != nil {
		t.Fatal(err)
	}
	w.mustAdminSet(pool, "ada", "phone_number", "+4915112345679")
	_, err = w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", w.codeTo("+4915112345678"))
	wants(t, err, "ExpiredCodeException", "Invalid code provided, please request a code again.")
}

// A server signs people in for them, and what it begins only it goes on with.
func TestAdminSignIn(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool, elsewhere := w.pool(), w.pool()
		byServer := func(in *idp.CreateUserPoolClientInput) {
			in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
		}
		app, foreign := w.app(pool, byServer), w.app(elsewhere, byServer)
		w.member(app, "ada", "phone_number", "+4915112345678")
		begin := func(pool *types.UserPoolType, app *types.UserPoolClientType, flow types.AuthFlowType, pairs ...string) (*idp.AdminInitiateAuthOutput, error) {
			return w.AdminInitiateAuth(t.Context(), &idp.AdminInitiateAuthInput{UserPoolId: pool.Id, ClientId: app.ClientId, AuthFlow: flow, AuthParameters: details(pairs...)})
		}
		answer := func(pool *types.UserPoolType, app *types.UserPoolClientType, name types.ChallengeNameType, session *string, pairs ...string) (*idp.AdminRespondToAuthChallengeOutput, error) {
			return w.AdminRespondToAuthChallenge(t.Context(), &idp.AdminRespondToAuthChallengeInput{
				UserPoolId: pool.Id, ClientId: app.ClientId, ChallengeName: name, Session: session, ChallengeResponses: details(pairs...)})
		}
		const flow, invalidSession = "ADMIN_USER_PASSWORD_AUTH", "Invalid session for the user."
		_, err := begin(pool, foreign, flow, "USERNAME", "ada", "PASSWORD", password)
		wants(t, err, notFound, "User pool client "+*foreign.ClientId+" does not exist.")
		_, err = begin(pool, app, flow, "USERNAME", "eve", "PASSWORD", password)
		wants(t, err, noUser, absent)
		_, err = begin(pool, app, flow, "USERNAME", "ada", "PASSWORD", "Wrong-1!")
		wants(t, err, notAuthorized, "Incorrect username or password.")
		_, err = begin(pool, app, flow, "USERNAME", "ada")
		wants(t, err, invalidParameter, "Missing required parameter PASSWORD")
		_, err = begin(pool, app, "USER_PASSWORD_AUTH", "USERNAME", "ada", "PASSWORD", password)
		wants(t, err, invalidParameter, "Initiate Auth method not supported.")

		first, err := begin(pool, app, flow, "USERNAME", "ada", "PASSWORD", password)
		if err != nil || first.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", first, err)
		}
		refresh := *first.AuthenticationResult.RefreshToken
		_, err = begin(elsewhere, foreign, "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", refresh)
		wants(t, err, notAuthorized, "Invalid Refresh Token")
		_, err = begin(pool, w.app(pool, byServer), "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", refresh)
		wants(t, err, notAuthorized, "Invalid Refresh Token")
		again, err := begin(pool, app, "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", refresh)
		if err != nil || again.AuthenticationResult == nil || again.AuthenticationResult.RefreshToken != nil {
			t.Fatalf("%+v, %v", again, err)
		}

		w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
			in.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsConfiguration: smsRole}
		})
		asked, err := begin(pool, app, flow, "USERNAME", "ada", "PASSWORD", password)
		if err != nil || asked.ChallengeName != "SMS_MFA" {
			t.Fatalf("%+v, %v", asked, err)
		}
		code := []string{"USERNAME", "ada", "SMS_MFA_CODE", w.codeTo("+4915112345678")}
		_, err = w.respond(app, "SMS_MFA", asked.Session, code...)
		wants(t, err, notAuthorized, invalidSession)
		_, err = answer(elsewhere, foreign, "SMS_MFA", asked.Session, code...)
		wants(t, err, notAuthorized, invalidSession)
		in, err := answer(pool, app, "SMS_MFA", asked.Session, code...)
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}

		client := srpClient(app, password)
		challenge, err := w.challenge(app, "ada", client)
		if err != nil {
			t.Fatal(err)
		}
		claim := w.answer(app, client, challenge.ChallengeParameters)
		_, err = w.AdminRespondToAuthChallenge(t.Context(), &idp.AdminRespondToAuthChallengeInput{
			UserPoolId: pool.Id, ClientId: app.ClientId, ChallengeName: "PASSWORD_VERIFIER", ChallengeResponses: claim.ChallengeResponses,
		})
		wants(t, err, notAuthorized, invalidSession)
	})
}

// Two answers with one code at once let in once.
func TestOneCodeAtOnce(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		_, app := w.smsPool()
		w.member(app, "ada", "phone_number", "+4915112345678")
		asked, err := w.byPassword(app, "ada", password)
		if err != nil {
			t.Fatal(err)
		}
		code := w.codeTo("+4915112345678")
		var in atomic.Int32
		together(8, func(int) {
			if out, err := w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", code); err == nil && out.AuthenticationResult != nil {
				in.Add(1)
			}
		})
		if in.Load() != 1 {
			t.Errorf("one code let in %d times", in.Load())
		}
	})
}

// A new password ends what was begun by the old one: it may be new because somebody else
// knew the old one.
func TestNewPasswordEndsSessions(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, app := w.smsPool()
	w.member(app, "ada", "phone_number", "+4915112345678")
	asked, err := w.byPassword(app, "ada", password)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.setsPassword(pool, "ada", "Another-1!pass", true); err != nil {
		t.Fatal(err)
	}
	_, err = w.respond(app, "SMS_MFA", asked.Session, "USERNAME", "ada", "SMS_MFA_CODE", w.codeTo("+4915112345678"))
	wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")

	w.mustCreate(pool, "bob", byEmail, "email", "bob@example.org")
	asked, err = w.byPassword(app, "bob", w.messageTo("bob@example.org").Code)
	if err != nil || asked.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Fatalf("%+v, %v", asked, err)
	}
	w.mustCreate(pool, "bob", again) // the first invitation was seen by others
	_, err = w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, "USERNAME", "bob", "NEW_PASSWORD", "Thief-1!pass")
	wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	asked, err = w.byPassword(app, "bob", w.messageTo("bob@example.org").Code)
	if err != nil {
		t.Fatal(err)
	}
	in, err := w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, "USERNAME", "bob", "NEW_PASSWORD", "Owner-1!pass")
	if err != nil || in.ChallengeName != "MFA_SETUP" && in.AuthenticationResult == nil {
		t.Errorf("%+v, %v", in, err)
	}
}

// An address that is set up as a second factor is the user's once its code was right:
// a slip of the pen locks nobody out.
func TestSetUpMailAtSignIn(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool := w.pool(byOwnMail)
		app := w.app(pool)
		w.signUp(app, "ada")
		w.confirmAsAdmin(pool, "ada")
		w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
			in.MfaConfiguration, in.EmailMfaConfiguration = "ON", &types.EmailMfaConfigType{}
		})
		setUp := func(address string) *idp.RespondToAuthChallengeOutput {
			t.Helper()
			asked, err := w.byPassword(app, "ada", password)
			if err != nil || asked.ChallengeName != "MFA_SETUP" || asked.ChallengeParameters["MFAS_CAN_SETUP"] != `["EMAIL_OTP"]` {
				t.Fatalf("%+v, %v", asked, err)
			}
			sent, err := w.respond(app, "MFA_SETUP", asked.Session, "USERNAME", "ada", "EMAIL", address)
			if err != nil || sent.ChallengeName != "EMAIL_OTP" {
				t.Fatalf("%+v, %v", sent, err)
			}
			return sent
		}
		slip := setUp("adda@example.org")
		if has := values(w.adminGet(pool, "ada").UserAttributes); has["email"] != "" || has["email_verified"] != "" {
			t.Errorf("before the code: %v", has)
		}
		sent := setUp("ada@example.org")
		if to := sent.ChallengeParameters["CODE_DELIVERY_DESTINATION"]; to != "a***@e***" {
			t.Errorf("sent to %s", to)
		}
		code := w.codeTo("ada@example.org")
		_, err := w.respond(app, "EMAIL_OTP", slip.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", code)
		wants(t, err, "ExpiredCodeException", "Invalid code provided, please request a code again.")
		sent = setUp("ada@example.org")
		in, err := w.respond(app, "EMAIL_OTP", sent.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", w.codeTo("ada@example.org"))
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		if has := values(w.adminGet(pool, "ada").UserAttributes); has["email"] != "ada@example.org" || has["email_verified"] != "true" {
			t.Errorf("after the code: %v", has)
		}
		asked, err := w.byPassword(app, "ada", password)
		if err != nil || asked.ChallengeName != "EMAIL_OTP" {
			t.Errorf("%+v, %v", asked, err)
		}
	})
}
