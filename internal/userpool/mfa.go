package userpool

import "pintail/internal/gen/cognitoidp"

// mfaChoice is which factors a user activated, and which of them they prefer.
type mfaChoice struct {
	SMS      bool `json:",omitzero"`
	TOTP     bool `json:",omitzero"`
	Email    bool `json:",omitzero"`
	WebAuthn bool `json:",omitzero"`
	// Preferred is SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP, WEB_AUTHN, or "".
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
