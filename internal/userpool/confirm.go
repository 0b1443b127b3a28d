package userpool

import (
	"cmp"
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// confirmSignUp implements ConfirmSignUp: whoever knows the code owns the address
// that it went to.
func (s *Service) confirmSignUp(ctx context.Context, c *wire.Call, in *cognitoidp.ConfirmSignUpRequest) (*cognitoidp.ConfirmSignUpResponse, error) {
	cl, p, err := s.callOf(ctx, c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	return s.confirmByCode(ctx, c, cl, p, in)
}

// confirmByCode is confirmSignUp of a client that has shown its secret, or whose link the
// user followed.
func (s *Service) confirmByCode(ctx context.Context, c *wire.Call, cl *client, p *pool, in *cognitoidp.ConfirmSignUpRequest) (*cognitoidp.ConfirmSignUpResponse, error) {
	var u *user
	var proven string
	var err error
	p = p.through(cl)
	timed := s.pace.start(p, c.Op.Name)
	err = s.update(ctx, func(tx store.Tx) error {
		u, err = p.resolve(tx, in.Username)
		if errors.Is(err, store.ErrNotFound) || err == nil && !u.Enabled && cl.hidesUsers() {
			u = nil
			return s.confirmNobody(p, cl, c, in.Username)
		}
		if err != nil {
			return err
		}
		store := p.modify
		if isTrue(in.ForceAliasCreation) {
			store = p.modifyByForce
		}
		err = store(tx, u, func() (err error) {
			proven, err = s.confirm(p, u, in.ConfirmationCode, c)
			return err
		})
		if taken, ok := errors.AsType[*takenError](err); ok {
			return cognitoidp.AliasExistsException.Newf("An account with the %s already exists.", taken.kind)
		}
		return err
	})
	if err != nil {
		timed.guess(ctx, u != nil, err)
		return nil, err
	}
	s.report(c, p, cl, in.AnalyticsMetadata, u, "")
	out := &cognitoidp.ConfirmSignUpResponse{}
	if out.Session, err = s.confirmedSession(cl, p, u, in, proven, c); err != nil {
		return nil, err
	}
	return out, s.postConfirmation(ctx, caller{c, cl.ClientId, in.ClientMetadata}, p, u, trigger.PostConfirmationConfirmSignUp)
}

// confirm takes a user's code, and returns the address, email or phone_number, that it
// proved.
func (s *Service) confirm(p *pool, u *user, given string, c *wire.Call) (proven string, err error) {
	if !u.Enabled {
		return "", errDisabled()
	}
	if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
		return "", errNotConfirmable(u)
	}
	if err := u.Attempts.allow(c.Op.Name, maxConfirms, c.Time); err != nil {
		return "", err
	}
	kept, err := s.takeCode(p, u, forSignUp, given, c)
	if err != nil {
		return "", counted{err}
	}
	if u.Attributes[kept.Attribute] == kept.To {
		u.verify(kept.Attribute)
		proven = kept.Attribute
	}
	u.Status = cognitoidp.UserStatusTypeConfirmed
	u.touch(c.Time)
	return proven, nil
}

// confirmNobody answers for a user that does not exist.
func (s *Service) confirmNobody(p *pool, cl *client, c *wire.Call, name string) error {
	if !cl.hidesUsers() {
		return errNoCombination()
	}
	if err := s.countUnknown(p, name, c.Op.Name, maxConfirms, c.Time); err != nil {
		return err
	}
	return cmp.Or(s.allowSource(c, p), errCodeMismatch())
}

func errNoCombination() error {
	return cognitoidp.UserNotFoundException.New("Username/client id combination not found.")
}

func errNotConfirmable(u *user) error {
	return cognitoidp.NotAuthorizedException.Newf("User cannot be confirmed. Current status is %s", u.Status)
}

// resendConfirmationCode implements ResendConfirmationCode: a new code, in place of
// the old one.
func (s *Service) resendConfirmationCode(ctx context.Context, c *wire.Call, in *cognitoidp.ResendConfirmationCodeRequest) (*cognitoidp.ResendConfirmationCodeResponse, error) {
	cl, p, err := s.callOf(ctx, c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	by := caller{c, cl.ClientId, in.ClientMetadata}
	timed := s.pace.start(p, c.Op.Name)
	n, err := s.notice(ctx, by, p, onResend, func() (*user, error) {
		u, err := s.find(ctx, p, in.Username)
		if u == nil || !u.Enabled || u.Status != cognitoidp.UserStatusTypeUnconfirmed {
			return nil, err
		}
		return u, err
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ResendConfirmationCodeResponse{}
	var u *user
	err = s.update(ctx, func(tx store.Tx) error {
		u, err = p.resolve(tx, in.Username)
		if errors.Is(err, store.ErrNotFound) || err == nil && !u.Enabled && cl.hidesUsers() {
			u = nil
			out.CodeDeliveryDetails, err = s.resendToNobody(p, cl, c, in.Username)
			return err
		}
		if err != nil {
			return err
		}
		return p.modify(tx, u, func() (err error) {
			out.CodeDeliveryDetails, err = s.resend(tx, p, u, n, c)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	s.report(c, p, cl, in.AnalyticsMetadata, nil, "")
	if u == nil {
		timed.nobody(ctx)
		return out, nil
	}
	s.noteEvent(ctx, c, p, u, authEvent{Type: cognitoidp.EventTypeResendCode, Response: cognitoidp.EventResponseTypePass, From: sourceOf(c, cl, in.UserContextData), ClientID: cl.ClientId})
	timed.exists()
	return out, nil
}

func (s *Service) resend(tx store.Tx, p *pool, u *user, n notice, c *wire.Call) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if !u.Enabled {
		return nil, errDisabled()
	}
	if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
		return nil, invalid("User is already confirmed.")
	}
	attribute, to := p.signUpDestination(u)
	if to == "" {
		return nil, errNoAutoVerification()
	}
	if err := u.Attempts.allow(c.Op.Name, maxResends, c.Time); err != nil {
		return nil, err
	}
	return s.sendCode(tx, p, u, forSignUp, n, attribute, to, c.Time)
}

func errNoAutoVerification() error {
	return invalid("Cannot resend codes. Auto verification not turned on.")
}

// resendToNobody answers for a user that does not exist, or is disabled and hidden.
func (s *Service) resendToNobody(p *pool, cl *client, c *wire.Call, name string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if !cl.hidesUsers() {
		return nil, errNoCombination()
	}
	if len(p.AutoVerifiedAttributes) == 0 {
		return nil, errNoAutoVerification()
	}
	if err := s.countUnknown(p, name, c.Op.Name, maxResends, c.Time); err != nil {
		return nil, err
	}
	return s.decoyDestination(p, name), nil
}

// adminConfirmSignUp implements AdminConfirmSignUp, which verifies no address.
func (s *Service) adminConfirmSignUp(ctx context.Context, c *wire.Call, in *cognitoidp.AdminConfirmSignUpRequest) (*cognitoidp.AdminConfirmSignUpResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var u *user
	err = s.update(ctx, func(tx store.Tx) error {
		if u, err = p.userNamed(tx, in.Username); err != nil {
			return err
		}
		return p.modify(tx, u, func() error {
			if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
				return errNotConfirmable(u)
			}
			u.Status = cognitoidp.UserStatusTypeConfirmed
			delete(u.Codes, string(forSignUp))
			u.touch(c.Time)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return nil, s.postConfirmation(ctx, caller{c, "", in.ClientMetadata}, p, u, trigger.PostConfirmationConfirmSignUp)
}
