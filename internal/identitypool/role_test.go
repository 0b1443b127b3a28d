package identitypool_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/testkit"
)

const allowNothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`

// newRoles makes roles for users of the project's pool and returns their ARNs.
func (w *world) newRoles(names ...string) map[string]string {
	w.t.Helper()
	roles := map[string]string{}
	for _, name := range names {
		roles[name] = newRole(w.t, w.Server, name, w.p.IdentityPool, "authenticated", allowNothing)
	}
	return roles
}

func (w *world) mappedName() string { return awsName(w.p) + ":" + w.p.Client }

// mapRoles gives the pool its usual roles, and a mapping for the user pool.
func (w *world) mapRoles(m types.RoleMapping) error {
	_, err := w.root.SetIdentityPoolRoles(w.ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: &w.p.IdentityPool, Roles: w.defaults(), RoleMappings: map[string]types.RoleMapping{w.mappedName(): m},
	})
	return err
}

func (w *world) defaults() map[string]string {
	const arn = "arn:aws:iam::" + testkit.Account + ":role/shop-"
	return map[string]string{"authenticated": arn + "authenticated", "unauthenticated": arn + "unauthenticated"}
}

// userWith makes a user with attributes and signs in.
func (w *world) userWith(name string, attributes map[string]string, groups ...string) map[string]string {
	w.t.Helper()
	idp := w.IDP(w.RootKeys())
	var all []idptypes.AttributeType
	for key, value := range attributes {
		all = append(all, idptypes.AttributeType{Name: &key, Value: &value})
	}
	_, err := idp.AdminCreateUser(w.ctx, &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: &w.p.UserPool, Username: &name, MessageAction: "SUPPRESS", UserAttributes: all,
	})
	must(w.t, err)
	_, err = idp.AdminSetUserPassword(w.ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{UserPoolId: &w.p.UserPool, Username: &name, Password: aws.String(password), Permanent: true})
	must(w.t, err)
	for _, group := range groups {
		_, err := idp.AdminAddUserToGroup(w.ctx, &cognitoidentityprovider.AdminAddUserToGroupInput{UserPoolId: &w.p.UserPool, Username: &name, GroupName: &group})
		must(w.t, err)
	}
	tokens, err := w.SignIn(w.ctx, w.p, name, password)
	must(w.t, err)
	return map[string]string{awsName(w.p): tokens.ID}
}

// enterAs asks for credentials with a role of choice; "" leaves it to the pool.
func (w *world) enterAs(id string, shown map[string]string, custom string) (string, error) {
	in := &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &id, Logins: shown}
	if custom != "" {
		in.CustomRoleArn = &custom
	}
	out, err := w.anyone.GetCredentialsForIdentity(w.ctx, in)
	if err != nil {
		return "", err
	}
	c := out.Credentials
	return w.role(testkit.Keys{ID: *c.AccessKeyId, Secret: *c.SecretKey, Token: *c.SessionToken}), nil
}

// wantRole checks which role a login gets; a want of "" is a refusal.
func (w *world) wantRole(what string, shown map[string]string, custom, want string) {
	w.t.Helper()
	got, err := w.enterAs(w.id(shown), shown, custom)
	if want == "" {
		if err == nil {
			w.t.Errorf("%s: got the role %s, want none", what, got)
			return
		}
		wantError(w.t, err, "NotAuthorizedException", "")
		return
	}
	if err != nil || got != want {
		w.t.Errorf("%s: role %q, %v; want %s", what, got, err, want)
	}
}

func TestRoleByRules(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		roles := w.newRoles("gold", "crew", "abroad", "known")
		rules := []types.MappingRule{
			{Claim: aws.String("given_name"), MatchType: types.MappingRuleMatchTypeEquals, Value: aws.String("Ada"), RoleARN: aws.String(roles["gold"])},
			{Claim: aws.String("email"), MatchType: types.MappingRuleMatchTypeContains, Value: aws.String("@crew."), RoleARN: aws.String(roles["crew"])},
			{Claim: aws.String("phone_number"), MatchType: types.MappingRuleMatchTypeStartsWith, Value: aws.String("+44"), RoleARN: aws.String(roles["abroad"])},
			{Claim: aws.String("locale"), MatchType: types.MappingRuleMatchTypeNotEqual, Value: aws.String("de"), RoleARN: aws.String(roles["known"])},
		}
		byRules := func(otherwise types.AmbiguousRoleResolutionType) {
			must(w.t, w.mapRoles(types.RoleMapping{
				Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: otherwise, RulesConfiguration: &types.RulesConfigurationType{Rules: rules},
			}))
		}
		byRules(types.AmbiguousRoleResolutionTypeDeny)
		first := w.userWith("a", map[string]string{"given_name": "Ada", "email": "a@crew.example"})
		w.wantRole("the first rule that matches", first, "", "gold")
		w.wantRole("a role of choice that another rule gives", first, roles["crew"], "crew")
		w.wantRole("a role of choice that no matching rule gives", first, roles["abroad"], "")
		w.wantRole("a part of a claim", w.userWith("b", map[string]string{"email": "b@crew.example"}), "", "crew")
		w.wantRole("the beginning of a claim", w.userWith("c", map[string]string{"phone_number": "+4420000"}), "", "abroad")
		w.wantRole("not the beginning of a claim", w.userWith("d", map[string]string{"phone_number": "+1442000"}), "", "")
		w.wantRole("another value than the one", w.userWith("e", map[string]string{"locale": "en"}), "", "known")
		w.wantRole("the one value", w.userWith("f", map[string]string{"locale": "de"}), "", "")
		nothing := w.userWith("g", nil)
		w.wantRole("absent claims", nothing, "", "")
		w.wantRole("another letter case", w.userWith("h", map[string]string{"given_name": "ada"}), "", "")

		byRules(types.AmbiguousRoleResolutionTypeAuthenticatedRole)
		w.wantRole("absent claims", nothing, "", "shop-authenticated")
		w.wantRole("a role of choice that nothing gives", nothing, roles["gold"], "")
		w.wantRole("the default as a role of choice", nothing, w.defaults()["authenticated"], "shop-authenticated")
	})
}

func TestRoleByToken(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		roles := w.newRoles("low", "high", "tied")
		for name, precedence := range map[string]int32{"high": 1, "low": 5, "tied": 1} {
			_, err := w.IDP(w.RootKeys()).CreateGroup(w.ctx, &cognitoidentityprovider.CreateGroupInput{
				UserPoolId: &w.p.UserPool, GroupName: &name, RoleArn: aws.String(roles[name]), Precedence: &precedence,
			})
			must(w.t, err)
		}
		byToken := func(otherwise types.AmbiguousRoleResolutionType) {
			must(w.t, w.mapRoles(types.RoleMapping{Type: types.RoleMappingTypeToken, AmbiguousRoleResolution: otherwise}))
		}
		byToken(types.AmbiguousRoleResolutionTypeDeny)
		both := w.userWith("a", nil, "low", "high")
		w.wantRole("the preferred role", both, "", "high")
		w.wantRole("a role of choice among the token's", both, roles["low"], "low")
		w.wantRole("a role of choice that is not the token's", both, roles["tied"], "")
		w.wantRole("the only role", w.userWith("b", nil, "low"), "", "low")
		tied, none := w.userWith("c", nil, "high", "tied"), w.userWith("d", nil)
		w.wantRole("two roles and no preferred one", tied, "", "")
		w.wantRole("a role of choice of two", tied, roles["tied"], "tied")
		w.wantRole("no role", none, "", "")
		w.wantRole("the default as a role of choice, which the token does not have", none, w.defaults()["authenticated"], "")

		byToken(types.AmbiguousRoleResolutionTypeAuthenticatedRole)
		w.wantRole("two roles and no preferred one", tied, "", "shop-authenticated")
		w.wantRole("no role", none, "", "shop-authenticated")
	})
}

// Guests, developer identities and logins of other clients have no mapping.
func TestRoleWithoutMapping(t *testing.T) {
	t.Parallel()
	w := boot(t)
	roles := w.newRoles("other")
	w.developers()
	must(t, w.mapRoles(types.RoleMapping{Type: types.RoleMappingTypeToken, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny}))
	guest := w.id(nil)
	if got, err := w.enterAs(guest, nil, ""); err != nil || got != "shop-unauthenticated" {
		t.Errorf("a guest has the role %s, %v", got, err)
	}
	_, err := w.enterAs(guest, nil, w.defaults()["authenticated"])
	wantError(t, err, "NotAuthorizedException", "does not allow the custom role")
	id, token := w.vouched("", "ada-1")
	if got, err := w.enterAs(id, token, ""); err != nil || got != "shop-authenticated" {
		t.Errorf("a developer identity has the role %s, %v", got, err)
	}
	_, err = w.enterAs(id, token, roles["other"])
	wantError(t, err, "NotAuthorizedException", "does not allow the custom role")

	_, err = w.root.SetIdentityPoolRoles(w.ctx, &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &w.p.IdentityPool, Roles: w.defaults()})
	must(t, err)
	ada := w.user(w.p, "ada")
	w.wantRole("no mapping", ada, "", "shop-authenticated")
	w.wantRole("no mapping, and a role of choice", ada, roles["other"], "")
	// Roles are replaced as a whole.
	_, err = w.root.SetIdentityPoolRoles(w.ctx, &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &w.p.IdentityPool, Roles: map[string]string{}})
	must(t, err)
	w.refused(w.id(ada), ada, "InvalidIdentityPoolConfigurationException", "Check assigned IAM roles for this pool.")
}

func TestSettingRoles(t *testing.T) {
	t.Parallel()
	w := boot(t)
	gold := w.newRoles("gold")["gold"]
	rule := types.MappingRule{Claim: aws.String("email"), MatchType: types.MappingRuleMatchTypeEquals, Value: aws.String("a"), RoleARN: &gold}
	rules := func(n int) *types.RulesConfigurationType {
		c := new(types.RulesConfigurationType)
		for range n {
			c.Rules = append(c.Rules, rule)
		}
		return c
	}
	deny := types.AmbiguousRoleResolutionTypeDeny
	must(t, w.mapRoles(types.RoleMapping{Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: deny, RulesConfiguration: rules(25)}))
	got, err := w.root.GetIdentityPoolRoles(w.ctx, &cognitoidentity.GetIdentityPoolRolesInput{IdentityPoolId: &w.p.IdentityPool})
	must(t, err)
	if m := got.RoleMappings[w.mappedName()]; len(got.RoleMappings) != 1 || m.AmbiguousRoleResolution != deny || len(m.RulesConfiguration.Rules) != 25 || *m.RulesConfiguration.Rules[0].RoleARN != gold {
		t.Errorf("mappings %+v", got.RoleMappings)
	}
	for message, m := range map[string]types.RoleMapping{
		"AmbiguousRoleResolution is required": {Type: types.RoleMappingTypeToken},
		"RulesConfiguration is required":      {Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: deny},
		"at most 25 rules":                    {Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: deny, RulesConfiguration: rules(26)},
	} {
		wantError(t, w.mapRoles(m), "InvalidParameterException", message)
	}
	set := func(client *cognitoidentity.Client, roles map[string]string, provider string) error {
		in := &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &w.p.IdentityPool, Roles: roles}
		if provider != "" {
			in.RoleMappings = map[string]types.RoleMapping{provider: {Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: deny, RulesConfiguration: rules(1)}}
		}
		_, err := client.SetIdentityPoolRoles(w.ctx, in)
		return err
	}
	for _, provider := range []string{
		"graph.facebook.com", "arn:aws:iam::123456789012:oidc-provider/auth.example.org/x", "arn:aws:iam::123456789012:saml-provider/corp",
	} {
		must(t, set(w.root, map[string]string{}, provider))
	}
	for _, provider := range []string{awsName(w.p), "example.org", "arn:aws:iam::123456789012:role/x", awsName(w.p) + ":"} {
		wantError(t, set(w.root, map[string]string{}, provider), "InvalidParameterException", "roles can be mapped for")
	}
	wantError(t, set(w.root, map[string]string{"authenticated": "arn:aws:iam::210987654321:role/x"}, ""), "NotAuthorizedException", "Cross-account pass role is not allowed.")
	wantError(t, set(w.root, map[string]string{"authenticated": "arn:aws:iam::123456789012:user/x"}, ""), "InvalidParameterException", "not the ARN of a role")

	// The roles of rules are passed on like the others.
	pass := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-identity:SetIdentityPoolRoles","Resource":"*"},
		{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::%s:role/shop-*","Condition":{"StringEquals":{"iam:PassedToService":"cognito-identity.amazonaws.com"}}}]}`
	narrow := w.Identity(w.iamUser("passer", fmt.Sprintf(pass, testkit.Account)))
	must(t, set(narrow, w.defaults(), ""))
	wantError(t, set(narrow, w.defaults(), "graph.facebook.com"), "AccessDeniedException", "iam:PassRole on resource: "+gold)
}
