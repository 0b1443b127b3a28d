package userpool_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const otherPassword = "An0ther!Example"

func (w *world) forgot(app *types.UserPoolClientType, username string) (*types.CodeDeliveryDetailsType, error) {
	out, err := w.ForgotPassword(w.t.Context(), &idp.ForgotPasswordInput{ClientId: app.ClientId, Username: &username})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetails, nil
}

func (w *world) resets(app *types.UserPoolClientType, username, code, password string) error {
	_, err := w.ConfirmForgotPassword(w.t.Context(), &idp.ConfirmForgotPasswordInput{ClientId: app.ClientId, Username: &username, ConfirmationCode: &code, Password: &password})
	return err
}

func TestForgotPassword(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool())
		w.member(app, "ada")
		details, err := w.forgot(app, "ada")
		if err != nil || *details.Destination != "a***@e***" || details.DeliveryMedium != "EMAIL" || *details.AttributeName != "email" {
			t.Fatalf("%+v, %v", details, err)
		}
		m := w.messageTo("ada@example.org")
		if m.Purpose != "ForgotPassword" || !m.Expires.After(w.clock.Now().Add(50*time.Minute)) || m.Expires.After(w.clock.Now().Add(time.Hour)) {
			t.Errorf("message %+v", m)
		}
		wants(t, w.resets(app, "ada", wrong(m.Code), otherPassword), "CodeMismatchException", "Invalid verification code provided, please try again.")
		wants(t, w.resets(app, "ada", m.Code, "short"), "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
		w.signIn(app, "ada") // still by the old one
		if err := w.resets(app, "ada", m.Code, otherPassword); err != nil {
			t.Fatal(err)
		}
		wants(t, w.resets(app, "ada", m.Code, otherPassword), "ExpiredCodeException", "Invalid code provided, please request a code again.")
		_, err = w.byPassword(app, "ada", password)
		wants(t, err, notAuthorized, "Incorrect username or password.")
		if _, err := w.bySRP(app, "ada", otherPassword); err != nil {
			t.Fatal(err)
		}
		if _, err := w.forgot(app, "ada"); err != nil {
			t.Fatal(err)
		}
		late := w.codeTo("ada@example.org")
		w.clock.Advance(time.Hour)
		wants(t, w.resets(app, "ada", late, password), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	})
}

func TestForgotPasswordLimit(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	for range 20 {
		if _, err := w.forgot(app, "ada"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.forgot(app, "ada")
	wants(t, err, "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	wants(t, w.resets(app, "ada", w.codeTo("ada@example.org"), otherPassword), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	w.clock.Advance(time.Hour)
	if _, err := w.forgot(app, "ada"); err != nil {
		t.Error(err)
	}
}

// recovery makes a pool with an AccountRecoverySetting in this order.
func recovery(names ...types.RecoveryOptionNameType) func(*idp.CreateUserPoolInput) {
	return func(in *idp.CreateUserPoolInput) {
		in.AccountRecoverySetting = new(types.AccountRecoverySettingType)
		for i, name := range names {
			option := types.RecoveryOptionType{Name: name, Priority: aws.Int32(int32(i + 1))}
			in.AccountRecoverySetting.RecoveryMechanisms = append(in.AccountRecoverySetting.RecoveryMechanisms, option)
		}
	}
}

const noRecovery = "Cannot reset password for the user as there is no registered/verified email or phone_number"

// Where the code goes: to verified addresses in the order of the settings.
func TestRecoveryOrder(t *testing.T) {
	t.Parallel()
	const mail, phone = "email_verified", "phone_number_verified"
	w := boot(t)
	for _, test := range []struct {
		name     string
		change   func(*idp.CreateUserPoolInput)
		verified []string
		want     string // the attribute, or ""
	}{
		{"by default the phone", func(*idp.CreateUserPoolInput) {}, []string{mail, phone}, "phone_number"},
		{"by default the phone, if it is verified", func(*idp.CreateUserPoolInput) {}, []string{mail}, "email"},
		{"e-mail first", recovery("verified_email", "verified_phone_number"), []string{mail, phone}, "email"},
		{"phone first", recovery("verified_phone_number", "verified_email"), []string{mail, phone}, "phone_number"},
		{"what is not verified is passed over", recovery("verified_email", "verified_phone_number"), []string{phone}, "phone_number"},
		{"phone only", recovery("verified_phone_number"), []string{mail}, ""},
		{"nothing is verified", recovery("verified_email", "verified_phone_number"), nil, ""},
		{"administrators only", recovery("admin_only"), []string{mail, phone}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			pool := w.pool(test.change)
			app := w.app(pool)
			w.member(app, "ada", "phone_number", "+4915112345678")
			w.mustAdminSet(pool, "ada", mail, "false")
			for _, flag := range test.verified {
				w.mustAdminSet(pool, "ada", flag, "true")
			}
			details, err := w.forgot(app, "ada")
			if test.want == "" {
				wants(t, err, invalidParameter, noRecovery)
				return
			}
			if err != nil || *details.AttributeName != test.want {
				t.Errorf("%+v, %v", details, err)
			}
		})
	}
}

// An address at which a user gets the codes of a second factor does not recover the
// account while there is another, and never alone.
func TestRecoveryBesideSecondFactors(t *testing.T) {
	t.Parallel()
	const phone = "+4915112345678"
	w := boot(t)
	both := recovery("verified_phone_number", "verified_email")
	for _, test := range []struct {
		name   string
		change func(*idp.CreateUserPoolInput)
		chosen mfaChange
		mail   string // email_verified
		want   string
	}{
		{"none is active", both, appMFA(true, false), "true", "phone_number"},
		{"SMS is active", both, smsMFA(true, false), "true", "email"},
		{"SMS is the only one", both, smsMFA(true, false), "false", ""},
		{"SMS is one of two", both, changes(smsMFA(true, false), appMFA(true, false)), "true", "email"},
		{"SMS is one of two and there is no other address", both, changes(smsMFA(true, false), appMFA(true, false)), "false", "phone_number"},
		{"a pool without the setting", func(*idp.CreateUserPoolInput) {}, smsMFA(true, false), "false", "phone_number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			pool := w.pool(test.change)
			app := w.app(pool)
			w.member(app, "ada", "phone_number", phone)
			w.mustAdminSet(pool, "ada", "phone_number_verified", "true", "email_verified", test.mail)
			w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
				in.MfaConfiguration, in.SoftwareTokenMfaConfiguration = "OPTIONAL", totpOn
				in.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsConfiguration: smsRole}
			})
			tokens := w.signIn(app, "ada")
			w.enroll(tokens)
			if err := w.choose(tokens, test.chosen); err != nil {
				t.Fatal(err)
			}
			details, err := w.forgot(app, "ada")
			if test.want == "" {
				wants(t, err, invalidParameter, noRecovery)
				return
			}
			if err != nil || *details.AttributeName != test.want {
				t.Errorf("%+v, %v", details, err)
			}
		})
	}
}

