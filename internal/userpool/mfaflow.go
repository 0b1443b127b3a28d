package userpool

import (
	"context"
	"encoding/json"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// Parameters of the challenges for a second factor and of their answers.
const (
	paramMedium       = "CODE_DELIVERY_DELIVERY_MEDIUM"
	paramDestination  = "CODE_DELIVERY_DESTINATION"
	paramFriendlyName = "FRIENDLY_DEVICE_NAME"
	paramCanChoose    = "MFAS_CAN_CHOOSE"
	paramCanSetUp     = "MFAS_CAN_SETUP"
	paramTokenCode    = "SOFTWARE_TOKEN_MFA_CODE"
	paramEmail        = "EMAIL"
)

// codeParams are where the answer to a challenge has its code.
var codeParams = map[cognitoidp.ChallengeNameType]string{
	cognitoidp.ChallengeNameTypeSmsMfa:   "SMS_MFA_CODE",
	cognitoidp.ChallengeNameTypeSmsOtp:   "SMS_OTP_CODE",
	cognitoidp.ChallengeNameTypeEmailOtp: "EMAIL_OTP_CODE",
}

// messageAttributes are where the codes of a challenge go.
var messageAttributes = map[cognitoidp.ChallengeNameType]string{
	cognitoidp.ChallengeNameTypeSmsMfa:   attrPhone,
	cognitoidp.ChallengeNameTypeSmsOtp:   attrPhone,
	cognitoidp.ChallengeNameTypeEmailOtp: attrEmail,
}

// requireSecondFactor asks for the second factor that the user prefers or has, lets
// the user choose among several, or set one up where the pool demands one. It
// returns nil when no second factor is needed.
func (a *attempt) requireSecondFactor(ctx context.Context, u *user) (*answer, error) {
	usable, preferred := a.pool.secondFactors(u)
	switch {
	case preferred != "":
		return a.askSecondFactor(ctx, u, preferred)
	case len(usable) == 1:
		return a.askSecondFactor(ctx, u, usable[0])
	case len(usable) > 1:
		return a.letChoose(u, usable)
	case a.pool.mfaRequired():
		return a.letSetUp(u)
	}
	return nil, nil
}

// letChoose asks which of several second factors the user wants.
func (a *attempt) letChoose(u *user, usable []cognitoidp.ChallengeNameType) (*answer, error) {
	parameters, err := listParameter(paramCanChoose, usable)
	if err != nil {
		return nil, err
	}
	parameters[paramUserID] = u.Username
	for _, factor := range usable {
		if attribute := messageAttributes[factor]; attribute != "" {
			details := deliveryDetails(attribute, u.Attributes[attribute])
			parameters[paramMedium], parameters[paramDestination] = string(details.DeliveryMedium), details.Destination
		}
	}
	return a.challenge(u, cognitoidp.ChallengeNameTypeSelectMfaType, parameters)
}

// letSetUp asks the user to set a second factor up.
func (a *attempt) letSetUp(u *user) (*answer, error) {
	settable := a.pool.settableFactors(u)
	if len(settable) == 0 {
		return nil, invalid("User is not allowed to set up any of the user pool's MFA methods.")
	}
	parameters, err := listParameter(paramCanSetUp, settable)
	if err != nil {
		return nil, err
	}
	parameters[paramUserID] = u.Username
	return a.challenge(u, cognitoidp.ChallengeNameTypeMfaSetup, parameters)
}

// listParameter returns challenge parameters with a list in one of them, as JSON.
func listParameter[T ~string](name string, list []T) (map[string]string, error) {
	text, err := json.Marshal(list)
	return map[string]string{name: string(text)}, err
}

// askSecondFactor asks for one second factor.
func (a *attempt) askSecondFactor(ctx context.Context, u *user, factor cognitoidp.ChallengeNameType) (*answer, error) {
	if factor != cognitoidp.ChallengeNameTypeSoftwareTokenMfa {
		return a.sendFactor(ctx, u, factor, forSecondFactor)
	}
	return a.challenge(u, factor, map[string]string{paramFriendlyName: u.Token.Name, paramUserID: u.Username})
}

// sendFactor sends a code as a factor and asks for it.
func (a *attempt) sendFactor(ctx context.Context, u *user, factor cognitoidp.ChallengeNameType, why purpose) (*answer, error) {
	if u.Guesses.locked(a.call.Time) {
		return nil, errLocked()
	}
	a.withNewEmail(u) // as the pool's functions are to see the user
	n, err := a.notice(ctx, a.by(), a.pool, onAuthentication, func() (*user, error) { return u, nil })
	if err != nil {
		return nil, err
	}
	n.life = a.client.challengeLife()
	attribute := messageAttributes[factor]
	var details *cognitoidp.CodeDeliveryDetailsType
	err = a.update(ctx, func(tx store.Tx) error {
		if u, err = a.pool.reread(tx, u); err != nil {
			return err
		}
		return a.pool.modify(tx, u, func() (err error) {
			if err := u.Attempts.allowSignInCode(a.call.Time); err != nil {
				return err
			}
			defer a.withNewEmail(u)()
			details, err = a.sendCode(tx, a.pool, u, why, n, attribute, u.Attributes[attribute], a.call.Time)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return a.challenge(u, factor, map[string]string{
		paramMedium: string(details.DeliveryMedium), paramDestination: details.Destination, paramUserID: u.Username,
	})
}

// withNewEmail gives the user the address that they set up, if they do, until the
// function that it returns takes it away again.
func (a *attempt) withNewEmail(u *user) (without func()) {
	if a.now.NewEmail == "" {
		return func() {}
	}
	u.set(attrEmail, a.now.NewEmail)
	return func() { u.set(attrEmail, "") }
}

// answerMessageMFA takes the code of SMS_MFA, or of EMAIL_OTP as a second factor.
func (a *attempt) answerMessageMFA(ctx context.Context) (*answer, error) {
	given, err := a.param(codeParams[a.now.Challenge])
	if err != nil {
		return nil, err
	}
	return a.takeSecondFactor(ctx, func(u *user) error {
		return a.judge(u, func(u *user) error {
			kept, err := a.takeCode(a.pool, u, forSecondFactor, given, a.call)
			switch {
			case err != nil:
				return err
			case kept.Attribute != messageAttributes[a.now.Challenge]:
				return forSecondFactor.mismatch()
			case a.now.NewEmail != "":
				return a.takeNewEmail(u, kept)
			case kept.To != u.Attributes[kept.Attribute]: // the address may be in other hands by now
				return errExpiredCode()
			}
			return nil
		})
	})
}

// takeNewEmail makes the address that a code has proved the user's, unless they have
// another one, or another second factor, by now.
func (a *attempt) takeNewEmail(u *user, proved code) error {
	switch err := a.pool.toSetUp(u); {
	case err != nil:
		return err
	case proved.To != a.now.NewEmail:
		return errExpiredCode()
	}
	u.set(attrEmail, proved.To)
	u.verify(attrEmail)
	u.touch(a.call.Time)
	return nil
}

// answerSoftwareToken takes the code of SOFTWARE_TOKEN_MFA.
func (a *attempt) answerSoftwareToken(ctx context.Context) (*answer, error) {
	given, err := a.param(paramTokenCode)
	if err != nil {
		return nil, err
	}
	return a.takeSecondFactor(ctx, func(u *user) error { return a.takeToken(a.pool, u, given, a.call.Time) })
}

// takeSecondFactor goes on from a second factor that take judges.
func (a *attempt) takeSecondFactor(ctx context.Context, take func(*user) error) (*answer, error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	u, err := a.change(ctx, name, func(_ store.Tx, u *user) error { return take(u) })
	if err != nil {
		a.failed(ctx, u)
		return nil, err
	}
	a.now.Second = true
	return a.advance(ctx, u)
}

// judge counts what becomes of a code that a user was sent.
func (a *attempt) judge(u *user, take func(*user) error) error {
	if u.Guesses.locked(a.call.Time) {
		return errLocked()
	}
	if err := take(u); err != nil {
		u.Guesses.fail(a.call.Time)
		return counted{err}
	}
	u.Guesses.succeed()
	return nil
}

// answerSelectMFA takes the choice among second factors.
func (a *attempt) answerSelectMFA(ctx context.Context) (*answer, error) {
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	choice, err := a.param(paramAnswer)
	if err != nil {
		return nil, err
	}
	usable, _ := a.pool.secondFactors(u)
	if !slices.Contains(usable, cognitoidp.ChallengeNameType(choice)) {
		return nil, invalid("%s is not one of the MFA methods that can be chosen.", choice)
	}
	if err := a.used(); err != nil {
		return nil, err
	}
	return a.askSecondFactor(ctx, u, cognitoidp.ChallengeNameType(choice))
}

// answerMFASetup takes the end of setting a second factor up: an authenticator app,
// which VerifySoftwareToken has noted in the session, or an e-mail address, to which
// a code goes.
func (a *attempt) answerMFASetup(ctx context.Context) (*answer, error) {
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	address := or(a.params[paramEmail], a.params[attrEmail])
	switch {
	case a.now.TokenVerified && u.Token != nil:
		a.now.Second = true
		return a.advance(ctx, u)
	case address == "":
		return nil, invalid("MFA setup is not complete: verify a software token or give an email address.")
	case a.pool.toSetUp(u) != nil:
		return nil, a.pool.toSetUp(u)
	case !slices.Contains(a.pool.settableFactors(u), string(cognitoidp.ChallengeNameTypeEmailOtp)):
		return nil, invalid("Email MFA cannot be set up for the user.")
	}
	if err := a.pool.schema.check(attrEmail, address); err != nil {
		return nil, err
	}
	if err := a.used(); err != nil {
		return nil, err
	}
	a.now.NewEmail = address
	return a.sendFactor(ctx, u, cognitoidp.ChallengeNameTypeEmailOtp, forSecondFactor)
}
