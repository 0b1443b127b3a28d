package userpool

import (
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// mfaChoice is which factors a user activated, and which of them they prefer.
type mfaChoice struct {
	SMS      bool `json:",omitzero"`
	TOTP     bool `json:",omitzero"`
	Email    bool `json:",omitzero"`
	WebAuthn bool `json:",omitzero"`
	// Preferred is SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP, or "".
	Preferred cognitoidp.ChallengeNameType `json:",omitzero"`
}

// softwareToken is an authenticator app that makes time-based one-time passwords
// (RFC 6238).
type softwareToken struct {
	Secret []byte // sealed
	Name   string // as the user calls the device
	// Step is the time step of the last password that was taken: none is taken twice.
	Step int64
}

// Names of the factors, which are those of the challenges that ask for them.
const (
	factorSMS      = cognitoidp.ChallengeNameTypeSmsMfa
	factorTOTP     = cognitoidp.ChallengeNameTypeSoftwareTokenMfa
	factorEmail    = cognitoidp.ChallengeNameTypeEmailOtp
	factorWebAuthn = cognitoidp.ChallengeNameTypeWebAuthn
)

// mfaFactors are all second factors, in the order in which lists show them.
var mfaFactors = []cognitoidp.ChallengeNameType{factorSMS, factorTOTP, factorEmail, factorWebAuthn}

// flag is where the choice keeps whether a factor is activated.
func (m *mfaChoice) flag(factor cognitoidp.ChallengeNameType) *bool {
	switch factor {
	case factorSMS:
		return &m.SMS
	case factorTOTP:
		return &m.TOTP
	case factorEmail:
		return &m.Email
	}
	return &m.WebAuthn
}

func (m *mfaChoice) has(factor cognitoidp.ChallengeNameType) bool { return *m.flag(factor) }

// list returns the activated factors, as UserMFASettingList has them.
func (m *mfaChoice) list() (names []string) {
	for _, factor := range mfaFactors {
		if m.has(factor) {
			names = append(names, string(factor))
		}
	}
	return names
}

// offers tells whether a pool's settings know a factor.
func (p *pool) offers(factor cognitoidp.ChallengeNameType) bool {
	switch factor {
	case factorSMS:
		return p.smsMFA()
	case factorTOTP:
		return p.totpMFA()
	case factorEmail:
		return p.emailMFA()
	}
	return p.passkeyMFA()
}

// passkeyMFA tells whether a passkey counts as two factors.
func (p *pool) passkeyMFA() bool { return passkeysCountTwice(p.record.Factors.WebAuthn) }

// owns tells whether a user has what a factor needs.
func (u *user) owns(factor cognitoidp.ChallengeNameType) bool {
	switch factor {
	case factorSMS:
		return u.Attributes[attrPhone] != ""
	case factorTOTP:
		return u.Token != nil
	case factorEmail:
		return u.Attributes[attrEmail] != ""
	}
	return u.Passkeys > 0
}

// accepts tells whether a user could answer a factor after the password. A pool that
// offers authenticator apps no longer still takes those that were set up (Cognito
// developer guide, "TOTP software token MFA"). A passkey is no answer: it stands in
// for password and second factor together.
func (p *pool) accepts(u *user, factor cognitoidp.ChallengeNameType) bool {
	if factor == factorWebAuthn {
		return false
	}
	return u.owns(factor) && (p.offers(factor) || factor == factorTOTP)
}

// secondFactors returns which factors a user who has shown their password must
// choose from, and which of them they prefer, if any. There are none where none is
// asked for, and none where the pool demands one and the user has yet to set it up.
//
// In a pool where second factors are a choice these are the activated ones. In a
// pool that demands one these are all that the user could answer, but a contact that
// the user has not activated and whose loss would leave no way to recover the
// account is not among them, if there are others.
func (p *pool) secondFactors(u *user) (usable []cognitoidp.ChallengeNameType, preferred cognitoidp.ChallengeNameType) {
	if !p.mfaRequired() && !p.mfaOptional() {
		return nil, ""
	}
	for _, factor := range mfaFactors {
		if p.accepts(u, factor) && (p.mfaRequired() || u.MFA.has(factor)) {
			usable = append(usable, factor)
		}
	}
	if keep := p.recoveryFactor(u); len(usable) > 1 && keep != "" && !u.MFA.has(keep) {
		usable = slices.DeleteFunc(usable, func(f cognitoidp.ChallengeNameType) bool { return f == keep })
	}
	if slices.Contains(usable, u.MFA.Preferred) {
		preferred = u.MFA.Preferred
	}
	return usable, preferred
}

// recoveryFactor returns the factor whose codes would go to the only contact by
// which a user can recover the account, or "". Where a pool says nothing of
// recovery, contacts serve both (Cognito API reference, AccountRecoverySetting).
func (p *pool) recoveryFactor(u *user) (only cognitoidp.ChallengeNameType) {
	for _, option := range orEmpty(p.AccountRecoverySetting).RecoveryMechanisms {
		factor := factorSMS
		if option.Name == cognitoidp.RecoveryOptionNameTypeVerifiedEmail {
			factor = factorEmail
		}
		switch {
		case option.Name == cognitoidp.RecoveryOptionNameTypeAdminOnly || !u.owns(factor):
		case only != "":
			return ""
		default:
			only = factor
		}
	}
	return only
}

// settableFactors returns which factors a user who has none could set up, as
// MFAS_CAN_SETUP has them.
func (p *pool) settableFactors(u *user) (names []string) {
	for _, factor := range mfaFactors {
		if factor != factorWebAuthn && p.offers(factor) && !u.owns(factor) {
			names = append(names, string(factor))
		}
	}
	return names
}

// mfaOptions returns what MFAOptions says of a user: whether codes go out by SMS. It
// is older than the other factors and knows none of them.
func (p *pool) mfaOptions(u *user) []cognitoidp.MFAOptionType {
	if !u.MFA.SMS && !(p.mfaRequired() && p.accepts(u, factorSMS)) {
		return nil
	}
	return []cognitoidp.MFAOptionType{{DeliveryMedium: cognitoidp.DeliveryMediumTypeSms, AttributeName: attrPhone}}
}
