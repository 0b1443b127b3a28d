package identitypool

import (
	"context"
	"strconv"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// maxSkippedPages bounds how many pages a call reads to fill one with identities that are
// not disabled.
const maxSkippedPages = 20

// listIdentities implements ListIdentities, in the order of ids. A page may be short where
// disabled identities are hidden.
func (s *Service) listIdentities(ctx context.Context, c *wire.Call, in *cognitoidentity.ListIdentitiesInput) (*cognitoidentity.ListIdentitiesResponse, error) {
	hide := isTrue(in.HideDisabled)
	query := []string{"ListIdentities", strconv.FormatBool(hide)}
	at, err := s.tokens.Open(in.NextToken, in.IdentityPoolId, query...)
	if err != nil {
		return nil, errNextToken()
	}
	out := &cognitoidentity.ListIdentitiesResponse{IdentityPoolId: in.IdentityPoolId}
	err = s.db.View(ctx, func(tx store.Tx) error {
		if _, err := s.ownPool(tx, c, in.IdentityPoolId); err != nil {
			return err
		}
		out.Identities = []cognitoidentity.IdentityDescription{}
		next := at
		for range maxSkippedPages {
			page, after, err := identities.List(tx, in.IdentityPoolId, store.Query{After: next, Limit: int(*in.MaxResults) - len(out.Identities)})
			if err != nil {
				return err
			}
			for _, i := range page {
				if i.live() || !hide {
					out.Identities = append(out.Identities, i.describe())
				}
			}
			next = after
			if next == (store.Cursor{}) || len(out.Identities) == int(*in.MaxResults) {
				break
			}
		}
		out.NextToken = s.tokens.Seal(next, in.IdentityPoolId, query...)
		return nil
	})
	return out, err
}

func errNextToken() error {
	return cognitoidentity.InvalidParameterException.New("The NextToken is not valid.")
}
