package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// factors are what SetUserPoolMfaConfig sets beside the members that it shares
// with the pool's other settings, which are MfaConfiguration, SmsConfiguration and
// SmsAuthenticationMessage.
type factors struct {
	SMS bool `json:",omitzero"`
	// TOTP is absent until it has been set, and Email while it is off.
	TOTP     *cognitoidp.SoftwareTokenMfaConfigType `json:",omitzero"`
	Email    *cognitoidp.EmailMfaConfigType         `json:",omitzero"`
	WebAuthn *cognitoidp.WebAuthnConfigurationType  `json:",omitzero"`
}

func (f *factors) totp() bool { return f.TOTP != nil && isTrue(f.TOTP.Enabled) }

// any tells whether there is a second factor at all.
func (f *factors) any() bool { return f.SMS || f.totp() || f.Email != nil }

// passkeysCountTwice tells whether a passkey with user verification counts as two
// factors.
func passkeysCountTwice(w *cognitoidp.WebAuthnConfigurationType) bool {
	return w != nil && w.FactorConfiguration == cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
}

// mfaRequired tells whether every user needs a second factor.
func (p *pool) mfaRequired() bool { return p.MfaConfiguration == cognitoidp.UserPoolMfaTypeOn }

// mfaOptional tells whether users may activate a second factor.
func (p *pool) mfaOptional() bool { return p.MfaConfiguration == cognitoidp.UserPoolMfaTypeOptional }

// smsMFA, totpMFA and emailMFA tell which second factors the pool offers: none
// while MFA is off.
func (p *pool) smsMFA() bool   { return p.record.mfa() && p.record.Factors.SMS }
func (p *pool) totpMFA() bool  { return p.record.mfa() && p.record.Factors.totp() }
func (p *pool) emailMFA() bool { return p.record.mfa() && p.record.Factors.Email != nil }

// webAuthn returns the pool's passkey settings with their defaults. The relying
// party is "" until one is set.
func (p *pool) webAuthn() *cognitoidp.WebAuthnConfigurationType {
	w := *orEmpty(p.record.Factors.WebAuthn)
	w.UserVerification = or(w.UserVerification, cognitoidp.UserVerificationTypePreferred)
	w.FactorConfiguration = or(w.FactorConfiguration, cognitoidp.WebAuthnFactorConfigurationTypeSingleFactor)
	return &w
}

// mfa tells whether second factors are in use, required or not.
func (r *poolRecord) mfa() bool {
	m := r.Settings.MfaConfiguration
	return m == cognitoidp.UserPoolMfaTypeOn || m == cognitoidp.UserPoolMfaTypeOptional
}

// firstFactors are the factors with which a sign-in by choice may begin.
func (r *poolRecord) firstFactors() []cognitoidp.AuthFactorType {
	return r.Settings.Policies.SignInPolicy.AllowedFirstAuthFactors
}

// setUserPoolMfaConfig implements SetUserPoolMfaConfig, which replaces: factors that
// are left out are off afterwards, and without MfaConfiguration MFA is off. Passkeys
// are no second factor, and stay as they are when they are left out.
func (s *Service) setUserPoolMfaConfig(ctx context.Context, c *wire.Call, in *cognitoidp.SetUserPoolMfaConfigRequest) (*cognitoidp.SetUserPoolMfaConfigResponse, error) {
	if err := checkMfaRequest(in); err != nil {
		return nil, err
	}
	record, err := s.changePool(ctx, c, in.UserPoolId, func(_ store.Tx, r *poolRecord) error {
		r.setFactors(in)
		r.touch(c)
		if in.SmsMfaConfiguration != nil && r.Settings.SmsConfiguration == nil {
			return errNoSMS()
		}
		return r.check()
	})
	if err != nil {
		return nil, err
	}
	return (*cognitoidp.SetUserPoolMfaConfigResponse)(record.mfaConfig()), nil
}

// checkMfaRequest refuses a request that contradicts itself.
func checkMfaRequest(in *cognitoidp.SetUserPoolMfaConfigRequest) error {
	totp := in.SoftwareTokenMfaConfiguration != nil && isTrue(in.SoftwareTokenMfaConfiguration.Enabled)
	enables := totp || in.SmsMfaConfiguration != nil || in.EmailMfaConfiguration != nil
	switch off := or(in.MfaConfiguration, cognitoidp.UserPoolMfaTypeOff) == cognitoidp.UserPoolMfaTypeOff; {
	case off && enables:
		return invalid("Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
	case !off && !enables:
		return invalid("Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled.")
	}
	return checkRelyingParty(in.WebAuthnConfiguration)
}

func errNoSMS() error {
	return invalid("SMS configuration and Auto verification for phone_number are required when MFA is required/optional")
}

// setFactors makes the pool's factors those of a request.
func (r *poolRecord) setFactors(in *cognitoidp.SetUserPoolMfaConfigRequest) {
	r.Settings.MfaConfiguration = or(in.MfaConfiguration, cognitoidp.UserPoolMfaTypeOff)
	passkeys := r.Factors.WebAuthn
	if in.WebAuthnConfiguration != nil {
		passkeys = in.WebAuthnConfiguration
	}
	r.Factors = factors{
		SMS: in.SmsMfaConfiguration != nil, TOTP: in.SoftwareTokenMfaConfiguration,
		Email: in.EmailMfaConfiguration, WebAuthn: passkeys,
	}
	if sms := in.SmsMfaConfiguration; sms != nil {
		r.Settings.SmsAuthenticationMessage = sms.SmsAuthenticationMessage
		if sms.SmsConfiguration != nil {
			r.Settings.SmsConfiguration = sms.SmsConfiguration
		}
	}
}

// getUserPoolMfaConfig implements GetUserPoolMfaConfig.
func (s *Service) getUserPoolMfaConfig(ctx context.Context, c *wire.Call, in *cognitoidp.GetUserPoolMfaConfigRequest) (*cognitoidp.GetUserPoolMfaConfigResponse, error) {
	var record *poolRecord
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		record, err = s.poolRecord(tx, c, in.UserPoolId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return record.mfaConfig(), nil
}

// mfaConfig describes a pool's factors.
func (r *poolRecord) mfaConfig() *cognitoidp.GetUserPoolMfaConfigResponse {
	out := &cognitoidp.GetUserPoolMfaConfigResponse{
		SoftwareTokenMfaConfiguration: r.Factors.TOTP, EmailMfaConfiguration: r.Factors.Email,
		WebAuthnConfiguration: r.Factors.WebAuthn, MfaConfiguration: r.Settings.MfaConfiguration,
	}
	if r.mfa() && r.Factors.SMS {
		out.SmsMfaConfiguration = &cognitoidp.SmsMfaConfigType{
			SmsAuthenticationMessage: r.Settings.SmsAuthenticationMessage, SmsConfiguration: r.Settings.SmsConfiguration,
		}
	}
	return out
}
