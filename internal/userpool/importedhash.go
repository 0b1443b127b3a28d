package userpool

import (
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/passwordhash"
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

// matchesHash tells whether a password is the one whose hash a user was imported
// with. It takes long, and its turn: never call it inside a transaction. After the
// first success the caller replaces the hash by an SRP verifier.
func (s *Service) matchesHash(p *pool, u *user, password string) bool {
	sealed, err := s.verifiers.Open(u.Hash, p.Id, u.Sub, hashName)
	if err != nil {
		return false
	}
	algorithm, text, _ := strings.Cut(string(sealed), ":")
	hash, err := passwordhash.Parse(passwordhash.Algorithm(algorithm), text)
	if err != nil {
		return false
	}
	s.slowHashes <- struct{}{}
	defer func() { <-s.slowHashes }()
	return hash.Matches(password)
}
