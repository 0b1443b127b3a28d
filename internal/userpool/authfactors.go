package userpool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// getUserAuthFactors implements GetUserAuthFactors.
func (s *Service) getUserAuthFactors(ctx context.Context, c *wire.Call, in *cognitoidp.GetUserAuthFactorsRequest) (*cognitoidp.GetUserAuthFactorsResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	u, err := s.bearing(ctx, c, b)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetUserAuthFactorsResponse{
		Username: u.Username, ConfiguredUserAuthFactors: b.pool.firstFactors(u),
		PreferredMfaSetting: string(u.MFA.Preferred), UserMFASettingList: u.MFA.list(),
	}, nil
}

// offersFirst tells whether the pool offers a first factor.
func (p *pool) offersFirst(factor cognitoidp.AuthFactorType) bool {
	return slices.Contains(p.Policies.SignInPolicy.AllowedFirstAuthFactors, factor)
}

// sendsOTP tells whether the pool offers one-time passwords as the first factor to one
// of the addresses, email and phone_number, that will do.
func (p *pool) sendsOTP(willDo func(address string) bool) bool {
	return p.offersFirst(cognitoidp.AuthFactorTypeEmailOtp) && willDo(attrEmail) ||
		p.offersFirst(cognitoidp.AuthFactorTypeSmsOtp) && willDo(attrPhone)
}

// firstFactors returns what the pool lets a user sign in with, as far as the user
// has it.
func (p *pool) firstFactors(u *user) (names []cognitoidp.AuthFactorType) {
	for _, factor := range cognitoidp.AuthFactorTypeValues {
		factor := cognitoidp.AuthFactorType(factor)
		if p.offersFirst(factor) && u.hasFirst(factor) {
			names = append(names, factor)
		}
	}
	return names
}

// hasFirst tells whether a user has what a first factor needs.
func (u *user) hasFirst(factor cognitoidp.AuthFactorType) bool {
	switch factor {
	case cognitoidp.AuthFactorTypePassword:
		return u.hasPassword() || len(u.Hash) > 0
	case cognitoidp.AuthFactorTypeEmailOtp:
		return u.Attributes[attrEmail] != ""
	case cognitoidp.AuthFactorTypeSmsOtp:
		return u.Attributes[attrPhone] != ""
	}
	return u.Passkeys > 0
}
