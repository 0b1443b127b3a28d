package identitypool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// pool is an identity pool at rest: the document that its owner handed over,
// and its roles.
type pool struct {
	cognitoidentity.IdentityPool
	Roles   map[string]string // "authenticated" and "unauthenticated" to role ARNs
	Created time.Time
}

var pools = store.NewCollection[pool]("identity_pool")

// maxPools is the quota of an account (Amazon Cognito quotas).
const maxPools = 1000

func notFound(id string) error {
	return cognitoidentity.ResourceNotFoundException.Newf("IdentityPool '%s' not found.", id)
}

// findPool returns a pool or ResourceNotFoundException.
func (s *Service) findPool(tx store.Tx, id string) (*pool, error) {
	p, err := pools.Get(tx, s.account, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(id)
	}
	return p, err
}

func (p *pool) guests() bool { return isTrue(p.AllowUnauthenticatedIdentities) }

func isTrue(b *bool) bool { return b != nil && *b }

// createIdentityPool implements CreateIdentityPool.
func (s *Service) createIdentityPool(ctx context.Context, c *wire.Call, in *cognitoidentity.CreateIdentityPoolInput) (*cognitoidentity.IdentityPool, error) {
	p := &pool{Created: c.Time, IdentityPool: cognitoidentity.IdentityPool{
		IdentityPoolId: ids.IdentityPool(c.Region), IdentityPoolName: in.IdentityPoolName,
		AllowUnauthenticatedIdentities: in.AllowUnauthenticatedIdentities, AllowClassicFlow: in.AllowClassicFlow,
		SupportedLoginProviders: in.SupportedLoginProviders, DeveloperProviderName: in.DeveloperProviderName,
		OpenIdConnectProviderARNs: in.OpenIdConnectProviderARNs, CognitoIdentityProviders: in.CognitoIdentityProviders,
		SamlProviderARNs: in.SamlProviderARNs, IdentityPoolTags: in.IdentityPoolTags,
	}}
	err := s.db.Update(ctx, func(tx store.Tx) error {
		count, err := pools.Count(tx, s.account)
		if err != nil {
			return err
		}
		if count >= maxPools {
			return cognitoidentity.LimitExceededException.Newf("The account already has %d identity pools.", maxPools)
		}
		return pools.Insert(tx, s.account, p.IdentityPoolId, p)
	})
	return &p.IdentityPool, err
}

// describeIdentityPool implements DescribeIdentityPool.
func (s *Service) describeIdentityPool(ctx context.Context, _ *wire.Call, in *cognitoidentity.DescribeIdentityPoolInput) (*cognitoidentity.IdentityPool, error) {
	p, err := s.viewPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	return &p.IdentityPool, nil
}

func (s *Service) viewPool(ctx context.Context, id string) (p *pool, err error) {
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		p, err = s.findPool(tx, id)
		return err
	})
	return p, err
}

// updateIdentityPool implements UpdateIdentityPool, which replaces: members
// that are left out return to their defaults. The developer provider's name is
// immutable once it is set.
func (s *Service) updateIdentityPool(ctx context.Context, _ *wire.Call, in *cognitoidentity.IdentityPool) (*cognitoidentity.IdentityPool, error) {
	next := *in
	err := s.db.Update(ctx, func(tx store.Tx) error {
		p, err := s.findPool(tx, in.IdentityPoolId)
		if err != nil {
			return err
		}
		if p.DeveloperProviderName != "" {
			next.DeveloperProviderName = p.DeveloperProviderName
		}
		p.IdentityPool = next
		return pools.Put(tx, s.account, in.IdentityPoolId, p)
	})
	return &next, err
}

// deleteIdentityPool implements DeleteIdentityPool: the pool goes with all of
// its identities.
func (s *Service) deleteIdentityPool(ctx context.Context, _ *wire.Call, in *cognitoidentity.DeleteIdentityPoolInput) (*model.Empty, error) {
	return nil, s.db.Update(ctx, func(tx store.Tx) error {
		if _, err := s.findPool(tx, in.IdentityPoolId); err != nil {
			return err
		}
		for i, err := range identities.All(tx, in.IdentityPoolId, store.Query{}) {
			if err != nil {
				return err
			}
			if err := homes.Delete(tx, i.ID, homeKey); err != nil {
				return err
			}
		}
		if _, err := identities.DeleteAll(tx, in.IdentityPoolId); err != nil {
			return err
		}
		if _, err := links.DeleteAll(tx, in.IdentityPoolId); err != nil {
			return err
		}
		return pools.Delete(tx, s.account, in.IdentityPoolId)
	})
}

// listIdentityPools implements ListIdentityPools.
func (s *Service) listIdentityPools(ctx context.Context, _ *wire.Call, in *cognitoidentity.ListIdentityPoolsInput) (*cognitoidentity.ListIdentityPoolsResponse, error) {
	after, err := s.tokens.Open(in.NextToken, s.account, "ListIdentityPools")
	if err != nil {
		return nil, cognitoidentity.InvalidParameterException.New("The NextToken is not valid.")
	}
	out := &cognitoidentity.ListIdentityPoolsResponse{}
	err = s.db.View(ctx, func(tx store.Tx) error {
		page, next, err := pools.List(tx, s.account, store.Query{After: after, Limit: int(*in.MaxResults)})
		if err != nil {
			return err
		}
		out.IdentityPools = make([]cognitoidentity.IdentityPoolShortDescription, len(page))
		for i, p := range page {
			out.IdentityPools[i] = cognitoidentity.IdentityPoolShortDescription{IdentityPoolId: p.IdentityPoolId, IdentityPoolName: p.IdentityPoolName}
		}
		out.NextToken = s.tokens.Seal(next, s.account, "ListIdentityPools")
		return nil
	})
	return out, err
}

// setIdentityPoolRoles implements SetIdentityPoolRoles, which replaces. The
// caller must be allowed to pass each role to Cognito.
func (s *Service) setIdentityPoolRoles(ctx context.Context, c *wire.Call, in *cognitoidentity.SetIdentityPoolRolesInput) (*model.Empty, error) {
	if len(in.RoleMappings) > 0 {
		return nil, cognitoidentity.InvalidParameterException.New("Role mappings are not supported by this server.")
	}
	for _, role := range in.Roles {
		passed := map[string]string{"iam:PassedToService": access.CognitoIdentity}
		if err := s.allowed(ctx, c, "iam:PassRole", role, passed); err != nil {
			return nil, err
		}
	}
	return nil, s.db.Update(ctx, func(tx store.Tx) error {
		p, err := s.findPool(tx, in.IdentityPoolId)
		if err != nil {
			return err
		}
		p.Roles = in.Roles
		return pools.Put(tx, s.account, in.IdentityPoolId, p)
	})
}

// getIdentityPoolRoles implements GetIdentityPoolRoles.
func (s *Service) getIdentityPoolRoles(ctx context.Context, _ *wire.Call, in *cognitoidentity.GetIdentityPoolRolesInput) (*cognitoidentity.GetIdentityPoolRolesResponse, error) {
	p, err := s.viewPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	return &cognitoidentity.GetIdentityPoolRolesResponse{IdentityPoolId: in.IdentityPoolId, Roles: p.Roles}, nil
}