// What becomes of a forgotten password that cannot be reset: clients that hide who
// exists are told the same of everybody, and the others why.
func TestForgottenNobody(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	open, hiding := w.app(pool), w.app(pool, func(in *idp.CreateUserPoolClientInput) { in.PreventUserExistenceErrors = "ENABLED" })
	w.member(open, "ada") // who can
	w.member(open, "disabled")
	w.enable(pool, "disabled", false)
	w.signUp(open, "unconfirmed", "email", "unconfirmed@example.org")
	w.mustCreate(pool, "invited", quietly, "email", "invited@example.org", "email_verified", "true")
	w.member(open, "moved")
	w.mustAdminSet(pool, "moved", "email_verified", "false")
	const (
		mismatch, notThis = "CodeMismatchException", "Invalid verification code provided, please try again."
		expired, none     = "ExpiredCodeException", "Invalid code provided, please request a code again."
		state             = "User password cannot be reset in the current state."
		nobody            = "Username/client id combination not found."
	)
	for _, test := range []struct{ who, code, message, confirmCode, confirmMessage string }{
		{"nobody", noUser, nobody, noUser, nobody},
		{"disabled", notAuthorized, "User is disabled.", notAuthorized, "User is disabled."},
		{"unconfirmed", invalidParameter, noRecovery, "UserNotConfirmedException", "User is not confirmed."},
		{"invited", notAuthorized, state, expired, none},
		{"moved", invalidParameter, noRecovery, expired, none},
	} {
		t.Run(test.who, func(t *testing.T) {
			_, err := w.forgot(open, test.who)
			wants(t, err, test.code, test.message)
			wants(t, w.resets(open, test.who, "123456", otherPassword), test.confirmCode, test.confirmMessage)
		})
	}
	var want *types.CodeDeliveryDetailsType
	for _, who := range []string{"ada", "nobody", "disabled", "unconfirmed", "invited", "moved"} {
		t.Run(who+" hidden", func(t *testing.T) {
			for range 2 { // the first is not taken for a request of a code
				wants(t, w.resets(hiding, who, "123456", otherPassword), expired, none)
			}
			details, err := w.forgot(hiding, who)
			if err != nil {
				t.Fatal(err)
			}
			again, err := w.forgot(hiding, who)
			if err != nil || *again.Destination != *details.Destination {
				t.Errorf("now %+v, then %+v, %v", details, again, err)
			}
			if want == nil {
				want = details
			}
			if len(*details.Destination) != len(*want.Destination) || details.DeliveryMedium != want.DeliveryMedium || *details.AttributeName != *want.AttributeName {
				t.Errorf("%+v is not like %+v", details, want)
			}
			code := "000000"
			if who == "ada" {
				code = wrong(w.codeTo("ada@example.org"))
			}
			wants(t, w.resets(hiding, who, code, otherPassword), mismatch, notThis)
			for range 20 - 5 {
				wants(t, w.resets(hiding, who, code, otherPassword), mismatch, notThis)
			}
			wants(t, w.resets(hiding, who, code, otherPassword), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
			_, err = w.forgot(hiding, who)
			wants(t, err, "LimitExceededException", "Attempt limit exceeded, please try after some time.")
		})
	}
	for _, who := range []string{"disabled", "invited", "moved"} {
		if n := w.messagesTo(who + "@example.org"); n > 1 { // the code of the sign-up
			t.Errorf("%d messages to %s", n, who)
		}
	}
}

// A code is void once the address is no longer the user's, or the password another.
func TestVoidResetCodes(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	app := w.app(pool)
	w.member(app, "ada")
	for name, change := range map[string]func() error{
		"another address":       func() error { return w.adminSet(pool, "ada", "email", "new@example.org", "email_verified", "true") },
		"not verified any more": func() error { return w.adminSet(pool, "ada", "email_verified", "false") },
		"a new password":        func() error { return w.setsPassword(pool, "ada", password, true) },
		"a temporary password":  func() error { return w.setsPassword(pool, "ada", otherPassword, false) },
	} {
		t.Run(name, func(t *testing.T) {
			w.mustAdminSet(pool, "ada", "email", "ada@example.org", "email_verified", "true")
			if err := w.setsPassword(pool, "ada", password, true); err != nil {
				t.Fatal(err)
			}
			if _, err := w.forgot(app, "ada"); err != nil {
				t.Fatal(err)
			}
			code := w.codeTo("ada@example.org")
			if err := change(); err != nil {
				t.Fatal(err)
			}
			wants(t, w.resets(app, "ada", code, otherPassword), "ExpiredCodeException", "Invalid code provided, please request a code again.")
		})
	}
}

// What is wrong with the new password does not tell, beyond the limit, that the code
// was right.
func TestResetCodesAreNotGuessed(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(8), PasswordHistorySize: aws.Int32(1)}}
	})
	app := w.app(pool)
	w.member(app, "ada")
	if _, err := w.forgot(app, "ada"); err != nil {
		t.Fatal(err)
	}
	code := w.codeTo("ada@example.org")
	wants(t, w.resets(app, "ada", code, password), "PasswordHistoryPolicyViolationException", "Password has previously been used.")
	for range 19 {
		wants(t, w.resets(app, "ada", wrong(code), password), "CodeMismatchException", "Invalid verification code provided, please try again.")
	}
	for _, given := range []string{wrong(code), code} {
		wants(t, w.resets(app, "ada", given, password), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	}
}

