package userpool_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
)

// racers is how many ask for the same at once.
const racers = 6

// race lets racers ask for what only one can have, and checks that one gets it and
// all others the refusal.
func race(t *testing.T, refusal string, ask func(i int) error) {
	t.Helper()
	errs := make([]error, racers)
	together(racers, func(i int) { errs[i] = ask(i) })
	winners := 0
	for _, err := range errs {
		if err == nil {
			winners++
			continue
		}
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != refusal {
			t.Errorf("got %v, want %s", err, refusal)
		}
	}
	if winners != 1 {
		t.Errorf("%d of %d have it, want one", winners, racers)
	}
}

// What there can be only one of, or only so many, is given once, however many ask at
// the same time.
func TestOnceForAll(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(aliased)
		app := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
		w.provider(p, "Own", "OIDC", oidcDetails)
		members := make([]string, racers)
		pools := make([]*types.UserPoolType, racers)
		for i := range racers {
			members[i] = fmt.Sprint("member", i)
			w.mustCreate(p, members[i], quietly)
			pools[i] = w.pool()
		}
		for name, test := range map[string]struct {
			refusal string
			ask     func(i int) error
		}{
			"a group": {"GroupExistsException", func(int) error {
				return does(t, w.CreateGroup, &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: aws.String("poets")})
			}},
			"a domain": {invalidParameter, func(i int) error {
				return does(t, w.CreateUserPoolDomain, &idp.CreateUserPoolDomainInput{UserPoolId: pools[i].Id, Domain: aws.String("shop")})
			}},
			"a pool's domain": {invalidParameter, func(i int) error {
				return does(t, w.CreateUserPoolDomain, &idp.CreateUserPoolDomainInput{UserPoolId: p.Id, Domain: aws.String(fmt.Sprint("shop", i))})
			}},
			"a verified address": {"AliasExistsException", func(i int) error {
				return w.adminSet(p, members[i], "email", "ada@example.org", "email_verified", "true")
			}},
			"a preferred username": {"AliasExistsException", func(i int) error { return w.adminSet(p, members[i], "preferred_username", "countess") }},
			"an identifier of a provider": {invalidParameter, func(i int) error {
				return does(t, w.CreateIdentityProvider, &idp.CreateIdentityProviderInput{
					UserPoolId: p.Id, ProviderName: aws.String(fmt.Sprint("Own", i)), ProviderType: "OIDC", ProviderDetails: oidcDetails, IdpIdentifiers: []string{"own"},
				})
			}},
			"a link": {invalidParameter, func(i int) error { return w.link(p, members[i], identifier("Own", subject, "42")) }},
			"a second secret": {"LimitExceededException", func(int) error {
				return does(t, w.AddUserPoolClientSecret, &idp.AddUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: app.ClientId})
			}},
			"a style": {"ManagedLoginBrandingExistsException", func(int) error { _, err := w.style(p, app); return err }},
			"terms":   {"TermsExistsException", func(int) error { _, err := w.terms(p, app, "terms-of-use", "https://example.org/"); return err }},
			"a custom attribute": {invalidParameter, func(int) error {
				return does(t, w.AddCustomAttributes, &idp.AddCustomAttributesInput{
					UserPoolId: p.Id, CustomAttributes: []types.SchemaAttributeType{{Name: aws.String("tier"), AttributeDataType: "String"}},
				})
			}},
		} {
			t.Run(name, func(t *testing.T) { race(t, test.refusal, test.ask) })
		}
	})
}

// Whatever the order, a name never ends up with two people: one as a username, one as
// a preferred_username.
func TestNameForOne(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(aliased)
		w.mustCreate(p, "eve", quietly)
		for round := range 8 {
			name := fmt.Sprint("countess", round)
			errs := make([]error, 2)
			together(2, func(i int) {
				if i == 0 {
					errs[0] = w.adminSet(p, "eve", "preferred_username", name)
				} else {
					_, errs[1] = w.create(p, name, quietly)
				}
			})
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("as preferred_username: %v; as username: %v", errs[0], errs[1])
			}
		}
	})
}

// The last place is given once.
func TestLastPlace(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		for i := range 24 {
			w.resourceServer(p, fmt.Sprint("server", i))
		}
		race(t, "LimitExceededException", func(i int) error {
			return does(t, w.CreateResourceServer, &idp.CreateResourceServerInput{
				UserPoolId: p.Id, Identifier: aws.String(fmt.Sprint("last", i)), Name: aws.String("Shop"),
			})
		})
	})
}
