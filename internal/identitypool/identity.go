package identitypool

import (
	"context"
	"errors"
	"strings"
	"time"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// identity is a visitor. Without logins it is a guest, or nobody's any more.
type identity struct {
	ID       string
	Logins   []login
	Created  time.Time
	Modified time.Time
	// MergedInto is the identity that took this one's place, which is disabled since; ""
	// while it lives.
	MergedInto string
	// Abandoned says that the last login was unlinked: who had it cannot come back, and
	// nobody else may.
	Abandoned bool `json:",omitzero"`
}

// live tells whether the identity has not been merged into another one.
func (i *identity) live() bool { return i.MergedInto == "" }

// guest tells whether the identity is one that anybody who knows its id may use.
func (i *identity) guest() bool { return i.live() && !i.Abandoned && len(i.Logins) == 0 }

// home tells which pool an identity belongs to: calls name the identity only.
type home struct{ Pool string }

// Identities are owned by their pool, an identity's home by the identity itself.
var (
	identities = store.NewCollection("identity", store.Index("merged", func(i *identity) string { return i.MergedInto }))
	homes      = store.NewCollection[home]("identity_home")
)

const homeKey = "home"

// Refusals that clients match on.
const noGuests = "Unauthenticated access is not supported for this identity pool."

func unknownIdentity(id string) error {
	return cognitoidentity.ResourceNotFoundException.Newf("Identity '%s' not found.", id)
}

func forbidden(id string) error {
	return cognitoidentity.NotAuthorizedException.Newf("Access to Identity '%s' is forbidden.", id)
}

// create makes an identity, in the region of its pool.
func create(tx store.Tx, c *wire.Call, poolID string) (*identity, error) {
	i := &identity{ID: ids.Identity(regionOf(poolID)), Created: c.Time, Modified: c.Time}
	if err := homes.Insert(tx, i.ID, homeKey, &home{Pool: poolID}); err != nil {
		return nil, err
	}
	return i, identities.Insert(tx, poolID, i.ID, i)
}

// regionOf returns the region of a pool or an identity, with which their ids begin.
func regionOf(id string) string {
	region, _, _ := strings.Cut(id, ":")
	return region
}

// find returns an identity and the id of its pool.
func find(tx store.Tx, id string) (*identity, string, error) {
	h, err := homes.Get(tx, id, homeKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", unknownIdentity(id)
	}
	if err != nil {
		return nil, "", err
	}
	i, err := findIn(tx, h.Pool, id)
	return i, h.Pool, err
}

// findIn returns an identity of a pool.
func findIn(tx store.Tx, poolID, id string) (*identity, error) {
	i, err := identities.Get(tx, poolID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownIdentity(id)
	}
	return i, err
}

// maxSuccessions bounds how far a disabled identity is followed. Only merging on purpose
// again and again makes so long a line.
const maxSuccessions = 100

// successor returns the identity that has taken the place of a disabled one; a live one is
// its own.
func successor(tx store.Tx, poolID string, i *identity) (*identity, error) {
	for range maxSuccessions {
		if i.live() {
			return i, nil
		}
		next, err := identities.Get(tx, poolID, i.MergedInto)
		if errors.Is(err, store.ErrNotFound) {
			return nil, forbidden(i.ID) // the other one was deleted
		}
		if err != nil {
			return nil, err
		}
		i = next
	}
	return nil, forbidden(i.ID)
}

// remove deletes an identity with all that leads to it.
func remove(tx store.Tx, poolID string, i *identity) error {
	for _, l := range i.Logins {
		if err := links.Delete(tx, poolID, l.key()); err != nil {
			return err
		}
	}
	if err := homes.Delete(tx, i.ID, homeKey); err != nil {
		return err
	}
	return identities.Delete(tx, poolID, i.ID)
}

// describe is how AWS shows an identity.
func (i *identity) describe() cognitoidentity.IdentityDescription {
	d := cognitoidentity.IdentityDescription{IdentityId: i.ID, CreationDate: i.Created, LastModifiedDate: i.Modified}
	for _, l := range i.Logins {
		d.Logins = appendNew(d.Logins, l.Provider) // a developer provider may have several
	}
	return d
}

// describeIdentity implements DescribeIdentity.
func (s *Service) describeIdentity(ctx context.Context, c *wire.Call, in *cognitoidentity.DescribeIdentityInput) (*cognitoidentity.IdentityDescription, error) {
	if regionOf(in.IdentityId) != c.Region {
		return nil, unknownIdentity(in.IdentityId)
	}
	var d cognitoidentity.IdentityDescription
	err := s.db.View(ctx, func(tx store.Tx) error {
		i, _, err := find(tx, in.IdentityId)
		if err == nil {
			d = i.describe()
		}
		return err
	})
	return &d, err
}

// inPool is the condition key of operations that name identities and no pool: the pool's
// ARN, if all of them are of one (Service authorization reference, "Amazon Cognito
// Identity"). Identities of several pools meet no condition, rather than the one of them.
func inPool[In any](s *Service, named func(*In) []string) wire.Option {
	return wire.Keys(func(ctx context.Context, _ *wire.Call, in *In, keys *policy.Context) error {
		var all []string
		err := s.db.View(ctx, func(tx store.Tx) error {
			all = nil
			for _, id := range named(in) {
				h, err := homes.Get(tx, id, homeKey)
				if errors.Is(err, store.ErrNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				all = appendNew(all, s.poolARN(h.Pool))
			}
			return nil
		})
		if len(all) == 1 {
			keys.Set("IdentityPoolArn", all[0])
		}
		return err
	})
}
