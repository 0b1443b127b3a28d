// Package passwordhash checks passwords against the hashes that other systems made
// of them, for users who are imported with theirs: bcrypt, scrypt, Argon2id and
// PBKDF2 with SHA-256, in the forms and within the limits of the Cognito developer
// guide, "Supported password hashing algorithms".
//
// [Parse] looks at a hash's form and parameters and does no work that they could
// make expensive. [Hash.Matches] does the work: up to a second of one processor and
// up to 64 MB of memory, which is why callers must bound how many run at once.
package passwordhash

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// Algorithm is one of Cognito's names of an algorithm.
type Algorithm string

// The algorithms.
const (
	BCRYPT       Algorithm = "BCRYPT"
	SCRYPT       Algorithm = "SCRYPT"
	ARGON2ID     Algorithm = "ARGON2ID"
	PBKDF2SHA256 Algorithm = "PBKDF2_SHA256"
)

// Errors of [Parse]. They never repeat the hash.
var (
	// ErrForm means that a text is no hash of the algorithm.
	ErrForm = errors.New("passwordhash: not in the form of the algorithm")
	// ErrLimit means that a hash asks for more work than is allowed, or for so
	// little that it is worth nothing.
	ErrLimit = errors.New("passwordhash: parameters out of bounds")
	// ErrAlgorithm means that there is no such algorithm.
	ErrAlgorithm = errors.New("passwordhash: unknown algorithm")
)

// maxText is the longest text that Parse looks at, in bytes. The longest hash in
// use is well below.
const maxText = 512

// Sizes of salts and of what is derived, in bytes. The lower bounds are those below
// which a hash protects nothing, the upper ones are generous.
const (
	minSalt, maxSalt = 4, 128
	minKey, maxKey   = 16, 64
)

// Hash is a password hash whose form and parameters have been checked.
type Hash interface {
	// Matches tells whether this is the password. It takes its time.
	Matches(password string) bool
}

// Parse reads a hash of an algorithm. It returns [ErrForm], [ErrLimit] or
// [ErrAlgorithm].
func Parse(algorithm Algorithm, text string) (Hash, error) {
	if len(text) > maxText {
		return nil, ErrForm
	}
	switch algorithm {
	case BCRYPT:
		return parseBcrypt(text)
	case SCRYPT:
		return parseScrypt(text)
	case ARGON2ID:
		return parseArgon2id(text)
	case PBKDF2SHA256:
		return parsePBKDF2(text)
	}
	return nil, ErrAlgorithm
}

// derived is a salt and what a derivation made of it and the password.
type derived struct{ salt, key []byte }

// check refuses salts and keys of useless or absurd sizes.
func (d derived) check() error {
	if len(d.salt) < minSalt || len(d.salt) > maxSalt || len(d.key) < minKey || len(d.key) > maxKey {
		return ErrLimit
	}
	return nil
}

// is compares what was derived, in constant time.
func (d derived) is(key []byte) bool { return subtle.ConstantTimeCompare(d.key, key) == 1 }

// decodeDerived reads a salt and a key in base64 without padding, the form of
// modular crypt hashes. The dot of passlib's variant stands for the plus.
func decodeDerived(salt, key string) (d derived, err error) {
	if d.salt, err = decodeBase64(salt); err != nil {
		return d, err
	}
	if d.key, err = decodeBase64(key); err != nil {
		return d, err
	}
	return d, d.check()
}

func decodeBase64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return nil, ErrForm
	}
	data, err := base64.RawStdEncoding.Strict().DecodeString(strings.ReplaceAll(text, ".", "+"))
	if err != nil {
		return nil, ErrForm
	}
	return data, nil
}

// number reads a parameter in the one way to write it, and holds it against its
// bounds.
func number(text string, least, most int) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, ErrForm
	}
	if int(n) < least || int(n) > most {
		return 0, ErrLimit
	}
	return int(n), nil
}
