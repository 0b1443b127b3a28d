package userpool_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// furnished is a pool with one of everything that a pool can own.
type furnished struct {
	pool               *types.UserPoolType
	app                *types.UserPoolClientType
	secret, terms      *string
	style, job, domain *string
}

func (w *world) furnish() (f furnished) {
	w.t.Helper()
	f.pool = w.pool(protected, aliased)
	f.app = w.app(f.pool, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
	f.secret = aws.String(w.secretsOf(f.app)[0])
	w.mustCreate(f.pool, "ada", quietly)
	w.group(f.pool, "poets")
	w.join(f.pool, "ada", "poets")
	w.resourceServer(f.pool, "shop", "read")
	w.provider(f.pool, "Own", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"own"} })
	if err := w.link(f.pool, "ada", identifier("Own", subject, "42")); err != nil {
		w.t.Fatal(err)
	}
	f.domain = aws.String("shop")
	w.domain(f.pool, *f.domain)
	w.customize(f.pool, f.app.ClientId, ".label-customizable { color: red; }", nil)
	style, err := w.style(f.pool, f.app)
	if err != nil {
		w.t.Fatal(err)
	}
	terms, err := w.terms(f.pool, f.app, "terms-of-use", "https://example.org/")
	if err != nil {
		w.t.Fatal(err)
	}
	f.style, f.terms, f.job = style.ManagedLoginBrandingId, terms.TermsId, w.importJob(f.pool).JobId
	return f
}

