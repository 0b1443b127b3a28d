package identitypool

import (
	"errors"
	"slices"
	"time"

	"pintail/internal/store"
)

// Person is an identity as it is shown to whom it stands for.
type Person struct {
	IdentityID, IdentityPoolID string
	Logins                     []PersonLogin
	CreationDate               time.Time
	LastModifiedDate           time.Time
	MergedInto                 string `json:",omitzero"`
}

// PersonLogin is a person at a provider.
type PersonLogin struct{ Provider, Subject string }

// PersonIdentities returns the ids of the identities that stand for a user of a user
// pool, none for no user, with those that were merged into them, and of those that are
// named the ones that are nobody's, which are guests'.
func (s *Service) PersonIdentities(tx store.Tx, userPoolID, sub string, named []string) ([]string, error) {
	var found []string
	if sub != "" {
		for p, err := range pools.All(tx, s.account, store.Query{}) {
			if err != nil {
				return nil, err
			}
			i, err := owner(tx, p.IdentityPoolId, login{Provider: userPoolName(userPoolID), Subject: sub})
			if err != nil {
				return nil, err
			}
			if i != nil {
				found = append(found, i.ID)
				if found, err = withMerged(tx, p.IdentityPoolId, i.ID, found); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, id := range named {
		i, _, err := s.personIdentity(tx, id)
		if err != nil {
			return nil, err
		}
		if i != nil && len(i.Logins) == 0 && (i.live() || slices.Contains(found, i.MergedInto)) {
			found = appendNew(found, id)
		}
	}
	return found, nil
}

// withMerged adds the identities that were merged into one.
func withMerged(tx store.Tx, poolID, into string, found []string) ([]string, error) {
	for i, err := range identities.All(tx, poolID, store.Query{Index: "merged", Match: store.Equal(into)}) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(found, i.ID) {
			continue
		}
		if found, err = withMerged(tx, poolID, i.ID, append(found, i.ID)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// personIdentity returns an identity and its pool, nil if there is none.
func (s *Service) personIdentity(tx store.Tx, id string) (*identity, string, error) {
	h, err := homes.Get(tx, id, homeKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	i, err := identities.Get(tx, h.Pool, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", nil
	}
	return i, h.Pool, err
}

// Persons returns the identities of some ids, without those that do not exist.
func (s *Service) Persons(tx store.Tx, ids []string) ([]Person, error) {
	all := []Person{}
	for _, id := range ids {
		i, poolID, err := s.personIdentity(tx, id)
		if err != nil {
			return nil, err
		}
		if i == nil {
			continue
		}
		p := Person{IdentityID: id, IdentityPoolID: poolID, Logins: []PersonLogin{}, CreationDate: i.Created, LastModifiedDate: i.Modified, MergedInto: i.MergedInto}
		for _, l := range i.Logins {
			p.Logins = append(p.Logins, PersonLogin{l.Provider, l.Subject})
		}
		all = append(all, p)
	}
	return all, nil
}

// DeletePersons deletes the identities of some ids, and tells how many there were.
func (s *Service) DeletePersons(tx store.Tx, ids []string) (n int, err error) {
	for _, id := range ids {
		i, poolID, err := s.personIdentity(tx, id)
		if err != nil {
			return n, err
		}
		if i == nil {
			continue
		}
		if err := remove(tx, poolID, i); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
