package userpool_test

import (
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

// Where the code goes: to verified addresses in the order of the settings.
func TestRecoveryOrder(t *testing.T) {
	t.Parallel()
	recovery := func(names ...types.RecoveryOptionNameType) func(*idp.CreateUserPoolInput) {
		return func(in *idp.CreateUserPoolInput) {
			in.AccountRecoverySetting = new(types.AccountRecoverySettingType)
			for i, name := range names {
				option := types.RecoveryOptionType{Name: name, Priority: aws.Int32(int32(i + 1))}
				in.AccountRecoverySetting.RecoveryMechanisms = append(in.AccountRecoverySetting.RecoveryMechanisms, option)
			}
		}
	}
	const none = "Cannot reset password for the user as there is no registered/verified email or phone_number"
	w := boot(t)
	for _, test := range []struct {
		name   string
		change func(*idp.CreateUserPoolInput)
		want   string // the attribute, or ""
	}{
		{"by default the phone, which is not verified, is passed over", func(*idp.CreateUserPoolInput) {}, "email"},
		{"e-mail first", recovery("verified_email", "verified_phone_number"), "email"},
		{"phone only", recovery("verified_phone_number"), ""},
		{"administrators only", recovery("admin_only"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := w.app(w.pool(test.change))
			w.member(app, "ada", "phone_number", "+4915112345678")
			details, err := w.forgot(app, "ada")
			if test.want == "" {
				wants(t, err, invalidParameter, none)
				return
			}
			if err != nil || *details.AttributeName != test.want {
				t.Errorf("%+v, %v", details, err)
			}
		})
	}
}

// Clients that hide who exists get answers of the same shape about everybody, always
// the same about the same name.
func TestForgottenNobody(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	open, hiding := w.app(pool), w.app(pool, func(in *idp.CreateUserPoolClientInput) { in.PreventUserExistenceErrors = "ENABLED" })
	w.member(open, "ada")
	_, err := w.forgot(open, "eve")
	wants(t, err, "UserNotFoundException", "Username/client id combination not found.")
	wants(t, w.resets(open, "eve", "123456", otherPassword), "UserNotFoundException", "Username/client id combination not found.")

	wants(t, w.resets(hiding, "eve", "123456", otherPassword), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	wants(t, w.resets(hiding, "ada", "123456", otherPassword), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	first, err := w.forgot(hiding, "eve")
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.forgot(hiding, "eve")
	if err != nil || *again.Destination != *first.Destination {
		t.Errorf("%v, %v", again, err)
	}
	real, err := w.forgot(hiding, "ada")
	if err != nil || len(*real.Destination) != len(*first.Destination) || real.DeliveryMedium != first.DeliveryMedium {
		t.Errorf("%+v is not like %+v, %v", first, real, err)
	}
	wants(t, w.resets(hiding, "eve", "123456", otherPassword), "CodeMismatchException", "Invalid verification code provided, please try again.")
	wants(t, w.resets(hiding, "ada", wrong(w.codeTo("ada@example.org")), otherPassword), "CodeMismatchException", "Invalid verification code provided, please try again.")
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
