package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// rsaBits is the size of a signing key.
const rsaBits = 2048

// ErrSigningKey means that bytes are not those of a signing key.
var ErrSigningKey = errors.New("keys: not a signing key")

// SigningKey is an RSA-2048 key that signs tokens with RS256. It is safe for
// concurrent use.
type SigningKey struct {
	id      string
	private *rsa.PrivateKey
	header  string // of every token, encoded
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

// newSigningKey names the key by its RFC 7638 thumbprint, in the standard base64
// that Cognito's key ids are written in.
func newSigningKey(private *rsa.PrivateKey) (*SigningKey, error) {
	k := &SigningKey{private: private}
	jwk := k.JWK()
	canonical, err := json.Marshal(struct {
		E   string `json:"e"`
		Kty string `json:"kty"`
		N   string `json:"n"`
	}{jwk.E, jwk.Kty, jwk.N})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(canonical)
	k.id = base64.StdEncoding.EncodeToString(sum[:])
	k.header = base64.RawURLEncoding.EncodeToString([]byte(headerStart + k.id + headerEnd))
	return k, nil
}

// ID returns the key's kid: 44 characters of standard base64.
func (k *SigningKey) ID() string { return k.id }

// Public returns the key that verifies what this one signs.
func (k *SigningKey) Public() *rsa.PublicKey { return &k.private.PublicKey }

// MarshalBinary returns the private key in PKCS #8, for sealing.
func (k *SigningKey) MarshalBinary() ([]byte, error) {
	return x509.MarshalPKCS8PrivateKey(k.private)
}

// JWK is a public key as a pool's jwks.json lists it, with Cognito's members in
// Cognito's order.
type JWK struct {
	Alg string `json:"alg"`
	E   string `json:"e"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	Use string `json:"use"`
}

// JWK returns the public key for a key set.
func (k *SigningKey) JWK() JWK {
	public := k.Public()
	encode := base64.RawURLEncoding.EncodeToString
	return JWK{
		Alg: "RS256",
		E:   encode(big.NewInt(int64(public.E)).Bytes()),
		Kid: k.id,
		Kty: "RSA",
		N:   encode(public.N.Bytes()),
		Use: "sig",
	}
}

// JWKS is a key set, the document at a pool's /.well-known/jwks.json.
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// KeySet returns the public keys of the signing keys.
func KeySet(keys ...*SigningKey) JWKS {
	set := JWKS{Keys: make([]JWK, len(keys))}
	for i, k := range keys {
		set.Keys[i] = k.JWK()
	}
	return set
}
