package userpool

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// resetLimit is under which name the calls about a forgotten password are counted:
// asking for a code and bringing it share one limit (Cognito developer guide, "Quotas").
const resetLimit = "ForgotPassword"

// forgotPassword implements ForgotPassword: a code goes to an address that the user has
// verified. Somebody whom the pool does not know may be known to its UserMigration
// trigger.
func (s *Service) forgotPassword(ctx context.Context, c *wire.Call, in *cognitoidp.ForgotPasswordRequest) (*cognitoidp.ForgotPasswordResponse, error) {
	cl, p, err := s.callOf(ctx, c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	by := caller{c, cl.ClientId, in.ClientMetadata}
	if _, err := s.migrateForgotten(ctx, by, p, in.Username); err != nil {
		return nil, err
	}
	timed := s.pace.start(p, c.Op.Name)
	u, details, err := s.sendReset(ctx, by, p, in.Username, func(tx store.Tx, u *user, n notice) (*cognitoidp.CodeDeliveryDetailsType, error) {
		return s.remind(tx, p, u, n, c)
	})
	if hidden, ok := errors.AsType[*unreachable](err); ok {
		if !cl.hidesUsers() {
			return nil, hidden.error
		}
		if details, err = s.remindNobody(p, c, in.Username); err == nil {
			timed.nobody(ctx)
		}
	} else if err == nil {
		s.noteReset(ctx, c, p, u, authEvent{
			Response: cognitoidp.EventResponseTypeInProgress, From: sourceOf(c, cl, in.UserContextData), ClientID: cl.ClientId,
		})
		timed.exists()
	}
	if err != nil {
		return nil, err
	}
	s.report(c, p, cl, in.AnalyticsMetadata, nil, "")
	return &cognitoidp.ForgotPasswordResponse{CodeDeliveryDetails: details}, nil
}

// noteReset writes into a user's history what becomes of a forgotten password.
func (s *Service) noteReset(ctx context.Context, c *wire.Call, p *pool, u *user, e authEvent) {
	e.Type = cognitoidp.EventTypeForgotPassword
	s.noteEvent(ctx, c, p, u, e)
}

// unreachable refuses a user who cannot be sent a code. Clients that hide who exists
// are told the same as of somebody who can.
type unreachable struct{ error }

// sendReset prepares the message for a forgotten password and lets send decide about it
// in a transaction.
func (s *Service) sendReset(ctx context.Context, by caller, p *pool, name string, send func(store.Tx, *user, notice) (*cognitoidp.CodeDeliveryDetailsType, error)) (u *user, details *cognitoidp.CodeDeliveryDetailsType, err error) {
	n, err := s.notice(ctx, by, p, onForgotPassword, func() (*user, error) {
		u, err := s.find(ctx, p, name)
		if err != nil || u == nil || p.mayReset(u) != nil {
			return nil, err
		}
		return u, nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if u, err = p.resolve(tx, name); errors.Is(err, store.ErrNotFound) {
			return &unreachable{errNoCombination()}
		}
		if err != nil {
			return err
		}
		return p.modify(tx, u, func() (err error) {
			details, err = send(tx, u, n)
			return err
		})
	})
	return u, details, err
}

// mayReset refuses a user who cannot choose another password by a code.
func (p *pool) mayReset(u *user) error {
	switch {
	case !u.Enabled:
		return &unreachable{errDisabled()}
	case u.Status == cognitoidp.UserStatusTypeForceChangePassword || u.Status == cognitoidp.UserStatusTypeExternalProvider || u.LocalBlocked:
		return &unreachable{cognitoidp.NotAuthorizedException.New("User password cannot be reset in the current state.")}
	}
	if _, to := p.recoveryDestination(u); to == "" {
		return &unreachable{errNoRecovery()}
	}
	return nil
}

func errNoRecovery() error {
	return invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
}

// remind sends a user the code.
func (s *Service) remind(tx store.Tx, p *pool, u *user, n notice, c *wire.Call) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if err := p.mayReset(u); err != nil {
		return nil, err
	}
	if err := u.Attempts.allow(resetLimit, maxResets, c.Time); err != nil {
		return nil, err
	}
	attribute, to := p.recoveryDestination(u)
	return s.sendCode(tx, p, u, forReset, n, attribute, to, c.Time)
}

// remindNobody answers for somebody to whom no code goes.
func (s *Service) remindNobody(p *pool, c *wire.Call, name string) (*cognitoidp.CodeDeliveryDetailsType, error) {
	kinds := p.recoveryKinds()
	if len(kinds) == 0 {
		return nil, errNoRecovery()
	}
	if err := s.countUnknown(p, name, resetLimit, maxResets, c.Time); err != nil {
		return nil, err
	}
	s.unknowns.use(p.unknown(name), c.Time, func(a *attempts) { a.set(resetAsked, hour{Began: c.Time}) })
	if isPhone(name) && slices.Contains(kinds, attrPhone) {
		return s.decoyAddress(p, name, attrPhone), nil
	}
	if isEmail(name) && slices.Contains(kinds, attrEmail) {
		return s.decoyAddress(p, name, attrEmail), nil
	}
	return s.decoyAddress(p, name, kinds[len(kinds)-1]), nil
}

// resetAsked is under which name it is kept when a code was last asked for in the name of
// somebody who gets none.
const resetAsked = "asked"

// recoveryKinds are the attributes to which a code for a forgotten password may go, in
// the order of the pool's AccountRecoverySetting; without one, the phone goes first
// (Cognito API reference, AccountRecoverySettingType).
func (p *pool) recoveryKinds() (kinds []string) {
	options := slices.Clone(orEmpty(p.AccountRecoverySetting).RecoveryMechanisms)
	if len(options) == 0 {
		return []string{attrPhone, attrEmail}
	}
	slices.SortFunc(options, func(a, b cognitoidp.RecoveryOptionType) int { return int(*a.Priority - *b.Priority) })
	for _, option := range options {
		switch option.Name {
		case cognitoidp.RecoveryOptionNameTypeVerifiedEmail:
			kinds = append(kinds, attrEmail)
		case cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber:
			kinds = append(kinds, attrPhone)
		}
	}
	return kinds
}

// recoveryDestination returns where a code for a forgotten password goes: the first of
// the user's verified addresses, but rather to one that gets no codes of a second factor.
// It never goes where the codes of the only second factor go, which would then be the
// only factor. Pools without an AccountRecoverySetting make no such difference (Cognito
// API reference, CreateUserPool).
func (p *pool) recoveryDestination(u *user) (attribute, to string) {
	factors, _ := p.secondFactors(u)
	if len(orEmpty(p.AccountRecoverySetting).RecoveryMechanisms) == 0 {
		factors = nil
	}
	shared := ""
	for _, kind := range p.recoveryKinds() {
		to := u.Attributes[kind]
		factor := slices.IndexFunc(factors, func(f cognitoidp.ChallengeNameType) bool { return messageAttributes[f] == kind })
		switch {
		case to == "" || !u.verified(kind) || factor >= 0 && len(factors) == 1:
		case factor >= 0 && u.MFA.has(factors[factor]):
			shared = cmp.Or(shared, kind)
		default:
			return kind, to
		}
	}
	return shared, u.Attributes[shared]
}
