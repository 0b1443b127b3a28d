package userpool_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/delivery"
)

func withTriggers(config *types.LambdaConfigType) func(*idp.CreateUserPoolInput) {
	return func(in *idp.CreateUserPoolInput) { in.LambdaConfig = config }
}

// One person's way through all the functions that may have a say in it.
func TestTriggersOfASignIn(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		all := func(e event) string {
			if strings.HasPrefix(e.text("triggerSource"), "CustomMessage_") {
				e.respond("emailMessage", "Dear "+e.text("request", "userAttributes", "email")+": {####}")
				e.respond("emailSubject", "For you")
			}
			return ""
		}
		f := w.functions(map[string]function{"all": all})
		pool := w.pool(withTriggers(&types.LambdaConfigType{
			PreSignUp: arn("all"), PostConfirmation: arn("all"), CustomMessage: arn("all"), PreAuthentication: arn("all"),
			PostAuthentication: arn("all"), PreTokenGeneration: arn("all"),
		}))
		app := w.app(pool)
		_, err := w.SignUp(t.Context(), &idp.SignUpInput{
			ClientId: app.ClientId, Username: aws.String("ada"), Password: aws.String(password), UserAttributes: attrs("email", "ada@example.org"),
			ValidationData: attrs("invited", "yes"), ClientMetadata: map[string]string{"page": "home"},
		})
		if err != nil {
			t.Fatal(err)
		}
		asked := f.last("PreSignUp_SignUp")
		if asked.text("request", "validationData", "invited") != "yes" || asked.text("request", "clientMetadata", "page") != "home" ||
			asked.text("callerContext", "clientId") != *app.ClientId || asked.text("userName") != "ada" || asked.at("request", "userAttributes", "sub") != nil {
			t.Errorf("PreSignUp was asked %v", asked)
		}
		if m := w.messageTo("ada@example.org"); m.Subject != "For you" || m.Body != "Dear ada@example.org: "+m.Code {
			t.Errorf("message %+v", m)
		}
		w.confirm(app, "ada", "ada@example.org")
		if status := f.last("PostConfirmation_ConfirmSignUp").text("request", "userAttributes", "cognito:user_status"); status != "CONFIRMED" {
			t.Errorf("PostConfirmation was told of the status %q", status)
		}
		if want, got := []string{"PreSignUp_SignUp", "CustomMessage_SignUp", "PostConfirmation_ConfirmSignUp"}, f.sources(); !slices.Equal(got, want) {
			t.Errorf("sign-up called %v", got)
		}
		tokens := w.signIn(app, "ada")
		if want, got := []string{"PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication"}, f.sources(); !slices.Equal(got, want) {
			t.Errorf("sign-in called %v", got)
		}
		if _, err := w.bySRP(app, "ada", password); err != nil {
			t.Fatal(err)
		}
		if want, got := []string{"PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication"}, f.sources(); !slices.Equal(got, want) {
			t.Errorf("sign-in by SRP called %v", got)
		}
		_, err = w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: app.ClientId, AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken}})
		if err != nil {
			t.Fatal(err)
		}
		if want, got := []string{"TokenGeneration_RefreshTokens"}, f.sources(); !slices.Equal(got, want) {
			t.Errorf("refreshing called %v", got)
		}
	})
}

// A function that fails stops what it was asked about, with its own words.
func TestTriggersThatRefuse(t *testing.T) {
	t.Parallel()
	w := boot(t)
	refuse := func(event) string { return "Nope" }
	w.functions(map[string]function{"refuse": refuse})
	closed := w.app(w.pool(withTriggers(&types.LambdaConfigType{PreSignUp: arn("refuse")})))
	in := &idp.SignUpInput{ClientId: closed.ClientId, Username: aws.String("ada"), Password: aws.String(password), UserAttributes: attrs("email", "ada@example.org")}
	_, err := w.SignUp(t.Context(), in)
	wants(t, err, "UserLambdaValidationException", "PreSignUp failed with error Nope.")
	_, err = w.byPassword(closed, "ada", password)
	wants(t, err, "UserNotFoundException", "User does not exist.")

	late := w.app(w.pool(withTriggers(&types.LambdaConfigType{PostConfirmation: arn("refuse")})))
	w.signUp(late, "ada", "email", "ada@example.org")
	_, err = w.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{ClientId: late.ClientId, Username: aws.String("ada"), ConfirmationCode: aws.String(w.codeTo("ada@example.org"))})
	wants(t, err, "UserLambdaValidationException", "PostConfirmation failed with error Nope.")
	w.signIn(late, "ada") // who is confirmed all the same

	guarded := w.app(w.pool(withTriggers(&types.LambdaConfigType{PreAuthentication: arn("refuse")})))
	w.member(guarded, "ada")
	_, err = w.byPassword(guarded, "ada", password)
	wants(t, err, "UserLambdaValidationException", "PreAuthentication failed with error Nope.")
	_, err = w.bySRP(guarded, "ada", password)
	wants(t, err, "UserLambdaValidationException", "PreAuthentication failed with error Nope.")

	unmapped := w.app(w.pool(withTriggers(&types.LambdaConfigType{PreSignUp: arn("nowhere")})))
	in.ClientId = unmapped.ClientId
	if _, err := w.SignUp(t.Context(), in); err == nil || !strings.Contains(err.Error(), "UnexpectedLambdaException") {
		t.Errorf("a function that leads nowhere: %v", err)
	}
}

