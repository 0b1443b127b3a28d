package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// getUserAttributeVerificationCode implements GetUserAttributeVerificationCode. The
// code goes to the pending value, if there is one.
func (s *Service) getUserAttributeVerificationCode(ctx context.Context, c *wire.Call, in *cognitoidp.GetUserAttributeVerificationCodeRequest) (*cognitoidp.GetUserAttributeVerificationCodeResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := checkVerifiable(in.AttributeName); err != nil {
		return nil, err
	}
	n, err := s.notice(ctx, caller{c, b.client.ClientId, in.ClientMetadata}, b.pool, onVerify, func() (*user, error) {
		u, err := s.bearing(ctx, c, b)
		if err == nil && u.Pending[in.AttributeName] != "" { // as the message is about
			u.set(in.AttributeName, u.Pending[in.AttributeName])
		}
		return u, err
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.GetUserAttributeVerificationCodeResponse{}
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		return b.pool.modify(tx, u, func() (err error) {
			out.CodeDeliveryDetails, err = s.sendOnRequest(tx, b.pool, u, in.AttributeName, n, c)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func checkVerifiable(name string) error {
	if verifiedFlag(name) == "" {
		return invalid("Invalid attribute name. Only phone_number and email can be verified.")
	}
	return nil
}

func (s *Service) sendOnRequest(tx store.Tx, p *pool, u *user, name string, n notice, c *wire.Call) (*cognitoidp.CodeDeliveryDetailsType, error) {
	to := or(u.Pending[name], u.Attributes[name])
	switch {
	case to == "" && name == attrEmail:
		return nil, invalid("User does not have a valid registered email address")
	case to == "":
		return nil, invalid("User does not have a valid registered phone number")
	}
	if err := u.Attempts.allow(c.Op.Name, maxSends, c.Time); err != nil {
		return nil, err
	}
	return s.sendCode(tx, p, u, forAttribute(name), n, name, to, c.Time)
}

// verifyUserAttribute implements VerifyUserAttribute. An alias moves to whoever
// verified it last.
func (s *Service) verifyUserAttribute(ctx context.Context, c *wire.Call, in *cognitoidp.VerifyUserAttributeRequest) (*cognitoidp.VerifyUserAttributeResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := checkVerifiable(in.AttributeName); err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		pool := b.pool.through(b.client)
		store := pool.modifyByForce
		if pool.isUsernameAttribute(in.AttributeName) {
			store = pool.modify
		}
		err = store(tx, u, func() error { return s.verify(b.pool, u, in.AttributeName, in.Code, c) })
		return unlessTaken(err)
	})
}

// verify takes a user's code for an attribute.
func (s *Service) verify(p *pool, u *user, name, given string, c *wire.Call) error {
	if err := u.Attempts.allow(c.Op.Name, maxVerifies, c.Time); err != nil {
		return err
	}
	kept, err := s.takeCode(p, u, forAttribute(name), given, c)
	if err != nil {
		return counted{err}
	}
	switch kept.To {
	case u.Pending[name]:
		delete(u.Pending, name)
		u.set(name, kept.To)
	case u.Attributes[name]:
	default: // changed since the code was sent
		return counted{errExpiredCode()}
	}
	u.verify(name)
	u.touch(c.Time)
	return nil
}
