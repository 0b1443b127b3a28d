package userpool_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/userpool/srp"
)

// choicePool is a pool whose users choose how to begin.
func (w *world) choicePool(hides bool, options ...func(*idp.CreateUserPoolInput)) (*types.UserPoolType, *types.UserPoolClientType) {
	w.t.Helper()
	pool := w.pool(append(options, func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}}}
	})...)
	app := w.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, "ALLOW_USER_AUTH")
		if hides {
			in.PreventUserExistenceErrors = "ENABLED"
		}
	})
	return pool, app
}

// begin starts USER_AUTH.
func (w *world) begin(app *types.UserPoolClientType, session *string, pairs ...string) (*idp.InitiateAuthOutput, error) {
	w.t.Helper()
	parameters := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		parameters[pairs[i]] = pairs[i+1]
	}
	return w.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_AUTH", ClientId: app.ClientId, Session: session, AuthParameters: parameters})
}

// otpTo returns the one-time password of the newest message to an address.
func (w *world) otpTo(address string) string {
	w.t.Helper()
	code := w.messageTo(address).Code
	if len(code) != 8 {
		w.t.Fatalf("one-time password %q", code)
	}
	return code
}

func TestChooseHowToBegin(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		_, app := w.choicePool(false)
		w.member(app, "ada")
		asked, err := w.begin(app, nil, "USERNAME", "ada")
		if err != nil {
			t.Fatal(err)
		}
		if asked.ChallengeName != "SELECT_CHALLENGE" || !slices.Equal(asked.AvailableChallenges, []types.ChallengeNameType{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}) {
			t.Fatalf("asked for %s of %v", asked.ChallengeName, asked.AvailableChallenges)
		}
		_, err = w.respond(app, "SELECT_CHALLENGE", asked.Session, "USERNAME", "ada", "ANSWER", "SMS_OTP")
		wants(t, err, invalidParameter, "SMS_OTP is not one of the challenges that can be selected.")
		mail, err := w.respond(app, "SELECT_CHALLENGE", asked.Session, "USERNAME", "ada", "ANSWER", "EMAIL_OTP")
		if err != nil || mail.ChallengeName != "EMAIL_OTP" || mail.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "a***@e***" {
			t.Fatalf("%+v, %v", mail, err)
		}
		_, err = w.respond(app, "SELECT_CHALLENGE", asked.Session, "USERNAME", "ada", "ANSWER", "EMAIL_OTP")
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
		code := w.otpTo("ada@example.org")
		_, err = w.respond(app, "EMAIL_OTP", mail.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", "x"+code[1:])
		wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		in, err := w.respond(app, "EMAIL_OTP", mail.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", code)
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}

		client := srpClient(app, password)
		challenge, err := w.begin(app, nil, "USERNAME", "ada", "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", client.PublicHex())
		if err != nil || challenge.ChallengeName != "PASSWORD_VERIFIER" || challenge.Session == nil {
			t.Fatalf("%+v, %v", challenge, err)
		}
		answer := w.answer(app, client, challenge.ChallengeParameters)
		answer.Session = challenge.Session
		if out, err := w.RespondToAuthChallenge(t.Context(), answer); err != nil || out.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", out, err)
		}
		direct, err := w.begin(app, nil, "USERNAME", "ada", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
		if err != nil || direct.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", direct, err)
		}
	})
}

// SELECT_CHALLENGE and the passwords that come after it.
func TestSelectAPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.choicePool(false)
	w.member(app, "ada")
	sel := func() *string {
		t.Helper()
		asked, err := w.begin(app, nil, "USERNAME", "ada")
		if err != nil {
			t.Fatal(err)
		}
		return asked.Session
	}
	in, err := w.respond(app, "SELECT_CHALLENGE", sel(), "USERNAME", "ada", "ANSWER", "PASSWORD", "PASSWORD", password)
	if err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
	asked, err := w.respond(app, "SELECT_CHALLENGE", sel(), "USERNAME", "ada", "ANSWER", "PASSWORD")
	if err != nil || asked.ChallengeName != "PASSWORD" {
		t.Fatalf("%+v, %v", asked, err)
	}
	_, err = w.respond(app, "PASSWORD", asked.Session, "USERNAME", "ada", "PASSWORD", "Wrong-1!")
	wants(t, err, notAuthorized, "Incorrect username or password.")
	in, err = w.respond(app, "PASSWORD", asked.Session, "USERNAME", "ada", "PASSWORD", password)
	if err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
	client := srpClient(app, password)
	srpAsked, err := w.respond(app, "SELECT_CHALLENGE", sel(), "USERNAME", "ada", "ANSWER", "PASSWORD_SRP", "SRP_A", client.PublicHex())
	if err != nil || srpAsked.ChallengeName != "PASSWORD_VERIFIER" {
		t.Fatalf("%+v, %v", srpAsked, err)
	}
	in, err = w.RespondToAuthChallenge(t.Context(), w.answer(app, client, srpAsked.ChallengeParameters))
	if err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
}

