package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// getUser implements GetUser: the attributes that the token's client may read.
func (s *Service) getUser(ctx context.Context, c *wire.Call, in *cognitoidp.GetUserRequest) (*cognitoidp.GetUserResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	u, err := s.bearing(ctx, c, b)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetUserResponse{
		Username: u.Username, UserAttributes: b.pool.attributesOf(u, b.client.reads),
		MFAOptions: b.pool.mfaOptions(u), PreferredMfaSetting: string(u.MFA.Preferred), UserMFASettingList: u.MFA.list(),
	}, nil
}

// adminGetUser implements AdminGetUser.
func (s *Service) adminGetUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminGetUserRequest) (*cognitoidp.AdminGetUserResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	u, err := s.findNamed(ctx, p, in.Username)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminGetUserResponse{
		Username: u.Username, UserAttributes: p.attributesOf(u, everything),
		UserCreateDate: u.Created, UserLastModifiedDate: u.Modified,
		Enabled: new(u.Enabled), UserStatus: u.Status,
		MFAOptions: p.mfaOptions(u), PreferredMfaSetting: string(u.MFA.Preferred), UserMFASettingList: u.MFA.list(),
	}, nil
}
