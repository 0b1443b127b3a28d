package userpool

import (
	"context"
	"errors"
	"strings"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// revokeToken implements RevokeToken: the sign-in of a refresh token is over, with
// all its tokens. To revoke what is revoked or expired already is no error.
func (s *Service) revokeToken(ctx context.Context, c *wire.Call, in *cognitoidp.RevokeTokenRequest) (*cognitoidp.RevokeTokenResponse, error) {
	cl, p, err := s.client(ctx, in.ClientId)
	if isAbsent(err) { // which RevokeToken does not declare
		return nil, invalid("User pool client %s does not exist.", in.ClientId)
	}
	if err != nil {
		return nil, err
	}
	c.Note("pool", p.Id)
	if !cl.knowsSecret(in.ClientSecret) {
		return nil, cognitoidp.UnauthorizedException.Newf("Unable to verify secret for client %s", cl.ClientId)
	}
	if !cl.revocable() {
		return nil, cognitoidp.UnsupportedOperationException.New("Token revocation is not enabled for the client.")
	}
	r, err := s.openRefresh(in.Token, c.Time)
	switch {
	case errors.Is(err, keys.ErrExpired):
		return nil, nil
	case errors.Is(err, keys.ErrSealed) && strings.Count(in.Token, ".") == 2:
		return nil, cognitoidp.UnsupportedTokenTypeException.New("Only refresh tokens can be revoked.")
	case errors.Is(err, keys.ErrSealed):
		return nil, invalid("Invalid Refresh Token")
	case err != nil:
		return nil, err
	case r.Client != cl.ClientId:
		return nil, cognitoidp.UnauthorizedException.New("The token was not issued to the client.")
	}
	return nil, s.update(ctx, func(tx store.Tx) error { return revoke(tx, r, c.Time) })
}

// revoke ends a sign-in.
func revoke(tx store.Tx, r refreshToken, now time.Time) error {
	until := r.Expires
	if latest := now.Add(maxTokenLife); latest.After(until) {
		until = latest
	}
	_, err := users.Modify(tx, r.Pool, r.User, func(u *user) error {
		if u.Sub != r.Sub {
			return store.ErrNotFound
		}
		if until.After(u.RevokedUntil) {
			u.RevokedUntil = until
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) { // the user is gone, and the sign-in with them
		return nil
	}
	if err != nil {
		return err
	}
	if err := sweepSignIns(tx, r.Pool, now); err != nil {
		return err
	}
	return signIns.Put(tx, r.Pool, r.Origin, &signInRecord{Origin: r.Origin, Expires: until, Revoked: true})
}

// globalSignOut implements GlobalSignOut: every sign-in of the user up to now is over.
func (s *Service) globalSignOut(ctx context.Context, c *wire.Call, in *cognitoidp.GlobalSignOutRequest) (*cognitoidp.GlobalSignOutResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		// The token's own sign-in is over even if another node's clock is ahead.
		own, _ := eventMoment(b.claims.Event)
		u.signOut(c.Time)
		u.SignedOut = max(u.SignedOut, own)
		return users.Put(tx, b.pool.Id, u.key(b.pool), u)
	})
}
