package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func (w *world) changes(tokens *types.AuthenticationResultType, previous, proposed string) error {
	in := &idp.ChangePasswordInput{AccessToken: tokens.AccessToken, ProposedPassword: &proposed}
	if previous != "" {
		in.PreviousPassword = &previous
	}
	_, err := w.ChangePassword(w.t.Context(), in)
	return err
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool())
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		wants(t, w.changes(tokens, "Wrong-1!x", otherPassword), notAuthorized, "Incorrect username or password.")
		wants(t, w.changes(tokens, password, "alllower1!"), "InvalidPasswordException", "Password did not conform with policy: Password must have uppercase characters")
		wants(t, w.changes(tokens, "", otherPassword), invalidParameter, "Missing required parameter PreviousPassword")
		if err := w.changes(tokens, password, otherPassword); err != nil {
			t.Fatal(err)
		}
		_, err := w.byPassword(app, "ada", password)
		wants(t, err, notAuthorized, "Incorrect username or password.")
		if _, err := w.bySRP(app, "ada", otherPassword); err != nil {
			t.Fatal(err)
		}
		if _, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken}); err != nil {
			t.Errorf("the token ended with the password: %v", err)
		}
	})
}

// Somebody with a stolen token cannot try passwords as they like.
func TestChangePasswordLimit(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	for range 5 {
		wants(t, w.changes(tokens, "Wrong-1!x", otherPassword), notAuthorized, "Incorrect username or password.")
	}
	wants(t, w.changes(tokens, password, otherPassword), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	w.clock.Advance(59 * time.Minute)
	tokens = w.signIn(app, "ada")
	wants(t, w.changes(tokens, password, otherPassword), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	w.clock.Advance(time.Minute)
	if err := w.changes(tokens, password, otherPassword); err != nil {
		t.Error(err)
	}
}

func TestPasswordHistory(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(8), PasswordHistorySize: aws.Int32(2)}}
	})
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	const used = "Password has previously been used."
	wants(t, w.changes(tokens, password, password), "PasswordHistoryPolicyViolationException", used)
	if err := w.changes(tokens, password, otherPassword); err != nil {
		t.Fatal(err)
	}
	wants(t, w.changes(tokens, otherPassword, password), "PasswordHistoryPolicyViolationException", used)
	_, err := w.AdminSetUserPassword(t.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: pool.Id, Username: aws.String("ada"), Password: aws.String(password), Permanent: true})
	wants(t, err, "PasswordHistoryPolicyViolationException", used)
	if err := w.changes(tokens, otherPassword, "a-third-one"); err != nil {
		t.Fatal(err)
	}
	if err := w.changes(tokens, "a-third-one", password); err != nil {
		t.Errorf("the last but two is forgotten: %v", err)
	}
}

// What is wrong with the new password does not tell, beyond the limit, that the old one
// was right.
func TestPasswordsAreNotGuessedByChanging(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	for range 4 {
		wants(t, w.changes(tokens, "Wrong-1!x", "short!"), notAuthorized, incorrect)
	}
	wants(t, w.changes(tokens, password, "short!"), "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	wants(t, w.changes(tokens, "Wrong-1!x", "short!"), notAuthorized, incorrect)
	w.clock.Advance(10 * time.Second) // the lock is over, the hour is not
	for _, previous := range []string{password, "Wrong-1!x"} {
		wants(t, w.changes(tokens, previous, "short!"), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	}
}

// Somebody who came in without a password sets their first one.
func TestFirstPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, app := w.choicePool(false)
	w.mustCreate(pool, "ada", nil, "email", "ada@example.org", "email_verified", "true")
	_, err := w.byPassword(app, "ada", password)
	wants(t, err, notAuthorized, incorrect)
	asked, err := w.begin(app, nil, "USERNAME", "ada", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	if err != nil || asked.ChallengeName != "EMAIL_OTP" {
		t.Fatalf("%+v, %v", asked, err)
	}
	in, err := w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", w.otpTo("ada@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	tokens := in.AuthenticationResult
	wants(t, w.changes(tokens, "Wrong-1!x", otherPassword), notAuthorized, incorrect)
	wants(t, w.changes(tokens, "", "short!"), "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	if err := w.changes(tokens, "", password); err != nil {
		t.Fatal(err)
	}
	wants(t, w.changes(tokens, "", otherPassword), invalidParameter, "Missing required parameter PreviousPassword")
	if _, err := w.bySRP(app, "ada", password); err != nil {
		t.Error(err)
	}
}
