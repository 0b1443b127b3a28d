package userpool

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/srp"
)

const (
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerLetters = "abcdefghijklmnopqrstuvwxyz"
	digits       = "0123456789"
	// symbols are the special characters of the Cognito developer guide, "Adding
	// user pool password requirements"; an inner space is one too.
	symbols = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= "
)

// checkPassword names the first rule of the pool's policy that a password breaks.
func checkPassword(policy *cognitoidp.PasswordPolicyType, password string) error {
	reason := ""
	switch {
	case utf8.RuneCountInString(password) < int(*policy.MinimumLength):
		reason = "Password not long enough"
	case isTrue(policy.RequireUppercase) && !strings.ContainsAny(password, upperLetters):
		reason = "Password must have uppercase characters"
	case isTrue(policy.RequireLowercase) && !strings.ContainsAny(password, lowerLetters):
		reason = "Password must have lowercase characters"
	case isTrue(policy.RequireNumbers) && !strings.ContainsAny(password, digits):
		reason = "Password must have numeric characters"
	case isTrue(policy.RequireSymbols) && !strings.ContainsAny(password, symbols):
		reason = "Password must have symbol characters"
	default:
		return nil
	}
	return cognitoidp.InvalidPasswordException.New("Password did not conform with policy: " + reason)
}

// isRefusedPassword tells whether an error says that a new password will not do.
func isRefusedPassword(err error) bool {
	return errors.Is(err, cognitoidp.InvalidPasswordException.New("")) || errors.Is(err, errReused())
}

// sealedPassword returns what is kept of a new password of a user, nil for none. It
// takes milliseconds, and so runs outside of transactions.
func (s *Service) sealedPassword(p *pool, u *user, password string) ([]byte, error) {
	if password == "" {
		return nil, nil
	}
	return s.sealVerifier(p, u.Sub, srp.NewVerifier(p.identity(u.Username), password))
}

// newPassword checks a password that a user chooses in place of another, and returns
// what is kept of it.
func (s *Service) newPassword(ctx context.Context, p *pool, clientID string, u *user, password string) ([]byte, error) {
	if err := checkPassword(p.Policies.PasswordPolicy, password); err != nil {
		return nil, err
	}
	if err := s.checkBreached(ctx, p, clientID, cognitoidp.EventFilterTypePasswordChange, password); err != nil {
		return nil, err
	}
	if err := s.checkReuse(ctx, p, u, password); err != nil {
		return nil, err
	}
	return s.sealedPassword(p, u, password)
}

// checkReuse refuses a password that the user had before, as far back as the pool's
// policy looks; the present one counts.
func (s *Service) checkReuse(ctx context.Context, p *pool, u *user, password string) error {
	verifiers, hash := u.lastPasswords(p.passwordHistory())
	for _, sealed := range verifiers {
		v, err := s.openVerifier(p, u.Sub, sealed)
		if err != nil {
			return err
		}
		if v.Matches(p.identity(u.Username), password) {
			return errReused()
		}
	}
	if len(hash) > 0 && s.matchesHash(ctx, p, u, hash, password) {
		return errReused()
	}
	return nil
}

func errReused() error {
	return cognitoidp.PasswordHistoryPolicyViolationException.New("Password has previously been used.")
}

// passwordHistory is how many of a user's passwords may not come again.
func (p *pool) passwordHistory() int {
	return int(*orNumber(p.Policies.PasswordPolicy.PasswordHistorySize, 0))
}

// lastPasswords returns what is kept of the user's last n passwords: their verifiers, the
// present one first, and the hash of the imported one, which is older than them all.
func (u *user) lastPasswords(n int) (verifiers [][]byte, hash []byte) {
	verifiers = u.OldPasswords
	if len(u.Verifier) > 0 {
		verifiers = append([][]byte{u.Verifier}, verifiers...)
	}
	if len(verifiers) < n {
		return verifiers, slices.Concat(u.Hash, u.OldHash) // at most one is there
	}
	return verifiers[:n], nil
}

// setPassword gives the user a password, sealed, and remembers the one before as the
// pool's history wants it. A code that was to reset the one before is void.
func (u *user) setPassword(p *pool, sealed []byte, now time.Time) {
	u.OldPasswords, u.OldHash = u.lastPasswords(max(p.passwordHistory()-1, 0))
	if len(u.OldPasswords) == 0 {
		u.OldPasswords = nil
	}
	u.Verifier, u.Hash, u.PasswordSet = sealed, nil, now.Truncate(time.Millisecond)
	delete(u.Codes, string(forReset))
	u.Attempts.succeed()
	u.touch(now)
}

// samePassword tells whether the user's password is still the one that seen had.
func (u *user) samePassword(seen *user) bool {
	return bytes.Equal(u.Verifier, seen.Verifier) && bytes.Equal(u.Hash, seen.Hash)
}

// temporaryPasswordExpired tells whether the password that an administrator gave is
// too old to sign in with.
func (p *pool) temporaryPasswordExpired(u *user, now time.Time) bool {
	days := time.Duration(*p.Policies.PasswordPolicy.TemporaryPasswordValidityDays)
	return u.Status == cognitoidp.UserStatusTypeForceChangePassword && days > 0 && now.After(u.PasswordSet.Add(days*24*time.Hour))
}
