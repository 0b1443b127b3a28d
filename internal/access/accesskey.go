package access

import (
	"context"
	"errors"
	"time"

	"pintail/internal/keys/ids"
	"pintail/internal/sigv4"
	"pintail/internal/store"
)

// accessKey is a long-term access key at rest.
type accessKey struct {
	ID      string
	Owner   string // who the key speaks for: rootOwner
	Sealed  []byte // the secret
	Created time.Time

	secret string
}

// rootOwner owns the account's root access key.
const rootOwner = "root"

var accessKeys = store.NewCollection("access_key", store.Index("holder", func(k *accessKey) string { return k.Owner }))

// directory owns look-ups that arrive without an owner.
const directory = "access"

// RootKey returns the root user's access key, making one when there is none.
// created tells that it is new, so that it can be shown this once.
func (s *Service) RootKey(ctx context.Context) (id, secret string, created bool, err error) {
	err = s.db.Update(ctx, func(tx store.Tx) error {
		found, _, err := accessKeys.List(tx, directory, store.Query{Index: "holder", Match: store.Equal(rootOwner), Limit: 1})
		if err != nil {
			return err
		}
		if len(found) > 0 {
			id, created = found[0].ID, false
			secret, err = s.unsealKey(found[0])
			return err
		}
		id, secret, created = s.account.NewID(ids.AccessKey), ids.SecretAccessKey(), true
		return accessKeys.Insert(tx, directory, id, &accessKey{
			ID: id, Owner: rootOwner, Sealed: s.secrets.Seal([]byte(secret), id), Created: s.clock.Now(),
		})
	})
	return id, secret, created, err
}

// RestoreRootKey puts a root key back after a reset, so that clients which were
// configured with it keep working.
func (s *Service) RestoreRootKey(ctx context.Context, id, secret string) error {
	s.longTerm.Reset()
	s.roles.Reset()
	return s.db.Update(ctx, func(tx store.Tx) error {
		return accessKeys.Put(tx, directory, id, &accessKey{
			ID: id, Owner: rootOwner, Sealed: s.secrets.Seal([]byte(secret), id), Created: s.clock.Now(),
		})
	})
}

func (s *Service) unsealKey(k *accessKey) (string, error) {
	secret, err := s.secrets.Open(k.Sealed, k.ID)
	return string(secret), err
}

// findKey returns a long-term key with its secret, or sigv4.ErrUnknownKey.
func (s *Service) findKey(ctx context.Context, id string) (*accessKey, error) {
	return s.longTerm.Load(id, func(*accessKey) (k *accessKey, err error) {
		err = s.db.View(ctx, func(tx store.Tx) (err error) {
			k, err = accessKeys.Get(tx, directory, id)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return nil, sigv4.ErrUnknownKey
		}
		if err != nil {
			return nil, err
		}
		k.secret, err = s.unsealKey(k)
		return k, err
	})
}