// ofPools are the operations on a pool and what it owns, on things by the names that
// they have in a furnished pool. Those of users are in [world.administration].
func (f furnished) ofPools(t *testing.T) map[string]func(c *idp.Client, pool *string) error {
	ada, poets, shop, own := aws.String("ada"), aws.String("poets"), aws.String("shop"), aws.String("Own")
	second := aws.String("second")
	return map[string]func(c *idp.Client, pool *string) error{
		"DescribeUserPool": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeUserPool, &idp.DescribeUserPoolInput{UserPoolId: p})
		},
		"UpdateUserPool": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateUserPool, &idp.UpdateUserPoolInput{UserPoolId: p})
		},
		"AddCustomAttributes": func(c *idp.Client, p *string) error {
			return does(t, c.AddCustomAttributes, &idp.AddCustomAttributesInput{UserPoolId: p, CustomAttributes: []types.SchemaAttributeType{{Name: second, AttributeDataType: "String"}}})
		},
		"GetSigningCertificate": func(c *idp.Client, p *string) error {
			return does(t, c.GetSigningCertificate, &idp.GetSigningCertificateInput{UserPoolId: p})
		},
		"CreateUserPoolClient": func(c *idp.Client, p *string) error {
			return does(t, c.CreateUserPoolClient, &idp.CreateUserPoolClientInput{UserPoolId: p, ClientName: second})
		},
		"DescribeUserPoolClient": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeUserPoolClient, &idp.DescribeUserPoolClientInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"UpdateUserPoolClient": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateUserPoolClient, &idp.UpdateUserPoolClientInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"ListUserPoolClients": func(c *idp.Client, p *string) error {
			return does(t, c.ListUserPoolClients, &idp.ListUserPoolClientsInput{UserPoolId: p, MaxResults: aws.Int32(1)})
		},
		"AddUserPoolClientSecret": func(c *idp.Client, p *string) error {
			return does(t, c.AddUserPoolClientSecret, &idp.AddUserPoolClientSecretInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"ListUserPoolClientSecrets": func(c *idp.Client, p *string) error {
			return does(t, c.ListUserPoolClientSecrets, &idp.ListUserPoolClientSecretsInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"DeleteUserPoolClientSecret": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteUserPoolClientSecret, &idp.DeleteUserPoolClientSecretInput{UserPoolId: p, ClientId: f.app.ClientId, ClientSecretId: f.secret})
		},
		"DeleteUserPoolClient": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteUserPoolClient, &idp.DeleteUserPoolClientInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"CreateGroup": func(c *idp.Client, p *string) error {
			return does(t, c.CreateGroup, &idp.CreateGroupInput{UserPoolId: p, GroupName: second})
		},
		"GetGroup": func(c *idp.Client, p *string) error {
			return does(t, c.GetGroup, &idp.GetGroupInput{UserPoolId: p, GroupName: poets})
		},
		"UpdateGroup": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateGroup, &idp.UpdateGroupInput{UserPoolId: p, GroupName: poets})
		},
		"DeleteGroup": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteGroup, &idp.DeleteGroupInput{UserPoolId: p, GroupName: poets})
		},
		"ListGroups": func(c *idp.Client, p *string) error {
			return does(t, c.ListGroups, &idp.ListGroupsInput{UserPoolId: p})
		},
		"ListUsersInGroup": func(c *idp.Client, p *string) error {
			return does(t, c.ListUsersInGroup, &idp.ListUsersInGroupInput{UserPoolId: p, GroupName: poets})
		},
		"AdminAddUserToGroup": func(c *idp.Client, p *string) error {
			return does(t, c.AdminAddUserToGroup, &idp.AdminAddUserToGroupInput{UserPoolId: p, GroupName: poets, Username: ada})
		},
		"AdminRemoveUserFromGroup": func(c *idp.Client, p *string) error {
			return does(t, c.AdminRemoveUserFromGroup, &idp.AdminRemoveUserFromGroupInput{UserPoolId: p, GroupName: poets, Username: ada})
		},
		"AdminListGroupsForUser": func(c *idp.Client, p *string) error {
			return does(t, c.AdminListGroupsForUser, &idp.AdminListGroupsForUserInput{UserPoolId: p, Username: ada})
		},
		"CreateResourceServer": func(c *idp.Client, p *string) error {
			return does(t, c.CreateResourceServer, &idp.CreateResourceServerInput{UserPoolId: p, Identifier: second, Name: second})
		},
		"DescribeResourceServer": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeResourceServer, &idp.DescribeResourceServerInput{UserPoolId: p, Identifier: shop})
		},
		"UpdateResourceServer": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateResourceServer, &idp.UpdateResourceServerInput{UserPoolId: p, Identifier: shop, Name: second})
		},
		"DeleteResourceServer": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteResourceServer, &idp.DeleteResourceServerInput{UserPoolId: p, Identifier: shop})
		},
		"ListResourceServers": func(c *idp.Client, p *string) error {
			return does(t, c.ListResourceServers, &idp.ListResourceServersInput{UserPoolId: p})
		},
		"CreateIdentityProvider": func(c *idp.Client, p *string) error {
			return does(t, c.CreateIdentityProvider, &idp.CreateIdentityProviderInput{UserPoolId: p, ProviderName: aws.String("Google"), ProviderType: "Google", ProviderDetails: googleDetails})
		},
		"DescribeIdentityProvider": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeIdentityProvider, &idp.DescribeIdentityProviderInput{UserPoolId: p, ProviderName: own})
		},
		"GetIdentityProviderByIdentifier": func(c *idp.Client, p *string) error {
			return does(t, c.GetIdentityProviderByIdentifier, &idp.GetIdentityProviderByIdentifierInput{UserPoolId: p, IdpIdentifier: aws.String("own")})
		},
		"UpdateIdentityProvider": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateIdentityProvider, &idp.UpdateIdentityProviderInput{UserPoolId: p, ProviderName: own})
		},
		"DeleteIdentityProvider": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteIdentityProvider, &idp.DeleteIdentityProviderInput{UserPoolId: p, ProviderName: own})
		},
		"ListIdentityProviders": func(c *idp.Client, p *string) error {
			return does(t, c.ListIdentityProviders, &idp.ListIdentityProvidersInput{UserPoolId: p})
		},
		"AdminLinkProviderForUser": func(c *idp.Client, p *string) error {
			return does(t, c.AdminLinkProviderForUser, &idp.AdminLinkProviderForUserInput{
				UserPoolId: p, DestinationUser: identifier("Cognito", subject, "ada"), SourceUser: identifier("Own", subject, "43"),
			})
		},
		"AdminDisableProviderForUser": func(c *idp.Client, p *string) error {
			return does(t, c.AdminDisableProviderForUser, &idp.AdminDisableProviderForUserInput{UserPoolId: p, User: identifier("Own", subject, "42")})
		},
		"CreateUserPoolDomain": func(c *idp.Client, p *string) error {
			return does(t, c.CreateUserPoolDomain, &idp.CreateUserPoolDomainInput{UserPoolId: p, Domain: second})
		},
		"UpdateUserPoolDomain": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateUserPoolDomain, &idp.UpdateUserPoolDomainInput{UserPoolId: p, Domain: f.domain})
		},
		"DeleteUserPoolDomain": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteUserPoolDomain, &idp.DeleteUserPoolDomainInput{UserPoolId: p, Domain: f.domain})
		},
		"GetUICustomization": func(c *idp.Client, p *string) error {
			return does(t, c.GetUICustomization, &idp.GetUICustomizationInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"SetUICustomization": func(c *idp.Client, p *string) error {
			return does(t, c.SetUICustomization, &idp.SetUICustomizationInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"CreateManagedLoginBranding": func(c *idp.Client, p *string) error {
			return does(t, c.CreateManagedLoginBranding, &idp.CreateManagedLoginBrandingInput{UserPoolId: p, ClientId: f.app.ClientId, UseCognitoProvidedValues: true})
		},
		"DescribeManagedLoginBranding": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeManagedLoginBranding, &idp.DescribeManagedLoginBrandingInput{UserPoolId: p, ManagedLoginBrandingId: f.style})
		},
		"DescribeManagedLoginBrandingByClient": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeManagedLoginBrandingByClient, &idp.DescribeManagedLoginBrandingByClientInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"UpdateManagedLoginBranding": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateManagedLoginBranding, &idp.UpdateManagedLoginBrandingInput{UserPoolId: p, ManagedLoginBrandingId: f.style})
		},
		"DeleteManagedLoginBranding": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteManagedLoginBranding, &idp.DeleteManagedLoginBrandingInput{UserPoolId: p, ManagedLoginBrandingId: f.style})
		},
		"CreateTerms": func(c *idp.Client, p *string) error {
			return does(t, c.CreateTerms, &idp.CreateTermsInput{UserPoolId: p, ClientId: f.app.ClientId, TermsName: aws.String("privacy-policy"), TermsSource: "LINK", Enforcement: "NONE"})
		},
		"DescribeTerms": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeTerms, &idp.DescribeTermsInput{UserPoolId: p, TermsId: f.terms})
		},
		"UpdateTerms": func(c *idp.Client, p *string) error {
			return does(t, c.UpdateTerms, &idp.UpdateTermsInput{UserPoolId: p, TermsId: f.terms})
		},
		"DeleteTerms": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteTerms, &idp.DeleteTermsInput{UserPoolId: p, TermsId: f.terms})
		},
		"ListTerms": func(c *idp.Client, p *string) error {
			return does(t, c.ListTerms, &idp.ListTermsInput{UserPoolId: p, MaxResults: aws.Int32(1)})
		},
		"GetLogDeliveryConfiguration": func(c *idp.Client, p *string) error {
			return does(t, c.GetLogDeliveryConfiguration, &idp.GetLogDeliveryConfigurationInput{UserPoolId: p})
		},
		"SetLogDeliveryConfiguration": func(c *idp.Client, p *string) error {
			return does(t, c.SetLogDeliveryConfiguration, &idp.SetLogDeliveryConfigurationInput{UserPoolId: p, LogConfigurations: []types.LogConfigurationType{}})
		},
		"DescribeRiskConfiguration": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeRiskConfiguration, &idp.DescribeRiskConfigurationInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"SetRiskConfiguration": func(c *idp.Client, p *string) error {
			return does(t, c.SetRiskConfiguration, &idp.SetRiskConfigurationInput{UserPoolId: p, ClientId: f.app.ClientId})
		},
		"GetCSVHeader": func(c *idp.Client, p *string) error {
			return does(t, c.GetCSVHeader, &idp.GetCSVHeaderInput{UserPoolId: p})
		},
		"CreateUserImportJob": func(c *idp.Client, p *string) error {
			return does(t, c.CreateUserImportJob, &idp.CreateUserImportJobInput{UserPoolId: p, JobName: second, CloudWatchLogsRoleArn: aws.String(logRole)})
		},
		"DescribeUserImportJob": func(c *idp.Client, p *string) error {
			return does(t, c.DescribeUserImportJob, &idp.DescribeUserImportJobInput{UserPoolId: p, JobId: f.job})
		},
		"ListUserImportJobs": func(c *idp.Client, p *string) error {
			return does(t, c.ListUserImportJobs, &idp.ListUserImportJobsInput{UserPoolId: p, MaxResults: aws.Int32(1)})
		},
		"StartUserImportJob": func(c *idp.Client, p *string) error {
			return does(t, c.StartUserImportJob, &idp.StartUserImportJobInput{UserPoolId: p, JobId: f.job})
		},
		"StopUserImportJob": func(c *idp.Client, p *string) error {
			return does(t, c.StopUserImportJob, &idp.StopUserImportJobInput{UserPoolId: p, JobId: f.job})
		},
		"ListUsers": func(c *idp.Client, p *string) error { return does(t, c.ListUsers, &idp.ListUsersInput{UserPoolId: p}) },
		"DeleteUserPool": func(c *idp.Client, p *string) error {
			return does(t, c.DeleteUserPool, &idp.DeleteUserPoolInput{UserPoolId: p})
		},
	}
}

