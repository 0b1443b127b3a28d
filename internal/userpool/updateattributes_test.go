package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// set updates attributes and returns where codes went.
func (w *world) set(tokens *types.AuthenticationResultType, pairs ...string) ([]types.CodeDeliveryDetailsType, error) {
	out, err := w.UpdateUserAttributes(w.t.Context(), &idp.UpdateUserAttributesInput{AccessToken: tokens.AccessToken, UserAttributes: attrs(pairs...)})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetailsList, nil
}

// mustSet is set for updates that succeed.
func (w *world) mustSet(tokens *types.AuthenticationResultType, pairs ...string) []types.CodeDeliveryDetailsType {
	w.t.Helper()
	sent, err := w.set(tokens, pairs...)
	if err != nil {
		w.t.Fatal(err)
	}
	return sent
}

// attributes returns what a user sees, without sub.
func (w *world) attributes(tokens *types.AuthenticationResultType) map[string]string {
	w.t.Helper()
	out, err := w.GetUser(w.t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
	if err != nil {
		w.t.Fatal(err)
	}
	m := values(out.UserAttributes)
	delete(m, "sub")
	return m
}

// verifyCode answers the code of an attribute.
func (w *world) verifyCode(tokens *types.AuthenticationResultType, name, code string) error {
	_, err := w.VerifyUserAttribute(w.t.Context(), &idp.VerifyUserAttributeInput{AccessToken: tokens.AccessToken, AttributeName: &name, Code: &code})
	return err
}

func TestUpdateUserAttributes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool(withCustom))
		w.member(app, "ada", "nickname", "a", "custom:tier", "gold")
		tokens := w.signIn(app, "ada")
		if sent := w.mustSet(tokens, "nickname", "", "name", "Ada", "custom:tier", "silver"); sent == nil || len(sent) != 0 {
			t.Errorf("CodeDeliveryDetailsList is %v, want an empty list", sent)
		}
		want := map[string]string{"email": "ada@example.org", "email_verified": "true", "name": "Ada", "custom:tier": "silver"}
		if diff := cmp.Diff(want, w.attributes(tokens)); diff != "" {
			t.Error(diff)
		}
		// All or nothing.
		_, err := w.set(tokens, "name", "Eve", "email", "nonsense")
		wants(t, err, invalidParameter, "Invalid email address format.")
		if diff := cmp.Diff(want, w.attributes(tokens)); diff != "" {
			t.Error("a refused update:", diff)
		}
	})
}

// Whoever names an address again and again has a code sent to the last one only: one call
// cannot make the server write to many.
func TestUpdateOfOneAttributeTwice(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	sent := w.mustSet(tokens, "email", "first@example.org", "nickname", "a", "email", "last@example.org", "nickname", "b")
	if len(sent) != 1 || w.messagesTo("first@example.org") != 0 || w.messagesTo("last@example.org") != 1 {
		t.Errorf("sent %v", sent)
	}
	if got := w.attributes(tokens); got["email"] != "last@example.org" || got["nickname"] != "b" {
		t.Errorf("attributes %v", got)
	}
	w.mustAdminSet(p, "ada", "email", "first@example.org", "email", "newest@example.org")
	if w.messagesTo("first@example.org") != 0 || w.messagesTo("newest@example.org") != 1 {
		t.Error("an administrator's call sent a code to an address that it replaced")
	}
}

func TestUpdateRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom, func(in *idp.CreateUserPoolInput) {
		in.Schema = append(in.Schema, types.SchemaAttributeType{Name: aws.String("name"), Required: aws.Bool(true)})
	})
	app := w.app(p, func(in *idp.CreateUserPoolClientInput) {
		in.WriteAttributes = []string{"oidc:profile", "email", "custom:born"}
	})
	w.member(app, "ada", "name", "Ada")
	tokens := w.signIn(app, "ada")
	tests := []struct {
		name          string
		pairs         []string
		code, message string
	}{
		{"flag", []string{"email_verified", "true"}, invalidParameter, "Cannot modify the non-mutable attribute email_verified"},
		{"sub", []string{"sub", "x"}, invalidParameter, "Cannot modify the non-mutable attribute sub"},
		{"immutable, never set", []string{"custom:born", "1815"}, invalidParameter, "Attribute cannot be updated."},
		{"not the client's", []string{"custom:tier", "gold"}, notAuthorized, "A client attempted to write unauthorized attribute"},
		{"not the client's either", []string{"phone_number", "+4917012345"}, notAuthorized, "A client attempted to write unauthorized attribute"},
		{"developer-only", []string{"dev:custom:secret", "x"}, notAuthorized, "A client attempted to write unauthorized attribute"},
		{"required", []string{"name", ""}, invalidParameter, "user.name.formatted: Required attribute cannot be deleted."},
		{"unknown", []string{"shoe_size", "44"}, invalidParameter, "Attributes did not conform to the schema: Type for attribute {shoe_size} could not be determined"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.set(tokens, test.pairs...)
			wants(t, err, test.code, test.message)
		})
	}
	w.mustSet(tokens, "locale", "en") // by oidc:profile
}

func TestReadAttributes(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(), func(in *idp.CreateUserPoolClientInput) { in.ReadAttributes = []string{"email", "oidc:profile"} })
	w.member(app, "ada", "name", "Ada", "updated_at", "12")
	tokens := w.signIn(app, "ada")
	if diff := cmp.Diff(map[string]string{"email": "ada@example.org", "name": "Ada"}, w.attributes(tokens)); diff != "" {
		t.Error(diff)
	}
}

func TestChangeEmail(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	if sent := w.mustSet(tokens, "email", "ada@example.org"); len(sent) != 0 {
		t.Errorf("a code for an address that did not change: %v", sent)
	}
	sent := w.mustSet(tokens, "email", "new@books.example", "phone_number", "+4917012345")
	want := []types.CodeDeliveryDetailsType{{AttributeName: aws.String("email"), DeliveryMedium: "EMAIL", Destination: aws.String("n***@b***")}}
	if diff := cmp.Diff(want, sent, unexported); diff != "" { // the pool does not verify phones
		t.Error(diff)
	}
	if got := w.attributes(tokens); got["email"] != "new@books.example" || got["email_verified"] != "false" || got["phone_number_verified"] != "false" {
		t.Errorf("attributes %v", got)
	}
	first := w.codeTo("new@books.example")
	wants(t, w.verifyCode(tokens, "email", wrong(first)), "CodeMismatchException", mismatch)

	// A further change makes the first code void, even of an address that comes back.
	w.mustSet(tokens, "email", "newer@books.example")
	w.mustSet(tokens, "email", "new@books.example")
	second := w.codeTo("new@books.example")
	if first != second {
		wants(t, w.verifyCode(tokens, "email", first), "CodeMismatchException", mismatch)
	}
	if err := w.verifyCode(tokens, "email", second); err != nil {
		t.Fatal(err)
	}
	if got := w.attributes(tokens); got["email_verified"] != "true" {
		t.Errorf("attributes %v", got)
	}
	wants(t, w.verifyCode(tokens, "email", second), "ExpiredCodeException", expired)
	w.mustSet(tokens, "email", "")
	if got := w.attributes(tokens); got["email"] != "" || got["email_verified"] != "" {
		t.Errorf("the flag of a deleted address remains: %v", got)
	}
}

// verifiedFirst makes a pool in which a new e-mail waits until it is verified.
func verifiedFirst(in *idp.CreateUserPoolInput) {
	in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{"email"}}
}

