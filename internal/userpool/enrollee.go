package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// enrollee is who sets up an authenticator app: somebody who is signed in, or
// somebody whom an MFA_SETUP challenge lets in no further before it is done.
type enrollee struct {
	*Service
	call *wire.Call
	pool *pool
	// One of the two is there.
	bearer  *bearer
	session *session
}

// enrollee judges an access token or a session, of which there must be one.
func (s *Service) enrollee(ctx context.Context, c *wire.Call, token, session string) (e *enrollee, err error) {
	e = &enrollee{Service: s, call: c}
	switch {
	case (token == "") == (session == ""):
		return nil, invalid("Either AccessToken or Session must be provided, and not both.")
	case token != "":
		if e.bearer, err = s.bearer(ctx, c, token); err != nil {
			return nil, err
		}
		e.pool = e.bearer.pool
	default:
		if e.session, err = s.openSession(c, session, cognitoidp.ChallengeNameTypeMfaSetup); err != nil {
			return nil, err
		}
		if _, e.pool, err = s.sessionHome(ctx, e.session); err != nil {
			return nil, err
		}
		c.Note("pool", e.pool.Id)
	}
	if !e.pool.totpMFA() {
		return nil, cognitoidp.SoftwareTokenMFANotFoundException.New("Software Token MFA has not been enabled by the userPool")
	}
	return e, nil
}

// user returns who it is, as they are now.
func (e *enrollee) user(tx store.Tx) (*user, error) {
	if e.session == nil {
		return e.bearer.user(tx, e.call)
	}
	u, err := e.sessionUser(tx, e.session)
	if err == nil {
		err = e.pool.toSetUp(u)
	}
	return u, err
}

// toSetUp refuses the session of an MFA_SETUP challenge once the user has a second
// factor: whoever has shown the password alone must not replace it.
func (p *pool) toSetUp(u *user) error {
	if usable, _ := p.secondFactors(u); len(usable) > 0 {
		return errSession("Invalid session for the user.")
	}
	return nil
}

// proceed uses the session up, if there is one, and returns the next.
func (e *enrollee) proceed(verified bool) (string, error) {
	if e.session == nil {
		return "", nil
	}
	if !e.spend(e.session.ID, e.call.Time) {
		return "", errSessionSpent()
	}
	next := *e.session
	next.TokenVerified = verified
	return e.resealSession(next)
}
