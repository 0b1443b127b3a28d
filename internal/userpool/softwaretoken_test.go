package userpool_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// offerTOTP makes a pool offer authenticator apps, as a choice or to everybody.
func (w *world) offerTOTP(pool *types.UserPoolType, mode types.UserPoolMfaType) {
	w.t.Helper()
	w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
		in.MfaConfiguration, in.SoftwareTokenMfaConfiguration = mode, totpOn
	})
}

// codeAt is what an authenticator app shows at a moment.
func codeAt(t testing.TB, secret string, now time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha1.New, key)
	binary.Write(h, binary.BigEndian, now.Unix()/30)
	sum := h.Sum(nil)
	number := binary.BigEndian.Uint32(sum[sum[19]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%06d", number%1000000)
}

// code is what the app shows now.
func (w *world) code(secret string) string { return codeAt(w.t, secret, w.clock.Now()) }

// associate begins to set an app up and returns its secret.
func (w *world) associate(tokens *types.AuthenticationResultType) string {
	w.t.Helper()
	out, err := w.AssociateSoftwareToken(w.t.Context(), &idp.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken})
	if err != nil {
		w.t.Fatal(err)
	}
	if !regexp.MustCompile(`^[A-Z2-7]{52}$`).MatchString(*out.SecretCode) || out.Session != nil {
		w.t.Errorf("SecretCode %s, Session %v", *out.SecretCode, out.Session)
	}
	return *out.SecretCode
}

// verifyApp shows that an app works.
func (w *world) verifyApp(tokens *types.AuthenticationResultType, code string) error {
	out, err := w.VerifySoftwareToken(w.t.Context(), &idp.VerifySoftwareTokenInput{
		AccessToken: tokens.AccessToken, UserCode: &code, FriendlyDeviceName: aws.String("phone"),
	})
	if err == nil && (out.Status != "SUCCESS" || out.Session != nil) {
		w.t.Errorf("status %s, session %v", out.Status, out.Session)
	}
	return err
}

// enroll sets an app up for somebody and returns its secret. The code of this time
// step is used up.
func (w *world) enroll(tokens *types.AuthenticationResultType) string {
	w.t.Helper()
	secret := w.associate(tokens)
	if err := w.verifyApp(tokens, w.code(secret)); err != nil {
		w.t.Fatal(err)
	}
	return secret
}

