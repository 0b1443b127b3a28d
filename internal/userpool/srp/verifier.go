package srp

import (
	"crypto/rand"
	"crypto/sha3"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"math/big"
)

// saltSize is the length of a new salt; maxSalt bounds one that a device brings.
const (
	saltSize = 16
	maxSalt  = 128
)

// ErrVerifier means that a salt or verifier cannot be one.
var ErrVerifier = errors.New("srp: not a salt and verifier")

// Verifier is what the server stores of a password. Whoever has it can try
// passwords offline and can pose as the server, so it is sealed at rest.
type Verifier struct {
	// Salt is a big-endian number, as it was drawn or brought.
	Salt []byte
	// Value is v = g^x mod N, big-endian.
	Value [Size]byte
}

// NewVerifier returns the verifier of a password under a fresh salt.
func NewVerifier(id Identity, password string) Verifier {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return Verifier{Salt: salt, Value: verifierValue(id, password, salt)}
}

// verifierValue returns g^x.
func verifierValue(id Identity, password string, salt []byte) [Size]byte {
	x := privateKey(id, password, salt)
	var v element
	v.generatorPower(&x)
	return *v.bytes()
}

// ParseVerifier checks a salt and a verifier that a client made, as ConfirmDevice
// brings them: big-endian numbers with any leading zeros. It refuses with
// [ErrVerifier] the values that would let anybody in: v = 0, 1 or -1 modulo N.
func ParseVerifier(salt, value []byte) (Verifier, error) {
	if len(salt) == 0 || len(salt) > maxSalt || len(value) > Size+1 {
		return Verifier{}, ErrVerifier
	}
	v, last := new(big.Int).SetBytes(value), new(big.Int).Sub(prime, big.NewInt(1))
	if v.Cmp(big.NewInt(1)) <= 0 || v.Cmp(last) >= 0 {
		return Verifier{}, ErrVerifier
	}
	parsed := Verifier{Salt: append([]byte(nil), salt...)}
	v.FillBytes(parsed.Value[:])
	return parsed, nil
}

// Decoy returns a verifier that no password fits, the same for the same seed. A
// challenge made from it cannot be told from a user's, neither by its look nor by
// its time, which hides whether a user exists. The seed is secret and at least
// 16 bytes; it must differ by user.
func Decoy(seed []byte) Verifier {
	stream := sha3.NewCSHAKE256(nil, []byte("pintail srp decoy"))
	stream.Write(seed)
	decoy := Verifier{Salt: make([]byte, saltSize)}
	stream.Read(decoy.Salt)
	stream.Read(decoy.Value[:])
	decoy.Value[0] &= 0x7f // below N
	return decoy
}

// Matches tells whether the verifier is that of the password. It takes one
// g^x and compares in constant time.
func (v Verifier) Matches(id Identity, password string) bool {
	value := verifierValue(id, password, v.Salt)
	return subtle.ConstantTimeCompare(value[:], v.Value[:]) == 1
}

// SaltHex returns the salt as the SALT challenge parameter shows it.
func (v Verifier) SaltHex() string { return hex.EncodeToString(v.Salt) }

// MarshalBinary returns the value followed by the salt, for sealing.
func (v Verifier) MarshalBinary() ([]byte, error) {
	return append(v.Value[:], v.Salt...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote, or returns [ErrVerifier].
func (v *Verifier) UnmarshalBinary(data []byte) error {
	if len(data) <= Size || len(data) > Size+maxSalt {
		return ErrVerifier
	}
	*v = Verifier{Salt: append([]byte(nil), data[Size:]...), Value: [Size]byte(data)}
	return nil
}
