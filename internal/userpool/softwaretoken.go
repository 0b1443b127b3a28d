package userpool

import (
	"context"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// associateSoftwareToken implements AssociateSoftwareToken: a new secret for an
// authenticator app. It takes the place of the one before once the app is shown to
// work.
func (s *Service) associateSoftwareToken(ctx context.Context, c *wire.Call, in *cognitoidp.AssociateSoftwareTokenRequest) (*cognitoidp.AssociateSoftwareTokenResponse, error) {
	e, err := s.enrollee(ctx, c, in.AccessToken, in.Session)
	if err != nil {
		return nil, err
	}
	secret := newTOTPSecret()
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := e.user(tx)
		if err != nil {
			return err
		}
		return e.pool.modify(tx, u, func() error {
			u.NewToken = &softwareToken{Secret: s.seeds.Seal(secret, e.pool.Id, u.Sub)}
			u.touch(c.Time)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	next, err := e.proceed(false)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AssociateSoftwareTokenResponse{SecretCode: totpText.EncodeToString(secret), Session: next}, nil
}

// verifySoftwareToken implements VerifySoftwareToken: the user shows that the app
// works, by a password of it.
func (s *Service) verifySoftwareToken(ctx context.Context, c *wire.Call, in *cognitoidp.VerifySoftwareTokenRequest) (*cognitoidp.VerifySoftwareTokenResponse, error) {
	e, err := s.enrollee(ctx, c, in.AccessToken, in.Session)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := e.user(tx)
		if err != nil {
			return err
		}
		return e.pool.modify(tx, u, func() error { return s.verifyToken(e.pool, u, in, c) })
	})
	if err != nil {
		return nil, err
	}
	next, err := e.proceed(true)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.VerifySoftwareTokenResponse{Status: cognitoidp.VerifySoftwareTokenResponseTypeSuccess, Session: next}, nil
}

// verifyToken makes the token that a user is setting up the user's token. Where
// second factors are a choice it is for SetUserMFAPreference to activate it.
func (s *Service) verifyToken(p *pool, u *user, in *cognitoidp.VerifySoftwareTokenRequest, c *wire.Call) error {
	if u.NewToken == nil {
		return invalid("User has not set up software token mfa")
	}
	step, err := s.checkTOTP(p, u, u.NewToken, in.UserCode, c.Time)
	if err != nil {
		return err
	}
	if step == wrongTOTP {
		return counted{cognitoidp.EnableSoftwareTokenMFAException.New("Code mismatch and fail enable Software Token MFA")}
	}
	u.Guesses.succeed()
	u.Token, u.NewToken = u.NewToken, nil
	u.Token.Step, u.Token.Name = step, in.FriendlyDeviceName
	if p.mfaRequired() {
		u.MFA.TOTP = true
	}
	u.touch(c.Time)
	return nil
}

// takeToken takes a password of the user's authenticator app, for a sign-in. None is
// taken twice, nor after a later one. The caller stores the user, also when the
// refusal is counted.
func (s *Service) takeToken(p *pool, u *user, code string, now time.Time) error {
	if u.Token == nil {
		return errTokenMismatch()
	}
	step, err := s.checkTOTP(p, u, u.Token, code, now)
	switch {
	case err != nil:
		return err
	case step == wrongTOTP:
		return counted{errTokenMismatch()}
	case step <= u.Token.Step:
		return cognitoidp.ExpiredCodeException.New("Your software token has already been used once.")
	}
	u.Guesses.succeed()
	u.Token.Step = step
	return nil
}

func errTokenMismatch() error {
	return cognitoidp.CodeMismatchException.New("Invalid code received for user")
}

// wrongTOTP stands for the time step of a wrong password.
const wrongTOTP = -1

// checkTOTP returns the time step of a password, and counts it when it is wrong:
// after some in a row passwords are not even looked at for a while.
func (s *Service) checkTOTP(p *pool, u *user, t *softwareToken, code string, now time.Time) (step int64, err error) {
	if u.Guesses.locked(now) {
		return wrongTOTP, errLocked()
	}
	secret, err := s.seeds.Open(t.Secret, p.Id, u.Sub)
	if err != nil {
		return wrongTOTP, err
	}
	step, ok := totpStepOf(secret, code, now)
	if !ok {
		u.Guesses.fail(now)
		return wrongTOTP, nil
	}
	return step, nil
}