func TestPendingEmail(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(namedByEmail, verifiedFirst)
		app := w.app(p)
		for _, address := range []string{"ada@example.org", "bob@example.org"} {
			w.signUp(app, address)
			w.confirm(app, address, address)
		}
		tokens := w.signIn(app, "ada@example.org")
		_, err := w.set(tokens, "email", "Bob@example.org")
		wants(t, err, "AliasExistsException", "An account with the given email already exists.")
		_, err = w.set(tokens, "email", "")
		wants(t, err, invalidParameter, "The attribute email is a username of this user pool and cannot be deleted.")

		if sent := w.mustSet(tokens, "email", "new@example.org"); len(sent) != 1 {
			t.Fatalf("details %v", sent)
		}
		old := map[string]string{"email": "ada@example.org", "email_verified": "true"}
		if diff := cmp.Diff(old, w.attributes(tokens)); diff != "" {
			t.Error("the new address shows before it is verified:", diff)
		}
		w.signIn(app, "ada@example.org")
		_, err = w.byPassword(app, "new@example.org", password)
		wants(t, err, "UserNotFoundException", "User does not exist.")
		if err := w.verifyCode(tokens, "email", w.codeTo("new@example.org")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"email": "new@example.org", "email_verified": "true"}, w.attributes(tokens)); diff != "" {
			t.Error(diff)
		}
		w.signIn(app, "new@example.org")
		_, err = w.byPassword(app, "ada@example.org", password)
		wants(t, err, "UserNotFoundException", "User does not exist.")

		// Somebody else is faster.
		w.mustSet(tokens, "email", "third@example.org")
		code := w.codeTo("third@example.org")
		w.signUp(app, "third@example.org")
		wants(t, w.verifyCode(tokens, "email", code), "AliasExistsException", "An account with the given email already exists.")
		// Back to what it is: nothing waits any more.
		w.mustSet(tokens, "email", "new@example.org")
		if diff := cmp.Diff(map[string]string{"email": "new@example.org", "email_verified": "true"}, w.attributes(tokens)); diff != "" {
			t.Error(diff)
		}
	})
}

// Where new addresses take effect at once, so does signing in under them.
func TestChangeUsernameAttribute(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(namedByEmail))
	for _, address := range []string{"ada@example.org", "bob@example.org"} {
		w.signUp(app, address)
		w.confirm(app, address, address)
	}
	tokens := w.signIn(app, "ada@example.org")
	_, err := w.set(tokens, "email", "bob@example.org")
	wants(t, err, "AliasExistsException", "An account with the given email already exists.")
	w.mustSet(tokens, "email", "new@example.org")
	w.signIn(app, "new@example.org")
	_, err = w.byPassword(app, "ada@example.org", password)
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

// An alias belongs to whoever verified the address last.
func TestVerifiedAliasMoves(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(aliased))
	w.member(app, "ada")
	w.member(app, "bob")
	ada, bob := w.signIn(app, "ada"), w.signIn(app, "bob")
	w.mustSet(bob, "email", "ada@example.org")
	_, err := w.byPassword(app, "bob@example.org", password)
	wants(t, err, "UserNotFoundException", "User does not exist.") // neither the old nor the new
	if err := w.verifyCode(bob, "email", w.codeTo("ada@example.org")); err != nil {
		t.Fatal(err)
	}
	if got := w.attributes(ada); got["email_verified"] != "false" {
		t.Errorf("the old owner still counts as verified: %v", got)
	}
	tokens := w.signIn(app, "ada@example.org")
	if got, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken}); err != nil || *got.Username != "bob" {
		t.Errorf("%v %v, want bob", got, err)
	}
}

func TestVerificationCodeOnRequest(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	ask := func(name string) error {
		_, err := w.GetUserAttributeVerificationCode(t.Context(), &idp.GetUserAttributeVerificationCodeInput{AccessToken: tokens.AccessToken, AttributeName: &name})
		return err
	}
	wants(t, ask("nickname"), invalidParameter, "Invalid attribute name. Only phone_number and email can be verified.")
	wants(t, ask("phone_number"), invalidParameter, "User does not have a valid registered phone number")
	wants(t, w.verifyCode(tokens, "email", "123456"), "ExpiredCodeException", expired)
	for range 5 { // also of an address that is verified already
		if err := ask("email"); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, ask("email"), "LimitExceededException", tooMany)
	code := w.codeTo("ada@example.org")
	if w.messageTo("ada@example.org").Purpose != "VerifyUserAttribute" {
		t.Error("purpose of the message")
	}
	for range 14 { // with the one above, all that an hour has
		wants(t, w.verifyCode(tokens, "email", wrong(code)), "CodeMismatchException", mismatch)
	}
	wants(t, w.verifyCode(tokens, "email", code), "LimitExceededException", tooMany)
	w.clock.Advance(time.Hour)
	again, err := w.refreshed(app, tokens.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.verifyCode(again, "email", code); err != nil {
		t.Error(err)
	}
	w.mustSet(again, "email", "")
	tokens = again
	wants(t, ask("email"), invalidParameter, "User does not have a valid registered email address")
}
