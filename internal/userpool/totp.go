package userpool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// One-time passwords of authenticator apps (RFC 6238), in the one form that Cognito
// and the apps agree on: HMAC-SHA1, six digits, a new one every 30 seconds. They are
// written out here because they are one HMAC, and because a password must be tied to
// its time step, which tells whether it was used before.

const (
	totpStep = 30 * time.Second
	// totpSkew is how many steps an app's clock may be off.
	totpSkew    = 1
	totpDigits  = 6
	totpModulus = 1_000_000
	// totpSecretSize gives the 52 characters that Cognito's secrets have.
	totpSecretSize = 32
)

// totpText is how an app is given its secret.
var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecretSize)
	rand.Read(secret)
	return secret
}

// totpStepAt returns the time step of a moment.
func totpStepAt(now time.Time) int64 { return now.Unix() / int64(totpStep/time.Second) }

// hotp returns the 31 bits that the last digits are taken from (RFC 4226, section
// 5.3).
func hotp(secret []byte, step int64) uint32 {
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := h.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
}

// totp returns the password of a time step.
func totp(secret []byte, step int64) string {
	return fmt.Sprintf("%0*d", totpDigits, hotp(secret, step)%totpModulus)
}

// totpStepOf returns the latest time step about now whose password was given; ok is
// false for a wrong password.
func totpStepOf(secret []byte, given string, now time.Time) (step int64, ok bool) {
	current := totpStepAt(now)
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		if hmac.Equal([]byte(totp(secret, s)), []byte(given)) {
			step, ok = s, true
		}
	}
	return step, ok
}
