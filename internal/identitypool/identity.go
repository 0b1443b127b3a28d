package identitypool

import (
	"context"
	"errors"
	"slices"
	"time"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// identity is a visitor. Without logins it is a guest.
type identity struct {
	ID       string
	Logins   []login
	Created  time.Time
	Modified time.Time
	// MergedInto is the identity that took this one's place; "" while it lives.
	MergedInto string
}

// login ties an identity to a person at a provider.
type login struct {
	Provider string // as the Logins map names it
	Subject  string // the provider's id of the person
}

func (l login) key() string { return l.Provider + " " + l.Subject }

func (i *identity) guest() bool { return len(i.Logins) == 0 }

// home tells which pool an identity belongs to: calls name the identity only.
type home struct{ Pool string }

// link tells which identity a login belongs to.
type link struct{ Identity string }

// Identities and links are owned by their pool, an identity's home by the
// identity itself.
var (
	identities = store.NewCollection[identity]("identity")
	homes      = store.NewCollection[home]("identity_home")
	links      = store.NewCollection[link]("identity_login")
)

const homeKey = "home"

// Messages that clients match on.
const (
	noGuests      = "Unauthenticated access is not supported for this identity pool."
	unknownLogins = "Logins don't match. Please include at least one valid login for this identity or identity pool."
)

func (s *Service) create(tx store.Tx, c *wire.Call, poolID string) (*identity, error) {
	i := &identity{ID: ids.Identity(c.Region), Created: c.Time, Modified: c.Time}
	if err := homes.Insert(tx, i.ID, homeKey, &home{Pool: poolID}); err != nil {
		return nil, err
	}
	return i, identities.Insert(tx, poolID, i.ID, i)
}

// find returns an identity that can still be used, and its pool.
func (s *Service) find(tx store.Tx, id string) (*identity, *pool, error) {
	missing := cognitoidentity.ResourceNotFoundException.Newf("Identity '%s' not found.", id)
	h, err := homes.Get(tx, id, homeKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, missing
	}
	if err != nil {
		return nil, nil, err
	}
	p, err := s.findPool(tx, h.Pool)
	if err != nil {
		return nil, nil, err
	}
	i, err := identities.Get(tx, h.Pool, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, missing
	}
	return i, p, err
}

// attach makes a login the identity's own. A second person of the same provider
// is refused: an identity speaks for one person.
func attach(tx store.Tx, c *wire.Call, poolID string, i *identity, l login) error {
	if slices.Contains(i.Logins, l) {
		return nil
	}
	for _, have := range i.Logins {
		if have.Provider == l.Provider {
			return cognitoidentity.ResourceConflictException.New("The identity already has a login of this provider.")
		}
	}
	i.Logins = append(i.Logins, l)
	i.Modified = c.Time
	if err := links.Put(tx, poolID, l.key(), &link{Identity: i.ID}); err != nil {
		return err
	}
	return identities.Put(tx, poolID, i.ID, i)
}

// getID implements GetId. Without logins every call makes a new guest; with
// logins the answer is the identity that they belong to, made when there is none.
func (s *Service) getID(ctx context.Context, c *wire.Call, in *cognitoidentity.GetIdInput) (*cognitoidentity.GetIdResponse, error) {
	p, err := s.viewPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	logins, err := s.verify(ctx, c, p, in.Logins)
	if err != nil {
		return nil, err
	}
	if len(logins) == 0 && !p.guests() {
		return nil, cognitoidentity.NotAuthorizedException.New(noGuests)
	}
	out := new(cognitoidentity.GetIdResponse)
	err = s.db.Update(ctx, func(tx store.Tx) error {
		i, err := s.owner(tx, in.IdentityPoolId, logins)
		if err != nil {
			return err
		}
		if i == nil {
			if i, err = s.create(tx, c, in.IdentityPoolId); err != nil {
				return err
			}
		}
		for _, l := range logins {
			if err := attach(tx, c, in.IdentityPoolId, i, l); err != nil {
				return err
			}
		}
		out.IdentityId = i.ID
		return nil
	})
	return out, err
}

// owner returns the identity that a login belongs to, nil when none does.
func (s *Service) owner(tx store.Tx, poolID string, logins []login) (*identity, error) {
	for _, l := range logins {
		k, err := links.Get(tx, poolID, l.key())
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return identities.Get(tx, poolID, k.Identity)
	}
	return nil, nil
}

// resolve returns the identity that a call may act for: the one that it named
// as a guest, or the one that its verified logins belong to. A guest that signs
// in keeps its id, unless the person has an identity already: then the guest is
// merged into that one.
func (s *Service) resolve(tx store.Tx, c *wire.Call, id string, logins []login) (*identity, *pool, error) {
	i, p, err := s.find(tx, id)
	if err != nil {
		return nil, nil, err
	}
	if len(logins) == 0 {
		switch {
		case !i.guest() || i.MergedInto != "":
			return nil, nil, cognitoidentity.NotAuthorizedException.Newf("Access to Identity '%s' is forbidden.", id)
		case !p.guests():
			return nil, nil, cognitoidentity.NotAuthorizedException.New(noGuests)
		}
		return i, p, nil
	}
	owner, err := s.owner(tx, p.IdentityPoolId, logins)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case owner == nil && (!i.guest() || i.MergedInto != ""):
		return nil, nil, cognitoidentity.NotAuthorizedException.New(unknownLogins)
	case owner == nil:
		owner = i
	case owner.ID != i.ID && i.guest() && i.MergedInto == "":
		if err := merge(tx, c, p.IdentityPoolId, i, owner); err != nil {
			return nil, nil, err
		}
	case owner.ID != i.ID && i.MergedInto != owner.ID:
		return nil, nil, cognitoidentity.NotAuthorizedException.New(unknownLogins)
	}
	for _, l := range logins {
		if err := attach(tx, c, p.IdentityPoolId, owner, l); err != nil {
			return nil, nil, err
		}
	}
	return owner, p, nil
}

// merge disables a guest in favour of the identity that the person already has.
func merge(tx store.Tx, c *wire.Call, poolID string, guest, into *identity) error {
	guest.MergedInto = into.ID
	guest.Modified = c.Time
	return identities.Put(tx, poolID, guest.ID, guest)
}

// settled tells from a reading whether resolve would change nothing, so that
// most calls need no write.
func (s *Service) settled(ctx context.Context, c *wire.Call, id string, logins []login) (i *identity, p *pool, ok bool, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		i, p, err = s.find(tx, id)
		return err
	})
	if err != nil {
		return nil, nil, false, err
	}
	if len(logins) == 0 {
		return i, p, i.guest() && i.MergedInto == "" && p.guests(), nil
	}
	for _, l := range logins {
		if !slices.Contains(i.Logins, l) {
			return nil, nil, false, nil
		}
	}
	return i, p, true, nil
}

// describeIdentity implements DescribeIdentity.
func (s *Service) describeIdentity(ctx context.Context, _ *wire.Call, in *cognitoidentity.DescribeIdentityInput) (*cognitoidentity.IdentityDescription, error) {
	out := new(cognitoidentity.IdentityDescription)
	err := s.db.View(ctx, func(tx store.Tx) error {
		i, _, err := s.find(tx, in.IdentityId)
		if err != nil {
			return err
		}
		out.IdentityId, out.CreationDate, out.LastModifiedDate = i.ID, i.Created, i.Modified
		for _, l := range i.Logins {
			out.Logins = append(out.Logins, l.Provider)
		}
		return nil
	})
	return out, err
}
