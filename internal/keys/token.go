package keys

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The header of every token that a pool signs, around the key's id.
const (
	headerStart = `{"kid":"`
	headerEnd   = `","alg":"RS256"}`
)

const (
	// MaxToken is the longest token that Verify looks at, in bytes.
	MaxToken = 64 << 10
	maxKeyID = 64
)

// ErrToken means that a text is no token that we signed.
var ErrToken = errors.New("keys: not a token of ours")

// Sign returns a JWT with these claims, a JSON object, which it does not look at.
func (k *SigningKey) Sign(claims []byte) (string, error) {
	signed := k.header + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
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
	if len(token) > MaxToken {
		return nil, refuse("too long")
	}
	signed, encodedSignature, ok := cutLast(token, '.')
	header, encodedClaims, ok2 := strings.Cut(signed, ".")
	if !ok || !ok2 {
		return nil, refuse("not in three parts")
	}
	kid, ok := parseHeader(header)
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
	sum := sha256.Sum256([]byte(signed))
	if rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) != nil {
		return nil, refuse("wrong signature")
	}
	return claims, nil
}

// parseHeader returns the key id of an encoded header.
func parseHeader(encoded string) (kid string, ok bool) {
	header, err := decodeURL(encoded)
	if err != nil {
		return "", false
	}
	kid, ok = strings.CutPrefix(string(header), headerStart)
	if !ok {
		return "", false
	}
	kid, ok = strings.CutSuffix(kid, headerEnd)
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
