package identitypool

import (
	"context"
	"strings"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/wire"
)

// tagMap says which claims of a provider's tokens become tags of sessions (Cognito
// developer guide, "Using attributes for access control").
type tagMap struct {
	UseDefaults bool              `json:",omitzero"`
	Claims      map[string]string `json:",omitzero"` // by the tags' keys
}

// defaultTags is what UseDefaults means.
var defaultTags = map[string]string{"username": "sub", "client": "aud"}

// Limits of session tags (Cognito developer guide; IAM and AWS STS quotas).
const (
	maxTagMaps  = 100 // of a pool; ours
	maxTagValue = 256
	maxAllTags  = 460 // bytes of what a token's claims are mapped to
)

func (m tagMap) claims() map[string]string {
	if m.UseDefaults {
		return defaultTags
	}
	return m.Claims
}

// setPrincipalTagAttributeMap implements SetPrincipalTagAttributeMap.
func (s *Service) setPrincipalTagAttributeMap(ctx context.Context, c *wire.Call, in *cognitoidentity.SetPrincipalTagAttributeMapInput) (*cognitoidentity.SetPrincipalTagAttributeMapResponse, error) {
	if err := checkTagKeys(in.PrincipalTags); err != nil {
		return nil, err
	}
	m := tagMap{UseDefaults: isTrue(in.UseDefaults)}
	if !m.UseDefaults {
		m.Claims = in.PrincipalTags
	}
	err := s.changePool(ctx, c, in.IdentityPoolId, func(p *pool) error {
		if p.Tags == nil {
			p.Tags = map[string]tagMap{}
		}
		p.Tags[in.IdentityProviderName] = m
		if len(m.claims()) == 0 {
			delete(p.Tags, in.IdentityProviderName)
		}
		if len(p.Tags) > maxTagMaps {
			return invalid("An identity pool can have at most %d maps of principal tags.", maxTagMaps)
		}
		return nil
	})
	return &cognitoidentity.SetPrincipalTagAttributeMapResponse{
		IdentityPoolId: in.IdentityPoolId, IdentityProviderName: in.IdentityProviderName, UseDefaults: &m.UseDefaults, PrincipalTags: m.claims(),
	}, err
}

// getPrincipalTagAttributeMap implements GetPrincipalTagAttributeMap. A provider without a
// map has an empty one.
func (s *Service) getPrincipalTagAttributeMap(ctx context.Context, c *wire.Call, in *cognitoidentity.GetPrincipalTagAttributeMapInput) (*cognitoidentity.GetPrincipalTagAttributeMapResponse, error) {
	p, err := s.viewPool(ctx, c, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	m := p.Tags[in.IdentityProviderName]
	return &cognitoidentity.GetPrincipalTagAttributeMapResponse{
		IdentityPoolId: in.IdentityPoolId, IdentityProviderName: in.IdentityProviderName, UseDefaults: &m.UseDefaults, PrincipalTags: m.claims(),
	}, nil
}

// checkTagKeys refuses keys that no session can have: they differ regardless of case.
func checkTagKeys(tags map[string]string) error {
	seen := map[string]bool{}
	for key := range tags {
		lower := strings.ToLower(key)
		switch {
		case strings.HasPrefix(lower, "aws:"):
			return invalid("Tag keys must not begin with aws:, which is reserved.")
		case seen[lower]:
			return invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[lower] = true
	}
	return nil
}

// principalTags returns the tags of a session by what the tokens of its bearer say. What a
// claim does not say in one text makes no tag. Of two providers that give a tag the first
// one counts, in the order of their names.
func principalTags(p *pool, proofs []proof) (map[string]string, error) {
	var tags map[string]string
	size := 0
	for _, shown := range proofs {
		given := map[string]string{}
		for _, name := range shown.tagged {
			if m, ok := p.Tags[name]; ok {
				given = shown.tags(m)
				break
			}
		}
		for _, key := range sortedKeys(given) {
			if hasKey(tags, key) {
				continue
			}
			if tags == nil {
				tags = map[string]string{}
			}
			tags[key] = given[key]
			size += len(key) + len(given[key])
			if len([]rune(given[key])) > maxTagValue || size > maxAllTags {
				return nil, invalid("The attributes that are mapped to principal tags are longer than %d bytes together.", maxAllTags)
			}
		}
	}
	return tags, nil
}

// tags returns those that a map makes of a token.
func (p proof) tags(m tagMap) map[string]string {
	tags := map[string]string{}
	for key, claim := range m.claims() {
		if values := texts(p.claims[claim]); len(values) == 1 {
			tags[key] = values[0]
		}
	}
	return tags
}

func hasKey(tags map[string]string, key string) bool {
	for have := range tags {
		if strings.EqualFold(have, key) {
			return true
		}
	}
	return false
}
