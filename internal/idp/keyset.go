package idp

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxKeys    = 64
	minRSABits = 2048
	maxRSABits = 8192 // longer ones cost more time than a caller may make us spend
)

// publicKey is a key of an issuer.
type publicKey struct {
	id  string
	alg jose.SignatureAlgorithm // what the key set binds it to, or ""
	key any                     // *rsa.PublicKey or *ecdsa.PublicKey
}

// fits tells whether the key may verify signatures of an algorithm: RSA keys those of
// PKCS #1, and each curve its own.
func (k publicKey) fits(alg jose.SignatureAlgorithm) bool {
	if k.alg != "" && k.alg != alg {
		return false
	}
	switch key := k.key.(type) {
	case *rsa.PublicKey:
		return alg == jose.RS256 || alg == jose.RS384 || alg == jose.RS512
	case *ecdsa.PublicKey:
		return map[string]jose.SignatureAlgorithm{"P-256": jose.ES256, "P-384": jose.ES384, "P-521": jose.ES512}[key.Params().Name] == alg
	}
	return false
}

// parseKeySet reads a JWK set. Keys that cannot verify ID tokens are passed over, as
// RFC 7517 (section 5) demands, and never hinder the others.
func parseKeySet(document []byte) ([]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if !jsontext.Value(document).IsValid() || json.Unmarshal(document, &set) != nil || set.Keys == nil {
		return nil, refuse(ErrUnreachable, "what it calls its keys is no key set")
	}
	if len(set.Keys) > maxKeys {
		return nil, refuse(ErrUnreachable, "it has more than %d keys", maxKeys)
	}
	var keys []publicKey
	for _, text := range set.Keys {
		if k, ok := parseKey(text); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, refuse(ErrUnreachable, "it has no key that verifies ID tokens")
	}
	return keys, nil
}

func parseKey(text []byte) (publicKey, bool) {
	var extra struct {
		Operations []string `json:"key_ops"`
	}
	var jwk jose.JSONWebKey
	if json.Unmarshal(text, &extra) != nil || jwk.UnmarshalJSON(text) != nil {
		return publicKey{}, false
	}
	if jwk.Use != "" && jwk.Use != "sig" || extra.Operations != nil && !slices.Contains(extra.Operations, "verify") {
		return publicKey{}, false
	}
	switch key := jwk.Key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return publicKey{}, false
		}
	case *ecdsa.PublicKey:
	default: // secrets, private keys, keys of other kinds
		return publicKey{}, false
	}
	return publicKey{jwk.KeyID, jose.SignatureAlgorithm(jwk.Algorithm), jwk.Key}, true
}

// pick returns the key of an id that fits an algorithm. A token need not name its key
// where only one fits.
func pick(keys []publicKey, id string, alg jose.SignatureAlgorithm) (publicKey, bool) {
	var found []publicKey
	for _, k := range keys {
		if k.fits(alg) && (id == "" || k.id == id) {
			found = append(found, k)
		}
	}
	if len(found) == 0 || id == "" && len(found) > 1 {
		return publicKey{}, false
	}
	return found[0], true
}
