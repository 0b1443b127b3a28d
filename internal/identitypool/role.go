package identitypool

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/model"
	"pintail/internal/wire"
)

// maxRules is how many rules a role mapping can have (Amazon Cognito quotas).
const maxRules = 25

var roleARN = regexp.MustCompile(`^arn:aws:iam::(\d{12}):role/.+`)

// setIdentityPoolRoles implements SetIdentityPoolRoles, which replaces roles and mappings.
// The caller must be allowed to pass each role to Cognito.
func (s *Service) setIdentityPoolRoles(ctx context.Context, c *wire.Call, in *cognitoidentity.SetIdentityPoolRolesInput) (*model.Empty, error) {
	for _, provider := range sortedKeys(in.RoleMappings) {
		if err := checkMapping(provider, in.RoleMappings[provider]); err != nil {
			return nil, err
		}
	}
	for _, role := range rolesOf(in) {
		parts := roleARN.FindStringSubmatch(role)
		switch {
		case parts == nil:
			return nil, invalid("%s is not the ARN of a role.", role)
		case parts[1] != s.account:
			return nil, cognitoidentity.NotAuthorizedException.New("Cross-account pass role is not allowed.")
		}
		passed := map[string]string{"iam:PassedToService": access.CognitoIdentity}
		if err := s.allowed(ctx, c, "iam:PassRole", role, passed); err != nil {
			return nil, err
		}
	}
	return nil, s.changePool(ctx, c, in.IdentityPoolId, func(p *pool) error {
		p.Roles, p.Mapping = in.Roles, in.RoleMappings
		return nil
	})
}

// rolesOf returns every role that is passed to the pool, once.
func rolesOf(in *cognitoidentity.SetIdentityPoolRolesInput) []string {
	var all []string
	for _, role := range in.Roles {
		all = append(all, role)
	}
	for _, mapping := range in.RoleMappings {
		if mapping.RulesConfiguration != nil {
			for _, rule := range mapping.RulesConfiguration.Rules {
				all = append(all, rule.RoleARN)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// checkMapping refuses a mapping that could never choose a role, or that leaves open what
// happens when it chooses none.
func checkMapping(provider string, m cognitoidentity.RoleMapping) error {
	if !isMappable(provider) {
		return invalid("%s is not a provider that roles can be mapped for.", provider)
	}
	if m.AmbiguousRoleResolution == "" {
		return invalid("AmbiguousRoleResolution is required for role mappings of type %s.", m.Type)
	}
	if m.Type != cognitoidentity.RoleMappingTypeRules {
		return nil
	}
	switch rules := m.RulesConfiguration; {
	case rules == nil || len(rules.Rules) == 0:
		return invalid("RulesConfiguration is required for role mappings of type Rules.")
	case len(rules.Rules) > maxRules:
		return invalid("A role mapping can have at most %d rules.", maxRules)
	}
	return nil
}

// isMappable tells whether a text can name a provider in role mappings: a user pool with
// its client, a social provider, or the ARN of a provider in IAM.
func isMappable(provider string) bool {
	if slices.Contains(socialProviders, provider) || openIDARN.MatchString(provider) || samlARN.MatchString(provider) {
		return true
	}
	at := strings.LastIndexByte(provider, ':')
	return at > 0 && at < len(provider)-1 && userPoolID(provider[:at]) != ""
}

// getIdentityPoolRoles implements GetIdentityPoolRoles.
func (s *Service) getIdentityPoolRoles(ctx context.Context, c *wire.Call, in *cognitoidentity.GetIdentityPoolRolesInput) (*cognitoidentity.GetIdentityPoolRolesResponse, error) {
	p, err := s.viewPool(ctx, c, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	return &cognitoidentity.GetIdentityPoolRolesResponse{IdentityPoolId: in.IdentityPoolId, Roles: p.Roles, RoleMappings: p.Mapping}, nil
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
