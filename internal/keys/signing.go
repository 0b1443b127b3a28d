package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// rsaBits is the size of a signing key.
const rsaBits = 2048

// ErrSigningKey means that bytes are not those of a signing key.
var ErrSigningKey = errors.New("keys: not a signing key")

// SigningKey is an RSA-2048 key that signs tokens. It is safe for
// concurrent use.
type SigningKey struct {
	*VerifyingKey
	private *rsa.PrivateKey
	// Of every token, encoded.
	header, headerRS512 string
}

// NewSigningKey makes a key, which takes some 50 to 200 milliseconds; see [Reserve].
func NewSigningKey() (*SigningKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, fmt.Errorf("keys: new signing key: %w", err)
	}
	return newSigningKey(private)
}

// ParseSigningKey reads what [SigningKey.MarshalBinary] wrote, or returns
// [ErrSigningKey].
func ParseSigningKey(pkcs8 []byte) (*SigningKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	private, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok || private.N.BitLen() != rsaBits {
		return nil, ErrSigningKey
	}
	return newSigningKey(private)
}

func newSigningKey(private *rsa.PrivateKey) (*SigningKey, error) {
	public, err := newVerifyingKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	return &SigningKey{VerifyingKey: public, private: private, header: rs256.header(public.id), headerRS512: rs512.header(public.id)}, nil
}

// Signer returns the private key for signatures that are no tokens.
func (k *SigningKey) Signer() crypto.Signer { return k.private }

// MarshalBinary returns the private key in PKCS #8, for sealing.
func (k *SigningKey) MarshalBinary() ([]byte, error) {
	return x509.MarshalPKCS8PrivateKey(k.private)
}
