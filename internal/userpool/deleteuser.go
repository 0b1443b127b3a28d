package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// adminDeleteUser implements AdminDeleteUser. The user may be enabled.
func (s *Service) adminDeleteUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminDeleteUserRequest) (*model.Empty, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := p.userNamed(tx, in.Username)
		if err != nil {
			return err
		}
		return s.removeUser(tx, p, u)
	})
}

// deleteUser implements DeleteUser, by which users delete themselves.
func (s *Service) deleteUser(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserRequest) (*model.Empty, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		return s.removeUser(tx, b.pool, u)
	})
}

// removeUser removes a user and everything that is kept of them, and has their addresses
// taken back from the projects that have them. Records of sign-ins stay until their tokens
// would have expired: they name nobody.
func (s *Service) removeUser(tx store.Tx, p *pool, u *user) error {
	if err := p.moveAliases(tx, u.key(p), p.activeAliases(u), nil, false); err != nil {
		return err
	}
	if err := removeMemberships(tx, p.Id, u); err != nil {
		return err
	}
	if err := removeLinks(tx, p.Id, u); err != nil {
		return err
	}
	if err := removeDevices(tx, p.Id, u.key(p)); err != nil {
		return err
	}
	if err := removePasskeys(tx, p, u); err != nil {
		return err
	}
	if err := deleteAuthEvents(tx, p.Id, u.Sub); err != nil {
		return err
	}
	if err := users.Delete(tx, p.Id, u.key(p)); err != nil {
		return err
	}
	return s.addressesMoved(tx, p, u)
}
