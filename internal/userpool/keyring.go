package userpool

import (
	"context"
	"crypto/rsa"
	"time"

	"pintail/internal/keys"
)

// keyring are a pool's keys, ready for use.
type keyring struct {
	idKey, accessKey *keys.SigningKey
	retired          []retired
}

// retired is a key that signs no more. What it signed is good until then.
type retired struct {
	*keys.VerifyingKey
	use   string
	until time.Time
}

func (s *Service) openKeys(r *poolRecord) (*keyring, error) {
	k := new(keyring)
	var err error
	if k.idKey, err = s.openKey(r.IDKey, r.Settings.Id, useID); err != nil {
		return nil, err
	}
	if k.accessKey, err = s.openKey(r.AccessKey, r.Settings.Id, useAccess); err != nil {
		return nil, err
	}
	for _, old := range r.Retired {
		key, err := s.openRetired(old, r.Settings.Id)
		if err != nil {
			return nil, err
		}
		k.retired = append(k.retired, retired{key, old.Use, old.Until})
	}
	return k, nil
}

// verifying are the keys by which tokens of the pool can be verified.
func (k *keyring) verifying(now time.Time) []*keys.VerifyingKey {
	list := []*keys.VerifyingKey{k.idKey.VerifyingKey, k.accessKey.VerifyingKey}
	for _, old := range k.retired {
		if now.Before(old.until) {
			list = append(list, old.VerifyingKey)
		}
	}
	return list
}

// find returns the key of an id that verifies tokens of a use, or nil.
func (k *keyring) find(use, id string, now time.Time) *keys.VerifyingKey {
	signing := k.accessKey
	if use == useID {
		signing = k.idKey
	}
	if signing.ID() == id {
		return signing.VerifyingKey
	}
	for _, old := range k.retired {
		if old.use == use && old.ID() == id && now.Before(old.until) {
			return old.VerifyingKey
		}
	}
	return nil
}

// verify returns the claims of a token that one of the keys signed, and the id of
// the key. The id is there as well when the pool does not have such a key.
func (k *keyring) verify(use, token string, now time.Time) (text []byte, id string, err error) {
	text, err = keys.Verify(token, func(named string) *rsa.PublicKey {
		id = named
		if key := k.find(use, id, now); key != nil {
			return key.Public()
		}
		return nil
	})
	return text, id, err
}

// rereadPause is how old a pool in memory must be to be read anew for the sake of
// one token.
const rereadPause = 100 * time.Millisecond

// verified returns the claims of a token that the pool signed, and the id of the
// key, or [keys.ErrToken]. Another node may have made a key a moment ago, so a token with a key that is
// not known makes the pool be read anew, though not again and again.
func (s *Service) verified(ctx context.Context, p *pool, use, token string) (text []byte, id string, err error) {
	now := s.clock.Now()
	text, id, err = p.verify(use, token, now)
	if err == nil || id == "" || p.find(use, id, now) != nil || now.Sub(p.opened) < rereadPause {
		return text, id, err
	}
	s.pools.Forget(p.Id)
	if p, err = s.pool(ctx, p.Id); err != nil {
		return nil, "", err
	}
	return p.verify(use, token, now)
}
