package idp

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
)

// maxToken is the longest token that is looked at, in bytes. AWS takes up to 50,000
// characters in Logins.
const maxToken = 64 << 10

// algorithms are all that are taken, each with the one kind of key that it fits. None
// of them is "none", and none uses a secret: who could choose HMAC could sign with the
// issuer's public key.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
}

// jwt is a token of which nothing is verified yet.
type jwt struct {
	header jwtHeader
	signed *jose.JSONWebSignature
	claims claims
}

// jwtHeader is what is read of a token's header. Members that name keys (jku, jwk, x5u,
// x5c) are none of it: which keys count says the issuer's discovery document.
type jwtHeader struct {
	Alg  jose.SignatureAlgorithm `json:"alg"`
	Kid  string                  `json:"kid"`
	Typ  string                  `json:"typ"`
	Crit json.RawMessage         `json:"crit"`
	B64  json.RawMessage         `json:"b64"`
}

// types are the "typ" of ID tokens. Access tokens and logout tokens, which the same keys
// sign, have others.
var types = map[string]bool{"": true, "jwt": true, "application/jwt": true}

// parseJWT reads a token in compact form.
func parseJWT(token string) (*jwt, error) {
	if len(token) > maxToken {
		return nil, refuse(ErrMalformed, "longer than %d bytes", maxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, refuse(ErrMalformed, "not in three parts")
	}
	var t jwt
	if err := decodePart(parts[0], "header", &t.header); err != nil {
		return nil, err
	}
	if err := t.header.check(); err != nil {
		return nil, err
	}
	payload, err := decodeURL(parts[1])
	if err != nil {
		return nil, refuse(ErrMalformed, "the claims are not in base64url")
	}
	if t.claims, err = parseClaims(payload); err != nil {
		return nil, err
	}
	if signature, err := decodeURL(parts[2]); err != nil || len(signature) == 0 {
		return nil, refuse(ErrSignature, "no signature in base64url")
	}
	t.signed, err = jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, refuse(ErrMalformed, "not a JSON Web Signature")
	}
	return &t, nil
}

func (h jwtHeader) check() error {
	switch {
	case h.Crit != nil || h.B64 != nil:
		return refuse(ErrUnsupported, "the header has critical extensions")
	case !types[strings.ToLower(h.Typ)]:
		return refuse(ErrMalformed, "of type %s, which no ID token is", shown(h.Typ))
	}
	for _, known := range algorithms {
		if h.Alg == known {
			return nil
		}
	}
	return refuse(ErrSignature, "algorithm %s is not taken", shown(string(h.Alg)))
}

// decodePart decodes a JSON object in base64url. Members named twice are refused, as two
// readers may take different ones for the member.
func decodePart(part, name string, into any) error {
	text, err := decodeURL(part)
	if err != nil {
		return refuse(ErrMalformed, "the %s is not in base64url", name)
	}
	if value := jsontext.Value(text); !value.IsValid() || value.Kind() != '{' {
		return refuse(ErrMalformed, "the %s is not a JSON object", name)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return refuse(ErrMalformed, "the %s is not that of a token", name)
	}
	return nil
}

// decodeURL decodes base64url without padding and takes one spelling only.
func decodeURL(text string) ([]byte, error) {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}
