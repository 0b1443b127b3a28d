package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// adminSetUserPassword implements AdminSetUserPassword: a password for good, which
// confirms the user from any status, or one that the user must replace. Either lets
// somebody in again whose password was taken away.
func (s *Service) adminSetUserPassword(ctx context.Context, c *wire.Call, in *cognitoidp.AdminSetUserPasswordRequest) (*cognitoidp.AdminSetUserPasswordResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	u, err := s.findNamed(ctx, p, in.Username)
	if err != nil {
		return nil, err
	}
	if err := checkPassword(p.Policies.PasswordPolicy, in.Password); err != nil {
		return nil, err
	}
	if isTrue(in.Permanent) {
		if err := s.checkReuse(ctx, p, u, in.Password); err != nil {
			return nil, err
		}
	}
	sealed, err := s.sealedPassword(p, u, in.Password)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := p.reread(tx, u)
		if err != nil {
			return err
		}
		return p.modify(tx, u, func() error {
			u.setPassword(p, sealed, c.Time)
			u.Status = cognitoidp.UserStatusTypeForceChangePassword
			u.LocalBlocked = false
			if isTrue(in.Permanent) {
				u.Status = cognitoidp.UserStatusTypeConfirmed
			}
			return nil
		})
	})
}

// adminResetUserPassword implements AdminResetUserPassword: the password works no
// longer, and a code to set another goes out.
func (s *Service) adminResetUserPassword(ctx context.Context, c *wire.Call, in *cognitoidp.AdminResetUserPasswordRequest) (*cognitoidp.AdminResetUserPasswordResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	by := caller{c, "", in.ClientMetadata}
	_, _, err = s.sendReset(ctx, by, p, in.Username, func(tx store.Tx, u *user, n notice) (*cognitoidp.CodeDeliveryDetailsType, error) {
		if err := p.mayReset(u); err != nil {
			return nil, err
		}
		u.Status = cognitoidp.UserStatusTypeResetRequired
		u.touch(c.Time)
		attribute, to := p.recoveryDestination(u)
		return s.sendCode(tx, p, u, forReset, n, attribute, to, c.Time)
	})
	if refused, ok := errors.AsType[*unreachable](err); ok {
		if err = refused.error; errors.Is(err, cognitoidp.UserNotFoundException.New("")) {
			err = errNoUser()
		}
	}
	return nil, err
}
