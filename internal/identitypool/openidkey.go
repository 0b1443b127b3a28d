package identitypool

import (
	"context"
	"crypto/rsa"
	"errors"
	"slices"
	"strconv"
	"time"

	"pintail/internal/clock"
	"pintail/internal/fresh"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/keys"
	"pintail/internal/store"
)

// signingKey is the server's OpenID key at rest, with those that it replaced.
type signingKey struct {
	Sealed  []byte
	Retired []retiredKey `json:",omitzero"`
}

// retiredKey is the public half of a key that signed before. The private half is gone.
type retiredKey struct {
	Key   []byte // sealed, so that nobody adds a key of their own
	Until time.Time
}

var signingKeys = store.NewCollection[signingKey]("identity_signing_key")

// keyOwner and keyID name the one document in the directory.
const keyOwner, keyID = "identity pools", "current"

const (
	// retiredFor is how long a retired key verifies: as long as a token can live, after the
	// last node has stopped to sign with it.
	retiredFor = 24*time.Hour + fresh.For
	maxRetired = 10
)

// sealedNames are what a retired key is bound to.
func (k *retiredKey) sealedNames() []string {
	return []string{"retired", strconv.FormatInt(k.Until.UnixMilli(), 10)}
}

// keyring are the keys ready for use.
type keyring struct {
	signing *keys.SigningKey
	retired []retired
}

type retired struct {
	*keys.VerifyingKey
	until time.Time
}

// find returns the key of an id, nil if there is none.
func (k *keyring) find(id string, now time.Time) *rsa.PublicKey {
	for _, key := range k.verifying(now) {
		if key.ID() == id {
			return key.Public()
		}
	}
	return nil
}

// verifying are the keys by which tokens can be verified.
func (k *keyring) verifying(now time.Time) []*keys.VerifyingKey {
	list := []*keys.VerifyingKey{k.signing.VerifyingKey}
	for _, old := range k.retired {
		if now.Before(old.until) {
			list = append(list, old.VerifyingKey)
		}
	}
	return list
}

// openIDKeys reads the keys, and makes the first one.
type openIDKeys struct {
	db    store.DB
	clock *clock.Clock
	seal  *keys.Sealer
	known *fresh.Cache[string, *keyring]
}

func newOpenIDKeys(c Config) openIDKeys {
	return openIDKeys{
		db: c.DB, clock: c.Clock, seal: c.Master.Sealer("identity pool signing key"), known: fresh.New[string, *keyring](c.Clock.Now),
	}
}

func (k openIDKeys) current(ctx context.Context) (*keyring, error) {
	return k.known.Load(keyID, func(*keyring) (*keyring, error) {
		var stored *signingKey
		err := k.db.View(ctx, func(tx store.Tx) (err error) {
			stored, err = signingKeys.Get(tx, keyOwner, keyID)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			stored, err = k.makeFirst(ctx)
		}
		if err != nil {
			return nil, err
		}
		return k.open(stored)
	})
}

// makeFirst makes the first key, unless another node has just done so.
func (k openIDKeys) makeFirst(ctx context.Context) (stored *signingKey, err error) {
	sealed, err := k.newKey()
	if err != nil {
		return nil, err
	}
	err = k.db.Update(ctx, func(tx store.Tx) (err error) {
		stored, err = signingKeys.Get(tx, keyOwner, keyID)
		if errors.Is(err, store.ErrNotFound) {
			stored = &signingKey{Sealed: sealed}
			err = signingKeys.Insert(tx, keyOwner, keyID, stored)
		}
		return err
	})
	return stored, err
}

func (k openIDKeys) newKey() ([]byte, error) {
	key, err := keys.NewSigningKey()
	if err != nil {
		return nil, err
	}
	text, err := key.MarshalBinary()
	return k.seal.Seal(text, keyID), err
}

func (k openIDKeys) open(stored *signingKey) (*keyring, error) {
	text, err := k.seal.Open(stored.Sealed, keyID)
	if err != nil {
		return nil, err
	}
	ring := new(keyring)
	if ring.signing, err = keys.ParseSigningKey(text); err != nil {
		return nil, err
	}
	for _, old := range stored.Retired {
		public, err := k.seal.Open(old.Key, old.sealedNames()...)
		if err != nil {
			return nil, err
		}
		key, err := keys.ParseVerifyingKey(public)
		if err != nil {
			return nil, err
		}
		ring.retired = append(ring.retired, retired{key, old.Until})
	}
	return ring, nil
}

// RotateKeys makes a new signing key for the OpenID tokens of all identity pools. What the
// old one signed stays valid until it expires. It returns ResourceNotFoundException for a
// pool that does not exist, and LimitExceededException when the key was rotated too often
// within a day.
func (s *Service) RotateKeys(ctx context.Context, poolID string) error {
	if _, err := s.pool(ctx, poolID); err != nil {
		return err
	}
	if _, err := s.keys.current(ctx); err != nil { // there is one to replace
		return err
	}
	sealed, err := s.keys.newKey()
	if err != nil {
		return err
	}
	now := s.clock.Now()
	err = s.db.Update(ctx, func(tx store.Tx) error {
		_, err := signingKeys.Modify(tx, keyOwner, keyID, func(stored *signingKey) error {
			if err := s.keys.retire(stored, now); err != nil {
				return err
			}
			stored.Sealed = sealed
			return nil
		})
		tx.AfterCommit(func() { s.keys.known.Forget(keyID) })
		return err
	})
	return err
}

// retire keeps the public half of the key that signs, and drops those whose time is over.
func (k openIDKeys) retire(stored *signingKey, now time.Time) error {
	stored.Retired = slices.DeleteFunc(stored.Retired, func(old retiredKey) bool { return !now.Before(old.Until) })
	if len(stored.Retired) >= maxRetired {
		return cognitoidentity.LimitExceededException.Newf("The keys of identity pools were rotated %d times within a day.", maxRetired)
	}
	ring, err := k.open(stored)
	if err != nil {
		return err
	}
	public, err := ring.signing.MarshalPublic()
	if err != nil {
		return err
	}
	old := retiredKey{Until: now.Add(retiredFor).Truncate(time.Millisecond)}
	old.Key = k.seal.Seal(public, old.sealedNames()...)
	stored.Retired = append(stored.Retired, old)
	return nil
}
