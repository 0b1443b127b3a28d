package userpool_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/delivery"
)

const temporary = "Temporary-1"

// create makes a user as an administrator.
func (w *world) create(p *types.UserPoolType, username string, change func(*idp.AdminCreateUserInput), pairs ...string) (*types.UserType, error) {
	in := &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: &username, UserAttributes: attrs(pairs...)}
	if change != nil {
		change(in)
	}
	out, err := w.AdminCreateUser(w.t.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.User, nil
}

// mustCreate is create for users who can be made.
func (w *world) mustCreate(p *types.UserPoolType, username string, change func(*idp.AdminCreateUserInput), pairs ...string) *types.UserType {
	w.t.Helper()
	u, err := w.create(p, username, change, pairs...)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func byEmail(in *idp.AdminCreateUserInput) {
	in.DesiredDeliveryMediums = []types.DeliveryMediumType{"EMAIL"}
}

func quietly(in *idp.AdminCreateUserInput) {
	in.TemporaryPassword, in.MessageAction = aws.String(temporary), "SUPPRESS"
}

func again(in *idp.AdminCreateUserInput) { in.MessageAction = "RESEND"; byEmail(in) }

// messagesTo counts the messages to an address.
func (w *world) messagesTo(address string) int {
	w.t.Helper()
	found, err := w.outbox.List(w.t.Context(), delivery.Filter{To: address, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(found)
}

func TestAdminCreateUser(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(withCustom, func(in *idp.CreateUserPoolInput) {
			in.Schema = append(in.Schema, types.SchemaAttributeType{Name: aws.String("name"), Required: aws.Bool(true)})
		})
		app := w.app(p)
		u := w.mustCreate(p, "ada", byEmail, "email", "ada@example.org", "email_verified", "true", "dev:custom:secret", "x")
		have := values(u.Attributes)
		want := map[string]string{"sub": have["sub"], "email": "ada@example.org", "email_verified": "true", "dev:custom:secret": "x"}
		if diff := cmp.Diff(want, have); diff != "" || have["sub"] == "" || *u.Username != "ada" || u.UserStatus != "FORCE_CHANGE_PASSWORD" || !u.Enabled {
			t.Errorf("user %+v\n%s", u, diff)
		}
		m := w.messageTo("ada@example.org")
		if m.Channel != delivery.Email || m.Subject != "Your temporary password" || m.Purpose != "AdminCreateUser" ||
			m.Body != "Your username is ada and temporary password is "+m.Code+". " || len(m.Code) != 12 {
			t.Errorf("message %+v", m)
		}
		if left := m.Expires.Sub(w.clock.Now()); left != 7*24*time.Hour {
			t.Errorf("the message expires in %s, not with the password", left)
		}
		asked, err := w.byPassword(app, "ada", m.Code)
		if err != nil {
			t.Fatal(err)
		}
		c := asked.ChallengeParameters
		if asked.ChallengeName != "NEW_PASSWORD_REQUIRED" || asked.AuthenticationResult != nil ||
			c["requiredAttributes"] != `["userAttributes.name"]` || !strings.Contains(c["userAttributes"], `"email":"ada@example.org"`) {
			t.Errorf("challenge %s %v", asked.ChallengeName, c)
		}
		answer := func(pairs ...string) error {
			_, err := w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, append([]string{"USERNAME", "ada", "NEW_PASSWORD", password}, pairs...)...)
			return err
		}
		wants(t, answer(), invalidParameter, "Attributes did not conform to the schema: name.formatted: The attribute name.formatted is required")
		if err := answer("userAttributes.name", "Ada"); err != nil {
			t.Fatal(err)
		}
		if got := w.adminGet(p, "ada"); got.UserStatus != "CONFIRMED" || values(got.UserAttributes)["name"] != "Ada" {
			t.Errorf("user %+v", got)
		}
		w.signIn(app, "ada")
		_, err = w.byPassword(app, "ada", m.Code)
		wants(t, err, notAuthorized, incorrect)
	})
}

