package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// tryCode answers a sign-up's code.
func (w *world) tryCode(app *types.UserPoolClientType, username, code string) error {
	_, err := w.ConfirmSignUp(w.t.Context(), &idp.ConfirmSignUpInput{ClientId: app.ClientId, Username: &username, ConfirmationCode: &code})
	return err
}

const (
	mismatch = "Invalid verification code provided, please try again."
	expired  = "Invalid code provided, please request a code again."
	tooMany  = "Attempt limit exceeded, please try after some time."
)

func TestConfirmSignUp(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		app := w.app(p)
		w.signUp(app, "ada", "email", "ada@example.org")
		code := w.codeTo("ada@example.org")
		wants(t, w.tryCode(app, "ada", wrong(code)), "CodeMismatchException", mismatch)
		if err := w.tryCode(app, "ada", code); err != nil {
			t.Fatal(err)
		}
		wants(t, w.tryCode(app, "ada", code), notAuthorized, "User cannot be confirmed. Current status is CONFIRMED")
		u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada")})
		if err != nil {
			t.Fatal(err)
		}
		if u.UserStatus != "CONFIRMED" || values(u.UserAttributes)["email_verified"] != "true" || !u.UserLastModifiedDate.After(*u.UserCreateDate) {
			t.Errorf("user %+v", u)
		}
		_, err = w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("ada")})
		wants(t, err, invalidParameter, "User is already confirmed.")
		wants(t, w.tryCode(app, "nobody", code), "UserNotFoundException", "Username/client id combination not found.")
	})
}

// Who was disabled before confirming is nobody to clients that hide who exists, even with
// the right code.
func TestConfirmSignUpOfADisabledUser(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p, hidden)
	w.signUp(app, "ada", "email", "ada@example.org")
	code := w.codeTo("ada@example.org")
	if _, err := w.AdminDisableUser(t.Context(), &idp.AdminDisableUserInput{UserPoolId: p.Id, Username: aws.String("ada")}); err != nil {
		t.Fatal(err)
	}
	for range 15 {
		wantsAlike(t, "a code", w.tryCode(app, "ada", code), w.tryCode(app, "eve", code))
	}
	wants(t, w.tryCode(app, "ada", code), "LimitExceededException", tooMany)
}

func TestCodeLife(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(func(in *idp.CreateUserPoolInput) {
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{EmailMessage: aws.String("Say {####}, {####}"), EmailSubject: aws.String("Hello")}
	}))
	w.signUp(app, "ada", "email", "ada@example.org")
	first := w.codeTo("ada@example.org")
	if m := w.messageTo("ada@example.org"); m.Subject != "Hello" || m.Body != "Say "+first+", "+first {
		t.Errorf("message %+v", m)
	}
	resent, err := w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("ada")})
	if err != nil || *resent.CodeDeliveryDetails.Destination != "a***@e***" {
		t.Fatalf("%v %v", resent, err)
	}
	second := w.codeTo("ada@example.org")
	if w.messageTo("ada@example.org").Purpose != "ResendCode" {
		t.Error("the newest message is not the resent code")
	}
	if first != second { // one in a million
		wants(t, w.tryCode(app, "ada", first), "CodeMismatchException", mismatch)
	}
	w.clock.Advance(24 * time.Hour)
	wants(t, w.tryCode(app, "ada", second), "ExpiredCodeException", expired)
}

func TestCodeAttempts(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.signUp(app, "ada", "email", "ada@example.org")
	code := w.codeTo("ada@example.org")
	for range 15 {
		wants(t, w.tryCode(app, "ada", wrong(code)), "CodeMismatchException", mismatch)
	}
	wants(t, w.tryCode(app, "ada", code), "LimitExceededException", tooMany)
	w.clock.Advance(time.Hour)
	if err := w.tryCode(app, "ada", code); err != nil {
		t.Error("after an hour:", err)
	}

	w.signUp(app, "bob", "email", "bob@example.org")
	resend := func() error {
		_, err := w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("bob")})
		return err
	}
	for range 5 {
		if err := resend(); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, resend(), "LimitExceededException", tooMany)
	if err := w.tryCode(app, "bob", w.codeTo("bob@example.org")); err != nil {
		t.Error("the refused request has cost the code:", err)
	}
}

// Where a client hides who exists, the answers for nobody are those for somebody.
func TestHiddenConfirmation(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(), hidden)
	w.signUp(app, "ada", "email", "ada@example.org")
	code := wrong(w.codeTo("ada@example.org"))
	for range 15 {
		wants(t, w.tryCode(app, "ada", code), "CodeMismatchException", mismatch)
		wants(t, w.tryCode(app, "nobody", code), "CodeMismatchException", mismatch)
	}
	wants(t, w.tryCode(app, "ada", code), "LimitExceededException", tooMany)
	wants(t, w.tryCode(app, "nobody", code), "LimitExceededException", tooMany)

	destination := func(username string) string {
		out, err := w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: &username})
		if err != nil {
			t.Fatal(err)
		}
		if out.CodeDeliveryDetails.DeliveryMedium != "EMAIL" || *out.CodeDeliveryDetails.AttributeName != "email" {
			t.Errorf("details %v", out.CodeDeliveryDetails)
		}
		return *out.CodeDeliveryDetails.Destination
	}
	if first, again := destination("nobody"), destination("nobody"); first != again || len(first) != len("a***@e***") {
		t.Errorf("destinations %q and %q of nobody", first, again)
	}
	for range 3 {
		destination("nobody")
	}
	_, err := w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("nobody")})
	wants(t, err, "LimitExceededException", tooMany)

	w.signUp(app, "gone", "email", "gone@example.net")
	w.enable(&types.UserPoolType{Id: app.UserPoolId}, "gone", false)
	newest := w.messageTo("gone@example.net").ID
	destination("gone")
	if again := w.messageTo("gone@example.net").ID; again != newest {
		t.Error("a disabled user was sent a code")
	}
}

// hidden makes a client that hides who exists.
func hidden(in *idp.CreateUserPoolClientInput) { in.PreventUserExistenceErrors = "ENABLED" }
