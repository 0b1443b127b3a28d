package userpool

import (
	"time"

	"pintail/internal/gen/cognitoidp"
)

const (
	// freeFailures is how many wrong passwords cost nothing; the next one locks
	// for a second and each further one for twice as long (Cognito developer
	// guide, "Lockout behavior for failed sign-in attempts").
	freeFailures = 4
	maxLock      = 15 * time.Minute
	// quietTime without a failure forgets the earlier ones.
	quietTime = 15 * time.Minute
	// attemptWindow is what the hourly limits count in.
	attemptWindow = time.Hour
)

// Hourly limits per user (Cognito developer guide, "Quotas").
const (
	maxConfirms = 15
	maxResends  = 5
	maxVerifies = 15
	maxSends    = 5
	// maxResets counts ForgotPassword and ConfirmForgotPassword together, which the
	// original limits by a risk that it does not tell: 5 to 20.
	maxResets          = 20
	maxPasswordChanges = 5
	// maxSignInCodes counts the codes of first and second factors, which the original
	// limits by a rate of the whole pool: without a limit per user, whoever knows a
	// name could fill its owner's mailbox.
	maxSignInCodes = 30
)

// signInCodes is what codes sent as a factor are counted as.
const signInCodes = "sign-in codes"

// attempts counts what somebody tried on one user.
type attempts struct {
	failures // wrong passwords
	Hours    map[string]hour
}

// failures counts what was wrong in a row.
type failures struct {
	Failures int       `json:",omitzero"`
	FailedAt time.Time `json:",omitzero"` // the last one
}

// hour counts the calls of one operation.
type hour struct {
	Began time.Time
	Count int
}

// locked tells whether passwords are not even looked at now.
func (f *failures) locked(now time.Time) bool {
	over := f.Failures - freeFailures - 1
	if over < 0 {
		return false
	}
	lock := maxLock
	if over < 10 { // 2^10 s is longer than maxLock
		lock = time.Second << over
	}
	return now.Before(f.FailedAt.Add(lock))
}

// fail counts a wrong password.
func (f *failures) fail(now time.Time) {
	if now.Sub(f.FailedAt) > quietTime {
		f.Failures = 0
	}
	f.Failures++
	f.FailedAt = now
}

// succeed forgets the wrong passwords.
func (f *failures) succeed() { *f = failures{} }

// within returns the count of an operation's calls in the hour.
func (a *attempts) within(operation string, now time.Time) hour {
	h := a.Hours[operation]
	if now.Sub(h.Began) >= attemptWindow {
		h = hour{Began: now}
	}
	return h
}

// allows is allow for a call that is counted later.
func (a *attempts) allows(operation string, limit int, now time.Time) error {
	if a.within(operation, now).Count >= limit {
		return errLimit()
	}
	return nil
}

// allow counts one call of an operation, or refuses it when there were too many
// within the hour.
func (a *attempts) allow(operation string, limit int, now time.Time) error {
	if err := a.allows(operation, limit, now); err != nil {
		return err
	}
	h := a.within(operation, now)
	h.Count++
	a.set(operation, h)
	return nil
}

func (a *attempts) set(operation string, h hour) {
	if a.Hours == nil {
		a.Hours = make(map[string]hour)
	}
	a.Hours[operation] = h
}

// allowSignInCode counts a code that is to be sent as a factor, or refuses it.
func (a *attempts) allowSignInCode(now time.Time) error {
	if a.allow(signInCodes, maxSignInCodes, now) != nil {
		return errRate()
	}
	return nil
}

func errLimit() error {
	return cognitoidp.LimitExceededException.New("Attempt limit exceeded, please try after some time.")
}

// errRate is errLimit in the operations that start a sign-in, which do not declare it.
func errRate() error { return cognitoidp.TooManyRequestsException.New("Rate exceeded") }

// errLocked refuses a password during a lock.
func errLocked() error { return cognitoidp.NotAuthorizedException.New("Password attempts exceeded") }
