package identitypool

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/keys"
	"pintail/internal/wire"
)

// errNoLonger says that a token's claims were true when it was made, and are no more.
var errNoLonger = errors.New("identitypool: the identity is no longer what the token says")

// ReadToken implements access.TokenReader for the tokens of GetOpenIdToken and
// GetOpenIdTokenForDeveloperIdentity. A token counts for as long as the pool and the
// identity would still get one.
func (s *Service) ReadToken(ctx context.Context, token string) (access.WebIdentity, error) {
	claims, err := s.readOpenID(ctx, token)
	if err != nil {
		return access.WebIdentity{}, err
	}
	i, p, err := s.stored(ctx, claims.Subject)
	if errors.Is(err, cognitoidentity.ResourceNotFoundException.New("")) || errors.Is(err, cognitoidentity.NotAuthorizedException.New("")) {
		err = errNoLonger
	}
	if err != nil {
		return access.WebIdentity{}, err
	}
	if !claims.ofDeveloper(p) && !isTrue(p.AllowClassicFlow) {
		return access.WebIdentity{}, errNoLonger
	}
	return claims.identity(), stands(i, p, claims)
}

// stands tells whether an identity still is what a token says of it: a guest in a pool
// that has guests, or somebody who has all of the token's logins.
func stands(i *identity, p *pool, claims *openIDClaims) error {
	if i.ID != claims.Subject || p.IdentityPoolId != claims.Audience {
		return errNoLonger
	}
	if claims.AMR[0] == unauthenticated {
		if !i.guest() || !p.guests() {
			return errNoLonger
		}
		return nil
	}
	for at := 1; at+1 < len(claims.AMR); at += 2 {
		if !slices.ContainsFunc(i.Logins, func(l login) bool {
			return l.Provider == claims.AMR[at] && l.shownBy(p.IdentityPoolId, claims.AMR[at+1])
		}) {
			return errNoLonger
		}
	}
	return nil
}

// readOpenID verifies a token of ours. It returns access.ErrForeignToken for one of
// another issuer, and access.ErrTokenExpired, with the claims, for one that was good.
func (s *Service) readOpenID(ctx context.Context, token string) (*openIDClaims, error) {
	if unverifiedIssuer(token) != issuer {
		return nil, access.ErrForeignToken
	}
	ring, err := s.keys.current(ctx)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	text, err := keys.VerifyRS512(token, func(kid string) *rsa.PublicKey { return ring.find(kid, now) })
	if err != nil {
		return nil, err
	}
	claims := new(openIDClaims)
	if err := json.Unmarshal(text, claims); err != nil {
		return nil, err
	}
	if len(claims.AMR) == 0 {
		return nil, keys.ErrToken
	}
	if now.Unix() >= claims.Expires {
		return claims, access.ErrTokenExpired
	}
	return claims, nil
}

// refusal is the answer to a token that was shown as a login and cannot be read.
func (o *openIDClaims) refusal(c *wire.Call, err error) error {
	switch {
	case errors.Is(err, access.ErrForeignToken):
		return refused(badIssuer)
	case errors.Is(err, access.ErrTokenExpired):
		return refused(tokenExpired, c.Time.Unix(), o.Expires)
	case errors.Is(err, keys.ErrToken):
		return refused(badSignature)
	}
	return err
}

// unverifiedIssuer reads whose token it claims to be, to choose who verifies it.
func unverifiedIssuer(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Issuer
}
