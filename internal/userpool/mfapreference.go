package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// setUserMFAPreference implements SetUserMFAPreference.
func (s *Service) setUserMFAPreference(ctx context.Context, c *wire.Call, in *cognitoidp.SetUserMFAPreferenceRequest) (*cognitoidp.SetUserMFAPreferenceResponse, error) {
	wishes := mfaWishes(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings, in.WebAuthnMfaSettings)
	return nil, s.changeOwn(ctx, c, in.AccessToken, func(p *pool, u *user) error { return p.choose(u, wishes) })
}

// adminSetUserMFAPreference implements AdminSetUserMFAPreference.
func (s *Service) adminSetUserMFAPreference(ctx context.Context, c *wire.Call, in *cognitoidp.AdminSetUserMFAPreferenceRequest) (*cognitoidp.AdminSetUserMFAPreferenceResponse, error) {
	wishes := mfaWishes(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings, in.WebAuthnMfaSettings)
	return nil, s.changeOf(ctx, c, in.UserPoolId, in.Username, func(p *pool, u *user) error { return p.choose(u, wishes) })
}

// setUserSettings implements SetUserSettings, which knows of SMS only.
func (s *Service) setUserSettings(ctx context.Context, c *wire.Call, in *cognitoidp.SetUserSettingsRequest) (*cognitoidp.SetUserSettingsResponse, error) {
	wishes, err := smsWishes(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	return nil, s.changeOwn(ctx, c, in.AccessToken, func(p *pool, u *user) error { return p.choose(u, wishes) })
}

// adminSetUserSettings implements AdminSetUserSettings, which knows of SMS only.
func (s *Service) adminSetUserSettings(ctx context.Context, c *wire.Call, in *cognitoidp.AdminSetUserSettingsRequest) (*cognitoidp.AdminSetUserSettingsResponse, error) {
	wishes, err := smsWishes(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	return nil, s.changeOf(ctx, c, in.UserPoolId, in.Username, func(p *pool, u *user) error { return p.choose(u, wishes) })
}

// changeOwn changes the user who holds an access token.
func (s *Service) changeOwn(ctx context.Context, c *wire.Call, token string, change func(*pool, *user) error) error {
	b, err := s.bearer(ctx, c, token)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		return b.pool.change(tx, u, c, change)
	})
}

// changeOf changes the user whom an administrator names.
func (s *Service) changeOf(ctx context.Context, c *wire.Call, poolID, name string, change func(*pool, *user) error) error {
	p, err := s.poolOf(ctx, c, poolID)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx store.Tx) error {
		u, err := p.userNamed(tx, name)
		if err != nil {
			return err
		}
		return p.change(tx, u, c, change)
	})
}

func (p *pool) change(tx store.Tx, u *user, c *wire.Call, change func(*pool, *user) error) error {
	return p.modify(tx, u, func() error {
		u.touch(c.Time)
		return change(p, u)
	})
}

// mfaWish is what a request wants of one factor.
type mfaWish struct {
	factor  cognitoidp.ChallengeNameType
	enabled bool
	// preferred is nil to leave the preference as it is.
	preferred *bool
}

// mfaWishes gathers the settings that a request has. A factor without settings stays
// as it is; one whose settings do not say Enabled is switched off, since some clients
// leave out what is false.
func mfaWishes(sms *cognitoidp.SMSMfaSettingsType, totp *cognitoidp.SoftwareTokenMfaSettingsType, email *cognitoidp.EmailMfaSettingsType, passkey *cognitoidp.WebAuthnMfaSettingsType) (wishes []mfaWish) {
	if sms != nil {
		wishes = append(wishes, mfaWish{factorSMS, isTrue(sms.Enabled), sms.PreferredMfa})
	}
	if totp != nil {
		wishes = append(wishes, mfaWish{factorTOTP, isTrue(totp.Enabled), totp.PreferredMfa})
	}
	if email != nil {
		wishes = append(wishes, mfaWish{factorEmail, isTrue(email.Enabled), email.PreferredMfa})
	}
	if passkey != nil {
		wishes = append(wishes, mfaWish{factorWebAuthn, isTrue(passkey.Enabled), nil})
	}
	return wishes
}

// smsWishes reads the legacy settings: SMS to the phone number, or nothing.
func smsWishes(options []cognitoidp.MFAOptionType) ([]mfaWish, error) {
	for _, o := range options {
		if o.DeliveryMedium != cognitoidp.DeliveryMediumTypeSms || o.AttributeName != attrPhone {
			return nil, invalid("MFAOptions can only hold the delivery medium SMS with the attribute phone_number.")
		}
	}
	return []mfaWish{{factor: factorSMS, enabled: len(options) > 0}}, nil
}

// choose lets a user, or an administrator for them, activate factors, switch them
// off and prefer one.
func (p *pool) choose(u *user, wishes []mfaWish) error {
	had := len(u.MFA.list()) > 0
	preferred := 0
	for _, w := range wishes {
		if err := p.checkWish(u, w); err != nil {
			return err
		}
		*u.MFA.flag(w.factor) = w.enabled
		switch prefers := w.enabled && isTrue(w.preferred); {
		case prefers:
			preferred++
			u.MFA.Preferred = w.factor
		case u.MFA.Preferred == w.factor && (!w.enabled || w.preferred != nil):
			u.MFA.Preferred = ""
		}
	}
	switch {
	case preferred > 1:
		return invalid("Only one MFA method can be preferred.")
	case p.mfaRequired() && had && len(u.MFA.list()) == 0:
		return invalid("MFA methods cannot be switched off in a user pool that requires MFA.")
	}
	return nil
}

// checkWish refuses to activate a factor that the pool does not offer, or for which
// the user lacks something.
func (p *pool) checkWish(u *user, w mfaWish) error {
	switch {
	case !w.enabled:
		return nil
	case !u.owns(w.factor):
		return invalid("User does not have delivery config set to turn on %s", w.factor)
	case !p.offers(w.factor) && !u.MFA.has(w.factor):
		return invalid("%s is not enabled for the user pool.", w.factor)
	}
	return nil
}
