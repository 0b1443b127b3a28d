package keys

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors of opening what was sealed.
var (
	// ErrSealed means that bytes were not sealed for this purpose and these
	// names, or were changed since.
	ErrSealed = errors.New("keys: not sealed here")
	// ErrOtherKey is an ErrSealed: the bytes look sealed, under another master key.
	ErrOtherKey = fmt.Errorf("%w: sealed under another master key", ErrSealed)
	// ErrExpired means that a token was sealed here, and its time is over.
	ErrExpired = errors.New("keys: token expired")
)

// Sealed bytes are: the format's version, the master key's id, the nonce, the
// cipher text, the tag. Version and id will tell, once keys can be rotated, how to
// open what is older.
const (
	version    = 1
	keyIDSize  = 4
	headerSize = 1 + keyIDSize
	tagSize    = 16
	stampSize  = 8

	// Overhead is by how many bytes sealed bytes are longer than what is in them.
	Overhead = headerSize + xaesNonceSize + tagSize
)

// Sealer seals small secrets for one purpose. What one purpose sealed, another
// cannot open. It is safe for concurrent use.
type Sealer struct {
	header [headerSize]byte
	cipher *xaes
	macKey []byte
}

// Sealer returns the sealer of a purpose, such as "userpool verifier". A purpose is
// a constant of the room that it belongs to; sealed data depends on it.
func (m *MasterKey) Sealer(purpose string) *Sealer {
	s := &Sealer{
		header: [headerSize]byte{version},
		cipher: newXAES(m.derive("seal "+purpose, 32)),
		macKey: m.derive("mac "+purpose, 32),
	}
	copy(s.header[1:], m.derive("fingerprint", 8))
	return s
}

// Seal encrypts a secret for keeping. The names say whose it is, such as a pool's
// and a user's id: it opens under the same names only, so that a secret that is
// copied to another row stays shut.
func (s *Sealer) Seal(secret []byte, names ...string) []byte {
	return s.seal('k', secret, names)
}

// Open returns what Seal was given, or [ErrSealed].
func (s *Sealer) Open(sealed []byte, names ...string) ([]byte, error) {
	return s.open('k', sealed, names)
}

// SealUntil encrypts a message for a client to bring back, with the time from which
// it is refused; the zero time is never. It tells the client nothing but its length.
func (s *Sealer) SealUntil(expires time.Time, message []byte, names ...string) []byte {
	stamp := make([]byte, stampSize, stampSize+len(message))
	if !expires.IsZero() {
		binary.BigEndian.PutUint64(stamp, uint64(expires.UnixMilli()))
	}
	return s.seal('t', append(stamp, message...), names)
}

// OpenAt returns what SealUntil was given, [ErrSealed], or [ErrExpired].
func (s *Sealer) OpenAt(now time.Time, sealed []byte, names ...string) ([]byte, error) {
	message, err := s.open('t', sealed, names)
	if err != nil {
		return nil, err
	}
	if len(message) < stampSize {
		return nil, ErrSealed
	}
	expires := int64(binary.BigEndian.Uint64(message))
	if expires != 0 && now.UnixMilli() >= expires {
		return nil, ErrExpired
	}
	return message[stampSize:], nil
}

// SealToken is SealUntil in base64url without padding.
func (s *Sealer) SealToken(expires time.Time, message []byte, names ...string) string {
	return base64.RawURLEncoding.EncodeToString(s.SealUntil(expires, message, names...))
}

// OpenToken is OpenAt for what SealToken made.
func (s *Sealer) OpenToken(now time.Time, token string, names ...string) ([]byte, error) {
	sealed, err := decodeURL(token)
	if err != nil {
		return nil, ErrSealed
	}
	return s.OpenAt(now, sealed, names...)
}

// MAC returns 32 bytes that only this purpose of this master key has for these
// names: always the same, and random to everyone else.
func (s *Sealer) MAC(names ...string) []byte {
	h := hmac.New(sha256.New, s.macKey)
	h.Write(appendNames(nil, names))
	return h.Sum(nil)
}

// String hides the keys from logs.
func (s *Sealer) String() string { return "sealer" }

// GoString hides the keys from logs.
func (s *Sealer) GoString() string { return s.String() }

func (s *Sealer) seal(kind byte, plaintext []byte, names []string) []byte {
	sealed := make([]byte, headerSize+xaesNonceSize, Overhead+len(plaintext))
	copy(sealed, s.header[:])
	nonce := sealed[headerSize:]
	rand.Read(nonce)
	aead, nonce := s.cipher.aead(nonce)
	return aead.Seal(sealed, nonce, plaintext, s.bound(kind, names))
}

func (s *Sealer) open(kind byte, sealed []byte, names []string) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrSealed
	}
	if [headerSize]byte(sealed) != s.header {
		return nil, ErrOtherKey
	}
	aead, nonce := s.cipher.aead(sealed[headerSize:])
	plaintext, err := aead.Open(nil, nonce, sealed[headerSize+xaesNonceSize:], s.bound(kind, names))
	if err != nil {
		return nil, ErrSealed
	}
	return plaintext, nil
}

// bound returns what the tag covers beside the cipher text: the kind, which tells
// what is kept from what travels, the header and the names.
func (s *Sealer) bound(kind byte, names []string) []byte {
	return appendNames(append([]byte{kind}, s.header[:]...), names)
}

// appendNames appends each name after its length, so that no two lists of names
// give the same bytes.
func appendNames(b []byte, names []string) []byte {
	for _, name := range names {
		b = binary.BigEndian.AppendUint64(b, uint64(len(name)))
		b = append(b, name...)
	}
	return b
}

// decodeURL decodes base64url without padding and accepts one spelling only: no
// line breaks, which the standard library skips, and no stray bits at the end.
func decodeURL(s string) ([]byte, error) {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}
