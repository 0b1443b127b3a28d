package identitypool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// lookupDeveloperIdentity implements LookupDeveloperIdentity: from a user of the
// developer's to the identity, or back.
func (s *Service) lookupDeveloperIdentity(ctx context.Context, c *wire.Call, in *cognitoidentity.LookupDeveloperIdentityInput) (*cognitoidentity.LookupDeveloperIdentityResponse, error) {
	if in.IdentityId == "" && in.DeveloperUserIdentifier == "" {
		return nil, invalid("Either IdentityId or DeveloperUserIdentifier must be given.")
	}
	query := []string{"LookupDeveloperIdentity", in.IdentityId, in.DeveloperUserIdentifier}
	after, err := s.tokens.Open(in.NextToken, in.IdentityPoolId, query...)
	if err != nil {
		return nil, errNextToken()
	}
	var i *identity
	var users []string
	err = s.db.View(ctx, func(tx store.Tx) error {
		p, err := s.ownPool(tx, c, in.IdentityPoolId)
		if err != nil {
			return err
		}
		if i, err = lookUp(tx, p, in.IdentityId, in.DeveloperUserIdentifier); err != nil {
			return err
		}
		users = i.developerUsers(p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if in.IdentityId != "" && in.DeveloperUserIdentifier != "" {
		users = []string{in.DeveloperUserIdentifier}
	}
	page, next := pageOf(users, after, in.MaxResults)
	return &cognitoidentity.LookupDeveloperIdentityResponse{
		IdentityId: i.ID, DeveloperUserIdentifierList: page, NextToken: s.tokens.Seal(next, in.IdentityPoolId, query...),
	}, nil
}

// lookUp finds an identity by its id, or by its user, or checks that both belong together.
func lookUp(tx store.Tx, p *pool, id, user string) (*identity, error) {
	if user == "" {
		return findIn(tx, p.IdentityPoolId, id)
	}
	i, err := developerOwner(tx, p, user)
	if err == nil && id != "" && i.ID != id {
		return nil, conflict("The developer user identifier is not one of this identity.")
	}
	return i, err
}

// developerOwner returns the identity of a user of the developer's.
func developerOwner(tx store.Tx, p *pool, user string) (*identity, error) {
	var i *identity
	var err error
	if p.DeveloperProviderName != "" {
		i, err = owner(tx, p.IdentityPoolId, login{p.DeveloperProviderName, user, developerLogin})
	}
	if err == nil && i == nil {
		err = cognitoidentity.ResourceNotFoundException.New("There is no identity with this developer user identifier.")
	}
	return i, err
}

// developerUsers returns the developer's users that an identity stands for, in order.
func (i *identity) developerUsers(p *pool) []string {
	users := []string{}
	for _, l := range i.Logins {
		if l.Kind == developerLogin && l.Provider == p.DeveloperProviderName {
			users = append(users, l.Subject)
		}
	}
	slices.Sort(users)
	return users
}

// pageOf returns the texts after a place in a sorted list.
func pageOf(all []string, after store.Cursor, limit *int32) ([]string, store.Cursor) {
	all = slices.DeleteFunc(all, func(text string) bool { return after.ID != "" && text <= after.ID })
	if limit == nil || len(all) <= int(*limit) {
		return all, store.Cursor{}
	}
	all = all[:*limit]
	return all, store.Cursor{ID: all[len(all)-1]}
}

// mergeDeveloperIdentities implements MergeDeveloperIdentities: the source's identity is
// disabled, and all of its logins are the destination's.
func (s *Service) mergeDeveloperIdentities(ctx context.Context, c *wire.Call, in *cognitoidentity.MergeDeveloperIdentitiesInput) (*cognitoidentity.MergeDeveloperIdentitiesResponse, error) {
	out := new(cognitoidentity.MergeDeveloperIdentitiesResponse)
	err := s.db.Update(ctx, func(tx store.Tx) error {
		p, err := s.developersPool(tx, c, in.IdentityPoolId, in.DeveloperProviderName)
		if err != nil {
			return err
		}
		source, err := developerOwner(tx, p, in.SourceUserIdentifier)
		if err != nil {
			return err
		}
		into, err := developerOwner(tx, p, in.DestinationUserIdentifier)
		if err != nil {
			return err
		}
		out.IdentityId = into.ID
		if source.ID == into.ID {
			return nil
		}
		_, err = gather(tx, c, in.IdentityPoolId, into, []*identity{source}, nil)
		return err
	})
	return out, err
}

// developersPool returns a pool that has a developer provider of this name.
func (s *Service) developersPool(tx store.Tx, c *wire.Call, id, provider string) (*pool, error) {
	p, err := s.ownPool(tx, c, id)
	if err == nil && p.DeveloperProviderName != provider {
		return nil, invalid("Please provide a valid developer provider.")
	}
	return p, err
}

// unlinkDeveloperIdentity implements UnlinkDeveloperIdentity.
func (s *Service) unlinkDeveloperIdentity(ctx context.Context, c *wire.Call, in *cognitoidentity.UnlinkDeveloperIdentityInput) (*model.Empty, error) {
	return nil, s.db.Update(ctx, func(tx store.Tx) error {
		p, err := s.developersPool(tx, c, in.IdentityPoolId, in.DeveloperProviderName)
		if err != nil {
			return err
		}
		if _, err := findIn(tx, in.IdentityPoolId, in.IdentityId); err != nil {
			return err
		}
		i, err := developerOwner(tx, p, in.DeveloperUserIdentifier)
		if err != nil {
			return err
		}
		if i.ID != in.IdentityId {
			return conflict("The developer user identifier is not one of this identity.")
		}
		return detach(tx, c, in.IdentityPoolId, i, []login{{p.DeveloperProviderName, in.DeveloperUserIdentifier, developerLogin}})
	})
}
