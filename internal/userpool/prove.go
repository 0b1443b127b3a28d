package userpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
)

// proof tells whether somebody knows the password of a verifier. The username is
// the one that the verifier was made for.
type proof func(username string, v srp.Verifier) bool

// prove judges one attempt to show a user's password and returns the user if it
// succeeds. A success after failures and every failure are written down; a plain
// success writes nothing.
func (a *attempt) prove(ctx context.Context, name string, shows proof) (*user, error) {
	defer a.turns.take(a.pool.Id, a.pool.fold(name))()
	timed := a.pace.start(a.pool, pacedProof)
	if a.clear != "" {
		timed = a.pace.start(a.pool, pacedPassword)
	}
	u, err := a.find(ctx, a.pool, name)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, a.refuseUnknown(ctx, name, shows, timed)
	}
	if u.Attempts.locked(a.call.Time) {
		return nil, errLocked()
	}
	right, err := a.shown(ctx, u, shows)
	if err != nil {
		return nil, fmt.Errorf("verifier of user %s: %w", u.Sub, err)
	}
	if !right {
		err := a.note(ctx, u, func(u *user) { u.Attempts.fail(a.call.Time) })
		a.failed(ctx, u)
		timed.exists()
		return nil, cmp.Or(err, u.withoutPassword(a.client), errIncorrect())
	}
	if u.Attempts.Failures > 0 {
		if err := a.note(ctx, u, func(u *user) { u.Attempts.succeed() }); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// shown tells whether a proof is one of the user's password. A user without a
// password is as slow to refuse as one with another, and with any other as an imported
// one.
func (a *attempt) shown(ctx context.Context, u *user, shows proof) (right bool, err error) {
	if len(u.Hash) > 0 && a.clear != "" && !u.LocalBlocked {
		return a.matchesHash(ctx, a.pool, u, u.Hash, a.clear), nil
	}
	timed := a.pace.start(a.pool, pacedHash)
	if !u.hasPassword() || u.LocalBlocked {
		shows(u.Username, a.decoyVerifier(a.pool, u.Username))
	} else if v, err := a.verifier(a.pool, u); err != nil {
		return false, err
	} else {
		right = shows(u.Username, v)
	}
	if !right && a.clear != "" {
		timed.nobody(ctx)
	}
	return right, nil
}

// withoutPassword tells somebody who was imported, and whose password is nowhere
// known, to reset it, where clients may know that the user exists.
func (u *user) withoutPassword(cl *client) error {
	if !u.hasPassword() && u.Status == cognitoidp.UserStatusTypeResetRequired && !cl.hidesUsers() {
		return errResetRequired()
	}
	return nil
}

func errIncorrect() error {
	return cognitoidp.NotAuthorizedException.New("Incorrect username or password.")
}

func errResetRequired() error {
	return cognitoidp.PasswordResetRequiredException.New("Password reset required for the user")
}

// refuseUnknown refuses a password for a user that does not exist. A client that
// hides who exists gets the answers, and spends the time, of a wrong password.
func (a *attempt) refuseUnknown(ctx context.Context, name string, shows proof, timed stopwatch) error {
	if !a.client.hidesUsers() {
		return errNoUser()
	}
	if a.unknownLocked(name) {
		return errLocked()
	}
	shows(a.decoyUsername(a.pool, name), a.decoyVerifier(a.pool, name))
	a.unknowns.use(a.pool.unknown(name), a.call.Time, func(n *attempts) { n.fail(a.call.Time) })
	timed.nobody(ctx)
	return errIncorrect()
}

// unknownLocked is attempts.locked for a user that does not exist.
func (a *attempt) unknownLocked(name string) (locked bool) {
	a.unknowns.use(a.pool.unknown(name), a.call.Time, func(n *attempts) { locked = n.locked(a.call.Time) })
	return locked
}

// note stores a change to what the user's attempts have come to.
func (a *attempt) note(ctx context.Context, u *user, change func(*user)) error {
	return a.update(ctx, func(tx store.Tx) error {
		_, err := users.Modify(tx, a.pool.Id, u.key(a.pool), func(now *user) error {
			if now.Sub != u.Sub {
				return store.ErrNotFound
			}
			change(now)
			return nil
		})
		if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
			return nil
		}
		return err
	})
}

