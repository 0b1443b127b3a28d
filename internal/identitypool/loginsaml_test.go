package identitypool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"pintail/internal/idp/idptest"
)

const (
	corp = "arn:aws:iam::123456789012:saml-provider/corp"
	// roleAttribute names the roles that an assertion offers.
	roleAttribute = "https://aws.amazon.com/SAML/Attributes/Role"
)

// bootSAML starts a world whose pool trusts a SAML provider.
func bootSAML(t *testing.T) (*world, *idptest.SAML) {
	t.Helper()
	w, provider := boot(t), idptest.NewSAML(t, nil)
	_, err := w.IAM(w.RootKeys()).CreateSAMLProvider(w.ctx, &iam.CreateSAMLProviderInput{Name: aws.String("corp"), SAMLMetadataDocument: aws.String(provider.Metadata())})
	must(t, err)
	w.trustSAML()
	return w, provider
}

func (w *world) trustSAML() {
	w.t.Helper()
	w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) {
		in.SamlProviderARNs, in.AllowClassicFlow, in.DeveloperProviderName = []string{corp}, new(true), new(developer)
	})
}

// assertion is the login of somebody whom the provider offers roles.
func assertion(p *idptest.SAML, name string, roles ...string) map[string]string {
	r := idptest.SAMLResponse{NameID: name}
	if len(roles) > 0 {
		r.Attributes = []idptest.SAMLAttribute{{Name: roleAttribute}}
		for _, role := range roles {
			r.Attributes[0].Values = append(r.Attributes[0].Values, role+","+corp)
		}
	}
	return map[string]string{corp: p.Respond(r)}
}

func TestSAMLLogin(t *testing.T) {
	t.Parallel()
	w, provider := bootSAML(t)
	roles := w.newRoles("crew", "chief")
	anna := assertion(provider, "anna")
	guest := w.id(nil)
	w.enters(guest, anna, guest)
	w.enters(guest, anna, guest) // the same assertion serves the pool until it expires
	if got := w.id(assertion(provider, "anna")); got != guest {
		t.Errorf("the next sign-in's identity is %s, want %s", got, guest)
	}
	if got := w.describe(guest); len(got) != 1 || got[0] != corp {
		t.Errorf("logins %v", got)
	}
	w.wantRole("no role offered", anna, "", "shop-authenticated")
	one, two := assertion(provider, "bea", roles["crew"]), assertion(provider, "cleo", roles["crew"], roles["chief"])
	w.wantRole("one role offered", one, "", "crew")
	w.wantRole("a role that is not offered", one, roles["chief"], "")
	w.wantRole("two roles offered, and none chosen", two, "", "")
	w.wantRole("two roles offered", two, roles["chief"], "chief")
	// What another provider may offer is not this one's to give.
	foreign := idptest.SAMLResponse{NameID: "dora", Attributes: []idptest.SAMLAttribute{
		{Name: roleAttribute, Values: []string{roles["chief"] + ",arn:aws:iam::123456789012:saml-provider/other"}},
	}}
	w.wantRole("another provider's role", map[string]string{corp: provider.Respond(foreign)}, "", "shop-authenticated")

	_, err := w.root.SetIdentityPoolRoles(w.ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: &w.p.IdentityPool, Roles: w.defaults(), RoleMappings: map[string]types.RoleMapping{corp: {
			Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny,
			RulesConfiguration: &types.RulesConfigurationType{Rules: []types.MappingRule{
				{Claim: aws.String("team"), MatchType: types.MappingRuleMatchTypeEquals, Value: aws.String("bridge"), RoleARN: aws.String(roles["chief"])},
			}},
		}},
	})
	must(t, err)
	bridge := idptest.SAMLResponse{NameID: "eve", Attributes: []idptest.SAMLAttribute{{Name: "team", Values: []string{"all", "bridge"}}}}
	w.wantRole("by a rule", map[string]string{corp: provider.Respond(bridge)}, "", "chief")
	w.wantRole("no rule, whatever is offered", one, "", "")

	_, err = w.root.SetIdentityPoolRoles(w.ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: &w.p.IdentityPool, Roles: w.defaults(), RoleMappings: map[string]types.RoleMapping{corp: {
			Type: types.RoleMappingTypeToken, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeAuthenticatedRole,
		}},
	})
	must(t, err)
	w.wantRole("the one role offered, by mapping", one, "", "crew")
	w.wantRole("two roles offered, and a default", two, "", "shop-authenticated")
}

func TestAssertionsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	w, provider := bootSAML(t)
	stranger := idptest.NewSAML(t, nil)
	for name, test := range map[string]struct {
		login   map[string]string
		message string
	}{
		"another key's":     {assertion(stranger, "anna"), "Couldn't verify signed token."},
		"unsigned":          {map[string]string{corp: provider.Respond(idptest.SAMLResponse{Sign: idptest.SignNothing})}, "Couldn't verify signed token."},
		"for somebody else": {map[string]string{corp: provider.Respond(idptest.SAMLResponse{Audience: "urn:example:other"})}, "Token is not from a supported provider"},
		"no assertion":      {map[string]string{corp: "nonsense"}, "Invalid login token."},
		"another provider":  {map[string]string{corp + "2": provider.Respond(idptest.SAMLResponse{})}, "Token is not from a supported provider"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.getID(test.login)
			wantError(t, err, "NotAuthorizedException", test.message)
		})
	}
	// The enhanced flow only.
	anna := assertion(provider, "anna")
	id := w.id(anna)
	_, err := w.openID(id, anna)
	wantError(t, err, "InvalidParameterException", "Please provide a valid public provider.")
	_, _, err = w.vouch("", "anna-1", anna)
	wantError(t, err, "InvalidParameterException", "Please provide a valid public provider.")
	// An assertion serves one pool.
	other, err := w.root.CreateIdentityPool(w.ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("other"), SamlProviderARNs: []string{corp}})
	must(t, err)
	_, err = w.anyone.GetId(w.ctx, &cognitoidentity.GetIdInput{IdentityPoolId: other.IdentityPoolId, Logins: anna})
	wantError(t, err, "NotAuthorizedException", "Couldn't verify signed token.")
	// A provider that IAM, or the pool, trusts no more.
	w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) { in.DeveloperProviderName = new(developer) })
	w.refused(id, anna, "NotAuthorizedException", "Token is not from a supported provider")
	w.trustSAML()
	w.enters(id, anna, id)
	_, err = w.IAM(w.RootKeys()).DeleteSAMLProvider(w.ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: aws.String(corp)})
	must(t, err)
	w.refused(id, anna, "NotAuthorizedException", "Token is not from a supported provider")
}
