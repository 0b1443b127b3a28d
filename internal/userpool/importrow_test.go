package userpool_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// What is wrong with a row costs that row and no other.
func TestImportedRows(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.work()
	p := w.pool(withCustom, func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{"email", "preferred_username"}
		in.Schema = append(in.Schema, types.SchemaAttributeType{Name: aws.String("locale"), Required: aws.Bool(true)})
	})
	columns := w.header(p)
	slices.Reverse(columns) // the order does not matter
	file := strings.Join(columns, ",") + "\r\n"
	var want []string
	add := func(row, outcome string) {
		file += row
		want = append(want, strings.Replace(outcome, "]", fmt.Sprintf("] Line Number %d -", len(want)+2), 1))
	}
	const schema = "[FAILED] Attributes did not conform to the schema: "
	locale := func(name string, pairs ...string) string {
		return person(columns, name, append([]string{"locale", "en"}, pairs...)...)
	}
	add(locale("ada", "preferred_username", "countess"), "[SUCCEEDED] The import succeeded.")
	add(person(columns, "nolocale"), schema+"locale: The attribute is required")
	add(locale("alias", "email", "ada@example.org"), "[FAILED] An account with the given email already exists.")
	add(locale("alias", "preferred_username", "countess"), "[FAILED] An account with the given preferred_username already exists.")
	add(locale("countess"), "[SKIPPED] The user already exists.")
	add(locale(""), "[FAILED] The username is missing or has a form that usernames cannot have.")
	add(locale("a b"), "[FAILED] The username is missing or has a form that usernames cannot have.")
	add(locale("x@example.org", "email", "y@example.org"), "[FAILED] Username cannot be of email format, since user pool is configured for email alias.")
	add(locale("m", "email", "nonsense"), "[FAILED] Invalid email address format.")
	add(locale("m", "email", ""), schema+"email: The attribute is required when email_verified is true.")
	add(locale("m", "phone_number", "030"), "[FAILED] Invalid phone number format.")
	add(locale("m", "email_verified", "yes"), schema+"email_verified: The value must be TRUE or FALSE.")
	add(locale("m", "birthdate", "1815-12-10"), schema+"birthdate: The value must be a date in the form mm/dd/yyyy.")
	add(locale("m", "updated_at", "yesterday"), schema+"updated_at: The value must be a time in seconds since the epoch.")
	add(locale("m", "custom:tier", "platinum"), schema+"custom:tier: String must be no longer than 6 characters.")
	add(locale("m", "custom:born", "3000"), schema+"custom:born: Number must be no greater than 2020.")
	add(locale("m", "cognito:mfa_enabled", "TRUE"), schema+"cognito:mfa_enabled: The value must be FALSE or empty, since MFA is off in the user pool.")
	add(locale("m", "cognito:mfa_enabled", "x"), schema+"cognito:mfa_enabled: The value must be TRUE or FALSE.")
	add("a,b\n", "[FAILED] The number of values differs from the number of columns in the header.")
	add(locale("m", "name", "\xff"), "[FAILED] The row is not valid UTF-8.")
	add(locale("m", "name", strings.Repeat("x", 16000)), "[FAILED] The row is longer than 16000 characters.")
	add(locale("m", "name", strings.Repeat("x", 300000)), "[FAILED] The row is longer than 16000 characters.")
	add(locale("m", "name", "a\x00b"), schema+"name: A value must not contain the character U+0000.")
	add(locale("last"), "[SUCCEEDED] The import succeeded.")
	j := w.imported(p, file)
	if diff := cmp.Diff(want, w.importLog(j)); diff != "" {
		t.Error(diff)
	}
	wantJob(t, j, "Succeeded", "Import Job Completed Successfully.", 2, 1, int64(len(want)-3))
}

// Users who are named by their address get an id for a username.
func TestImportOfAddresses(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.work()
	p := w.pool(func(in *idp.CreateUserPoolInput) { in.UsernameAttributes = []types.UsernameAttributeType{"email"} })
	columns := w.header(p)
	addressed := func(name, email string) string {
		return row(columns, "cognito:username", name, "email", email, "email_verified", "true")
	}
	j := w.imported(p, strings.Join(columns, ",")+"\n"+
		addressed("ada@example.org", "ada@example.org")+addressed("ada@example.org", "")+addressed("bob", "bob@example.org")+
		addressed("eve@example.org", "bob@example.org"))
	want := []string{
		"[SUCCEEDED] Line Number 2 - The import succeeded.",
		"[SKIPPED] Line Number 3 - The user already exists.",
		"[FAILED] Line Number 4 - Username should be an email.",
		"[FAILED] Line Number 5 - User email should be empty or same as username, since username attribute is email",
	}
	if diff := cmp.Diff(want, w.importLog(j)); diff != "" {
		t.Error(diff)
	}
	u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada@example.org")})
	if err != nil {
		t.Fatal(err)
	}
	if *u.Username != values(u.UserAttributes)["sub"] {
		t.Errorf("username %s", *u.Username)
	}
}

// Who can sign in without a password need not set one.
func TestImportIntoPasswordlessPool(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.work()
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{"email", "phone_number"}
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}}}
	})
	columns := w.header(p)
	w.imported(p, strings.Join(columns, ",")+"\n"+person(columns, "mail")+
		row(columns, "cognito:username", "phone", "phone_number", "+491234", "phone_number_verified", "TRUE", "email", "x@example.org"))
	for name, want := range map[string]types.UserStatusType{"mail": "CONFIRMED", "phone": "RESET_REQUIRED"} {
		u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: &name})
		if err != nil {
			t.Fatal(err)
		}
		if u.UserStatus != want {
			t.Errorf("%s is %s, want %s", name, u.UserStatus, want)
		}
	}
}

// Nobody is imported under a name that means somebody else: whoever acts on a user by
// their username, their sub or their address must not reach another.
func TestImportedNamesOfOthers(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		w.work()
		p := w.pool(aliased)
		w.member(w.app(p), "ada")
		columns := w.header(p)
		sub := values(w.adminGet(p, "ada").UserAttributes)["sub"]
		preferring := func(name, preferred string) string { return person(columns, name, "preferred_username", preferred) }
		j := w.imported(p, strings.Join(columns, ",")+"\n"+
			preferring("eve", "ada")+preferring("eve", sub)+preferring("eve", "ada@example.org")+
			preferring("bob", "bob")+preferring("eve", "bob")+person(columns, "eve")+person(columns, sub))
		const taken = "An account with the given preferred_username already exists."
		want := []string{
			"[FAILED] Line Number 2 - " + taken, "[FAILED] Line Number 3 - " + taken, "[FAILED] Line Number 4 - " + taken,
			"[SUCCEEDED] Line Number 5 - The import succeeded.", "[FAILED] Line Number 6 - " + taken,
			"[SUCCEEDED] Line Number 7 - The import succeeded.", "[SKIPPED] Line Number 8 - The user already exists.",
		}
		if diff := cmp.Diff(want, w.importLog(j)); diff != "" {
			t.Error(diff)
		}
		for _, name := range []string{"ada", sub, "ada@example.org"} {
			if got := w.adminGet(p, name); *got.Username != "ada" {
				t.Errorf("%s means %s", name, *got.Username)
			}
		}
	})
}
