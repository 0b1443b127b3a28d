package userpool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// adminSet updates attributes as an administrator.
func (w *world) adminSet(p *types.UserPoolType, username string, pairs ...string) error {
	_, err := w.AdminUpdateUserAttributes(w.t.Context(), &idp.AdminUpdateUserAttributesInput{UserPoolId: p.Id, Username: &username, UserAttributes: attrs(pairs...)})
	return err
}

// mustAdminSet is adminSet for updates that succeed.
func (w *world) mustAdminSet(p *types.UserPoolType, username string, pairs ...string) {
	w.t.Helper()
	if err := w.adminSet(p, username, pairs...); err != nil {
		w.t.Fatal(err)
	}
}

// wantAttributes checks all attributes of a user but sub.
func (w *world) wantAttributes(p *types.UserPoolType, username string, want map[string]string) {
	w.t.Helper()
	have := values(w.adminGet(p, username).UserAttributes)
	delete(have, "sub")
	if diff := cmp.Diff(want, have); diff != "" {
		w.t.Error(diff)
	}
}

func withMutableDeveloperAttribute(in *idp.CreateUserPoolInput) {
	in.Schema = append(in.Schema, types.SchemaAttributeType{
		Name: aws.String("rank"), AttributeDataType: "String", Mutable: aws.Bool(true), DeveloperOnlyAttribute: aws.Bool(true),
	})
}

func TestAdminUpdateUserAttributes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(withCustom, withMutableDeveloperAttribute)
		app := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.WriteAttributes = []string{"email", "nickname"} })
		w.member(app, "ada", "nickname", "a")
		w.mustAdminSet(p, "ada", "nickname", "", "name", "Ada", "dev:custom:rank", "1", "custom:tier", "gold")
		w.wantAttributes(p, "ada", map[string]string{
			"email": "ada@example.org", "email_verified": "true", "name": "Ada", "dev:custom:rank": "1", "custom:tier": "gold",
		})
		sent := w.messagesTo("ada@example.org")
		// Vouched for, an address needs no code.
		w.mustAdminSet(p, "ada", "email_verified", "true", "email", "lovelace@example.org", "name", "", "dev:custom:rank", "", "custom:tier", "")
		w.wantAttributes(p, "ada", map[string]string{"email": "lovelace@example.org", "email_verified": "true"})
		if n := w.messagesTo("lovelace@example.org"); n != 0 {
			t.Errorf("%d messages to an address that the administrator vouches for", n)
		}
		w.mustAdminSet(p, "ada", "email_verified", "false")
		w.wantAttributes(p, "ada", map[string]string{"email": "lovelace@example.org", "email_verified": "false"})
		// Without the flag, it gets one.
		w.mustAdminSet(p, "ada", "email_verified", "true")
		w.mustAdminSet(p, "ada", "email", "countess@example.org")
		w.wantAttributes(p, "ada", map[string]string{"email": "countess@example.org", "email_verified": "false"})
		m := w.messageTo("countess@example.org")
		if m.Purpose != "UpdateUserAttribute" || w.messagesTo("ada@example.org") != sent {
			t.Errorf("message %+v", m)
		}
		if err := w.verifyCode(w.signIn(app, "ada"), "email", w.codeTo("countess@example.org")); err != nil {
			t.Fatal(err)
		}
		w.wantAttributes(p, "ada", map[string]string{"email": "countess@example.org", "email_verified": "true"})
		// All or nothing.
		wants(t, w.adminSet(p, "ada", "email", "eve@example.org", "phone_number_verified", "true"), invalidParameter,
			"The attribute phone_number is required to set phone_number_verified to true.")
		w.wantAttributes(p, "ada", map[string]string{"email": "countess@example.org", "email_verified": "true"})
	})
}

func TestAdminUpdateOfPendingAddress(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(namedByEmail, func(in *idp.CreateUserPoolInput) {
		in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{"email"}}
	})
	app := w.app(p)
	w.signUp(app, "ada@example.org")
	w.confirm(app, "ada@example.org", "ada@example.org")
	old := map[string]string{"email": "ada@example.org", "email_verified": "true"}
	w.mustAdminSet(p, "ada@example.org", "email", "new@example.org")
	w.wantAttributes(p, "ada@example.org", old)
	code := w.codeTo("new@example.org")
	// What is said of the new address does not concern the old one.
	w.mustAdminSet(p, "ada@example.org", "email", "new@example.org", "email_verified", "false")
	w.wantAttributes(p, "ada@example.org", old)
	tokens := w.signIn(app, "ada@example.org")
	w.mustAdminSet(p, "ada@example.org", "email", "other@example.org", "email_verified", "true")
	w.wantAttributes(p, "other@example.org", map[string]string{"email": "other@example.org", "email_verified": "true"})
	wants(t, w.verifyCode(tokens, "email", code), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	_, err := w.byPassword(app, "ada@example.org", password)
	wants(t, err, noUser, absent)
	w.signIn(app, "other@example.org")
}

func TestAdminUpdateRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom, aliased, func(in *idp.CreateUserPoolInput) {
		in.Schema = append(in.Schema, types.SchemaAttributeType{Name: aws.String("name"), Required: aws.Bool(true)})
	})
	app := w.app(p)
	w.member(app, "ada", "name", "Ada")
	w.member(app, "bob", "name", "Bob")
	tests := []struct {
		name, username string
		pairs          []string
		code, message  string
	}{
		{"nobody", "eve", []string{"name", "Eve"}, noUser, absent},
		{"sub", "ada", []string{"sub", "x"}, invalidParameter, "Cannot modify the non-mutable attribute sub"},
		{"immutable, never set", "ada", []string{"custom:born", "1815"}, invalidParameter, "Attribute cannot be updated."},
		{"required", "ada", []string{"name", ""}, invalidParameter, "user.name.formatted: Required attribute cannot be deleted."},
		{"unknown", "ada", []string{"shoe_size", "44"}, invalidParameter, "Attributes did not conform to the schema: Type for attribute {shoe_size} could not be determined"},
		{"no e-mail", "ada", []string{"email", "ada@"}, invalidParameter, "Invalid email address format."},
		{"somebody's alias", "ada", []string{"email", "bob@example.org", "email_verified", "true"}, "AliasExistsException", "An account with the given email already exists."},
		{"somebody's username", "ada", []string{"preferred_username", "bob"}, "AliasExistsException", "An account with the given preferred_username already exists."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wants(t, w.adminSet(p, test.username, test.pairs...), test.code, test.message)
		})
	}
	w.wantAttributes(p, "ada", map[string]string{"email": "ada@example.org", "email_verified": "true", "name": "Ada"})
}
