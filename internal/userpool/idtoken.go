package userpool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"pintail/internal/keys"
	"pintail/internal/store"
)

// Errors of VerifyIDToken.
var (
	// ErrIDToken means that a text is no ID token of the pool.
	ErrIDToken = errors.New("userpool: not an ID token of the pool")
	// ErrIDTokenExpired means that it was one. Its claims are returned as well, for
	// an error message that names the times.
	ErrIDTokenExpired = errors.New("userpool: ID token expired")
)

// Claims are what a valid ID token says.
type Claims struct {
	PoolID   string
	ClientID string // aud
	Subject  string // sub: the user, forever
	Username string // cognito:username
	Issuer   string
	AuthTime time.Time
	Expires  time.Time
	// All are the token's claims as encoding/json decodes them, for rules that map
	// claims to roles.
	All map[string]any

	event, origin string
}

// VerifyIDToken returns the claims of a pool's ID token, for identity pools. It
// checks the signature, the issuer's pool, the use and the expiry, and returns
// [ErrIDToken] or [ErrIDTokenExpired]. It does not ask the directory about the user;
// [Service.SignedIn] does.
func (s *Service) VerifyIDToken(ctx context.Context, pool, token string) (Claims, error) {
	p, err := s.pool(ctx, pool)
	if isAbsent(err) {
		return Claims{}, fmt.Errorf("%w: there is no user pool %q", ErrIDToken, pool)
	}
	if err != nil {
		return Claims{}, err
	}
	text, _, err := s.verified(ctx, p, useID, token)
	if errors.Is(err, keys.ErrToken) || isAbsent(err) {
		return Claims{}, fmt.Errorf("%w: %w", ErrIDToken, err)
	}
	if err != nil {
		return Claims{}, err
	}
	held, err := parseClaims(text)
	if err != nil || held.Use != useID || poolID(held.Issuer) != p.Id {
		return Claims{}, fmt.Errorf("%w: %w", ErrIDToken, keys.ErrToken)
	}
	c := Claims{
		PoolID: p.Id, ClientID: held.Audience, Subject: held.Sub, Username: held.CognitoUsername, Issuer: held.Issuer,
		AuthTime: time.Unix(held.AuthTime, 0), Expires: time.Unix(held.Expires, 0),
		event: held.Event, origin: held.Origin,
	}
	if err := json.Unmarshal(text, &c.All); err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrIDToken, err)
	}
	if !s.clock.Now().Before(c.Expires) {
		return c, ErrIDTokenExpired
	}
	return c, nil
}

// SignedIn tells whether the sign-in behind an ID token still holds: the user exists,
// is enabled, and neither signed out everywhere nor had the sign-in revoked. This is
// an identity pool's ServerSideTokenCheck.
func (s *Service) SignedIn(ctx context.Context, c Claims) (bool, error) {
	p, err := s.pool(ctx, c.PoolID)
	if err != nil {
		return false, err
	}
	holds := false
	err = s.db.View(ctx, func(tx store.Tx) error {
		u, err := p.signedInUser(tx, c.Username, c.Subject)
		if err != nil || u == nil || !u.Enabled {
			return err
		}
		over, err := p.over(tx, u, c.event, c.origin, s.clock.Now())
		holds = err == nil && !over
		return err
	})
	return holds, err
}
