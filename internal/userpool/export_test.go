package userpool

import (
	"context"
	"encoding/base64"
	"errors"
	"sync"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

// testKeys is one reserve for all rooms of the test binary: making keys is most of
// what the tests would do otherwise.
var testKeys = sync.OnceValue(func() *keys.Reserve { return keys.NewReserve(4) })

// ShareKeys makes a room that has made no pool take its keys from the tests' reserve.
func ShareKeys(s *Service) {
	s.newKeys.once.Do(func() { s.newKeys.reserve = testKeys() })
}

// OfferDevice returns the keys of the device that a user's sign-in was offered, which
// a sign-in shows once it has done so itself.
func OfferDevice(ctx context.Context, s *Service, poolID, username, event string) (key, group string, err error) {
	p, err := s.pool(ctx, poolID)
	if err != nil {
		return "", "", err
	}
	u, err := s.find(ctx, p, username)
	if err != nil || u == nil {
		return "", "", errors.Join(err, errors.New("no such user"))
	}
	offered := s.newDevice(p, u, event)
	return offered.DeviceKey, offered.DeviceGroupKey, nil
}

// DeviceExchange plays a device sign-in with a device's secret: the two steps of
// DEVICE_SRP_AUTH without their wire. It tells whether the secret was right.
func DeviceExchange(ctx context.Context, s *Service, poolID, username, key, group, secret string) (ok bool, err error) {
	p, err := s.pool(ctx, poolID)
	if err != nil {
		return false, err
	}
	u, err := s.find(ctx, p, username)
	if err != nil {
		return false, err
	}
	var d *device
	err = s.update(ctx, func(tx store.Tx) error {
		if d, err = s.rememberedDevice(tx, p, u, key); err != nil || d == nil {
			return err
		}
		return s.deviceUsed(tx, p, u, key, &wire.Call{Time: s.clock.Now(), SourceIP: "192.0.2.7"})
	})
	if err != nil || d == nil {
		return false, err
	}
	v, id, err := s.deviceVerifier(p, d)
	if err != nil {
		return false, err
	}
	client := srp.NewClient(group, secret)
	exchange, err := v.Challenge(client.PublicHex())
	if err != nil {
		return false, err
	}
	const block = "c2VjcmV0"
	timestamp, signature, err := client.Answer(srp.Challenge{UserID: key, Salt: v.SaltHex(), SRPB: exchange.PublicHex(), SecretBlock: block}, s.clock.Now())
	if err != nil {
		return false, err
	}
	claim := srp.Claim{Identity: id, Timestamp: timestamp}
	claim.SecretBlock, _ = base64.StdEncoding.DecodeString(block)
	claim.Signature, _ = base64.StdEncoding.DecodeString(signature)
	return exchange.Accepts(v, claim), nil
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
