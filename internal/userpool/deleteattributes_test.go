package userpool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// unset deletes attributes of the bearer.
func (w *world) unset(tokens *types.AuthenticationResultType, names ...string) error {
	_, err := w.DeleteUserAttributes(w.t.Context(), &idp.DeleteUserAttributesInput{AccessToken: tokens.AccessToken, UserAttributeNames: names})
	return err
}

// adminUnset deletes attributes as an administrator.
func (w *world) adminUnset(p *types.UserPoolType, username string, names ...string) error {
	_, err := w.AdminDeleteUserAttributes(w.t.Context(), &idp.AdminDeleteUserAttributesInput{UserPoolId: p.Id, Username: &username, UserAttributeNames: names})
	return err
}

func TestDeleteUserAttributes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(withCustom, aliased, withMutableDeveloperAttribute)
		app := w.app(p)
		w.member(app, "ada", "nickname", "a", "custom:tier", "gold")
		w.mustAdminSet(p, "ada", "dev:custom:rank", "1", "phone_number", "+4915112345678", "phone_number_verified", "true")
		tokens := w.signIn(app, "ada@example.org")
		if err := w.unset(tokens, "nickname", "email", "locale"); err != nil { // of which one is not there
			t.Fatal(err)
		}
		w.wantAttributes(p, "ada", map[string]string{
			"custom:tier": "gold", "dev:custom:rank": "1", "phone_number": "+4915112345678", "phone_number_verified": "true",
		})
		if err := w.adminUnset(p, "+4915112345678", "phone_number", "custom:tier", "dev:custom:rank"); err != nil {
			t.Fatal(err)
		}
		w.wantAttributes(p, "ada", map[string]string{})
		for _, alias := range []string{"ada@example.org", "+4915112345678"} {
			_, err := w.byPassword(app, alias, password)
			wants(t, err, noUser, absent)
		}
		// The aliases are free for somebody else.
		w.mustCreate(p, "bob", quietly, "email", "ada@example.org", "email_verified", "true", "phone_number", "+4915112345678", "phone_number_verified", "true")
	})
}

func TestDeleteAttributesRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom, namedByEmail, func(in *idp.CreateUserPoolInput) {
		in.Schema = append(in.Schema, types.SchemaAttributeType{Name: aws.String("name"), Required: aws.Bool(true)})
	})
	app := w.app(p, func(in *idp.CreateUserPoolClientInput) {
		in.WriteAttributes = []string{"name", "email", "custom:born"}
	})
	w.signUp(app, "ada@example.org", "name", "Ada", "custom:born", "1815")
	w.confirm(app, "ada@example.org", "ada@example.org")
	tokens := w.signIn(app, "ada@example.org")
	const frozen = "Cannot modify the non-mutable attribute "
	tests := []struct{ attribute, message string }{
		{"sub", frozen + "sub"},
		{"email_verified", frozen + "email_verified"},
		{"custom:born", "Attribute cannot be updated."},
		{"name", "user.name.formatted: Required attribute cannot be deleted."},
		{"email", "The attribute email is a username of this user pool and cannot be deleted."},
		{"shoe_size", "Attributes did not conform to the schema: Type for attribute {shoe_size} could not be determined"},
	}
	for _, test := range tests {
		t.Run(test.attribute, func(t *testing.T) {
			wants(t, w.unset(tokens, test.attribute), invalidParameter, test.message)
			wants(t, w.adminUnset(p, "ada@example.org", test.attribute), invalidParameter, test.message)
		})
	}
	wants(t, w.unset(tokens, "nickname"), notAuthorized, "A client attempted to write unauthorized attribute")
	wants(t, w.adminUnset(p, "eve@example.org", "nickname"), noUser, absent)
	w.wantAttributes(p, "ada@example.org", map[string]string{"email": "ada@example.org", "email_verified": "true", "name": "Ada", "custom:born": "1815"})
}
