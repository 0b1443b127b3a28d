package identitypool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// deleteIdentities implements DeleteIdentities. What is no identity of this account is
// reported as not processed, whether it ever was one or not.
func (s *Service) deleteIdentities(ctx context.Context, c *wire.Call, in *cognitoidentity.DeleteIdentitiesInput) (*cognitoidentity.DeleteIdentitiesResponse, error) {
	out := new(cognitoidentity.DeleteIdentitiesResponse)
	err := s.db.Update(ctx, func(tx store.Tx) error {
		out.UnprocessedIdentityIds = []cognitoidentity.UnprocessedIdentityId{}
		gone := map[string]bool{}
		for _, id := range in.IdentityIdsToDelete {
			if gone[id] {
				continue
			}
			i, poolID, err := find(tx, id)
			if errors.Is(err, cognitoidentity.ResourceNotFoundException.New("")) || err == nil && regionOf(id) != c.Region {
				out.UnprocessedIdentityIds = append(out.UnprocessedIdentityIds, cognitoidentity.UnprocessedIdentityId{
					IdentityId: id, ErrorCode: cognitoidentity.ErrorCodeAccessDenied,
				})
				continue
			}
			if err != nil {
				return err
			}
			if err := remove(tx, poolID, i); err != nil {
				return err
			}
			gone[id] = true
		}
		return nil
	})
	return out, err
}
