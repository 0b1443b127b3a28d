package passwordhash

import (
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	minArgon2Memory, maxArgon2Memory = 8, 19456 // KiB; RFC 9106, 3.1 asks for 8 a lane
	maxArgon2Time, maxArgon2Lanes    = 2, 1
)

// argon2Version is the version that this algorithm has (RFC 9106, 3.1).
var argon2Version = "v=" + strconv.Itoa(argon2.Version)

// argon2Hash is $argon2id$v=19$m=M,t=T,p=P$salt$hash.
type argon2Hash struct {
	memory, time, lanes int
	derived
}

func parseArgon2id(text string) (Hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != argon2Version {
		return nil, ErrForm
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return nil, ErrForm
	}
	var h argon2Hash
	for i, p := range []struct {
		name        string
		value       *int
		least, most int
	}{
		{"m=", &h.memory, minArgon2Memory, maxArgon2Memory}, {"t=", &h.time, 1, maxArgon2Time}, {"p=", &h.lanes, 1, maxArgon2Lanes},
	} {
		value, ok := strings.CutPrefix(costs[i], p.name)
		if !ok {
			return nil, ErrForm
		}
		var err error
		if *p.value, err = number(value, p.least, p.most); err != nil {
			return nil, err
		}
	}
	var err error
	if h.derived, err = decodeDerived(parts[4], parts[5]); err != nil {
		return nil, err
	}
	return h, nil
}

// Matches implements Hash.
func (h argon2Hash) Matches(password string) bool {
	return h.is(argon2.IDKey([]byte(password), h.salt, uint32(h.time), uint32(h.memory), uint8(h.lanes), uint32(len(h.key))))
}
