package userpool_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/delivery"
)

func TestSignUp(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(withCustom)
		app := w.app(p)
		out := w.signUp(app, "Ada", "email", "zoe.ada@books.example", "name", "Ada L.", "custom:tier", "gold", "custom:born", "1815")
		if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(*out.UserSub) || out.UserConfirmed {
			t.Errorf("answer %+v", out)
		}
		details := &types.CodeDeliveryDetailsType{AttributeName: aws.String("email"), DeliveryMedium: "EMAIL", Destination: aws.String("z***@b***")}
		if diff := cmp.Diff(details, out.CodeDeliveryDetails, unexported); diff != "" {
			t.Error(diff)
		}
		m := w.messageTo("zoe.ada@books.example")
		if m.Channel != delivery.Email || m.Subject != "Your verification code" || m.Body != "Your verification code is "+m.Code+". " ||
			m.Purpose != "SignUp" || m.UserPoolID != *p.Id || m.Username != "Ada" {
			t.Errorf("message %+v", m)
		}
		u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("Ada")})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"sub": *out.UserSub, "email": "zoe.ada@books.example", "email_verified": "false", "name": "Ada L.",
			"custom:tier": "gold", "custom:born": "1815",
		}
		if diff := cmp.Diff(want, values(u.UserAttributes)); diff != "" || u.UserStatus != "UNCONFIRMED" || !u.Enabled {
			t.Errorf("user %+v\n%s", u, diff)
		}
	})
}

func withCustom(in *idp.CreateUserPoolInput) {
	in.Schema = []types.SchemaAttributeType{
		{Name: aws.String("tier"), AttributeDataType: "String", Mutable: aws.Bool(true), StringAttributeConstraints: &types.StringAttributeConstraintsType{MaxLength: aws.String("6")}},
		{Name: aws.String("born"), AttributeDataType: "Number", NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MaxValue: aws.String("2020")}},
		{Name: aws.String("flag"), AttributeDataType: "Boolean", Mutable: aws.Bool(true)},
		{Name: aws.String("since"), AttributeDataType: "DateTime", Mutable: aws.Bool(true)},
		{Name: aws.String("secret"), AttributeDataType: "String", DeveloperOnlyAttribute: aws.Bool(true)},
	}
}

func TestSignUpRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom, func(in *idp.CreateUserPoolInput) {
		in.Schema = append(in.Schema,
			types.SchemaAttributeType{Name: aws.String("name"), Required: aws.Bool(true)},
			types.SchemaAttributeType{Name: aws.String("locale"), Required: aws.Bool(true)})
	})
	app := w.app(p, func(in *idp.CreateUserPoolClientInput) {
		in.WriteAttributes = []string{"name", "locale", "email", "custom:tier", "custom:born", "custom:flag", "custom:since", "birthdate", "phone_number"}
	})
	w.signUp(app, "taken", "name", "T", "locale", "en")
	tests := []struct {
		name, username, password string
		attributes               []string
		code, message            string
	}{
		{"taken", "taken", password, nil, "UsernameExistsException", "User already exists"},
		{"short", "ada", "Aa1!", nil, "InvalidPasswordException", "Password did not conform with policy: Password not long enough"},
		{"no upper case", "ada", "abcdefg1!", nil, "InvalidPasswordException", "Password did not conform with policy: Password must have uppercase characters"},
		{"no lower case", "ada", "ABCDEFG1!", nil, "InvalidPasswordException", "Password did not conform with policy: Password must have lowercase characters"},
		{"no number", "ada", "Abcdefgh!", nil, "InvalidPasswordException", "Password did not conform with policy: Password must have numeric characters"},
		{"no symbol", "ada", "Abcdefgh1", nil, "InvalidPasswordException", "Password did not conform with policy: Password must have symbol characters"},
		{"no password", "ada", "", nil, invalidParameter, "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null"},
		{"missing attributes", "ada", password, []string{"-name", "-locale"}, invalidParameter,
			"Attributes did not conform to the schema: name.formatted: The attribute name.formatted is required locale: The attribute is required"},
		{"unknown attribute", "ada", password, []string{"custom:x", "1"}, invalidParameter,
			"Attributes did not conform to the schema: Type for attribute {custom:x} could not be determined"},
		{"bad e-mail", "ada", password, []string{"email", "ada@"}, invalidParameter, "Invalid email address format."},
		{"bad phone", "ada", password, []string{"phone_number", "0301234"}, invalidParameter, "Invalid phone number format."},
		{"long custom", "ada", password, []string{"custom:tier", "platinum"}, invalidParameter,
			"Attributes did not conform to the schema: custom:tier: String must be no longer than 6 characters."},
		{"large custom", "ada", password, []string{"custom:born", "2021"}, invalidParameter,
			"Attributes did not conform to the schema: custom:born: Number must be no greater than 2020."},
		{"no number custom", "ada", password, []string{"custom:born", "NaN"}, invalidParameter,
			"Attributes did not conform to the schema: custom:born: Value must be a number."},
		{"no flag", "ada", password, []string{"custom:flag", "yes"}, invalidParameter,
			"Attributes did not conform to the schema: custom:flag: Value must be true or false."},
		{"no time", "ada", password, []string{"custom:since", "yesterday"}, invalidParameter,
			"Attributes did not conform to the schema: custom:since: Value must be a date and time."},
		{"no date", "ada", password, []string{"birthdate", "2000-13-01"}, invalidParameter,
			"Attributes did not conform to the schema: birthdate: Value must be a date in the form YYYY-MM-DD."},
		{"NUL", "ada", password, []string{"custom:tier", "a\x00b"}, invalidParameter,
			"Attributes did not conform to the schema: custom:tier: A value must not contain the character U+0000."},
		{"flag of verification", "ada", password, []string{"email_verified", "true"}, notAuthorized, "A client attempted to write unauthorized attribute"},
		{"sub", "ada", password, []string{"sub", "x"}, notAuthorized, "A client attempted to write unauthorized attribute"},
		{"developer-only", "ada", password, []string{"dev:custom:secret", "x"}, notAuthorized, "A client attempted to write unauthorized attribute"},
		{"not among the client's", "ada", password, []string{"nickname", "x"}, notAuthorized, "A client attempted to write unauthorized attribute"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			given := map[string]string{"name": "Ada", "locale": "en"}
			for i := 0; i < len(test.attributes); {
				if name, without := strings.CutPrefix(test.attributes[i], "-"); without {
					delete(given, name)
					i++
					continue
				}
				given[test.attributes[i]] = test.attributes[i+1]
				i += 2
			}
			var list []types.AttributeType
			for name, value := range given {
				list = append(list, attrs(name, value)...)
			}
			in := &idp.SignUpInput{ClientId: app.ClientId, Username: &test.username, UserAttributes: list}
			if test.password != "" {
				in.Password = &test.password
			}
			_, err := w.SignUp(t.Context(), in)
			wants(t, err, test.code, test.message)
		})
	}
	// Nothing was half-written.
	_, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada")})
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

