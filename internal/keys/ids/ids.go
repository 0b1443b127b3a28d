// Package ids makes identifiers and random secrets in the exact forms that AWS
// gives them, because clients, policies and other people's databases check those
// forms. Every room that creates something calls it. All randomness is the
// operating system's, and every choice is uniform.
package ids

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"
)

const (
	digits      = "0123456789"
	lower       = "abcdefghijklmnopqrstuvwxyz"
	upper       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerDigits = lower + digits
	letters     = upper + lower
)

// UserPool returns a user pool id: the region, an underscore, 9 letters and digits.
func UserPool(region string) string { return region + "_" + random(letters+digits, 9) }

// IdentityPool returns an identity pool id: the region, a colon, a UUID.
func IdentityPool(region string) string { return region + ":" + UUID() }

// Identity returns an identity id, which has the form of an identity pool's.
func Identity(region string) string { return region + ":" + UUID() }

// UserPoolClient returns an app client's id: 26 lower-case letters and digits.
func UserPoolClient() string { return random(lowerDigits, 26) }

// ClientSecret returns an app client's secret: 52 lower-case letters and digits.
func ClientSecret() string { return random(lowerDigits, 52) }

// ImportJob returns a user import job's id: "import-" and 10 letters and digits.
func ImportJob() string { return "import-" + random(letters+digits, 10) }

// Code returns a confirmation code or one-time password of n decimal digits.
func Code(n int) string { return random(digits, n) }

// UUID returns a random (version 4) UUID.
func UUID() string { return uuid.NewString() }

// Pinpoint returns the id of a Pinpoint resource: 32 hexadecimal digits.
func Pinpoint() string { return hex.EncodeToString(randomBytes(16)) }

// SecretAccessKey returns the secret of an access key: 40 characters of base64.
func SecretAccessKey() string { return base64.StdEncoding.EncodeToString(randomBytes(30)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// random returns n characters, each drawn uniformly from the alphabet: bytes
// beyond the last multiple of its length are drawn again.
func random(alphabet string, n int) string {
	limit := 256 - 256%len(alphabet)
	text := make([]byte, 0, n)
	for len(text) < n {
		for _, b := range randomBytes(n - len(text)) {
			if int(b) < limit {
				text = append(text, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(text)
}
