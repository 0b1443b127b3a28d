package passwordhash

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"strings"
)

const maxPBKDF2Iterations = 600_000

// pbkdf2Hash is $pbkdf2-sha256$iterations$salt$hash.
type pbkdf2Hash struct {
	iterations int
	derived
}

func parsePBKDF2(text string) (Hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 || parts[0] != "" || parts[1] != "pbkdf2-sha256" {
		return nil, ErrForm
	}
	var h pbkdf2Hash
	var err error
	if h.iterations, err = number(parts[2], 1, maxPBKDF2Iterations); err != nil {
		return nil, err
	}
	if h.derived, err = decodeDerived(parts[3], parts[4]); err != nil {
		return nil, err
	}
	return h, nil
}

// Matches implements Hash.
func (h pbkdf2Hash) Matches(password string) bool {
	key, err := pbkdf2.Key(sha256.New, password, h.salt, h.iterations, len(h.key))
	return err == nil && h.is(key)
}