// ofWhole are the operations of ofPools that name nothing that only that pool has.
var ofWhole = []string{
	"AddCustomAttributes", "CreateGroup", "CreateIdentityProvider", "CreateResourceServer", "CreateUserImportJob", "CreateUserPoolClient",
	"CreateUserPoolDomain", "DeleteUserPool", "DescribeUserPool", "GetCSVHeader", "GetLogDeliveryConfiguration", "GetSigningCertificate",
	"ListGroups", "ListIdentityProviders", "ListResourceServers", "ListTerms", "ListUserImportJobs", "ListUserPoolClients", "ListUsers",
	"SetLogDeliveryConfiguration", "UpdateUserPool",
}

// notYet are those that a furnished pool refuses: what would come second, or too early.
var notYet = []string{"CreateManagedLoginBranding", "CreateUserPoolDomain", "StartUserImportJob", "StopUserImportJob"}

// A pool does not exist in another region, nor once it is deleted, whatever is asked
// of it; and nothing of it can be seen or changed by way of another pool.
func TestPoolsAreApart(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		f, other := w.furnish(), w.pool(protected, aliased)
		w.domain(other, "other")
		before := w.documents(f.pool)
		ops := f.ofPools(t)
		names := slices.Sorted(maps.Keys(ops))
		elsewhere := w.clientIn("eu-central-1")
		absent := "User pool " + *f.pool.Id + " does not exist."
		for _, name := range names {
			t.Run(name+" elsewhere", func(t *testing.T) { wants(t, ops[name](elsewhere, f.pool.Id), resourceNotFound, absent) })
			if slices.Contains(ofWhole, name) {
				continue
			}
			refused, ok := errors.AsType[smithy.APIError](ops[name](w.Client, other.Id))
			if !ok || !slices.Contains([]string{resourceNotFound, "UserNotFoundException", invalidParameter}, refused.ErrorCode()) {
				t.Errorf("%s of what is in another pool: %v", name, refused)
			}
		}
		sub := values(w.adminGet(f.pool, "ada").UserAttributes)["sub"]
		w.group(other, "poets")
		for name, administer := range w.administration(other) {
			for _, user := range []string{"ada", sub} {
				t.Run(name+" "+user, func(t *testing.T) { wants(t, administer(user), "UserNotFoundException", "User does not exist.") })
			}
		}
		if diff := cmp.Diff(before, w.documents(f.pool)); diff != "" {
			t.Error("changed:", diff)
		}
		for _, name := range names { // and each of them works where the thing is
			if strings.HasPrefix(name, "Delete") || slices.Contains(notYet, name) {
				continue
			}
			if err := ops[name](w.Client, f.pool.Id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.removeDomain(f.pool, *f.domain)
		if err := ops["DeleteUserPool"](w.Client, f.pool.Id); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			t.Run(name+" afterwards", func(t *testing.T) { wants(t, ops[name](w.Client, f.pool.Id), resourceNotFound, absent) })
		}
		w.gone(f)
	})
}

// gone checks that nothing is left of a pool that was deleted.
func (w *world) gone(f furnished) {
	w.t.Helper()
	for kind, n := range w.documents(f.pool) {
		if n > 0 {
			w.t.Errorf("left of the pool: %d %s", n, kind)
		}
	}
	wants(w.t, w.trySignUp(f.app, "eve"), resourceNotFound, "User pool client "+*f.app.ClientId+" does not exist.")
	for _, path := range []string{"/.well-known/jwks.json", "/.well-known/openid-configuration"} {
		if status := w.get("/"+*f.pool.Id+path, nil); status != http.StatusNotFound {
			w.t.Errorf("%s answers %d", path, status)
		}
	}
}
