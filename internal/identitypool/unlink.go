package identitypool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// unlinkIdentity implements UnlinkIdentity: whoever shows one login of an identity may
// take logins away from it, the shown one included.
func (s *Service) unlinkIdentity(ctx context.Context, c *wire.Call, in *cognitoidentity.UnlinkIdentityInput) (*model.Empty, error) {
	_, p, err := s.stored(ctx, in.IdentityId)
	if err != nil {
		return nil, err
	}
	proofs, err := s.verify(ctx, c, p, in.Logins)
	if err != nil {
		return nil, err
	}
	remove := make([]string, len(in.LoginsToRemove))
	for n, name := range in.LoginsToRemove {
		if remove[n], err = s.providerName(p, name); err != nil {
			return nil, err
		}
	}
	return nil, s.db.Update(ctx, func(tx store.Tx) error {
		i, err := findIn(tx, p.IdentityPoolId, in.IdentityId)
		if err != nil {
			return err
		}
		if !i.live() {
			return forbidden(i.ID)
		}
		shown := slices.ContainsFunc(loginsOf(proofs), func(l login) bool { return slices.Contains(i.Logins, l) })
		gone := slices.DeleteFunc(slices.Clone(i.Logins), func(l login) bool {
			return l.Kind == developerLogin || !slices.Contains(remove, l.Provider)
		})
		if !shown || len(gone) == 0 {
			return cognitoidentity.NotAuthorizedException.New(unknownLogins)
		}
		return detach(tx, c, p.IdentityPoolId, i, gone)
	})
}
