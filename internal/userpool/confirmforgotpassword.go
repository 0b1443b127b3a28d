package userpool

import (
	"cmp"
	"context"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// confirmForgotPassword implements ConfirmForgotPassword: whoever knows the code sets
// the password.
func (s *Service) confirmForgotPassword(ctx context.Context, c *wire.Call, in *cognitoidp.ConfirmForgotPasswordRequest) (*cognitoidp.ConfirmForgotPasswordResponse, error) {
	cl, p, err := s.callOf(ctx, c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if err := checkPassword(p.Policies.PasswordPolicy, in.Password); err != nil {
		return nil, err
	}
	timed := s.pace.start(p, c.Op.Name)
	u, err := s.find(ctx, p, in.Username)
	switch {
	case err != nil:
		return nil, err
	case u == nil && !cl.hidesUsers():
		return nil, errNoCombination()
	case u == nil || cl.hidesUsers() && p.mayReset(u) != nil:
		err := s.resetNobody(p, c, in.Username)
		timed.guess(ctx, false, err)
		return nil, err
	}
	from, known := sourceOf(c, cl, in.UserContextData), u
	if u, err = s.redeem(ctx, c, cl, p, known, in); err != nil {
		if isWrongCode(err) || isRefusedPassword(err) { // what the hourly limit bounds
			s.noteReset(ctx, c, p, known, authEvent{Response: cognitoidp.EventResponseTypeFail, From: from, ClientID: cl.ClientId})
		}
		timed.guess(ctx, true, err)
		return nil, err
	}
	s.noteReset(ctx, c, p, u, authEvent{Response: cognitoidp.EventResponseTypePass, From: from, ClientID: cl.ClientId})
	s.report(c, p, cl, in.AnalyticsMetadata, u, "")
	return nil, s.postConfirmation(ctx, caller{c, cl.ClientId, in.ClientMetadata}, p, u, trigger.PostConfirmationConfirmForgotPassword)
}

// redeem sets the password of a user whose code somebody knows. What is wrong with the
// password, other than its form, only they are told, and within the limit: it would tell
// others that the code is right.
func (s *Service) redeem(ctx context.Context, c *wire.Call, cl *client, p *pool, u *user, in *cognitoidp.ConfirmForgotPasswordRequest) (*user, error) {
	defer s.turns.take(p.Id, u.key(p))()
	var sealed []byte
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		u, err = p.reread(tx, u)
		return err
	})
	if err == nil {
		err = u.Attempts.allows(resetLimit, maxResets, c.Time)
	}
	if err == nil && s.knowsCode(p, u, forReset, in.ConfirmationCode, c.Time) {
		sealed, err = s.newPassword(ctx, p, cl.ClientId, u, in.Password)
	}
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if u, err = p.reread(tx, u); err != nil {
			return err
		}
		return p.modify(tx, u, func() error { return s.reset(p, u, in.ConfirmationCode, sealed, c) })
	})
	return u, err
}

// reset takes the code and sets the password, unless the address that the code went to
// is no longer the user's.
func (s *Service) reset(p *pool, u *user, given string, sealed []byte, c *wire.Call) error {
	switch {
	case !u.Enabled:
		return errDisabled()
	case u.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return cognitoidp.UserNotConfirmedException.New("User is not confirmed.")
	}
	if err := u.Attempts.allow(resetLimit, maxResets, c.Time); err != nil {
		return err
	}
	kept, err := s.takeCode(p, u, forReset, given, c)
	if err != nil {
		return counted{err}
	}
	if kept.To != u.Attributes[kept.Attribute] || !u.verified(kept.Attribute) {
		return counted{errExpiredCode()}
	}
	if sealed == nil { // the code came between the look and the transaction
		return errExpiredCode()
	}
	u.setPassword(p, sealed, c.Time)
	u.Status = cognitoidp.UserStatusTypeConfirmed
	return nil
}

// resetNobody answers for somebody to whom no code goes: as to a wrong code, if one was
// asked for.
func (s *Service) resetNobody(p *pool, c *wire.Call, name string) error {
	if err := s.countUnknown(p, name, resetLimit, maxResets, c.Time); err != nil {
		return err
	}
	var asked time.Time
	s.unknowns.use(p.unknown(name), c.Time, func(a *attempts) { asked = a.Hours[resetAsked].Began })
	if c.Time.Before(asked.Add(forReset.life())) {
		return cmp.Or(s.allowSource(c, p), errCodeMismatch())
	}
	return errExpiredCode()
}
