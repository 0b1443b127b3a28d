package keys

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
)

// VerifyingKey is the public half of a signing key: it verifies what that signed,
// also when the private half is no more.
type VerifyingKey struct {
	id     string
	public *rsa.PublicKey
}

// ParseVerifyingKey reads what [VerifyingKey.MarshalPublic] wrote, or returns
// [ErrSigningKey].
func ParseVerifyingKey(pkix []byte) (*VerifyingKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(pkix)
	public, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok || public.N.BitLen() != rsaBits {
		return nil, ErrSigningKey
	}
	return newVerifyingKey(public)
}

// newVerifyingKey names the key by its RFC 7638 thumbprint, in the standard base64
// that Cognito's key ids are written in.
func newVerifyingKey(public *rsa.PublicKey) (*VerifyingKey, error) {
	k := &VerifyingKey{public: public}
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
	return k, nil
}

// ID returns the key's kid: 44 characters of standard base64.
func (k *VerifyingKey) ID() string { return k.id }

// Public returns the key in the form of the standard library.
func (k *VerifyingKey) Public() *rsa.PublicKey { return k.public }

// MarshalPublic returns the key in PKIX form.
func (k *VerifyingKey) MarshalPublic() ([]byte, error) { return x509.MarshalPKIXPublicKey(k.public) }

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
func (k *VerifyingKey) JWK() JWK { return k.jwk(rs256) }

func (k *VerifyingKey) jwk(f form) JWK {
	encode := base64.RawURLEncoding.EncodeToString
	return JWK{
		Alg: f.alg,
		E:   encode(big.NewInt(int64(k.public.E)).Bytes()),
		Kid: k.id,
		Kty: "RSA",
		N:   encode(k.public.N.Bytes()),
		Use: "sig",
	}
}

// JWKS is a key set, the document at a pool's /.well-known/jwks.json.
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// KeySet returns the set of the keys.
func KeySet(keys ...*VerifyingKey) JWKS { return keySet(rs256, keys) }

// KeySetRS512 returns the set of keys that sign with RS512.
func KeySetRS512(keys ...*VerifyingKey) JWKS { return keySet(rs512, keys) }

func keySet(f form, keys []*VerifyingKey) JWKS {
	set := JWKS{Keys: make([]JWK, len(keys))}
	for i, k := range keys {
		set.Keys[i] = k.jwk(f)
	}
	return set
}
