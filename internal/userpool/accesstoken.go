package userpool

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Values of the claim token_use.
const (
	useAccess = "access"
	useID     = "id"
)

const invalidToken = "Invalid Access Token"

// tokenClaims are the claims that the server itself reads.
type tokenClaims struct {
	Sub      string `json:"sub"`
	Issuer   string `json:"iss"`
	Use      string `json:"token_use"`
	ClientID string `json:"client_id"`
	Username string `json:"username"`
	Scope    string `json:"scope"`
	Event    string `json:"event_id"`
	Origin   string `json:"origin_jti"`
	Expires  int64  `json:"exp"`

	// In ID tokens.
	Audience        string `json:"aud"`
	CognitoUsername string `json:"cognito:username"`
	AuthTime        int64  `json:"auth_time"`
}

// poolID is the pool that an issuer names. Whether it is ours the signature tells:
// pools share no keys, and the rest of the issuer may be how clients reached this
// server when the token was made.
func poolID(issuer string) string { return issuer[strings.LastIndexByte(issuer, '/')+1:] }

// bearer is who holds a valid access token.
type bearer struct {
	pool   *pool
	client *client
	claims tokenClaims
}

// bearer judges an access token by itself: signature, expiry, use and scope. What
// the directory knows against it, [bearer.user] tells within the transaction of the
// operation.
func (s *Service) bearer(ctx context.Context, c *wire.Call, token string) (*bearer, error) {
	p, held, err := s.trusted(ctx, c, token)
	if err != nil {
		return nil, err
	}
	c.Note("pool", p.Id)
	c.Note("sub", held.Sub)
	switch {
	case held.Use != useAccess:
		return nil, errToken(invalidToken, nil)
	case c.Time.Unix() >= held.Expires:
		return nil, errToken("Access Token has expired", nil)
	case !slices.Contains(strings.Fields(held.Scope), selfScope):
		return nil, errToken("Access Token does not have required scopes", nil)
	}
	cl, _, err := s.client(ctx, held.ClientID)
	if err != nil {
		return nil, err
	}
	return &bearer{p, cl, *held}, nil
}

// errToken refuses a token; the cause is for the log.
func errToken(message string, cause error) error {
	refusal := cognitoidp.NotAuthorizedException.New(message)
	if cause != nil {
		refusal = refusal.WithReason(cause.Error())
	}
	return refusal
}

// errUnlessOurs turns the absence of a pool into the refusal of a token, and lets
// faults of the server through.
func errUnlessOurs(err error, message string) error {
	if isAbsent(err) {
		return errToken(message, err)
	}
	return err
}

// peek reads claims whose signature has not been checked, to find out who would
// have signed them.
func peek(token string) (*tokenClaims, error) {
	parts := strings.Split(token, ".")
	if len(token) > keys.MaxToken || len(parts) != 3 {
		return nil, keys.ErrToken
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, keys.ErrToken
	}
	return parseClaims(text)
}

// checkedToken is what is remembered of a token whose signature was good.
type checkedToken struct {
	claims *tokenClaims
	key    string // the id of the key that signed it
}

// trusted returns the claims of an access token that its pool signed. Checking a
// signature takes longer than all the rest of a request, and an app shows the same
// token many times: those that were found good are remembered by their hash. What
// may become of a token later, its expiry among it, is judged every time.
func (s *Service) trusted(ctx context.Context, c *wire.Call, token string) (*pool, *tokenClaims, error) {
	sum := sha256.Sum256([]byte(token))
	id := string(sum[:])
	seen, known := s.checked.get(id)
	if !known {
		peeked, err := peek(token)
		if err != nil {
			return nil, nil, errToken(invalidToken, err)
		}
		seen.claims = peeked
	}
	p, err := s.pool(ctx, poolID(seen.claims.Issuer))
	if err != nil {
		return nil, nil, errUnlessOurs(err, invalidToken)
	}
	if p.find(useAccess, seen.key, c.Time) == nil {
		text, key, err := s.verified(ctx, p, useAccess, token)
		if err == nil {
			seen.claims, err = parseClaims(text)
		}
		switch {
		case errors.Is(err, keys.ErrToken):
			return nil, nil, errToken(invalidToken, err)
		case err != nil:
			return nil, nil, errUnlessOurs(err, invalidToken)
		}
		seen.key = key
		s.checked.use(id, c.Time, func(t *checkedToken) { *t = seen })
	}
	return p, seen.claims, nil
}

func parseClaims(text []byte) (*tokenClaims, error) {
	c := new(tokenClaims)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, keys.ErrToken
	}
	return c, nil
}

// user returns the bearer's user, unless the right to act was taken away: one read,
// and a second one only for users some of whose sign-ins were revoked lately.
func (b *bearer) user(tx store.Tx, c *wire.Call) (*user, error) {
	u, err := b.pool.signedInUser(tx, b.claims.Username, b.claims.Sub)
	switch {
	case err != nil:
		return nil, err
	case u == nil && c.Op.Declares(cognitoidp.UserNotFoundException):
		return nil, errNoUser()
	case u == nil:
		return nil, errRevoked()
	case !u.Enabled:
		return nil, errDisabled()
	}
	over, err := b.pool.over(tx, u, b.claims.Event, b.claims.Origin, c.Time)
	if err == nil && over {
		err = errRevoked()
	}
	return u, err
}

// bearing is bearer.user in a transaction of its own.
func (s *Service) bearing(ctx context.Context, c *wire.Call, b *bearer) (u *user, err error) {
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		u, err = b.user(tx, c)
		return err
	})
	return u, err
}

func errRevoked() error { return errToken("Access Token has been revoked", nil) }

// signedInUser returns the user that a token speaks of, nil if there is none any
// more. Somebody else may have the username by now.
func (p *pool) signedInUser(tx store.Tx, username, sub string) (*user, error) {
	u, err := users.Get(tx, p.Id, p.fold(username))
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Sub != sub {
		return nil, nil
	}
	return u, err
}

// signedOut tells whether the user signed out everywhere after a sign-in.
func (u *user) signedOut(event string) bool {
	moment, ok := eventMoment(event)
	return !ok || moment <= u.SignedOut
}

// over tells whether a sign-in was ended before its time.
func (p *pool) over(tx store.Tx, u *user, event, origin string, now time.Time) (bool, error) {
	if u.signedOut(event) {
		return true, nil
	}
	if origin == "" || !now.Before(u.RevokedUntil) {
		return false, nil
	}
	record, err := signIns.Get(tx, p.Id, origin)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && record.Revoked, err
}
