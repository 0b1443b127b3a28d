package userpool

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"pintail/internal/fresh"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
)

// retiredFor is how long a retired key verifies: as long as an ID or access token
// can live, after the last node has stopped to sign with it.
const retiredFor = maxTokenLife + fresh.For

// maxRetired bounds what a pool carries around: ten rotations within a day.
const maxRetired = 20

// retiredKey is the public half of a key that signed before, at rest. The private
// half is gone.
type retiredKey struct {
	Use   string // useID or useAccess
	Key   []byte // sealed, so that nobody adds a key of their own
	Until time.Time
}

// sealedNames are what a retired key is bound to.
func (k *retiredKey) sealedNames(poolID string) []string {
	return []string{poolID, "retired " + k.Use, strconv.FormatInt(k.Until.UnixMilli(), 10)}
}

// RotateKeys makes new signing keys for a pool. They sign from now on; what the old
// ones signed stays valid until it expires. It returns cognitoidp's
// ResourceNotFoundException for a pool that does not exist, and its
// LimitExceededException for one whose keys were rotated too often within a day.
func (s *Service) RotateKeys(ctx context.Context, poolID string) error {
	idKey, err := s.newKey(poolID, useID)
	if err != nil {
		return err
	}
	accessKey, err := s.newKey(poolID, useAccess)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	err = s.update(ctx, func(tx store.Tx) error {
		r, err := pools.Get(tx, s.account, poolID)
		if errors.Is(err, store.ErrNotFound) {
			return errNoPool(poolID)
		}
		if err != nil {
			return err
		}
		if err := s.retireKeys(r, now); err != nil {
			return err
		}
		r.IDKey, r.AccessKey = idKey, accessKey
		return pools.Put(tx, s.account, poolID, r)
	})
	if err != nil {
		return err
	}
	s.pools.Forget(poolID)
	return nil
}

// retireKeys keeps the public halves of a pool's keys, and drops those whose time
// is over.
func (s *Service) retireKeys(r *poolRecord, now time.Time) error {
	r.Retired = slices.DeleteFunc(r.Retired, func(old retiredKey) bool { return !now.Before(old.Until) })
	if len(r.Retired) >= maxRetired {
		return cognitoidp.LimitExceededException.Newf("The keys of user pool %s were rotated %d times within a day.", r.Settings.Id, maxRetired/2)
	}
	held, err := s.openKeys(r)
	if err != nil {
		return err
	}
	until := now.Add(retiredFor).Truncate(time.Millisecond)
	for use, key := range map[string]*keys.SigningKey{useID: held.idKey, useAccess: held.accessKey} {
		public, err := key.MarshalPublic()
		if err != nil {
			return err
		}
		old := retiredKey{Use: use, Until: until}
		old.Key = s.signing.Seal(public, old.sealedNames(r.Settings.Id)...)
		r.Retired = append(r.Retired, old)
	}
	return nil
}

// openRetired opens what retireKeys sealed.
func (s *Service) openRetired(old retiredKey, poolID string) (*keys.VerifyingKey, error) {
	public, err := s.signing.Open(old.Key, old.sealedNames(poolID)...)
	if err != nil {
		return nil, err
	}
	return keys.ParseVerifyingKey(public)
}

// sameKeys tells whether two states of a pool have the same keys.
func (r *poolRecord) sameKeys(other *poolRecord) bool {
	return bytes.Equal(r.IDKey, other.IDKey) && bytes.Equal(r.AccessKey, other.AccessKey) &&
		slices.EqualFunc(r.Retired, other.Retired, func(a, b retiredKey) bool { return bytes.Equal(a.Key, b.Key) })
}