func TestPreSignUpVouches(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{
		"vouch": func(e event) string {
			e.respond("autoConfirmUser", true)
			e.respond("autoVerifyEmail", true)
			return ""
		},
		"post": agree,
	})
	pool := w.pool(withTriggers(&types.LambdaConfigType{PreSignUp: arn("vouch"), PostConfirmation: arn("post")}))
	app := w.app(pool)
	up := w.signUp(app, "ada", "email", "ada@example.org")
	if !up.UserConfirmed || up.CodeDeliveryDetails != nil {
		t.Errorf("signed up %+v", up)
	}
	if want, got := []string{"PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"}, f.sources(); !slices.Equal(got, want) {
		t.Errorf("called %v", got)
	}
	if sent, err := w.outbox.List(t.Context(), delivery.Filter{To: "ada@example.org", Limit: 1}); err != nil || len(sent) != 0 {
		t.Errorf("sent %v, %v", sent, err)
	}
	claims, _ := w.claimsOf(pool.Id, w.signIn(app, "ada").IdToken)
	if claims["email_verified"] != true {
		t.Errorf("claims %v", claims)
	}
	_, err := w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("bob"), Password: aws.String(password)})
	wants(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
}

// Tokens as a function wants them, but for what no function changes.
func TestPreTokenGeneration(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{
		"v1": func(e event) string {
			e.respond("claimsOverrideDetails", map[string]any{
				"claimsToAddOrOverride": map[string]string{"plan": "gold", "sub": "somebody else", "cognito:username": "eve", "both": "x"},
				"claimsToSuppress":      []string{"email", "iss", "both"},
				"groupOverrideDetails":  map[string]any{"groupsToOverride": []string{"guests"}, "preferredRole": "arn:aws:iam::123456789012:role/guest"},
			})
			return ""
		},
		"v2": func(e event) string {
			e.respond("claimsAndScopeOverrideDetails", map[string]any{
				"idTokenGeneration": map[string]any{"claimsToAddOrOverride": map[string]any{"tags": []string{"a", "b"}}},
				"accessTokenGeneration": map[string]any{
					"claimsToAddOrOverride": map[string]any{"level": 3, "client_id": "another", "aud": e.text("callerContext", "clientId")},
					"scopesToAdd":           []string{"shop/read"}, "scopesToSuppress": []string{"aws.cognito.signin.user.admin"},
				},
			})
			return ""
		},
	})
	pool := w.pool(withTriggers(&types.LambdaConfigType{PreTokenGeneration: arn("v1")}))
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	id, _ := w.claimsOf(pool.Id, tokens.IdToken)
	access, _ := w.claimsOf(pool.Id, tokens.AccessToken)
	if id["plan"] != "gold" || id["cognito:username"] != "ada" || id["sub"] == "somebody else" || id["email"] != nil || id["iss"] == nil || id["both"] != nil {
		t.Errorf("ID token %v", id)
	}
	if groups, _ := access["cognito:groups"].([]any); len(groups) != 1 || groups[0] != "guests" || id["cognito:preferred_role"] != "arn:aws:iam::123456789012:role/guest" || access["plan"] != nil {
		t.Errorf("access token %v, ID token %v", access, id)
	}

	newer := w.pool(withTriggers(&types.LambdaConfigType{PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaArn: arn("v2"), LambdaVersion: "V2_0"}}))
	app = w.app(newer)
	w.member(app, "ada")
	tokens = w.signIn(app, "ada")
	if version := f.last("TokenGeneration_Authentication").text("version"); version != "2" {
		t.Errorf("event of version %q", version)
	}
	id, _ = w.claimsOf(newer.Id, tokens.IdToken)
	access, _ = w.claimsOf(newer.Id, tokens.AccessToken)
	if tags, _ := id["tags"].([]any); len(tags) != 2 || fmt.Sprint(access["level"]) != "3" || access["client_id"] != *app.ClientId || access["aud"] != *app.ClientId || access["scope"] != "shop/read" {
		t.Errorf("ID token %v, access token %v", id, access)
	}
	_, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
	wants(t, err, notAuthorized, "Access Token does not have required scopes")
}

