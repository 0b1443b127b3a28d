package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// Somebody who has just signed up, and confirmed it, need not show another factor:
// the session of SignUp goes into ConfirmSignUp, and the one of that into
// InitiateAuth with USER_AUTH (Cognito API reference, ConfirmSignUp).

// What the sessions of a sign-up stand for, in the place of a challenge.
const (
	signedUp  cognitoidp.ChallengeNameType = "signed up"
	confirmed cognitoidp.ChallengeNameType = "confirmed"
)

// signUpSession returns the session of a new user, "" for a client that could not use it.
func (s *Service) signUpSession(cl *client, p *pool, u *user, name string, c *wire.Call) (string, error) {
	if cl.allowsFlow(cognitoidp.AuthFlowTypeUserAuth, false) != nil {
		return "", nil
	}
	n := session{Pool: p.Id, Client: cl.ClientId, Name: name, Challenge: signedUp}
	n.about(s, p, u)
	if u.confirmed() {
		n.Challenge = confirmed
	}
	return s.sealSession(n, cl, c.Time)
}

// confirmedSession returns the session of a user who is now confirmed, if the caller
// had the one of the sign-up. Amplify for JavaScript does not bring it back and counts
// on an answer all the same: then the code itself stands for the factor, where the
// pool takes one-time passwords of the proven address as such.
func (s *Service) confirmedSession(cl *client, p *pool, u *user, in *cognitoidp.ConfirmSignUpRequest, proven string, c *wire.Call) (string, error) {
	if in.Session == "" {
		if cl.allowsFlow(cognitoidp.AuthFlowTypeUserAuth, false) != nil || !p.sendsOTP(func(address string) bool { return address == proven }) {
			return "", nil
		}
		n := session{Pool: p.Id, Client: cl.ClientId, Name: in.Username, Challenge: confirmed}
		n.about(s, p, u)
		return s.sealSession(n, cl, c.Time)
	}
	n, err := s.openSession(c, in.Session, signedUp)
	if err != nil || n.Client != cl.ClientId || n.Sub != u.Sub || !s.spend(n.ID, c.Time) {
		return "", nil // the confirmation stands; only the short cut is gone
	}
	n.Challenge = confirmed
	return s.sealSession(*n, cl, c.Time)
}

// startSignedUp begins a sign-in with such a session.
func (a *attempt) startSignedUp(ctx context.Context, name, token string) (*answer, error) {
	n, err := a.openSession(a.call, token, confirmed)
	if err != nil {
		return nil, err
	}
	if n.Client != a.client.ClientId {
		return nil, errSession("Invalid session for the user.")
	}
	admin := a.now.Admin
	a.now = *n
	a.now.Flow, a.now.Admin = cognitoidp.AuthFlowTypeUserAuth, admin
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.admit(ctx, name); err != nil {
		return nil, err
	}
	a.now.First = confirmed
	return a.advance(ctx, u)
}