// Whoever signs up without a password signs in by a code, which confirms them too.
func TestSignUpWithoutPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, app := w.choicePool(false)
	up, err := w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("ada"), UserAttributes: attrs("email", "ada@example.org")})
	if err != nil || up.UserConfirmed {
		t.Fatalf("%+v, %v", up, err)
	}
	_, err = w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("bob")})
	wants(t, err, invalidParameter, "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null")
	asked, err := w.begin(app, nil, "USERNAME", "ada", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	if err != nil || asked.ChallengeName != "EMAIL_OTP" || !slices.Equal(asked.AvailableChallenges, []types.ChallengeNameType{"EMAIL_OTP"}) {
		t.Fatalf("%+v, %v", asked, err)
	}
	in, err := w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", w.otpTo("ada@example.org"))
	if err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
	u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: pool.Id, Username: aws.String("ada")})
	if err != nil || u.UserStatus != "CONFIRMED" || values(u.UserAttributes)["email_verified"] != "true" {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = w.byPassword(app, "ada", password)
	wants(t, err, notAuthorized, "Incorrect username or password.")
	_, err = w.bySRP(app, "ada", password)
	wants(t, err, notAuthorized, "Incorrect username or password.")
}

// The session of a sign-up, once confirmed, stands for a first factor, once.
func TestAutoSignIn(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.choicePool(false)
	up := w.signUp(app, "ada", "email", "ada@example.org")
	if up.Session == nil {
		t.Fatal("SignUp gave no session")
	}
	_, err := w.begin(app, up.Session, "USERNAME", "ada")
	wants(t, err, notAuthorized, "Invalid session for the user.")
	confirmed, err := w.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{
		ClientId: app.ClientId, Username: aws.String("ada"), ConfirmationCode: aws.String(w.codeTo("ada@example.org")), Session: up.Session,
	})
	if err != nil || confirmed.Session == nil {
		t.Fatalf("%+v, %v", confirmed, err)
	}
	w.member(app, "bob")
	_, err = w.begin(app, confirmed.Session, "USERNAME", "bob")
	wants(t, err, notAuthorized, "Invalid session for the user.")
	in, err := w.begin(app, confirmed.Session, "USERNAME", "ada")
	if err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
	_, err = w.begin(app, confirmed.Session, "USERNAME", "ada")
	wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")

	byDefault := w.app(&types.UserPoolType{Id: app.UserPoolId})
	if up := w.signUp(byDefault, "eve", "email", "eve@example.org"); up.Session != nil {
		t.Error("a session for a client that cannot use it")
	}
}

// Amplify for JavaScript confirms without the session of the sign-up. The code that went
// out is then a first factor where a one-time password would be one, and nowhere else.
func TestAutoSignInByTheCodeAlone(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.choicePool(false)
	pool := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "SMS_OTP"}}}
	})
	byPassword := w.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, "ALLOW_USER_AUTH")
	})
	withoutChoice := w.app(&types.UserPoolType{Id: app.UserPoolId})
	for i, test := range []struct {
		app   *types.UserPoolClientType
		comes bool
	}{{app, true}, {byPassword, false}, {withoutChoice, false}} {
		name := fmt.Sprintf("ada%d", i)
		w.signUp(test.app, name, "email", name+"@example.org")
		confirmed, err := w.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{
			ClientId: test.app.ClientId, Username: &name, ConfirmationCode: aws.String(w.codeTo(name + "@example.org")),
		})
		if err != nil || (confirmed.Session != nil) != test.comes {
			t.Fatalf("%s: %+v, %v", name, confirmed, err)
		}
		if !test.comes {
			continue
		}
		in, err := w.begin(test.app, confirmed.Session, "USERNAME", name)
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		_, err = w.begin(test.app, confirmed.Session, "USERNAME", name)
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	}
}

