package userpool

import (
	"context"
	"errors"
	"sync"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// testKeys is one reserve for all rooms of the test binary: making keys is most of
// what the tests would do otherwise.
var testKeys = sync.OnceValue(func() *keys.Reserve { return keys.NewReserve(4) })

// ShareKeys makes a room that has made no pool take its keys from the tests' reserve.
func ShareKeys(s *Service) {
	s.newKeys.once.Do(func() { s.newKeys.reserve = testKeys() })
}

// TakeToken takes a password of a user's authenticator app as a sign-in does.
func TakeToken(ctx context.Context, s *Service, poolID, username, code string) error {
	p, err := s.pool(ctx, poolID)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx store.Tx) error {
		u, err := p.resolve(tx, username)
		if err != nil {
			return err
		}
		return p.modify(tx, u, func() error { return s.takeToken(p, u, code, s.clock.Now()) })
	})
}

// ChallengeSession returns the Session of a challenge that a user was shown.
func ChallengeSession(ctx context.Context, s *Service, clientID, username, challenge string) (string, error) {
	cl, p, err := s.client(ctx, clientID)
	if err != nil {
		return "", err
	}
	u, err := s.find(ctx, p, username)
	if err != nil || u == nil {
		return "", errors.Join(err, errors.New("no such user"))
	}
	return s.sealSession(session{
		Pool: p.Id, Client: clientID, User: u.key(p), Sub: u.Sub, Password: passwordAt(u.PasswordSet), Name: username, Challenge: cognitoidp.ChallengeNameType(challenge),
	}, cl, s.clock.Now())
}

// TokenVerified tells whether a session of MFA_SETUP notes that an authenticator app
// was shown to work.
func TokenVerified(s *Service, token string) (bool, error) {
	n, err := s.openSession(&wire.Call{Time: s.clock.Now()}, token, cognitoidp.ChallengeNameTypeMfaSetup)
	if err != nil {
		return false, err
	}
	return n.TokenVerified, nil
}

// Documents counts what each collection holds of a pool.
func Documents(ctx context.Context, s *Service, poolID string) (map[string]int, error) {
	counts := make(map[string]int)
	err := s.db.View(ctx, func(tx store.Tx) error {
		for _, kind := range Collections() {
			n, err := kind.(interface {
				Count(store.Tx, string) (int, error)
			}).Count(tx, poolID)
			if err != nil {
				return err
			}
			counts[kind.Schema().Name] = n
		}
		return nil
	})
	return counts, err
}
