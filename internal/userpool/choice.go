package userpool

import (
	"cmp"
	"context"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// The flow USER_AUTH lets the user choose the first factor, among those that the pool
// offers and the user has (Cognito developer guide, "Choice-based authentication").

const (
	paramPreferred  = "PREFERRED_CHALLENGE"
	paramCredential = "CREDENTIAL"
	paramOptions    = "CREDENTIAL_REQUEST_OPTIONS"
)

// startChoice is the flow USER_AUTH. The session of a sign-up that has just been
// confirmed stands for a first factor.
func (a *attempt) startChoice(ctx context.Context, session string) (*answer, error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	if session != "" {
		return a.startSignedUp(ctx, name, session)
	}
	u, err := a.admitted(ctx, name)
	if err != nil {
		return nil, err
	}
	available := a.firstFactors(u)
	preferred := cognitoidp.ChallengeNameType(a.params[paramPreferred])
	if !slices.Contains(available, preferred) {
		out, err := a.challenge(u, cognitoidp.ChallengeNameTypeSelectChallenge, nil)
		if err == nil {
			out.AvailableChallenges = available
		}
		return out, err
	}
	out, err := a.askFirst(ctx, u, preferred)
	if err == nil && out.AuthenticationResult == nil {
		out.AvailableChallenges = available
	}
	return out, err
}

// firstFactors returns what a user can begin with; of a user that does not exist,
// what one who has everything could. Who needs a second factor begins with the
// password, except with a passkey that counts as two, and who has a temporary password
// has to show it.
func (a *attempt) firstFactors(u *user) (list []cognitoidp.ChallengeNameType) {
	add := func(factor cognitoidp.ChallengeNameType, offered cognitoidp.AuthFactorType, has bool) {
		if has && a.pool.offersFirst(offered) {
			list = append(list, factor)
		}
	}
	add(cognitoidp.ChallengeNameTypePassword, cognitoidp.AuthFactorTypePassword, u == nil || u.hasFirst(cognitoidp.AuthFactorTypePassword))
	add(cognitoidp.ChallengeNameTypePasswordSrp, cognitoidp.AuthFactorTypePassword, u == nil || u.hasPassword())
	if u != nil && u.Status == cognitoidp.UserStatusTypeForceChangePassword {
		return list
	}
	alone := !a.needsSecondFactor(u)
	has := func(factor cognitoidp.AuthFactorType) bool { return u == nil || u.hasFirst(factor) }
	add(cognitoidp.ChallengeNameTypeEmailOtp, cognitoidp.AuthFactorTypeEmailOtp, alone && has(cognitoidp.AuthFactorTypeEmailOtp))
	add(cognitoidp.ChallengeNameTypeSmsOtp, cognitoidp.AuthFactorTypeSmsOtp, alone && has(cognitoidp.AuthFactorTypeSmsOtp))
	add(cognitoidp.ChallengeNameTypeWebAuthn, cognitoidp.AuthFactorTypeWebAuthn,
		u != nil && has(cognitoidp.AuthFactorTypeWebAuthn) && (alone || a.pool.passkeyMFA()))
	return list
}

// needsSecondFactor tells whether one factor is not enough for the user.
func (a *attempt) needsSecondFactor(u *user) bool {
	if a.pool.mfaRequired() || u == nil {
		return a.pool.mfaRequired()
	}
	usable, _ := a.pool.secondFactors(u)
	return len(usable) > 0
}

// askFirst asks for a first factor, or takes it at once where the request brings it.
func (a *attempt) askFirst(ctx context.Context, u *user, factor cognitoidp.ChallengeNameType) (*answer, error) {
	switch {
	case factor == cognitoidp.ChallengeNameTypePassword && a.params[paramPassword] != "":
		return a.takePassword(ctx, a.now.Name, a.params[paramPassword])
	case factor == cognitoidp.ChallengeNameTypePasswordSrp && a.params[paramSRPA] != "":
		return a.challengeSRP(ctx, a.now.Name)
	case factor == cognitoidp.ChallengeNameTypeWebAuthn:
		return a.askPasskey(ctx, u)
	case messageAttributes[factor] == "": // a password that has yet to come
		return a.challenge(u, factor, nil)
	}
	hidden := u == nil || !u.Enabled && a.client.hidesUsers()
	if !hidden && !u.Enabled {
		return nil, errDisabled()
	}
	timed := a.pace.start(a.pool, pacedSend)
	if hidden {
		out, err := a.askNobody(factor)
		if err == nil {
			timed.nobody(ctx)
		}
		return out, err
	}
	out, err := a.sendFactor(ctx, u, factor, forFirstFactor)
	if err == nil {
		timed.exists()
	}
	return out, err
}

// askNobody asks a user that does not exist, or must not come in, for a code that was
// never sent. It refuses where sendFactor would, or the refusal of others would tell.
func (a *attempt) askNobody(factor cognitoidp.ChallengeNameType) (*answer, error) {
	locked := false
	a.unknowns.use(a.pool.guessed(a.now.Name), a.call.Time, func(n *attempts) { locked = n.locked(a.call.Time) })
	if locked {
		return nil, errLocked()
	}
	if err := a.allowSource(a.call, a.pool); err != nil {
		return nil, err
	}
	if a.countUnknown(a.pool, a.now.Name, signInCodes, maxSignInCodes, a.call.Time) != nil {
		return nil, errRate()
	}
	details := a.decoyAddress(a.pool, a.now.Name, messageAttributes[factor])
	return a.challenge(nil, factor, map[string]string{
		paramMedium: string(details.DeliveryMedium), paramDestination: details.Destination, paramUserID: a.decoyUsername(a.pool, a.now.Name),
	})
}

// answerSelect takes the choice of a first factor.
func (a *attempt) answerSelect(ctx context.Context) (*answer, error) {
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	choice, err := a.param(paramAnswer)
	if err != nil {
		return nil, err
	}
	factor := cognitoidp.ChallengeNameType(choice)
	if !slices.Contains(a.firstFactors(u), factor) {
		return nil, invalid("%s is not one of the challenges that can be selected.", choice)
	}
	if err := a.used(); err != nil {
		return nil, err
	}
	return a.askFirst(ctx, u, factor)
}

// answerPassword takes the password that PASSWORD asked for.
func (a *attempt) answerPassword(ctx context.Context) (*answer, error) {
	if _, err := a.challenged(ctx); err != nil {
		return nil, err
	}
	password, err := a.param(paramPassword)
	if err != nil {
		return nil, err
	}
	return a.takePassword(ctx, a.now.Name, password)
}

// answerPasswordSRP takes the SRP_A that PASSWORD_SRP asked for.
func (a *attempt) answerPasswordSRP(ctx context.Context) (*answer, error) {
	if _, err := a.challenged(ctx); err != nil {
		return nil, err
	}
	return a.challengeSRP(ctx, a.now.Name)
}

// answerEmailOTP takes the code of EMAIL_OTP, which is a first factor in one place and
// a second in another.
func (a *attempt) answerEmailOTP(ctx context.Context) (*answer, error) {
	if a.now.First != "" {
		return a.answerMessageMFA(ctx)
	}
	return a.answerOTP(ctx)
}

// answerOTP takes a one-time password as the first factor. It proves the address too,
// and confirms a user who signed up with it (Cognito developer guide, "Passwordless
// sign-in with one-time passwords").
func (a *attempt) answerOTP(ctx context.Context) (*answer, error) {
	given, err := a.param(codeParams[a.now.Challenge])
	if err != nil {
		return nil, err
	}
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	timed := a.pace.start(a.pool, pacedGuess)
	if a.now.Sub == nobody {
		if err := a.namesNobody(name); err != nil {
			return nil, err
		}
		err := a.refuseNobody(a.now.Name)
		timed.guess(ctx, false, err)
		return nil, err
	}
	u, err := a.change(ctx, name, func(_ store.Tx, u *user) error {
		return a.judge(u, func(u *user) error { return a.takeOTP(u, given) })
	})
	if err != nil {
		a.failed(ctx, u)
		timed.guess(ctx, true, err)
		return nil, err
	}
	a.now.First = a.now.Challenge
	return a.advance(ctx, u)
}

func (a *attempt) takeOTP(u *user, given string) error {
	kept, err := a.takeCode(a.pool, u, forFirstFactor, given, a.call)
	if err != nil {
		return err
	}
	if kept.Attribute != messageAttributes[a.now.Challenge] || u.Attributes[kept.Attribute] != kept.To {
		return errExpiredCode()
	}
	u.verify(kept.Attribute)
	if u.Status == cognitoidp.UserStatusTypeUnconfirmed {
		u.Status = cognitoidp.UserStatusTypeConfirmed
	}
	u.touch(a.call.Time)
	return nil
}

// refuseNobody refuses the code of a user that does not exist as it would a wrong one.
func (a *attempt) refuseNobody(name string) error {
	locked := false
	a.unknowns.use(a.pool.guessed(name), a.call.Time, func(n *attempts) {
		if locked = n.locked(a.call.Time); !locked {
			n.fail(a.call.Time)
		}
	})
	if locked {
		return errLocked()
	}
	return cmp.Or(a.allowSource(a.call, a.pool), forFirstFactor.mismatch())
}

// askPasskey asks for a signature of one of the user's passkeys.
func (a *attempt) askPasskey(ctx context.Context, u *user) (*answer, error) {
	var options string
	err := a.db.View(ctx, func(tx store.Tx) (err error) {
		options, a.now.Passkey, err = a.passkeyRequest(tx, a.pool, u, a.now.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.challenge(u, cognitoidp.ChallengeNameTypeWebAuthn, map[string]string{paramOptions: options})
}

// answerWebAuthn takes the signature that WEB_AUTHN asked for.
func (a *attempt) answerWebAuthn(ctx context.Context) (*answer, error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	credential, err := a.param(paramCredential)
	if err != nil {
		return nil, err
	}
	if a.now.Sub == nobody {
		return nil, errIncorrect()
	}
	var u *user
	err = a.update(ctx, func(tx store.Tx) error {
		if u, err = a.sessionUserNamed(tx, name); err != nil {
			return err
		}
		if !slices.Contains(a.firstFactors(u), cognitoidp.ChallengeNameTypeWebAuthn) { // any more
			return errIncorrect()
		}
		_, err := a.passkeyAnswer(tx, a.pool, u, a.now.Passkey, credential, a.call.Time)
		return err
	})
	if err != nil {
		a.failed(ctx, u)
		return nil, err
	}
	a.now.First = cognitoidp.ChallengeNameTypeWebAuthn
	return a.advance(ctx, u)
}
