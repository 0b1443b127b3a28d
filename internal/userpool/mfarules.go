package userpool

import (
	"regexp"
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// check refuses a pool whose settings, taken together with its factors, would
// promise what cannot be.
func (r *poolRecord) check() error {
	for _, check := range []func() error{r.checkTier, r.checkSecondFactors, r.checkFirstFactors, r.checkEmailMFA} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkSecondFactors refuses a pool that asks for a second factor and has none. A
// new pool can only have messages to phones; SetUserPoolMfaConfig adds the others.
func (r *poolRecord) checkSecondFactors() error {
	if r.mfa() && !r.Factors.any() {
		return errNoSMS()
	}
	return nil
}

// checkFirstFactors refuses first factors that would leave no room for a second
// one which every sign-in needs.
func (r *poolRecord) checkFirstFactors() error {
	if r.Settings.MfaConfiguration != cognitoidp.UserPoolMfaTypeOn {
		return nil
	}
	for _, f := range r.firstFactors() {
		switch {
		case f == cognitoidp.AuthFactorTypeEmailOtp || f == cognitoidp.AuthFactorTypeSmsOtp:
			return invalid("Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled")
		case f == cognitoidp.AuthFactorTypeWebAuthn && !passkeysCountTwice(r.Factors.WebAuthn):
			return invalid("Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor")
		}
	}
	return nil
}

// checkEmailMFA refuses mails as a second factor where Cognito does not offer them
// (Cognito developer guide, "SMS and email message MFA"): with its own sender, and
// where a mail alone recovers an account.
func (r *poolRecord) checkEmailMFA() error {
	if r.Factors.Email == nil {
		return nil
	}
	if orEmpty(r.Settings.EmailConfiguration).EmailSendingAccount != cognitoidp.EmailSendingAccountTypeDeveloper {
		return invalid("Email MFA requires an EmailConfiguration whose EmailSendingAccount is DEVELOPER.")
	}
	recovery := orEmpty(r.Settings.AccountRecoverySetting).RecoveryMechanisms
	byMail := func(o cognitoidp.RecoveryOptionType) bool {
		return o.Name == cognitoidp.RecoveryOptionNameTypeVerifiedEmail
	}
	if len(recovery) == 1 && slices.ContainsFunc(recovery, byMail) {
		return invalid("Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_email as the only recovery mechanism when Email MFA is configured.")
	}
	return nil
}

// domainName is the form of a relying party: a name in the DNS, or localhost.
var domainName = regexp.MustCompile(`^(localhost|([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?)$`)

// checkRelyingParty refuses relying parties that no browser would accept: what has
// a scheme, a port or a path, an address, and a bare top-level domain.
func checkRelyingParty(w *cognitoidp.WebAuthnConfigurationType) error {
	if w != nil && w.RelyingPartyId != "" && !domainName.MatchString(w.RelyingPartyId) {
		return invalid("RelyingPartyId must be a domain name, such as auth.example.com.")
	}
	return nil
}
