package identitypool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// getID implements GetId. Without logins every call makes a new guest; with logins the
// answer is the identity that they belong to, made when there is none.
func (s *Service) getID(ctx context.Context, c *wire.Call, in *cognitoidentity.GetIdInput) (*cognitoidentity.GetIdResponse, error) {
	p, err := s.pool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	proofs, err := s.verify(ctx, c, p, in.Logins)
	if err != nil {
		return nil, err
	}
	if len(proofs) == 0 && !p.guests() {
		return nil, cognitoidentity.NotAuthorizedException.New(noGuests)
	}
	i, err := s.known(ctx, in.IdentityPoolId, loginsOf(proofs))
	if err != nil {
		return nil, err
	}
	if i == nil {
		if i, err = s.identify(ctx, c, in.IdentityPoolId, loginsOf(proofs)); err != nil {
			return nil, err
		}
	}
	return &cognitoidentity.GetIdResponse{IdentityId: i.ID}, nil
}

// known returns the identity that already has all of the logins, nil if there is none.
// Most calls with logins need no more than this.
func (s *Service) known(ctx context.Context, poolID string, logins []login) (i *identity, err error) {
	if len(logins) == 0 {
		return nil, nil
	}
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		i, err = owner(tx, poolID, logins[0])
		return err
	})
	if i == nil || !i.hasAll(logins) {
		return nil, err
	}
	return i, err
}

func (i *identity) hasAll(logins []login) bool {
	return !slices.ContainsFunc(logins, func(l login) bool { return !slices.Contains(i.Logins, l) })
}

// identify makes sure that logins have one identity.
func (s *Service) identify(ctx context.Context, c *wire.Call, poolID string, logins []login) (i *identity, err error) {
	err = s.db.Update(ctx, func(tx store.Tx) error {
		if _, err := s.findPool(tx, poolID); err != nil { // deleted meanwhile
			return err
		}
		all, err := owners(tx, poolID, logins)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			made, err := create(tx, c, poolID)
			if err != nil {
				return err
			}
			all = []*identity{made}
		}
		i, err = unite(tx, c, poolID, all, logins)
		return err
	})
	return i, err
}