func TestTemporaryPasswordBySRP(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.mustCreate(p, "ada", quietly, "email", "ada@example.org")
	if n := w.messagesTo("ada@example.org"); n != 0 {
		t.Errorf("%d messages although they were suppressed", n)
	}
	client := srpClient(app, temporary)
	asked, err := w.challenge(app, "ada", client)
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.RespondToAuthChallenge(t.Context(), w.answer(app, client, asked.ChallengeParameters))
	if err != nil {
		t.Fatal(err)
	}
	if out.ChallengeName != "NEW_PASSWORD_REQUIRED" || out.ChallengeParameters["requiredAttributes"] != "[]" {
		t.Fatalf("challenge %s %v", out.ChallengeName, out.ChallengeParameters)
	}
	out, err = w.respond(app, "NEW_PASSWORD_REQUIRED", out.Session, "USERNAME", "ada", "NEW_PASSWORD", password)
	if err != nil || out.AuthenticationResult == nil {
		t.Fatal(out, err)
	}
	if _, err := w.bySRP(app, "ada", password); err != nil {
		t.Error(err)
	}
}

func TestTemporaryPasswordExpires(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(30), TemporaryPasswordValidityDays: 2}}
	})
	app := w.app(p)
	w.mustCreate(p, "ada", byEmail, "email", "ada@example.org")
	first := w.messageTo("ada@example.org").Code
	if len(first) != 30 {
		t.Errorf("a generated password of %d characters", len(first))
	}
	w.clock.Advance(48*time.Hour - time.Minute)
	if _, err := w.byPassword(app, "ada", first); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(2 * time.Minute)
	_, err := w.byPassword(app, "ada", first)
	wants(t, err, notAuthorized, "Temporary password has expired and must be reset by an administrator.")
	w.later(0) // the client has set its clock by the room's
	w.mustCreate(p, "ada", again)
	second := w.messageTo("ada@example.org").Code
	if second == first {
		t.Error("the same password again")
	}
	if asked, err := w.byPassword(app, "ada", second); err != nil || asked.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Errorf("after the second invitation: %v %v", asked, err)
	}
	_, err = w.byPassword(app, "ada", first)
	wants(t, err, notAuthorized, incorrect)
}

func TestInvitationMedia(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{InviteMessageTemplate: &types.MessageTemplateType{
			SMSMessage: aws.String("SMS {username} {####}"), EmailMessage: aws.String("Mail {username} {####}"), EmailSubject: aws.String("Come in"),
		}}
	})
	both := []string{"email", "ada@example.org", "phone_number", "+4915112345678"}
	w.mustCreate(p, "ada", nil, both...)
	if m := w.messageTo("+4915112345678"); m.Channel != delivery.SMS || m.Body != "SMS ada "+m.Code || w.messagesTo("ada@example.org") != 0 {
		t.Errorf("by default, message %+v and %d mails", m, w.messagesTo("ada@example.org"))
	}
	both[1], both[3] = "bob@example.org", "+4915112345679"
	w.mustCreate(p, "bob", func(in *idp.AdminCreateUserInput) {
		in.DesiredDeliveryMediums = []types.DeliveryMediumType{"SMS", "EMAIL"}
	}, both...)
	mail, sms := w.messageTo("bob@example.org"), w.messageTo("+4915112345679")
	if mail.Subject != "Come in" || mail.Body != "Mail bob "+mail.Code || sms.Code != mail.Code {
		t.Errorf("both media: %+v %+v", mail, sms)
	}
	w.mustCreate(p, "eve", nil, "email", "eve@example.org")
	if n := w.messagesTo("eve@example.org"); n != 0 {
		t.Errorf("%d mails where SMS was asked for", n)
	}
}

func TestAdminCreateUserRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom, aliased)
	w.mustCreate(p, "taken", quietly, "email", "taken@example.org", "email_verified", "true")
	w.member(w.app(p), "grown")
	tests := []struct {
		name, username string
		change         func(*idp.AdminCreateUserInput)
		pairs          []string
		code, message  string
	}{
		{"username", "taken", quietly, nil, "UsernameExistsException", "User account already exists"},
		{"alias", "ada", quietly, []string{"email", "taken@example.org", "email_verified", "true"}, "UsernameExistsException", "An account with the given email already exists."},
		{"password", "ada", func(in *idp.AdminCreateUserInput) { in.TemporaryPassword = aws.String("Short1!") }, nil, "InvalidPasswordException", "Password did not conform with policy: Password not long enough"},
		{"form of an alias", "ada@example.org", quietly, nil, invalidParameter, "Username cannot be of email format, since user pool is configured for email alias."},
		{"sub", "ada", quietly, []string{"sub", "x"}, invalidParameter, "Cannot modify the non-mutable attribute sub"},
		{"unknown attribute", "ada", quietly, []string{"custom:x", "1"}, invalidParameter, "Attributes did not conform to the schema: Type for attribute {custom:x} could not be determined"},
		{"flag alone", "ada", quietly, []string{"email_verified", "true"}, invalidParameter, "The attribute email is required to set email_verified to true."},
		{"no address", "ada", byEmail, nil, invalidParameter, "The attribute email is required to send an invitation by EMAIL."},
		{"again, nobody", "ada", again, nil, noUser, absent},
		{"again, confirmed", "grown", again, nil, "UnsupportedUserStateException", "Resend not possible. grown status is not FORCE_CHANGE_PASSWORD"},
	}
	before := w.documents(p)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.create(p, test.username, test.change, test.pairs...)
			wants(t, err, test.code, test.message)
		})
	}
	if diff := cmp.Diff(before, w.documents(p)); diff != "" {
		t.Error("left of refused users:", diff)
	}
}

