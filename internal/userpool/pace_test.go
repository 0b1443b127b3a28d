package userpool_test

import (
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/userpool/passwordhash"
)

// took is how long a call takes that fails as it should.
func took(t *testing.T, code, message string, call func() error) time.Duration {
	t.Helper()
	began := time.Now()
	err := call()
	d := time.Since(began)
	if code == "" && err == nil {
		return d
	}
	wants(t, err, code, message)
	return d
}

// Where a function is asked about people who exist, others are answered as late.
func TestNobodyIsAnsweredSooner(t *testing.T) {
	t.Parallel()
	const slow = 60 * time.Millisecond
	w := boot(t)
	w.functions(map[string]function{"message": func(event) string {
		<-time.After(slow)
		return ""
	}})
	_, app := w.choicePool(true, withTriggers(&types.LambdaConfigType{CustomMessage: arn("message")}))
	w.member(app, "ada")
	w.signUp(app, "newcomer", "email", "newcomer@example.org")
	ctx := t.Context()
	for name, ask := range map[string]func(username string) error{
		"ForgotPassword": func(username string) error { _, err := w.forgot(app, username); return err },
		"ResendConfirmationCode": func(username string) error {
			_, err := w.ResendConfirmationCode(ctx, &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: &username})
			return err
		},
		"EMAIL_OTP": func(username string) error {
			_, err := w.begin(app, nil, "USERNAME", username, "PREFERRED_CHALLENGE", "EMAIL_OTP")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			somebody := "ada"
			if name == "ResendConfirmationCode" {
				somebody = "newcomer"
			}
			for _, who := range []string{somebody, "nobody"} {
				if d := took(t, "", "", func() error { return ask(who) }); d < slow {
					t.Errorf("%s was answered after %v", who, d)
				}
			}
		})
	}
}

// Where a password is checked against an imported hash, others are refused as late.
func TestNobodyIsRefusedSooner(t *testing.T) {
	t.Parallel()
	const hash = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga" // of allmine
	parsed, err := passwordhash.Parse(passwordhash.BCRYPT, hash)
	if err != nil {
		t.Fatal(err)
	}
	least := time.Hour
	for range 3 {
		began := time.Now()
		parsed.Matches("not mine")
		least = min(least, time.Since(began))
	}
	w := boot(t)
	w.work()
	pool := w.pool()
	app := w.app(pool, func(in *idp.CreateUserPoolClientInput) { in.PreventUserExistenceErrors = "ENABLED" })
	w.member(app, "bob")
	w.importHashed(pool, "ada", hash)
	for _, who := range []string{"ada", "bob", "nobody"} {
		d := took(t, notAuthorized, incorrect, func() error { _, err := w.byPassword(app, who, "not mine"); return err })
		if d < least/2 { // the machine may have been twice as busy before
			t.Errorf("%s was refused after %v, and a hash takes %v", who, d, least)
		}
	}
}