// A user of another directory comes over with the first password that is right there.
func TestUserMigration(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		f := w.functions(map[string]function{"old": func(e event) string {
			if e.text("userName") != "ada" || e.text("request", "password") != "old-secret" {
				return "Bad password"
			}
			e.respond("userAttributes", map[string]string{"email": "ada@example.org", "email_verified": "true", "name": "Ada"})
			e.respond("finalUserStatus", "CONFIRMED")
			e.respond("messageAction", "SUPPRESS")
			return ""
		}})
		pool := w.pool(withTriggers(&types.LambdaConfigType{UserMigration: arn("old")}))
		app := w.app(pool)
		_, err := w.byPassword(app, "ada", "guess")
		wants(t, err, "UserLambdaValidationException", "UserMigration failed with error Bad password.")
		in, err := w.byPassword(app, "ada", "old-secret")
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		id, _ := w.claimsOf(pool.Id, in.AuthenticationResult.IdToken)
		if id["email_verified"] != true || id["name"] != "Ada" {
			t.Errorf("claims %v", id)
		}
		f.sources()
		if _, err := w.bySRP(app, "ada", "old-secret"); err != nil { // who is the pool's own now
			t.Fatal(err)
		}
		if got := f.sources(); len(got) != 0 {
			t.Errorf("called %v", got)
		}
	})
}

// Codes of a pool with senders of its own go to those, and to nobody else.
func TestCustomSenders(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{"mail": agree})
	pool := w.pool(withTriggers(&types.LambdaConfigType{
		CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: arn("mail"), LambdaVersion: "V1_0"},
		KMSKeyID:          aws.String("arn:aws:kms:us-east-1:123456789012:key/8a23102c-9b68-4fed-82ce-523c5363539e"),
	}))
	app := w.app(pool)
	w.signUp(app, "ada", "email", "ada@example.org")
	m := w.messageTo("ada@example.org")
	if m.Route == "" {
		t.Fatalf("message %+v", m)
	}
	if err := w.service.SendByTrigger(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	told := f.last("CustomEmailSender_SignUp")
	if told.text("request", "code") != m.Code || told.text("request", "type") != "customEmailSenderRequestV1" ||
		told.text("request", "userAttributes", "email") != "ada@example.org" || told.text("callerContext", "clientId") != *app.ClientId {
		t.Errorf("the sender was told %v", told)
	}
}

// A sender is told the address that a code is for, and has nowhere else to look for it: also
// while the user keeps the old one, which is not to get the code of the new one.
func TestCustomSenderOfAPendingAddress(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{"mail": agree})
	pool := w.pool(withTriggers(&types.LambdaConfigType{
		CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: arn("mail"), LambdaVersion: "V1_0"},
		KMSKeyID:          aws.String("arn:aws:kms:us-east-1:123456789012:key/8a23102c-9b68-4fed-82ce-523c5363539e"),
	}), func(in *idp.CreateUserPoolInput) {
		in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{"email"}}
	})
	app := w.app(pool)
	w.member(app, "ada")
	in := w.signIn(app, "ada")
	told := func(source string) {
		t.Helper()
		if err := w.service.SendByTrigger(t.Context(), w.messageTo("countess@example.org")); err != nil {
			t.Fatal(err)
		}
		e := f.last(source)
		if to, verified := e.text("request", "userAttributes", "email"), e.text("request", "userAttributes", "email_verified"); to != "countess@example.org" || verified != "false" {
			t.Errorf("%s: to %s, verified %s", source, to, verified)
		}
	}
	_, err := w.UpdateUserAttributes(t.Context(), &idp.UpdateUserAttributesInput{AccessToken: in.AccessToken, UserAttributes: attrs("email", "countess@example.org")})
	if err != nil {
		t.Fatal(err)
	}
	told("CustomEmailSender_UpdateUserAttribute")
	if now := values(w.adminGet(pool, "ada").UserAttributes)["email"]; now == "countess@example.org" {
		t.Error("the new address is not verified, and is the user's")
	}
	_, err = w.GetUserAttributeVerificationCode(t.Context(), &idp.GetUserAttributeVerificationCodeInput{AccessToken: in.AccessToken, AttributeName: aws.String("email")})
	if err != nil {
		t.Fatal(err)
	}
	told("CustomEmailSender_VerifyUserAttribute")
}

