package userpool

import (
	"cmp"
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
	u, err := s.bearing(ctx, c, b)
	if err != nil {
		return nil, err
	}
	defer s.turns.take(b.pool.Id, u.key(b.pool))()
	right, err := s.knowsPassword(ctx, c, b, in.PreviousPassword)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	if right {
		if sealed, err = s.newPassword(ctx, b.pool, b.client.ClientId, u, in.ProposedPassword); err != nil {
			return nil, err
		}
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if u, err = b.user(tx, c); err != nil {
			return err
		}
		return b.pool.modify(tx, u, func() error {
			if err := u.Attempts.allow(c.Op.Name, maxPasswordChanges, c.Time); err != nil {
				return err
			}
			if !right {
				u.Attempts.fail(c.Time)
				return counted{errIncorrect()}
			}
			u.setPassword(b.pool, sealed, c.Time)
			return nil
		})
	})
	response := cognitoidp.EventResponseTypePass
	if err != nil {
		response = cognitoidp.EventResponseTypeFail
	}
	s.noteEvent(ctx, c, b.pool, u, authEvent{Type: cognitoidp.EventTypePasswordChange, Response: response, From: sourceOf(c, b.client, nil)})
	return nil, err
}

// knowsPassword tells whether somebody shows the bearer's present password. A user who
// has none shows none.
func (s *Service) knowsPassword(ctx context.Context, c *wire.Call, b *bearer, password string) (bool, error) {
	u, err := s.bearing(ctx, c, b)
	switch {
	case err != nil:
		return false, err
	case u.Attempts.locked(c.Time):
		return false, cognitoidp.LimitExceededException.New("Attempt limit exceeded, please try after some time.")
	case len(u.Hash) > 0:
		return s.matchesHash(b.pool, u, password), nil
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

// noteEvent is recordAuthEvent for a flow that does not fail with it: what went wrong
// is for the log.
func (s *Service) noteEvent(ctx context.Context, c *wire.Call, p *pool, u *user, e authEvent) {
	if u == nil || !p.protected() {
		return
	}
	if err := s.recordAuthEvent(ctx, c, p, u, e); err != nil {
		c.Note("history", err.Error())
	}
}

// checkBreached refuses a new password that is known from a breach, where the pool's
// risk configuration says so.
func (s *Service) checkBreached(ctx context.Context, p *pool, clientID string, event cognitoidp.EventFilterType, password string) error {
	_, blocked, err := s.compromised(ctx, p, clientID, event, password)
	if blocked {
		return cmp.Or(err, errCompromised())
	}
	return err
}
