package userpool

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/passwordhash"
	"pintail/internal/userpool/srp"
)

// maxSlowHashes is how many imported hashes are checked at a time. One takes up to a
// third of a second and 64 MB; whoever sends more passwords than that waits.
const maxSlowHashes = 2

// hashName keeps a sealed hash from passing for a verifier.
const hashName = "password hash"

// sealHash returns a password hash as the user's document holds it.
func (s *Service) sealHash(p *pool, u *user, algorithm cognitoidp.PasswordHashingAlgorithmType, text string) []byte {
	return s.verifiers.Seal([]byte(string(algorithm)+":"+text), p.Id, u.Sub, hashName)
}

// matchesHash tells whether a password is the one of an imported hash of a user. It
// takes long, and its turn: never call it inside a transaction. After the first
// success the caller calls replaceHash.
func (s *Service) matchesHash(ctx context.Context, p *pool, u *user, hash []byte, password string) bool {
	sealed, err := s.verifiers.Open(hash, p.Id, u.Sub, hashName)
	if err != nil {
		return false
	}
	algorithm, text, _ := strings.Cut(string(sealed), ":")
	imported, err := passwordhash.Parse(passwordhash.Algorithm(algorithm), text)
	if err != nil {
		return false
	}
	select {
	case s.slowHashes <- struct{}{}:
	case <-ctx.Done(): // nobody waits for the answer
		return false
	}
	defer func() { <-s.slowHashes }()
	defer s.pace.start(p, pacedHash).exists()
	return imported.Matches(password)
}

// replaceHash gives a user who has shown the password for the first time an SRP
// verifier of it in place of the imported hash. A password that was set meanwhile
// stays.
func (s *Service) replaceHash(ctx context.Context, p *pool, u *user, password string) error {
	sealed, err := s.sealVerifier(p, u.Sub, srp.NewVerifier(p.identity(u.Username), password))
	if err != nil {
		return err
	}
	hash := u.Hash
	err = s.update(ctx, func(tx store.Tx) error {
		_, err := users.Modify(tx, p.Id, u.key(p), func(now *user) error {
			if now.Sub == u.Sub && bytes.Equal(now.Hash, hash) {
				now.Verifier, now.Hash = sealed, nil
			}
			return nil
		})
		return err
	})
	if errors.Is(err, store.ErrNotFound) { // deleted meanwhile, as the sign-in will find
		return nil
	}
	u.Verifier, u.Hash = sealed, nil
	return err
}