// A sender that leads nowhere is not asked again; one that fails is.
func TestCustomSendersThatFail(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.functions(map[string]function{"down": func(event) string { return "Down" }})
	for name, hopeless := range map[string]bool{"nowhere": true, "down": false} {
		pool := w.pool(withTriggers(&types.LambdaConfigType{
			CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: arn(name), LambdaVersion: "V1_0"},
			KMSKeyID:          aws.String("arn:aws:kms:us-east-1:123456789012:key/8a23102c-9b68-4fed-82ce-523c5363539e"),
		}))
		address := name + "@example.org"
		w.signUp(w.app(pool), "ada", "email", address)
		err := w.service.SendByTrigger(t.Context(), w.messageTo(address))
		if err == nil || delivery.IsPermanent(err) != hopeless {
			t.Errorf("%s: hopeless %v: %v", name, delivery.IsPermanent(err), err)
		}
	}
}

// One address cannot have codes sent to ever more people.
func TestCodesPerSource(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.perSource = 3
	w.start()
	stranger := idp.New(idp.Options{Region: region, BaseEndpoint: aws.String(w.url), RetryMaxAttempts: 1, Credentials: aws.AnonymousCredentials{}})
	app := w.app(w.pool())
	for i, name := range []string{"ada", "bob", "cyd", "dan"} {
		_, err := stranger.SignUp(t.Context(), &idp.SignUpInput{
			ClientId: app.ClientId, Username: &name, Password: aws.String(password), UserAttributes: attrs("email", name+"@example.org"),
		})
		if i < 3 && err != nil {
			t.Fatal(err)
		}
		if i == 3 {
			wants(t, err, "TooManyRequestsException", "Rate exceeded")
		}
	}
}

// An address uses up its codes on nobody as on somebody, and is then told the same of
// both.
func TestCodesPerSourceOfNobody(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.perSource = 6
	w.start()
	exhausts := func(try func(name string) error) {
		t.Helper()
		for range w.perSource {
			try("eve")
		}
		wants(t, try("eve"), "TooManyRequestsException", "Rate exceeded")
		wants(t, try("ada"), "TooManyRequestsException", "Rate exceeded")
	}
	_, app := w.choicePool(true)
	w.signUp(app, "ada", "email", "ada@example.org")
	exhausts(func(name string) error { return w.tryCode(app, name, "x") })

	_, app = w.choicePool(true)
	w.member(app, "ada")
	for _, name := range []string{"ada", "eve"} {
		if _, err := w.forgot(app, name); err != nil {
			t.Fatal(err)
		}
	}
	exhausts(func(name string) error { return w.resets(app, name, "x", otherPassword) })

	_, app = w.choicePool(true)
	w.member(app, "ada")
	exhausts(func(name string) error {
		_, err := w.begin(app, nil, "USERNAME", name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
		return err
	})
}

// While a name is locked its owner's function is not asked: strangers must not be able to
// call it without end.
func TestPreAuthenticationWhileLocked(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(map[string]function{"pre": agree})
	app := w.app(w.pool(withTriggers(&types.LambdaConfigType{PreAuthentication: arn("pre")})), hidden)
	w.member(app, "ada")
	for _, name := range []string{"ada", "eve"} {
		for range 5 {
			_, err := w.byPassword(app, name, "Wrong-1!")
			wants(t, err, notAuthorized, "Incorrect username or password.")
		}
		if asked := len(f.sources()); asked != 5 {
			t.Errorf("%s: asked %d times", name, asked)
		}
		_, err := w.byPassword(app, name, password)
		wants(t, err, notAuthorized, "Password attempts exceeded")
		_, err = w.challenge(app, name, srpClient(app, password))
		wants(t, err, notAuthorized, "Password attempts exceeded")
		if asked := f.sources(); len(asked) != 0 {
			t.Errorf("%s: asked while locked: %v", name, asked)
		}
	}
}

// A function that hangs over a name that nobody has holds up nobody who is known.
func TestMigrationThatHangs(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asked, release := make(chan struct{}, 3), make(chan struct{})
	w.functions(map[string]function{"old": func(event) string {
		asked <- struct{}{}
		<-release
		return "Nobody"
	}})
	pool := w.pool(withTriggers(&types.LambdaConfigType{UserMigration: arn("old")}))
	app := w.app(pool)
	ended := make(chan error, 1)
	go func() {
		_, err := w.byPassword(app, "ada", "old-secret")
		ended <- err
	}()
	<-asked
	w.signUp(app, "ada", "email", "ada@example.org") // who is known now
	w.confirmAsAdmin(pool, "ada")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // less than the function gets
	defer cancel()
	_, err := w.InitiateAuth(ctx, &idp.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password}})
	if err != nil {
		t.Errorf("somebody who is known: %v", err)
	}
	close(release)
	wants(t, <-ended, "UserLambdaValidationException", "UserMigration failed with error Nobody.")
}