// Somebody who forgot the password of the directory before becomes a user of the pool,
// and sets one here.
func TestMigrationOfForgotten(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{"old": func(e event) string {
		if e.text("userName") == "ada" {
			e.respond("userAttributes", map[string]string{"email": "ada@example.org", "email_verified": "true"})
			e.respond("messageAction", "SUPPRESS")
		}
		return ""
	}})
	pool := w.pool(withTriggers(&types.LambdaConfigType{UserMigration: arn("old")}))
	app := w.app(pool)
	for range 20 {
		_, err := w.forgot(app, "eve")
		wants(t, err, noUser, "Username/client id combination not found.")
	}
	_, err := w.forgot(app, "eve") // whom the other directory is not asked about as often as one likes
	wants(t, err, "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	if got := f.sources(); len(got) != 20 {
		t.Errorf("called %d times", len(got))
	}
	if details, err := w.forgot(app, "ada"); err != nil || *details.Destination != "a***@e***" {
		t.Fatalf("%+v, %v", details, err)
	}
	if got := f.sources(); !slices.Equal(got, []string{"UserMigration_ForgotPassword"}) {
		t.Errorf("called %v", got)
	}
	if got := w.status(pool, "ada"); got != "RESET_REQUIRED" {
		t.Errorf("status %s", got)
	}
	if err := w.resets(app, "ada", w.codeTo("ada@example.org"), password); err != nil {
		t.Fatal(err)
	}
	if _, err := w.bySRP(app, "ada", password); err != nil || w.status(pool, "ada") != "CONFIRMED" {
		t.Errorf("%v, status %s", err, w.status(pool, "ada"))
	}
}

func TestPostConfirmationOfAReset(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{"f": agree})
	app := w.app(w.pool(withTriggers(&types.LambdaConfigType{PostConfirmation: arn("f"), CustomMessage: arn("f")})))
	w.member(app, "ada")
	f.sources()
	if _, err := w.forgot(app, "ada"); err != nil {
		t.Fatal(err)
	}
	if err := w.resets(app, "ada", w.codeTo("ada@example.org"), otherPassword); err != nil {
		t.Fatal(err)
	}
	if got := f.sources(); len(got) != 2 || got[0] != "CustomMessage_ForgotPassword" || got[1] != "PostConfirmation_ConfirmForgotPassword" {
		t.Errorf("called %v", got)
	}
}
