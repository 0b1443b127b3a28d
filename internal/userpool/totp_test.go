package userpool

import (
	"testing"
	"time"
)

// The vectors of RFC 6238, appendix B, for SHA-1.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]uint32{
		59:          94287082,
		1111111109:  7081804,
		1111111111:  14050471,
		1234567890:  89005924,
		2000000000:  69279037,
		20000000000: 65353130,
	} {
		step := totpStepAt(time.Unix(seconds, 0))
		if got := hotp(secret, step) % 100_000_000; got != want {
			t.Errorf("at %d: %08d, want %08d", seconds, got, want)
		}
	}
	// An app shows leading zeros: 07081804 has them within its last six digits.
	if got := totp(secret, totpStepAt(time.Unix(1111111109, 0))); got != "081804" {
		t.Errorf("six digits are %s, want 081804", got)
	}
}

func TestTOTPWindow(t *testing.T) {
	t.Parallel()
	secret := newTOTPSecret()
	now := time.Unix(1_800_000_015, 0) // in the middle of a step
	here := totpStepAt(now)
	for _, test := range []struct {
		off  int64
		want bool
	}{{-2, false}, {-1, true}, {0, true}, {1, true}, {2, false}} {
		// Two steps have the same password once in a million secrets.
		if step, ok := totpStepOf(secret, totp(secret, here+test.off), now); ok != test.want || ok && step != here+test.off {
			t.Errorf("a password of %+d steps: step %+d, ok %v", test.off, step-here, ok)
		}
	}
	for _, given := range []string{"", "12345", "1234567", "abcdef", "١٢٣٤٥٦"} {
		if _, ok := totpStepOf(secret, given, now); ok {
			t.Errorf("%q was taken", given)
		}
	}
}
