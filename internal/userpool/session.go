package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// session is how far a sign-in has come: what the server must know when the next
// answer arrives. It travels sealed, as the Session of a challenge, so that any node
// can go on with it and a sign-in that is given up leaves nothing behind.
type session struct {
	ID           string // of this challenge; a new one with every challenge
	Pool, Client string
	// User is the id of the user's document, and Sub the user's sub. A challenge for a
	// user that does not exist has made-up ones: its length must not give it away.
	User, Sub string
	Name      string                       // the username that was typed
	Challenge cognitoidp.ChallengeNameType // what is asked
	Admin     bool                         // begun by AdminInitiateAuth
	Flow      cognitoidp.AuthFlowType

	// Password stands for the password that the user had: another one ends the sign-ins
	// that are under way.
	Password string

	// First is the factor that was shown first, "" before there was one.
	First cognitoidp.ChallengeNameType `json:",omitzero"`
	// Second tells that a second factor was shown, or that none was needed.
	Second bool `json:",omitzero"`
	// DeviceKey is the device that the client says it is; Device tells that it showed
	// the device's password too.
	DeviceKey string `json:",omitzero"`
	Device    bool   `json:",omitzero"`
	// Block is the SECRET_BLOCK that the device's claim must be about.
	Block string `json:",omitzero"`
	// Until is when the challenge ends, in milliseconds of the epoch: of one length always.
	Until int64
	// NewPassword tells that the user had to choose a password on the way.
	NewPassword bool `json:",omitzero"`
	// TokenVerified tells that the user set an authenticator app up on the way.
	TokenVerified bool `json:",omitzero"`
	// NewEmail is the address that the user sets up as a second factor, and that is theirs
	// once its code was right.
	NewEmail string `json:",omitzero"`
	// Passkey is the challenge that a passkey is to sign.
	Passkey []byte `json:",omitzero"`
	// Custom is how far the pool's own challenges have come.
	Custom *customState `json:",omitzero"`
}

// nobody is the sub of users that do not exist.
const nobody = "00000000-0000-0000-0000-000000000000"

// about makes the session one about a user, or, if u is nil, about one that does not
// exist and that this name was typed for.
func (n *session) about(s *Service, p *pool, u *user) {
	if u == nil {
		n.User, n.Sub, n.Password = p.fold(s.decoyUsername(p, n.Name)), nobody, passwordAt(time.Time{})
		return
	}
	n.User, n.Sub, n.Password = u.key(p), u.Sub, passwordAt(u.PasswordSet)
}

// passwordAt stands for the password that was set at a moment, zero for none. All are
// equally long.
func passwordAt(set time.Time) string {
	if set.IsZero() {
		set = time.UnixMilli(0)
	}
	return fmt.Sprintf("%012x", set.UnixMilli())
}

// maxSession is the longest session that a client can bring back (Cognito API
// reference, RespondToAuthChallenge).
const maxSession = 4096

// sessionPurpose keeps other sealed challenges from passing for a session.
const sessionPurpose = "session"

// sealSession returns the session of a new challenge as the client carries it.
func (s *Service) sealSession(n session, cl *client, now time.Time) (string, error) {
	n.Until = now.Add(cl.challengeLife()).UnixMilli()
	return s.resealSession(n)
}

// resealSession returns the session of a challenge that goes on, under a new id and
// with the time that is left: going on and on must not keep it alive.
func (s *Service) resealSession(n session) (string, error) {
	n.ID = ids.UUID()
	message, err := json.Marshal(n)
	if err != nil {
		return "", err
	}
	return s.challenges.SealToken(time.UnixMilli(n.Until), message, sessionPurpose), nil
}

// openSession reads a session that was not used before and that asks for one of the
// challenges. It does not use the session up; [Service.spend] does, once the answer
// was right.
func (s *Service) openSession(c *wire.Call, token string, challenges ...cognitoidp.ChallengeNameType) (*session, error) {
	message, err := s.challenges.OpenToken(c.Time, token, sessionPurpose)
	switch {
	case errors.Is(err, keys.ErrExpired):
		return nil, errSession("Invalid session for the user, session is expired.")
	case errors.Is(err, keys.ErrSealed):
		return nil, errSession("Invalid session for the user.")
	case err != nil:
		return nil, err
	}
	n := new(session)
	if err := json.Unmarshal(message, n); err != nil {
		return nil, err
	}
	if s.isSpent(n.ID) {
		return nil, errSessionSpent()
	}
	for _, challenge := range challenges {
		if n.Challenge == challenge {
			return n, nil
		}
	}
	return nil, errSession("Invalid session for the user.")
}

// sessionUser returns the user of a session, as the user is now. Whether a user who has
// shown no factor yet may come in is for [attempt.advance] to say.
func (s *Service) sessionUser(tx store.Tx, n *session) (*user, error) {
	u, err := users.Get(tx, n.Pool, n.User)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && u.Sub != n.Sub:
		return nil, errSession("Invalid session for the user.")
	case err != nil:
		return nil, err
	case !u.Enabled && n.First != "":
		// Before a first factor was shown it would tell anybody that the user exists.
		return nil, errDisabled()
	case passwordAt(u.PasswordSet) != n.Password:
		return nil, errSessionSpent()
	}
	return u, nil
}

// sessionHome returns the client and the pool of a session, for operations that name
// neither.
func (s *Service) sessionHome(ctx context.Context, n *session) (*client, *pool, error) {
	cl, p, err := s.client(ctx, n.Client)
	if isAbsent(err) {
		err = errSession("Invalid session for the user.")
	}
	return cl, p, err
}

// spend uses a challenge up. It is false for one that was used before.
func (s *Service) spend(id string, now time.Time) (first bool) {
	s.spent.use(id, now, func(used *bool) { first, *used = !*used, true })
	return first
}

func (s *Service) isSpent(id string) bool {
	used, _ := s.spent.get(id)
	return used
}

func errSession(message string) error { return cognitoidp.NotAuthorizedException.New(message) }

func errSessionSpent() error {
	return errSession("Invalid session for the user, session can only be used once.")
}
