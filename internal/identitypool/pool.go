package identitypool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// pool is an identity pool at rest: the document that its owner handed over,
// its roles, and which claims become tags.
type pool struct {
	cognitoidentity.IdentityPool
	Roles   map[string]string                      // "authenticated" and "unauthenticated" to role ARNs
	Mapping map[string]cognitoidentity.RoleMapping `json:",omitzero"` // by provider, as role mappings name it
	Tags    map[string]tagMap                      `json:",omitzero"` // by provider
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

// ownPool returns the pool that a signed call names. The caller was allowed to act on a
// pool of the region that it signed for, so there is none of another region.
func (s *Service) ownPool(tx store.Tx, c *wire.Call, id string) (*pool, error) {
	if regionOf(id) != c.Region {
		return nil, notFound(id)
	}
	return s.findPool(tx, id)
}

// pool returns a pool as it was within the last second, which must not be changed, or
// ResourceNotFoundException.
func (s *Service) pool(ctx context.Context, id string) (*pool, error) {
	return s.pools.Load(id, func(*pool) (p *pool, err error) {
		err = s.db.View(ctx, func(tx store.Tx) (err error) {
			p, err = s.findPool(tx, id)
			return err
		})
		return p, err
	})
}

// changePool applies a signed call's change to a pool.
func (s *Service) changePool(ctx context.Context, c *wire.Call, id string, change func(*pool) error) error {
	return s.db.Update(ctx, func(tx store.Tx) error {
		p, err := s.ownPool(tx, c, id)
		if err != nil {
			return err
		}
		if err := change(p); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.pools.Forget(id) })
		return pools.Put(tx, s.account, id, p)
	})
}

// viewPool reads the pool that a signed call names.
func (s *Service) viewPool(ctx context.Context, c *wire.Call, id string) (p *pool, err error) {
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		p, err = s.ownPool(tx, c, id)
		return err
	})
	return p, err
}

// poolARN returns the ARN of a pool, whose region is in its id.
func (s *Service) poolARN(id string) string {
	return "arn:aws:cognito-identity:" + regionOf(id) + ":" + s.account + ":identitypool/" + id
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
	if err := checkPool(&p.IdentityPool); err != nil {
		return nil, err
	}
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
func (s *Service) describeIdentityPool(ctx context.Context, c *wire.Call, in *cognitoidentity.DescribeIdentityPoolInput) (*cognitoidentity.IdentityPool, error) {
	p, err := s.viewPool(ctx, c, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	return &p.IdentityPool, nil
}

// updateIdentityPool implements UpdateIdentityPool, which replaces: members that are left
// out return to their defaults, except for the tags, which have operations of their own.
// The developer provider's name is there for good once it is set.
func (s *Service) updateIdentityPool(ctx context.Context, c *wire.Call, in *cognitoidentity.IdentityPool) (*cognitoidentity.IdentityPool, error) {
	if err := checkPool(in); err != nil {
		return nil, err
	}
	var next cognitoidentity.IdentityPool
	err := s.changePool(ctx, c, in.IdentityPoolId, func(p *pool) error {
		next = *in
		if had := p.DeveloperProviderName; had != "" {
			if in.DeveloperProviderName != "" && in.DeveloperProviderName != had {
				return invalid("The developer provider name cannot be changed once it is set.")
			}
			next.DeveloperProviderName = had
		}
		if in.IdentityPoolTags == nil {
			next.IdentityPoolTags = p.IdentityPoolTags
		}
		p.IdentityPool = next
		return nil
	})
	return &next, err
}

// deleteIdentityPool implements DeleteIdentityPool: the pool goes with all of
// its identities.
func (s *Service) deleteIdentityPool(ctx context.Context, c *wire.Call, in *cognitoidentity.DeleteIdentityPoolInput) (*model.Empty, error) {
	id := in.IdentityPoolId
	return nil, s.db.Update(ctx, func(tx store.Tx) error {
		if _, err := s.ownPool(tx, c, id); err != nil {
			return err
		}
		for i, err := range identities.All(tx, id, store.Query{}) {
			if err != nil {
				return err
			}
			if err := homes.Delete(tx, i.ID, homeKey); err != nil {
				return err
			}
		}
		if _, err := identities.DeleteAll(tx, id); err != nil {
			return err
		}
		if _, err := links.DeleteAll(tx, id); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.pools.Forget(id) })
		return pools.Delete(tx, s.account, id)
	})
}

// listIdentityPools implements ListIdentityPools, of one region.
func (s *Service) listIdentityPools(ctx context.Context, c *wire.Call, in *cognitoidentity.ListIdentityPoolsInput) (*cognitoidentity.ListIdentityPoolsResponse, error) {
	query := []string{"ListIdentityPools", c.Region}
	after, err := s.tokens.Open(in.NextToken, s.account, query...)
	if err != nil {
		return nil, errNextToken()
	}
	if after == (store.Cursor{}) {
		after.ID = c.Region + ":" // ids begin with their region
	}
	out := &cognitoidentity.ListIdentityPoolsResponse{}
	err = s.db.View(ctx, func(tx store.Tx) error {
		page, next, err := pools.List(tx, s.account, store.Query{After: after, Limit: int(*in.MaxResults)})
		if err != nil {
			return err
		}
		out.IdentityPools = []cognitoidentity.IdentityPoolShortDescription{}
		for _, p := range page {
			if regionOf(p.IdentityPoolId) != c.Region {
				next = store.Cursor{}
				break
			}
			out.IdentityPools = append(out.IdentityPools, cognitoidentity.IdentityPoolShortDescription{IdentityPoolId: p.IdentityPoolId, IdentityPoolName: p.IdentityPoolName})
		}
		out.NextToken = s.tokens.Seal(next, s.account, query...)
		return nil
	})
	return out, err
}
