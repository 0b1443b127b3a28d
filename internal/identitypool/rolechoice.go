package identitypool

import (
	"slices"
	"strings"

	"pintail/internal/gen/cognitoidentity"
)

// choice is what a role is chosen by, in the enhanced flow (Cognito developer guide,
// "Using role-based access control").
type choice struct {
	pool   *pool
	amr    []string
	proofs []proof // none for a guest, and for whom a back end vouches
	custom string  // CustomRoleArn
}

func errNoRole() error {
	return cognitoidentity.NotAuthorizedException.New("The token does not allow the custom role.")
}

func errAmbiguous() error {
	return cognitoidentity.NotAuthorizedException.New("No role of this identity pool is meant for the token.")
}

// role returns the role, "" if the pool has none for the visitor. The first provider with
// a mapping decides, in the order of the providers' names.
func (c choice) role() (string, error) {
	for _, p := range c.proofs {
		for _, name := range p.mapped {
			if m, ok := c.pool.Mapping[name]; ok {
				return c.mapped(m, p)
			}
		}
		if len(p.roles) > 0 { // a SAML provider says which
			return c.offered(p.roles, "", cognitoidentity.AmbiguousRoleResolutionTypeDeny)
		}
	}
	return c.only(c.pool.Roles[c.amr[0]])
}

// only is the outcome where there is nothing to choose.
func (c choice) only(role string) (string, error) {
	if c.custom != "" && c.custom != role {
		return "", errNoRole()
	}
	return role, nil
}

func (c choice) mapped(m cognitoidentity.RoleMapping, p proof) (string, error) {
	if m.Type == cognitoidentity.RoleMappingTypeToken && p.Kind == samlLogin {
		return c.offered(p.roles, "", m.AmbiguousRoleResolution)
	}
	if m.Type == cognitoidentity.RoleMappingTypeToken {
		return c.offered(texts(p.claims["cognito:roles"]), text(p.claims["cognito:preferred_role"]), m.AmbiguousRoleResolution)
	}
	for _, rule := range m.RulesConfiguration.Rules {
		if matches(rule, p.claims) && (c.custom == "" || c.custom == rule.RoleARN) {
			return rule.RoleARN, nil
		}
	}
	return c.ambiguous(m.AmbiguousRoleResolution)
}

// offered chooses among the roles that a token offers.
func (c choice) offered(roles []string, preferred string, otherwise cognitoidentity.AmbiguousRoleResolutionType) (string, error) {
	switch {
	case c.custom != "" && !slices.Contains(roles, c.custom):
		return "", errNoRole()
	case c.custom != "":
		return c.custom, nil
	case preferred != "":
		return preferred, nil
	case len(roles) == 1:
		return roles[0], nil
	}
	return c.ambiguous(otherwise)
}

func (c choice) ambiguous(otherwise cognitoidentity.AmbiguousRoleResolutionType) (string, error) {
	if otherwise == cognitoidentity.AmbiguousRoleResolutionTypeAuthenticatedRole {
		return c.only(c.pool.Roles[authenticated])
	}
	if c.custom != "" {
		return "", errNoRole()
	}
	return "", errAmbiguous()
}

// matches tells whether a rule is for a token. A claim that is absent matches no rule, and
// of a claim with several values one is enough, except that none may be the one that
// NotEqual excludes.
func matches(rule cognitoidentity.MappingRule, claims map[string]any) bool {
	values := texts(claims[rule.Claim])
	if len(values) == 0 {
		return false
	}
	switch rule.MatchType {
	case cognitoidentity.MappingRuleMatchTypeEquals:
		return slices.Contains(values, rule.Value)
	case cognitoidentity.MappingRuleMatchTypeNotEqual:
		return !slices.Contains(values, rule.Value)
	case cognitoidentity.MappingRuleMatchTypeContains:
		return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, rule.Value) })
	case cognitoidentity.MappingRuleMatchTypeStartsWith:
		return slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, rule.Value) })
	}
	return false
}
