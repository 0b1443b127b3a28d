package userpool

import (
	"context"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// adminEnableUser implements AdminEnableUser. Sign-ins from before the user was
// disabled stay over.
func (s *Service) adminEnableUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminEnableUserRequest) (*cognitoidp.AdminEnableUserResponse, error) {
	return nil, s.administer(ctx, c, in.UserPoolId, in.Username, func(u *user) {
		if !u.Enabled {
			u.Enabled = true
			u.touch(c.Time)
		}
	})
}

// adminDisableUser implements AdminDisableUser: the user cannot sign in, and all
// sign-ins are over (Cognito API reference, AdminDisableUser).
func (s *Service) adminDisableUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminDisableUserRequest) (*cognitoidp.AdminDisableUserResponse, error) {
	return nil, s.administer(ctx, c, in.UserPoolId, in.Username, func(u *user) {
		u.signOut(c.Time)
		if u.Enabled {
			u.Enabled = false
			u.touch(c.Time)
		}
	})
}

// adminUserGlobalSignOut implements AdminUserGlobalSignOut.
func (s *Service) adminUserGlobalSignOut(ctx context.Context, c *wire.Call, in *cognitoidp.AdminUserGlobalSignOutRequest) (*cognitoidp.AdminUserGlobalSignOutResponse, error) {
	return nil, s.administer(ctx, c, in.UserPoolId, in.Username, func(u *user) { u.signOut(c.Time) })
}

// administer lets an administrator's call change a user, but no name of theirs.
func (s *Service) administer(ctx context.Context, c *wire.Call, poolID, username string, change func(u *user)) error {
	p, err := s.poolOf(ctx, c, poolID)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx store.Tx) error {
		u, err := p.userNamed(tx, username)
		if err != nil {
			return err
		}
		change(u)
		return users.Put(tx, p.Id, u.key(p), u)
	})
}

// signOut ends every sign-in of the user up to now.
func (u *user) signOut(now time.Time) { u.SignedOut = max(u.SignedOut, now.UnixMilli()) }