// shows signs ada in by her password and a code of an app.
func (w *world) shows(app *types.UserPoolClientType, code string) error {
	asked, err := w.byPassword(app, "ada", password)
	if err != nil {
		return err
	}
	in, err := w.respond(app, asked.ChallengeName, asked.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", code)
	if err == nil && in.AuthenticationResult == nil {
		err = fmt.Errorf("a code led to %s", in.ChallengeName)
	}
	return err
}

const (
	badSetupCode = "Code mismatch and fail enable Software Token MFA"
	badAppCode   = "CodeMismatchException: Invalid code received for user"
	usedAppCode  = "ExpiredCodeException: Your software token has already been used once."
)

// says checks a refusal, or "" for none.
func says(t testing.TB, err error, want string) {
	t.Helper()
	if got := words(err); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// words are the code and the message of a refusal, "" for none.
func words(err error) string {
	if err == nil {
		return ""
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

func TestSoftwareToken(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool := w.pool()
		w.offerTOTP(pool, "OPTIONAL")
		app := w.app(pool)
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		secret := w.associate(tokens)
		wants(t, w.verifyApp(tokens, wrong(w.code(secret))), "EnableSoftwareTokenMFAException", badSetupCode)
		if err := w.verifyApp(tokens, w.code(secret)); err != nil {
			t.Fatal(err)
		}
		if list, _ := w.factors(tokens); list != nil {
			t.Errorf("an app that was verified is activated: %v", list)
		}
		w.signIn(app, "ada") // who is asked for nothing more
		if err := w.choose(tokens, appMFA(true, false)); err != nil {
			t.Fatal(err)
		}

		w.start() // another process knows what was used
		says(t, w.shows(app, w.code(secret)), usedAppCode)
		says(t, w.shows(app, codeAt(t, secret, w.clock.Now().Add(30*time.Second))), "")
		says(t, w.shows(app, w.code(secret)), usedAppCode) // older than one that was taken
		w.clock.Advance(time.Minute)
		says(t, w.shows(app, codeAt(t, secret, w.clock.Now().Add(-time.Minute))), badAppCode)
		var taken atomic.Int32
		together(8, func(int) {
			if w.shows(app, w.code(secret)) == nil {
				taken.Add(1)
			}
		})
		if taken.Load() != 1 {
			t.Errorf("one code was taken %d times", taken.Load())
		}
	})
}

// A new app replaces the old one when it has been shown to work, and not before.
func TestSoftwareTokenReplaced(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	w.offerTOTP(pool, "OPTIONAL")
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	first := w.enroll(tokens)
	if err := w.choose(tokens, appMFA(true, false)); err != nil {
		t.Fatal(err)
	}
	w.associate(tokens) // given up
	second := w.associate(tokens)
	if first == second {
		t.Fatal("the same secret twice")
	}
	w.clock.Advance(time.Minute)
	says(t, w.shows(app, w.code(second)), badAppCode)
	says(t, w.shows(app, w.code(first)), "")
	if err := w.verifyApp(tokens, w.code(second)); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	says(t, w.shows(app, w.code(first)), badAppCode)
	says(t, w.shows(app, w.code(second)), "")
}

// Whoever guesses codes knows the password already: the fifth wrong one locks, and a
// right password does not forget them.
func TestSoftwareTokenGuesses(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	w.offerTOTP(pool, "OPTIONAL")
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	secret := w.enroll(tokens)
	if err := w.choose(tokens, appMFA(true, false)); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	for range 5 {
		says(t, w.shows(app, wrong(w.code(secret))), badAppCode)
	}
	const locked = "NotAuthorizedException: Password attempts exceeded"
	says(t, w.shows(app, w.code(secret)), locked)
	w.clock.Advance(time.Second)
	says(t, w.shows(app, wrong(w.code(secret))), badAppCode)
	w.clock.Advance(time.Second)
	says(t, w.shows(app, w.code(secret)), locked) // twice as long
	w.clock.Advance(2 * time.Second)
	code := w.code(secret)
	says(t, w.shows(app, code), "")
	// A code that was used before does not wipe the slate.
	for range 4 {
		says(t, w.shows(app, wrong(code)), badAppCode)
	}
	says(t, w.shows(app, code), usedAppCode)
	says(t, w.shows(app, wrong(code)), badAppCode)
	says(t, w.shows(app, code), locked)
}

func TestSoftwareTokenBySession(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		pool := w.pool()
		app := w.app(pool)
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		w.offerTOTP(pool, "ON")
		session := func(challenge types.ChallengeNameType) *string {
			t.Helper()
			asked, err := w.byPassword(app, "ada", password)
			if err != nil || asked.ChallengeName != challenge {
				t.Fatalf("%+v, %v", asked, err)
			}
			return asked.Session
		}
		associate := func(session *string) (*idp.AssociateSoftwareTokenOutput, error) {
			return w.AssociateSoftwareToken(ctx, &idp.AssociateSoftwareTokenInput{Session: session})
		}
		verify := func(session *string, code string) (*idp.VerifySoftwareTokenOutput, error) {
			return w.VerifySoftwareToken(ctx, &idp.VerifySoftwareTokenInput{Session: session, UserCode: &code})
		}
		first, late := session("MFA_SETUP"), session("MFA_SETUP")
		begun, err := associate(first)
		if err != nil {
			t.Fatal(err)
		}
		_, err = associate(first)
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
		_, err = verify(begun.Session, wrong(w.code(*begun.SecretCode)))
		wants(t, err, "EnableSoftwareTokenMFAException", badSetupCode)
		_, err = w.respond(app, "MFA_SETUP", begun.Session, "USERNAME", "ada")
		wants(t, err, invalidParameter, "MFA setup is not complete: verify a software token or give an email address.")
		verified, err := verify(begun.Session, w.code(*begun.SecretCode)) // a wrong code keeps the session
		if err != nil {
			t.Fatal(err)
		}
		in, err := w.respond(app, "MFA_SETUP", verified.Session, "USERNAME", "ada")
		if verified.Status != "SUCCESS" || err != nil || in.AuthenticationResult == nil {
			t.Errorf("status %s, %+v, %v", verified.Status, in, err)
		}
		if list, _ := w.factors(tokens); !cmp.Equal(list, []string{"SOFTWARE_TOKEN_MFA"}) {
			t.Errorf("activated in a pool that demands a second factor: %v", list)
		}

		_, err = associate(session("SOFTWARE_TOKEN_MFA"))
		wants(t, err, notAuthorized, "Invalid session for the user.")
		_, err = associate(aws.String("AAAAAAAAAAAAAAAAAAAAAAAA"))
		wants(t, err, notAuthorized, "Invalid session for the user.")
		w.clock.Advance(3 * time.Minute)
		_, err = associate(late)
		wants(t, err, notAuthorized, "Invalid session for the user, session is expired.")
	})
}

func TestSoftwareTokenRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool()
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	_, err := w.AssociateSoftwareToken(ctx, &idp.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken})
	wants(t, err, "SoftwareTokenMFANotFoundException", "Software Token MFA has not been enabled by the userPool")
	wants(t, w.verifyApp(tokens, "123456"), "SoftwareTokenMFANotFoundException", "Software Token MFA has not been enabled by the userPool")
	w.offerTOTP(pool, "OPTIONAL")
	wants(t, w.verifyApp(tokens, "123456"), invalidParameter, "User has not set up software token mfa")
	const either = "Either AccessToken or Session must be provided, and not both."
	_, err = w.AssociateSoftwareToken(ctx, &idp.AssociateSoftwareTokenInput{})
	wants(t, err, invalidParameter, either)
	_, err = w.AssociateSoftwareToken(ctx, &idp.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken, Session: aws.String("AAAAAAAAAAAAAAAAAAAAAAAA")})
	wants(t, err, invalidParameter, either)
	_, err = w.AssociateSoftwareToken(ctx, &idp.AssociateSoftwareTokenInput{AccessToken: tokens.IdToken})
	wants(t, err, notAuthorized, "Invalid Access Token")
	wants(t, w.verifyApp(tokens, "12345"), invalidParameter,
		"1 validation error detected: Value at 'userCode' failed to satisfy constraint: Member must have length greater than or equal to 6")
}