func TestForceAliasCreation(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(aliased)
	app := w.app(p)
	w.member(app, "ada")
	w.mustCreate(p, "bob", func(in *idp.AdminCreateUserInput) { quietly(in); in.ForceAliasCreation = true }, "email", "ada@example.org", "email_verified", "true")
	if got := w.adminGet(p, "ada@example.org"); *got.Username != "bob" {
		t.Errorf("the alias means %s", *got.Username)
	}
	if got := values(w.adminGet(p, "ada").UserAttributes); got["email"] != "ada@example.org" || got["email_verified"] != "false" {
		t.Errorf("the alias's old owner has %v", got)
	}
}

func TestAdminCreateUserNamedByEmail(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(namedByEmail)
	app := w.app(p)
	u := w.mustCreate(p, "Ada@example.org", quietly)
	if have := values(u.Attributes); *u.Username != have["sub"] || have["email"] != "Ada@example.org" || have["email_verified"] != "false" {
		t.Errorf("user %s %v", *u.Username, have)
	}
	if asked, err := w.byPassword(app, "ada@example.org", temporary); err != nil || asked.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Errorf("sign-in: %v %v", asked, err)
	}
	for _, force := range []bool{false, true} {
		_, err := w.create(p, "ada@example.org", func(in *idp.AdminCreateUserInput) { quietly(in); in.ForceAliasCreation = force })
		wants(t, err, "UsernameExistsException", "An account with the given email already exists.")
	}
	_, err := w.create(p, "ada", quietly)
	wants(t, err, invalidParameter, "Username should be an email.")
}

func TestAdminCreateUserWithoutPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}}}
	})
	if u := w.mustCreate(p, "ada", byEmail, "email", "ada@example.org"); u.UserStatus != "CONFIRMED" || w.messagesTo("ada@example.org") != 0 {
		t.Errorf("status %s, %d messages", u.UserStatus, w.messagesTo("ada@example.org"))
	}
	if u := w.mustCreate(p, "bob", quietly, "email", "bob@example.org"); u.UserStatus != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("with a password: %s", u.UserStatus)
	}
	if u := w.mustCreate(p, "eve", nil); u.UserStatus != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("without an address: %s", u.UserStatus)
	}
}

func TestAdminCreateUserTriggers(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{"all": func(e event) string {
		switch {
		case e.text("userName") == "eve":
			return "Nope"
		case e.text("triggerSource") == "PreSignUp_AdminCreateUser":
			e.respond("autoConfirmUser", true) // which is for those who sign up
		default:
			e.respond("emailMessage", "Dear {username}: {####}")
		}
		return ""
	}})
	p := w.pool(withTriggers(&types.LambdaConfigType{PreSignUp: arn("all"), CustomMessage: arn("all")}))
	u := w.mustCreate(p, "ada", func(in *idp.AdminCreateUserInput) {
		byEmail(in)
		in.ValidationData, in.ClientMetadata = attrs("invited", "yes"), map[string]string{"page": "office"}
	}, "email", "ada@example.org")
	if u.UserStatus != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("status %s", u.UserStatus)
	}
	asked := f.last("PreSignUp_AdminCreateUser")
	if asked.text("request", "validationData", "invited") != "yes" || asked.text("request", "clientMetadata", "page") != "office" {
		t.Errorf("PreSignUp was asked %v", asked)
	}
	if m := w.messageTo("ada@example.org"); m.Body != "Dear ada: "+m.Code {
		t.Errorf("message %+v", m)
	}
	f.sources()
	w.mustCreate(p, "ada", again)
	if got := f.sources(); !slices.Equal(got, []string{"CustomMessage_AdminCreateUser"}) {
		t.Errorf("inviting again called %v", got)
	}
	_, err := w.create(p, "eve", quietly)
	wants(t, err, "UserLambdaValidationException", "PreSignUp failed with error Nope.")
}
