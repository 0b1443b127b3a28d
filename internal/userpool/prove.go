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
// succeeds and the user may sign in. A success after failures and every failure
// are written down; a plain success writes nothing.
func (a *attempt) prove(ctx context.Context, name string, shows proof) (*user, error) {
	defer a.turns.take(a.pool.Id, a.pool.fold(name))()
	u, err := a.find(ctx, a.pool, name)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, a.refuseUnknown(name, shows)
	}
	if u.Attempts.locked(a.call.Time) {
		return nil, errLocked()
	}
	v, err := a.verifier(a.pool, u)
	if err != nil {
		return nil, fmt.Errorf("verifier of user %s: %w", u.Sub, err)
	}
	if !shows(u.Username, v) {
		err := a.note(ctx, u, func(n *attempts) { n.fail(a.call.Time) })
		return nil, cmp.Or(err, errIncorrect())
	}
	if u.Attempts.Failures > 0 {
		if err := a.note(ctx, u, (*attempts).succeed); err != nil {
			return nil, err
		}
	}
	return u, u.maySignIn()
}

func errIncorrect() error {
	return cognitoidp.NotAuthorizedException.New("Incorrect username or password.")
}

// refuseUnknown refuses a password for a user that does not exist. A client that
// hides who exists gets the answers, and spends the time, of a wrong password.
func (a *attempt) refuseUnknown(name string, shows proof) error {
	if !a.client.hidesUsers() {
		return errNoUser()
	}
	if a.unknownLocked(name) {
		return errLocked()
	}
	shows(a.decoyUsername(a.pool, name), a.decoyVerifier(a.pool, name))
	a.unknowns.use(a.unknownKey(name), a.call.Time, func(n *attempts) { n.fail(a.call.Time) })
	return errIncorrect()
}

func (a *attempt) unknownKey(name string) string { return a.pool.Id + "/" + a.pool.fold(name) }

// unknownLocked is attempts.locked for a user that does not exist.
func (a *attempt) unknownLocked(name string) (locked bool) {
	a.unknowns.use(a.unknownKey(name), a.call.Time, func(n *attempts) { locked = n.locked(a.call.Time) })
	return locked
}

// note stores a change to what the user's attempts have come to.
func (a *attempt) note(ctx context.Context, u *user, change func(*attempts)) error {
	return a.update(ctx, func(tx store.Tx) error {
		_, err := users.Modify(tx, a.pool.Id, u.key(a.pool), func(now *user) error {
			if now.Sub != u.Sub {
				return store.ErrNotFound
			}
			change(&now.Attempts)
			return nil
		})
		if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
			return nil
		}
		return err
	})
}

// maySignIn refuses a user who knows the password and still may not come in.
func (u *user) maySignIn() error {
	switch {
	case !u.Enabled:
		return errDisabled()
	case u.Status == cognitoidp.UserStatusTypeConfirmed:
		return nil
	case u.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return cognitoidp.UserNotConfirmedException.New("User is not confirmed.")
	}
	return fmt.Errorf("user %s has the status %s, from which no sign-in is known", u.Sub, u.Status)
}

// signInWithPassword is the flow USER_PASSWORD_AUTH: the password comes in clear.
func (a *attempt) signInWithPassword(ctx context.Context) (*cognitoidp.InitiateAuthResponse, error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	password, err := a.param(paramPassword)
	if err != nil {
		return nil, err
	}
	u, err := a.prove(ctx, name, func(username string, v srp.Verifier) bool {
		return v.Matches(a.pool.identity(username), password)
	})
	if err != nil {
		return nil, err
	}
	result, err := a.grant(u)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.InitiateAuthResponse{AuthenticationResult: result, ChallengeParameters: map[string]string{}}, nil
}