// Somebody who does not exist is asked like somebody who does, by answers of the same
// shape and length.
func TestHiddenChoice(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.choicePool(true)
	w.member(app, "ada")
	for _, pairs := range [][]string{nil, {"PREFERRED_CHALLENGE", "EMAIL_OTP"}, {"PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", srp.NewClient("x", "y").PublicHex()}} {
		real, err := w.begin(app, nil, append([]string{"USERNAME", "ada"}, pairs...)...)
		if err != nil {
			t.Fatal(err)
		}
		fake, err := w.begin(app, nil, append([]string{"USERNAME", "eve"}, pairs...)...)
		if err != nil {
			t.Fatal(err)
		}
		if fake.ChallengeName != real.ChallengeName || !slices.Equal(fake.AvailableChallenges, real.AvailableChallenges) || len(*fake.Session) != len(*real.Session) {
			t.Errorf("%v: %s %v with a session of %d, like %s %v with one of %d", pairs,
				fake.ChallengeName, fake.AvailableChallenges, len(*fake.Session), real.ChallengeName, real.AvailableChallenges, len(*real.Session))
		}
		for name, value := range real.ChallengeParameters {
			if len(fake.ChallengeParameters[name]) != len(value) && name != "SRP_B" {
				t.Errorf("%v: %s is %q, like %q", pairs, name, fake.ChallengeParameters[name], value)
			}
		}
		if fake.ChallengeName == "EMAIL_OTP" {
			_, err = w.respond(app, "EMAIL_OTP", fake.Session, "USERNAME", "eve", "EMAIL_OTP_CODE", "12345678")
			wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
	}
	_, open := w.choicePool(false)
	_, err := w.begin(open, nil, "USERNAME", "eve")
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

// Who is disabled is asked for nothing, sent nothing, and hidden from clients that must
// not know as if there was nobody.
func TestDisabledUsersDoNotBegin(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, app := w.choicePool(false)
	hiding := w.app(pool, hidden, func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, "ALLOW_USER_AUTH")
	})
	w.member(app, "ada")
	w.enable(pool, "ada", false)
	newest := w.messageTo("ada@example.org").ID

	_, err := w.begin(app, nil, "USERNAME", "ada", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	wants(t, err, notAuthorized, "User is disabled.")
	for _, name := range []string{"ada", "nobody"} {
		asked, err := w.begin(hiding, nil, "USERNAME", name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		if err != nil || asked.ChallengeName != "EMAIL_OTP" || len(asked.ChallengeParameters["CODE_DELIVERY_DESTINATION"]) != len("a***@e***") {
			t.Fatalf("%s: %+v, %v", name, asked, err)
		}
		_, err = w.respond(hiding, "EMAIL_OTP", asked.Session, "USERNAME", name, "EMAIL_OTP_CODE", "00000000")
		wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")

		asked, err = w.begin(hiding, nil, "USERNAME", name)
		if err != nil || !slices.Equal(asked.AvailableChallenges, []types.ChallengeNameType{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}) {
			t.Fatalf("%s: %+v, %v", name, asked, err)
		}
		_, err = w.respond(hiding, "SELECT_CHALLENGE", asked.Session, "USERNAME", name, "ANSWER", "PASSWORD", "PASSWORD", "Wrong-Passw0rd")
		wants(t, err, notAuthorized, incorrect)
	}
	if again := w.messageTo("ada@example.org").ID; again != newest {
		t.Error("a disabled user was sent a code")
	}
	asked, err := w.begin(hiding, nil, "USERNAME", "ada", "PREFERRED_CHALLENGE", "PASSWORD")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.respond(hiding, "PASSWORD", asked.Session, "USERNAME", "ada", "PASSWORD", password)
	wants(t, err, notAuthorized, "User is disabled.")
}

// Wrong codes lock out alike, whether there is somebody or not, before the next code is
// asked for too.
func TestHiddenChoiceLocks(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.choicePool(true)
	w.member(app, "ada")
	for _, name := range []string{"ada", "eve"} {
		asked, err := w.begin(app, nil, "USERNAME", name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			_, err := w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", name, "EMAIL_OTP_CODE", "x")
			wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
		_, err = w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", name, "EMAIL_OTP_CODE", "x")
		wants(t, err, notAuthorized, "Password attempts exceeded")
		_, err = w.begin(app, nil, "USERNAME", name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		wants(t, err, notAuthorized, "Password attempts exceeded")
	}
}

// wantsAlike checks that somebody who exists and somebody who does not are refused in
// the same words, or both not at all.
func wantsAlike(t testing.TB, when string, real, fake error) {
	t.Helper()
	if words(real) != words(fake) {
		t.Errorf("%s: whoever exists gets %q, nobody gets %q", when, words(real), words(fake))
	}
}

// No refusal on the way tells a user who exists from one who does not.
func TestHiddenChoiceRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, app := w.choicePool(true)
	w.member(app, "ada")
	w.member(app, "bob")
	ask := func(name string, pairs ...string) (*idp.InitiateAuthOutput, error) {
		return w.begin(app, nil, append([]string{"USERNAME", name}, pairs...)...)
	}
	both := func(when string, try func(name string) error) {
		t.Helper()
		wantsAlike(t, when, try("ada"), try("eve"))
	}
	both("a choice under another name", func(name string) error {
		asked, err := ask(name)
		if err == nil {
			_, err = w.respond(app, "SELECT_CHALLENGE", asked.Session, "USERNAME", "somebody else", "ANSWER", "PASSWORD")
		}
		return err
	})
	both("a code under another name", func(name string) error {
		asked, err := ask(name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		if err == nil {
			_, err = w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", "somebody else", "EMAIL_OTP_CODE", "12345678")
		}
		return err
	})
	both("five wrong codes and another sign-in", func(name string) error {
		for range 5 {
			asked, err := ask(name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
			if err != nil {
				return err
			}
			_, err = w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", name, "EMAIL_OTP_CODE", "wrong")
			wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
		}
		_, err := ask(name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		wants(t, err, notAuthorized, "Password attempts exceeded")
		return err
	})
	w.enable(pool, "bob", false)
	for _, choice := range []string{"PASSWORD", "EMAIL_OTP"} {
		disabled := func(name string) error {
			asked, err := ask(name)
			if err == nil {
				_, err = w.respond(app, "SELECT_CHALLENGE", asked.Session, "USERNAME", name, "ANSWER", choice)
			}
			return err
		}
		wantsAlike(t, choice+" of a disabled user", disabled("bob"), disabled("zoe"))
	}
	code := func(name string) error {
		asked, err := ask(name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		if err == nil {
			_, err = w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", name, "EMAIL_OTP_CODE", "wrong")
		}
		return err
	}
	wantsAlike(t, "a code of a disabled user", code("bob"), code("zoe"))
}

// The codes that one user may be sent at sign-in run out, by whatever address they are
// asked for; the hour over, there are new ones.
func TestSignInCodesPerUser(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.choicePool(true)
	w.member(app, "ada")
	ask := func(name string) error {
		_, err := w.begin(app, nil, "USERNAME", name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		return err
	}
	for _, name := range []string{"ada", "eve"} {
		for i := range 30 {
			if err := ask(name); err != nil {
				t.Fatalf("code %d of %s: %v", i+1, name, err)
			}
		}
		wants(t, ask(name), "TooManyRequestsException", "Rate exceeded")
	}
	w.clock.Advance(time.Hour)
	for _, name := range []string{"ada", "eve"} {
		if err := ask(name); err != nil {
			t.Errorf("an hour later, %s: %v", name, err)
		}
	}
}

// The codes that one address may have sent run out for users who do not exist too.
func TestHiddenChoiceFromABusySource(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, app := w.choicePool(true)
	w.member(app, "ada")
	w.perSource = 2
	w.start()
	stranger := idp.New(idp.Options{Region: region, BaseEndpoint: aws.String(w.url), RetryMaxAttempts: 1, Credentials: aws.AnonymousCredentials{}})
	ask := func(name string) error {
		_, err := stranger.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_AUTH", ClientId: app.ClientId,
			AuthParameters: map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"}})
		return err
	}
	for range 2 {
		if err := ask("ada"); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, ask("ada"), "TooManyRequestsException", "Rate exceeded")
	wants(t, ask("eve"), "TooManyRequestsException", "Rate exceeded")
}