// maySignIn refuses a user who has shown who they are and still may not come in.
func (a *attempt) maySignIn(u *user) error {
	switch {
	case !u.Enabled:
		return errDisabled()
	case a.pool.temporaryPasswordExpired(u, a.call.Time):
		return cognitoidp.NotAuthorizedException.New("Temporary password has expired and must be reset by an administrator.")
	}
	switch u.Status {
	case cognitoidp.UserStatusTypeConfirmed, cognitoidp.UserStatusTypeForceChangePassword, cognitoidp.UserStatusTypeExternalProvider:
		return nil
	case cognitoidp.UserStatusTypeUnconfirmed:
		return cognitoidp.UserNotConfirmedException.New("User is not confirmed.")
	case cognitoidp.UserStatusTypeResetRequired, cognitoidp.UserStatusTypeCompromised:
		return errResetRequired()
	}
	return fmt.Errorf("user %s has the status %s, from which no sign-in is known", u.Sub, u.Status)
}

// signInWithPassword is the flows USER_PASSWORD_AUTH and ADMIN_USER_PASSWORD_AUTH: the
// password comes in clear.
func (a *attempt) signInWithPassword(ctx context.Context) (*answer, error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	password, err := a.param(paramPassword)
	if err != nil {
		return nil, err
	}
	a.now.Name = name
	if err := a.admit(ctx, name); err != nil {
		return nil, err
	}
	return a.takePassword(ctx, name, password)
}

// admit lets the rules and the trigger that come before any factor have their say.
func (a *attempt) admit(ctx context.Context, name string) error {
	if a.pool.LambdaConfig.PreAuthentication == "" && !a.pool.protected() {
		return nil
	}
	u, err := a.find(ctx, a.pool, name)
	if err != nil {
		return err
	}
	if err := a.checkSource(ctx, u); err != nil || u == nil && !a.client.hidesUsers() {
		return err
	}
	if a.beginsWithPassword() && a.locked(u, name) {
		return errLocked()
	}
	return a.preAuthentication(ctx, u)
}

// beginsWithPassword tells whether the flow's first factor is a password.
func (a *attempt) beginsWithPassword() bool {
	return a.now.Flow != cognitoidp.AuthFlowTypeUserAuth && a.now.Flow != cognitoidp.AuthFlowTypeCustomAuth
}

// locked tells whether passwords of a user are not even looked at now; a nil user is one
// that does not exist.
func (a *attempt) locked(u *user, name string) bool {
	if u == nil {
		return a.unknownLocked(name)
	}
	return u.Attempts.locked(a.call.Time)
}

// admitted is admit for flows that begin without a factor. It returns the user, nil for
// one that does not exist or is disabled where clients must not know: no factor was
// shown yet.
func (a *attempt) admitted(ctx context.Context, name string) (*user, error) {
	a.now.Name = name
	if err := a.admit(ctx, name); err != nil {
		return nil, err
	}
	u, err := a.find(ctx, a.pool, name)
	switch {
	case err != nil || u != nil && u.Enabled:
		return u, err
	case a.client.hidesUsers():
		return nil, nil
	case u == nil:
		return nil, errNoUser()
	}
	return nil, errDisabled()
}

// takePassword judges a password in clear and goes on from it. Somebody whom the pool
// does not know may be known to its UserMigration trigger.
func (a *attempt) takePassword(ctx context.Context, name, password string) (*answer, error) {
	u, err := a.migrateAtSignIn(ctx, name, password)
	if err != nil {
		return nil, err
	}
	if u == nil {
		a.clear = password
		u, err = a.prove(ctx, name, func(username string, v srp.Verifier) bool {
			return v.Matches(a.pool.identity(username), password)
		})
		if err == nil && len(u.Hash) > 0 {
			err = a.replaceHash(ctx, a.pool, u, password)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := a.checkLeaked(ctx, u, password); err != nil {
		return nil, err
	}
	a.now.First = cognitoidp.ChallengeNameTypePassword
	return a.advance(ctx, u)
}

// checkLeaked refuses a right password that is known from a breach, where the pool's
// risk configuration says so. By SRP it opens nothing any more either: it has to be
// reset first (Cognito developer guide, "Working with compromised-credentials
// detection").
func (a *attempt) checkLeaked(ctx context.Context, u *user, password string) error {
	if !a.pool.protected() {
		return nil
	}
	risk, err := a.riskOfSource(ctx, a.pool, a.client.ClientId, a.from.Address)
	if err != nil || risk == sourceSkipped {
		return err
	}
	detected, blocked, err := a.compromised(ctx, a.pool, a.client.ClientId, cognitoidp.EventFilterTypeSignIn, password)
	if a.leaked = detected; err != nil || !blocked {
		return err
	}
	a.remember(ctx, u, authEvent{Response: cognitoidp.EventResponseTypeFail, Detected: true, Blocked: true})
	return cmp.Or(a.note(ctx, u, func(now *user) {
		if now.confirmed() && now.samePassword(u) {
			now.Status = cognitoidp.UserStatusTypeResetRequired
			now.touch(a.call.Time)
		}
	}), errCompromisedSignIn())
}
