package userpool

import (
	"context"
	"fmt"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// changePassword implements ChangePassword: a signed-in user sets another password, and
// shows the present one, if there is one. Tokens stay valid.
func (s *Service) changePassword(ctx context.Context, c *wire.Call, in *cognitoidp.ChangePasswordRequest) (*cognitoidp.ChangePasswordResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer s.turns.take(b.pool.Id, b.pool.fold(b.claims.Username))()
	u, err := s.bearing(ctx, c, b)
	if err != nil {
		return nil, err
	}
	right, err := s.knowsPassword(ctx, b, u, in.PreviousPassword, c)
	if err != nil {
		return nil, err
	}
	err = s.choosePassword(ctx, c, b, u, right, in.ProposedPassword)
	response := cognitoidp.EventResponseTypePass
	if err != nil {
		response = cognitoidp.EventResponseTypeFail
	}
	s.noteEvent(ctx, c, b.pool, u, authEvent{Type: cognitoidp.EventTypePasswordChange, Response: response, From: sourceOf(c, b.client, nil), ClientID: b.client.ClientId})
	return nil, err
}

// choosePassword gives a user another password, if it will do and the present one was
// shown.
func (s *Service) choosePassword(ctx context.Context, c *wire.Call, b *bearer, u *user, right bool, password string) (err error) {
	var sealed []byte
	if right {
		if sealed, err = s.newPassword(ctx, b.pool, b.client.ClientId, u, password); err != nil {
			return err
		}
	}
	return s.replacePassword(ctx, c, b, u, right, sealed)
}

// replacePassword counts the call and, if the password that seen had was shown, gives
// the user another.
func (s *Service) replacePassword(ctx context.Context, c *wire.Call, b *bearer, seen *user, right bool, sealed []byte) error {
	return s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		return b.pool.modify(tx, u, func() error {
			if err := u.Attempts.allow(c.Op.Name, maxPasswordChanges, c.Time); err != nil {
				return err
			}
			if !right || !u.samePassword(seen) {
				u.Attempts.fail(c.Time)
				return counted{errIncorrect()}
			}
			u.setPassword(b.pool, sealed, c.Time)
			return nil
		})
	})
}

// knowsPassword tells whether somebody shows the bearer's present password. A user who
// has none shows none. Beyond the limits it tells nothing, so that no refusal of the
// new password gives the present one away.
func (s *Service) knowsPassword(ctx context.Context, b *bearer, u *user, password string, c *wire.Call) (bool, error) {
	if u.Attempts.locked(c.Time) {
		return false, errLimit()
	}
	if err := u.Attempts.allows(c.Op.Name, maxPasswordChanges, c.Time); err != nil {
		return false, err
	}
	switch {
	case len(u.Hash) > 0:
		return s.matchesHash(ctx, b.pool, u, u.Hash, password), nil
	case !u.hasPassword():
		return password == "", nil
	case password == "":
		return false, invalid("Missing required parameter PreviousPassword")
	}
	v, err := s.verifier(b.pool, u)
	if err != nil {
		return false, fmt.Errorf("verifier of user %s: %w", u.Sub, err)
	}
	return v.Matches(b.pool.identity(u.Username), password), nil
}
