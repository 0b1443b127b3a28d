package userpool

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// invitation is a temporary password and where it goes.
type invitation struct {
	notice   notice
	password string
	sealed   []byte
	expires  time.Time // zero for a password that does not
	to       []string  // attributes; none for an invitation that is not sent
}

// invitation prepares one: the password that is given, or a new one. The verifier
// takes milliseconds and so is made outside of the transaction.
func (s *Service) invitation(ctx context.Context, by caller, p *pool, u *user, in *cognitoidp.AdminCreateUserRequest) (i invitation, err error) {
	policy := p.Policies.PasswordPolicy
	i.password = or(in.TemporaryPassword, generatePassword(int(*policy.MinimumLength)))
	if err := checkPassword(policy, i.password); err != nil {
		return i, err
	}
	if i.sealed, err = s.sealedPassword(p, u, i.password); err != nil {
		return i, err
	}
	if days := int(*policy.TemporaryPasswordValidityDays); days > 0 {
		i.expires = by.Time.AddDate(0, 0, days)
	}
	if in.MessageAction == cognitoidp.MessageActionTypeSuppress {
		return i, nil
	}
	if i.to, err = destinations(u, in.DesiredDeliveryMediums); err != nil || len(i.to) == 0 {
		return i, err
	}
	i.notice, err = s.notice(ctx, by, p, onInvitation, func() (*user, error) { return u, nil })
	return i, err
}

// destinations returns the attributes to which an invitation goes. Unless the call
// names media, it goes to the phone, and nowhere without one (Cognito API reference,
// AdminCreateUser).
func destinations(u *user, media []cognitoidp.DeliveryMediumType) (to []string, err error) {
	if len(media) == 0 && u.Attributes[attrPhone] == "" {
		return nil, nil
	}
	if len(media) == 0 {
		return []string{attrPhone}, nil
	}
	for _, medium := range media {
		name := attrEmail
		if medium == cognitoidp.DeliveryMediumTypeSms {
			name = attrPhone
		}
		if u.Attributes[name] == "" {
			return nil, invalid("The attribute %s is required to send an invitation by %s.", name, medium)
		}
		if !slices.Contains(to, name) {
			to = append(to, name)
		}
	}
	return to, nil
}

// invite puts an invitation into the outbox.
func (s *Service) invite(tx store.Tx, p *pool, u *user, i invitation) error {
	for _, name := range i.to {
		if err := s.send(tx, p, u, i.notice, name, u.Attributes[name], i.password, i.expires); err != nil {
			return err
		}
	}
	return nil
}

// inviteAgain renews the temporary password of a user who has not used it and sends
// it (Cognito API reference, AdminCreateUser, on RESEND).
func (s *Service) inviteAgain(ctx context.Context, by caller, p *pool, in *cognitoidp.AdminCreateUserRequest) (*cognitoidp.AdminCreateUserResponse, error) {
	found, err := s.findNamed(ctx, p, in.Username)
	if err != nil {
		return nil, err
	}
	if err := found.checkInvited(in.Username); err != nil {
		return nil, err
	}
	i, err := s.invitation(ctx, by, p, found, in)
	if err != nil {
		return nil, err
	}
	var u *user
	err = s.update(ctx, func(tx store.Tx) (err error) {
		if u, err = p.reread(tx, found); err != nil {
			return err
		}
		if err := u.checkInvited(in.Username); err != nil {
			return err
		}
		u.setPassword(p, i.sealed, by.Time)
		if err := users.Put(tx, p.Id, u.key(p), u); err != nil {
			return err
		}
		return s.invite(tx, p, u, i)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminCreateUserResponse{User: new(p.listed(u, everything))}, nil
}

// checkInvited refuses another invitation for a user who is not waiting for one.
func (u *user) checkInvited(name string) error {
	if u.Status == cognitoidp.UserStatusTypeForceChangePassword {
		return nil
	}
	return cognitoidp.UnsupportedUserStateException.Newf("Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", name)
}

const (
	// shortestGenerated is how long a generated password is at least: 12 characters
	// of 70 are more than 70 bits.
	shortestGenerated = 12
	// plainSymbols are special characters that survive HTML and are easy to type.
	plainSymbols = "!@#$%*+-="
)

// generatePassword returns a random password that satisfies every policy of at most
// this length.
func generatePassword(length int) string {
	classes := []string{upperLetters, lowerLetters, digits, plainSymbols}
	all := upperLetters + lowerLetters + digits + plainSymbols
	password := make([]byte, max(length, shortestGenerated))
	for i := range password {
		from := all
		if i < len(classes) {
			from = classes[i]
		}
		password[i] = from[below(len(from))]
	}
	for i := len(password) - 1; i > 0; i-- { // so that nobody knows which class is where
		j := below(i + 1)
		password[i], password[j] = password[j], password[i]
	}
	return string(password)
}

// below returns a random number from 0 up to n.
func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // the reader never fails
	}
	return int(i.Int64())
}
