package passwordhash

import (
	"regexp"

	"golang.org/x/crypto/bcrypt"
)

const minBcryptCost, maxBcryptCost = 4, 12

// bcryptForm takes the versions a, b and y, which are one algorithm, and x, which
// marks hashes of an old implementation that went wrong for letters beyond ASCII:
// passwords with such letters do not match theirs here.
var bcryptForm = regexp.MustCompile(`^\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// bcryptHash is the text of a hash.
type bcryptHash []byte

func parseBcrypt(text string) (Hash, error) {
	match := bcryptForm.FindStringSubmatch(text)
	if match == nil {
		return nil, ErrForm
	}
	if cost := int(match[1][0]-'0')*10 + int(match[1][1]-'0'); cost < minBcryptCost || cost > maxBcryptCost {
		return nil, ErrLimit
	}
	return bcryptHash(text), nil
}

// Matches implements Hash. Like every bcrypt it looks at 72 bytes of the password.
func (h bcryptHash) Matches(password string) bool {
	return bcrypt.CompareHashAndPassword(h, []byte(password)) == nil
}
