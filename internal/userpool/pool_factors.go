package userpool

import "pintail/internal/gen/cognitoidp"

// mfaRequired tells whether everybody needs a second factor.
func (p *pool) mfaRequired() bool { return p.MfaConfiguration == cognitoidp.UserPoolMfaTypeOn }

// mfaOptional tells whether those who activated a second factor need one.
func (p *pool) mfaOptional() bool { return p.MfaConfiguration == cognitoidp.UserPoolMfaTypeOptional }

// Which second factors a pool offers is set by SetUserPoolMfaConfig, which is not
// built: there are none.

func (p *pool) smsMFA() bool   { return false }
func (p *pool) totpMFA() bool  { return false }
func (p *pool) emailMFA() bool { return false }
