package userpool_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// namedByEmail makes a pool whose users sign up under their e-mail.
func namedByEmail(in *idp.CreateUserPoolInput) {
	in.UsernameAttributes = []types.UsernameAttributeType{"email"}
	in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
}

func (w *world) trySignUp(app *types.UserPoolClientType, username string, pairs ...string) error {
	_, err := w.SignUp(w.t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: &username, Password: aws.String(password), UserAttributes: attrs(pairs...)})
	return err
}

func TestUsernameAttributes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(namedByEmail)
		app := w.app(p)
		out := w.signUp(app, "Ada@Example.org")
		w.confirm(app, "ada@example.ORG", "Ada@Example.org")

		u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada@example.org")})
		if err != nil {
			t.Fatal(err)
		}
		if *u.Username != *out.UserSub || values(u.UserAttributes)["email"] != "Ada@Example.org" {
			t.Errorf("username %s, sub %s, attributes %v", *u.Username, *out.UserSub, values(u.UserAttributes))
		}
		for _, name := range []string{"Ada@Example.org", "ADA@EXAMPLE.ORG", *out.UserSub} {
			w.signIn(app, name)
		}
		wants(t, w.trySignUp(app, "ada@EXAMPLE.org"), "UsernameExistsException", "An account with the given email already exists.")
		wants(t, w.trySignUp(app, "ada"), invalidParameter, "Username should be an email.")
		wants(t, w.trySignUp(app, "bob@example.org", "email", "eve@example.org"), invalidParameter, "User email should be empty or same as username, since username attribute is email")

		phones := w.app(w.pool(func(in *idp.CreateUserPoolInput) {
			in.UsernameAttributes = []types.UsernameAttributeType{"phone_number"}
		}))
		wants(t, w.trySignUp(phones, "ada@example.org"), invalidParameter, "Username should be a phone number.")
		both := w.app(w.pool(func(in *idp.CreateUserPoolInput) {
			in.UsernameAttributes = []types.UsernameAttributeType{"email", "phone_number"}
		}))
		wants(t, w.trySignUp(both, "ada"), invalidParameter, "Username should be either an email or a phone number.")
		w.signUp(both, "+4917012345", "email", "ada@example.org")
		wants(t, w.trySignUp(both, "ada@example.org"), "UsernameExistsException", "An account with the given email already exists.")
	})
}

func TestCaseOfUsernames(t *testing.T) {
	t.Parallel()
	w := boot(t)
	exact := w.app(w.pool())
	w.signUp(exact, "Ada")
	w.signUp(exact, "ada")

	folded := w.app(w.pool(func(in *idp.CreateUserPoolInput) {
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
	}))
	w.member(folded, "Ada")
	wants(t, w.trySignUp(folded, "aDA"), "UsernameExistsException", "User already exists")
	tokens, err := w.bySRP(folded, "ADA", password)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
	if err != nil || *got.Username != "Ada" {
		t.Errorf("%v %v, want the name as it was given", got, err)
	}
}

// aliased makes a pool whose users may sign in by their verified e-mail, or by a
// preferred username.
func aliased(in *idp.CreateUserPoolInput) {
	in.AliasAttributes = []types.AliasAttributeType{"email", "phone_number", "preferred_username"}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(aliased)
		app := w.app(p)
		const shared = "shared@example.org"
		wants(t, w.trySignUp(app, shared), invalidParameter, "Username cannot be of email format, since user pool is configured for email alias.")
		wants(t, w.trySignUp(app, "+491701"), invalidParameter, "Username cannot be of phone number format, since user pool is configured for phone number alias.")
		wants(t, w.trySignUp(app, "ada", "preferred_username", "countess"), invalidParameter,
			"preferred_username can only be set once the user is confirmed, since it is an alias in this user pool.")

		w.signUp(app, "ada", "email", shared)
		_, err := w.byPassword(app, shared, password)
		wants(t, err, "UserNotFoundException", "User does not exist.") // not verified yet
		w.confirm(app, "ada", shared)
		w.signIn(app, shared)

		// Others may have the address, and cannot confirm with it.
		w.signUp(app, "bob", "email", shared)
		code := w.codeTo(shared)
		wants(t, w.tryCode(app, "bob", code), "AliasExistsException", "An account with the email already exists.")

		// Unless they take it.
		_, err = w.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{ClientId: app.ClientId, Username: aws.String("bob"), ConfirmationCode: &code, ForceAliasCreation: true})
		if err != nil {
			t.Fatal(err)
		}
		tokens := w.signIn(app, shared)
		got, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
		if err != nil || *got.Username != "bob" {
			t.Errorf("%v %v, want bob", got, err)
		}
		ada, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada")})
		if err != nil || values(ada.UserAttributes)["email_verified"] != "false" {
			t.Errorf("%v %v: the old owner still counts as verified", ada, err)
		}
	})
}

func TestPreferredUsername(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(aliased))
	w.member(app, "ada")
	w.member(app, "bob")
	ada, bob := w.signIn(app, "ada"), w.signIn(app, "bob")
	prefer := func(tokens *types.AuthenticationResultType, name string) error {
		_, err := w.UpdateUserAttributes(t.Context(), &idp.UpdateUserAttributesInput{AccessToken: tokens.AccessToken, UserAttributes: attrs("preferred_username", name)})
		return err
	}
	if err := prefer(ada, "countess"); err != nil {
		t.Fatal(err)
	}
	w.signIn(app, "countess")
	taken := "An account with the given preferred_username already exists."
	wants(t, prefer(bob, "countess"), "AliasExistsException", taken)
	wants(t, prefer(bob, "ada"), "AliasExistsException", taken)
	wants(t, w.trySignUp(app, "countess"), "UsernameExistsException", "User already exists")
	if err := prefer(ada, "lovelace"); err != nil {
		t.Fatal(err)
	}
	if err := prefer(bob, "countess"); err != nil {
		t.Error("a name that was given up:", err)
	}
	if err := prefer(ada, ""); err != nil {
		t.Fatal(err)
	}
	_, err := w.byPassword(app, "lovelace", password)
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

// Nobody can take a name that means somebody else: whoever acts on a user by their
// address or their sub must not reach another.
func TestNamesOfOthers(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{"preferred_username", "email"} // in which order does not matter
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
	})
	app := w.app(p)
	w.member(app, "ada")
	w.member(app, "eve")
	sub := values(w.adminGet(p, "ada").UserAttributes)["sub"]
	eve := w.signIn(app, "eve")
	prefer := func(name string) error {
		_, err := w.UpdateUserAttributes(t.Context(), &idp.UpdateUserAttributesInput{AccessToken: eve.AccessToken, UserAttributes: attrs("preferred_username", name)})
		return err
	}
	for _, name := range []string{sub, strings.ToUpper(sub)} {
		wants(t, w.trySignUp(app, name), "UsernameExistsException", "User already exists")
		_, err := w.create(p, name, quietly)
		wants(t, err, "UsernameExistsException", "User account already exists")
		if got := w.adminGet(p, name); *got.Username != "ada" {
			t.Errorf("%s means %s", name, *got.Username)
		}
	}
	for _, name := range []string{"ADA", sub, strings.ToUpper(sub), "Ada@Example.org"} {
		wants(t, prefer(name), "AliasExistsException", "An account with the given preferred_username already exists.")
	}
	// An address belongs to who verified it, not to who likes it for a name.
	if err := prefer("bob@example.org"); err != nil {
		t.Fatal(err)
	}
	w.member(app, "bob")
	if got := w.adminGet(p, "bob@example.org"); *got.Username != "bob" {
		t.Errorf("bob's address means %s", *got.Username)
	}
}