func TestSignUpClosed(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(func(in *idp.CreateUserPoolInput) {
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}
	}))
	_, err := w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("ada"), Password: aws.String(password)})
	wants(t, err, notAuthorized, "SignUp is not permitted for this user pool")
}

func TestSignUpByPhone(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{"email", "phone_number"}
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{SmsMessage: aws.String("Code {####} for you")}
	})
	app := w.app(p)
	out := w.signUp(app, "ada", "email", "ada@example.org", "phone_number", "+491701238920")
	if d := out.CodeDeliveryDetails; *d.Destination != "+********8920" || d.DeliveryMedium != "SMS" || *d.AttributeName != "phone_number" {
		t.Errorf("details %v %v %v", *d.Destination, d.DeliveryMedium, *d.AttributeName)
	}
	if m := w.messageTo("+491701238920"); m.Channel != delivery.SMS || m.Subject != "" || m.Body != "Code "+m.Code+" for you" {
		t.Errorf("message %+v", m)
	}
	w.confirm(app, "ada", "+491701238920")
	u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada")})
	if err != nil {
		t.Fatal(err)
	}
	if got := values(u.UserAttributes); got["phone_number_verified"] != "true" || got["email_verified"] != "false" {
		t.Errorf("attributes %v: only the address that got the code is verified", got)
	}
}

func TestSignUpWithoutVerification(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil })
	app := w.app(p)
	if out := w.signUp(app, "ada", "email", "ada@example.org"); out.CodeDeliveryDetails != nil {
		t.Errorf("details of a code that nobody asked for: %v", out.CodeDeliveryDetails)
	}
	_, err := w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("ada")})
	wants(t, err, invalidParameter, "Cannot resend codes. Auto verification not turned on.")
	_, err = w.byPassword(app, "ada", password)
	wants(t, err, "UserNotConfirmedException", "User is not confirmed.")
	if _, err := w.AdminConfirmSignUp(t.Context(), &idp.AdminConfirmSignUpInput{UserPoolId: p.Id, Username: aws.String("ada")}); err != nil {
		t.Fatal(err)
	}
	w.signIn(app, "ada")
	_, err = w.AdminConfirmSignUp(t.Context(), &idp.AdminConfirmSignUpInput{UserPoolId: p.Id, Username: aws.String("ada")})
	wants(t, err, notAuthorized, "User cannot be confirmed. Current status is CONFIRMED")
	_, err = w.AdminConfirmSignUp(t.Context(), &idp.AdminConfirmSignUpInput{UserPoolId: p.Id, Username: aws.String("bob")})
	wants(t, err, "UserNotFoundException", "User does not exist.")
	u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada")})
	if err != nil || values(u.UserAttributes)["email_verified"] != "false" {
		t.Errorf("%v %v: an administrator's confirmation verifies nothing", u, err)
	}
}

// Two people race for one name: one gets it.
func TestSignUpRace(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool())
		errs := make([]error, 8)
		together(len(errs), func(i int) {
			_, errs[i] = w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("ada"), Password: aws.String(password)})
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			wants(t, err, "UsernameExistsException", "User already exists")
		}
		if won != 1 {
			t.Errorf("%d people have one name", won)
		}
	})
}
