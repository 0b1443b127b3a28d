package keys

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // crypto.SHA256 and crypto.SHA512 need them
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// form is how a kind of token is signed, and what its header is around the key's id.
type form struct {
	alg   string
	start string
	end   string
	hash  crypto.Hash
}

// The tokens of user pools are signed with RS256, those of identity pools with RS512, as
// AWS signs them. A key that signs the one kind verifies none of the other.
var (
	rs256 = form{"RS256", `{"kid":"`, `","alg":"RS256"}`, crypto.SHA256}
	rs512 = form{"RS512", `{"kid":"`, `","typ":"JWS","alg":"RS512"}`, crypto.SHA512}
)

// header is that of the tokens of a key, encoded.
func (f form) header(id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(f.start + id + f.end))
}

// sum hashes what is signed.
func (f form) sum(signed string) []byte {
	h := f.hash.New()
	h.Write([]byte(signed))
	return h.Sum(nil)
}

const (
	// MaxToken is the longest token that Verify looks at, in bytes.
	MaxToken = 64 << 10
	maxKeyID = 64
)

// ErrToken means that a text is no token that we signed.
var ErrToken = errors.New("keys: not a token of ours")

// Sign returns a JWT with these claims, a JSON object, which it does not look at.
func (k *SigningKey) Sign(claims []byte) (string, error) { return k.sign(rs256, k.header, claims) }

// SignRS512 returns a JWT like Sign, with the header of identity pools.
func (k *SigningKey) SignRS512(claims []byte) (string, error) {
	return k.sign(rs512, k.headerRS512, claims)
}

func (k *SigningKey) sign(f form, header string, claims []byte) (string, error) {
	signed := header + "." + base64.RawURLEncoding.EncodeToString(claims)
	signature, err := rsa.SignPKCS1v15(nil, k.private, f.hash, f.sum(signed))
	if err != nil {
		return "", fmt.Errorf("keys: sign: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Verify returns the claims of a token that one of our keys signed; key returns
// the public key of an id, or nil. It judges the signature only: what the claims
// say, their times among it, is for the caller. Any refusal is an [ErrToken].
//
// It serves our own tokens, whose headers are all alike, and therefore needs no
// parser for headers: one that does not read exactly as Sign writes it is refused.
// No algorithm is ever taken from a token.
func Verify(token string, key func(kid string) *rsa.PublicKey) (claims []byte, err error) {
	return verify(rs256, token, key)
}

// VerifyRS512 is Verify for what SignRS512 made.
func VerifyRS512(token string, key func(kid string) *rsa.PublicKey) (claims []byte, err error) {
	return verify(rs512, token, key)
}

func verify(f form, token string, key func(kid string) *rsa.PublicKey) (claims []byte, err error) {
	if len(token) > MaxToken {
		return nil, refuse("too long")
	}
	signed, encodedSignature, ok := cutLast(token, '.')
	header, encodedClaims, ok2 := strings.Cut(signed, ".")
	if !ok || !ok2 {
		return nil, refuse("not in three parts")
	}
	kid, ok := f.parseHeader(header)
	if !ok {
		return nil, refuse("not our header")
	}
	public := key(kid)
	if public == nil {
		return nil, refuse("unknown key")
	}
	claims, err = decodeURL(encodedClaims)
	if err != nil {
		return nil, refuse("claims not in base64url")
	}
	signature, err := decodeURL(encodedSignature)
	if err != nil {
		return nil, refuse("signature not in base64url")
	}
	if rsa.VerifyPKCS1v15(public, f.hash, f.sum(signed), signature) != nil {
		return nil, refuse("wrong signature")
	}
	return claims, nil
}

// parseHeader returns the key id of an encoded header.
func (f form) parseHeader(encoded string) (kid string, ok bool) {
	header, err := decodeURL(encoded)
	if err != nil {
		return "", false
	}
	kid, ok = strings.CutPrefix(string(header), f.start)
	if !ok {
		return "", false
	}
	kid, ok = strings.CutSuffix(kid, f.end)
	return kid, ok && kid != "" && len(kid) <= maxKeyID && !strings.ContainsAny(kid, `"\`)
}

// cutLast cuts s around the last sep.
func cutLast(s string, sep byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// refuse is ErrToken with a reason for the log.
func refuse(reason string) error { return fmt.Errorf("%w: %s", ErrToken, reason) }
