package userpool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// getUserAuthFactors implements GetUserAuthFactors.
func (s *Service) getUserAuthFactors(ctx context.Context, c *wire.Call, in *cognitoidp.GetUserAuthFactorsRequest) (*cognitoidp.GetUserAuthFactorsResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	var u *user
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		u, err = b.user(tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetUserAuthFactorsResponse{
		Username: u.Username, ConfiguredUserAuthFactors: b.pool.firstFactors(u),
		PreferredMfaSetting: string(u.MFA.Preferred), UserMFASettingList: u.MFA.list(),
	}, nil
}

// firstFactors returns what the pool lets a user sign in with, as far as the user
// has it.
func (p *pool) firstFactors(u *user) (names []cognitoidp.AuthFactorType) {
	for _, factor := range cognitoidp.AuthFactorTypeValues {
		factor := cognitoidp.AuthFactorType(factor)
		if slices.Contains(p.Policies.SignInPolicy.AllowedFirstAuthFactors, factor) && u.hasFirst(factor) {
			names = append(names, factor)
		}
	}
	return names
}

// hasFirst tells whether a user has what a first factor needs.
func (u *user) hasFirst(factor cognitoidp.AuthFactorType) bool {
	switch factor {
	case cognitoidp.AuthFactorTypePassword:
		return u.Verifier != nil
	case cognitoidp.AuthFactorTypeEmailOtp:
		return u.Attributes[attrEmail] != ""
	case cognitoidp.AuthFactorTypeSmsOtp:
		return u.Attributes[attrPhone] != ""
	}
	return u.Passkeys > 0
}
