package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// ErrBadToken refuses a page token that was not made for this walk.
var ErrBadToken = errors.New("store: bad page token")

// maxToken is the longest text that [Tokens.Open] looks at; a token of the
// longest keys has 2,800 bytes.
const maxToken = 4096

// Tokens turns cursors into page tokens for clients, and back. A token is
// sealed: a client can neither read the keys in it nor change them. It is bound
// to an owner and a query and refused with any other.
type Tokens struct {
	aead cipher.AEAD
}

// NewTokens returns a Tokens that works with the key, a secret of any length.
// Tokens of one key are good wherever the same key is used.
func NewTokens(key []byte) *Tokens {
	sum := sha256.Sum256(append([]byte("page token\x00"), key...))
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		panic(err) // unreachable: the key has 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // unreachable: AES has the block size that GCM needs
	}
	return &Tokens{aead}
}

// Seal returns the token for a cursor, "" for the zero cursor. The query is
// whatever tells this walk from others: the operation and its filters.
func (t *Tokens) Seal(at Cursor, owner string, query ...string) string {
	if at == (Cursor{}) {
		return ""
	}
	sealed := t.aead.Seal(nil, nil, joined(at.Value, at.ID), scope(owner, query))
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// Open returns the cursor of a token that Seal made for the same owner and
// query, the zero cursor for "", and [ErrBadToken] for anything else.
func (t *Tokens) Open(token, owner string, query ...string) (Cursor, error) {
	if token == "" {
		return Cursor{}, nil
	}
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") { // which the decoder skips
		return Cursor{}, ErrBadToken
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return Cursor{}, ErrBadToken
	}
	plain, err := t.aead.Open(nil, nil, sealed, scope(owner, query))
	if err != nil {
		return Cursor{}, ErrBadToken
	}
	size, n := binary.Uvarint(plain)
	value := plain[n:][:size]
	rest := plain[n+len(value):]
	_, n = binary.Uvarint(rest)
	return Cursor{Value: string(value), ID: string(rest[n:])}, nil
}

// scope returns what a token is bound to.
func scope(owner string, query []string) []byte {
	return joined(append([]string{owner}, query...)...)
}

// joined returns the parts with their lengths, so that no two lists of parts
// give the same bytes.
func joined(parts ...string) []byte {
	var out []byte
	for _, part := range parts {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
