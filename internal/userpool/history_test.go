package userpool_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// What a user does is in the history, the newest first.
func TestHistoryOfAUser(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(protected)
	app := w.app(pool)
	w.signUp(app, "ada", "email", "ada@example.org")
	if _, err := w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("ada")}); err != nil {
		t.Fatal(err)
	}
	w.confirm(app, "ada", "ada@example.org")
	_, err := w.byPassword(app, "ada", "Wrong-1!x")
	wants(t, err, notAuthorized, "Incorrect username or password.")
	tokens := w.signIn(app, "ada")
	if err := w.changes(tokens, password, otherPassword); err != nil {
		t.Fatal(err)
	}
	wants(t, w.changes(tokens, "Wrong-1!x", password), notAuthorized, incorrect)
	wants(t, w.changes(tokens, otherPassword, "short"), "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	if _, err := w.forgot(app, "ada"); err != nil {
		t.Fatal(err)
	}
	code := w.codeTo("ada@example.org")
	wants(t, w.resets(app, "ada", wrong(code), password), "CodeMismatchException", "Invalid verification code provided, please try again.")
	if err := w.resets(app, "ada", code, password); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range w.history(pool, "ada", 60) {
		got = append(got, string(e.EventType)+" "+string(e.EventResponse))
		if e.EventRisk.RiskDecision != types.RiskDecisionTypeNoRisk || *e.EventContextData.IpAddress == "" {
			t.Errorf("event %+v of %+v", e.EventRisk, e.EventContextData)
		}
	}
	want := []string{
		"ForgotPassword Pass", "ForgotPassword Fail", "ForgotPassword InProgress",
		"PasswordChange Fail", "PasswordChange Fail", "PasswordChange Pass", "SignIn Pass", "SignIn Fail", "ResendCode Pass", "SignUp Pass",
	}
	if !slices.Equal(got, want) {
		t.Errorf("history %q", got)
	}
}
