package passwordhash

import (
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/scrypt"
)

const maxScryptN, maxScryptR, maxScryptP = 65536, 8, 1

// scryptHash is N$r$p$hexSalt$hexHash.
type scryptHash struct {
	n, r, p int
	derived
}

func parseScrypt(text string) (Hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 {
		return nil, ErrForm
	}
	var h scryptHash
	for _, p := range []struct {
		value *int
		text  string
		most  int
	}{{&h.n, parts[0], maxScryptN}, {&h.r, parts[1], maxScryptR}, {&h.p, parts[2], maxScryptP}} {
		var err error
		if *p.value, err = number(p.text, 1, p.most); err != nil {
			return nil, err
		}
	}
	if h.n < 2 || h.n&(h.n-1) != 0 { // RFC 7914, 2: a power of two
		return nil, ErrLimit
	}
	var errSalt, errKey error
	h.salt, errSalt = hex.DecodeString(parts[3])
	h.key, errKey = hex.DecodeString(parts[4])
	if errSalt != nil || errKey != nil {
		return nil, ErrForm
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	return h, nil
}

// Matches implements Hash.
func (h scryptHash) Matches(password string) bool {
	key, err := scrypt.Key([]byte(password), h.salt, h.n, h.r, h.p, len(h.key))
	return err == nil && h.is(key)
}
