package srp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
)

// maxPublic is the longest public value of a client in bytes: one byte more than
// N, as a client that pads its hexadecimal digits sends it.
const maxPublic = Size + 1

// Errors of the server's side.
var (
	// ErrPublic means that SRP_A is no hexadecimal number, too long, or a
	// multiple of N, which would make the shared secret zero for everyone.
	ErrPublic = errors.New("srp: not a public value")
	// ErrExchange means that bytes are not those of an Exchange.
	ErrExchange = errors.New("srp: not an exchange")
)

// Exchange is what the server's two steps share. It holds a secret: between the
// steps it may only leave the server sealed, and together with the user and the
// client that it was made for.
type Exchange struct {
	secret exponent   // b
	public [Size]byte // B
	client []byte     // A as it came, at most maxPublic bytes
}

// Challenge takes the first step: it draws b and computes B = k·v + g^b for the
// client's SRP_A, a hexadecimal number of either case, of odd or even length and
// with leading zeros or not. It returns [ErrPublic] when that is unusable.
func (v Verifier) Challenge(srpA string) (*Exchange, error) {
	var b exponent
	rand.Read(b[:])
	return v.challenge(srpA, &b)
}

func (v Verifier) challenge(srpA string, b *exponent) (*Exchange, error) {
	client, err := parseHex(srpA)
	if err != nil {
		return nil, err
	}
	if a := clientElement(client); a.isZero() {
		return nil, ErrPublic
	}
	var k [Size]byte
	copy(k[Size-len(multiplier):], multiplier[:])
	blinded, value, public := newElement(&k), newElement(&v.Value), element{}
	blinded.mul(&blinded, &value)
	public.generatorPower(b)
	public.add(&public, &blinded)
	return &Exchange{secret: *b, public: *public.bytes(), client: client}, nil
}

// parseHex reads a hexadecimal number of at most maxPublic bytes.
func parseHex(s string) ([]byte, error) {
	if s == "" || len(s) > 2*maxPublic {
		return nil, ErrPublic
	}
	if len(s)%2 == 1 {
		s = "0" + s
	}
	number, err := hex.DecodeString(s)
	if err != nil {
		return nil, ErrPublic
	}
	return number, nil
}

// clientElement returns A modulo N. A is public, so math/big may reduce it.
func clientElement(client []byte) element {
	a := new(big.Int).SetBytes(client)
	return newElement((*[Size]byte)(a.Mod(a, prime).FillBytes(make([]byte, Size))))
}

// PublicHex returns B as the SRP_B challenge parameter shows it, without leading
// zeros.
func (e *Exchange) PublicHex() string {
	return strings.TrimLeft(hex.EncodeToString(e.public[:]), "0")
}

// Claim is a client's proof that it knows the password, as the responses to
// PASSWORD_VERIFIER and DEVICE_PASSWORD_VERIFIER bring it.
type Claim struct {
	Identity    Identity
	SecretBlock []byte // PASSWORD_CLAIM_SECRET_BLOCK, decoded from base64
	Timestamp   string // TIMESTAMP as it came; the caller judges its age
	Signature   []byte // PASSWORD_CLAIM_SIGNATURE, decoded from base64
}

// Accepts takes the second step: it tells whether the claim was signed by someone
// who knows the password of v, which must be the verifier of the first step.
func (e *Exchange) Accepts(v Verifier, claim Claim) bool {
	want := signature(e.key(v), claim.Identity, claim.SecretBlock, claim.Timestamp)
	return subtle.ConstantTimeCompare(want, claim.Signature) == 1
}

// key returns K, from S = (A · v^u)^b. u is public, but v is not, so both powers
// are constant-time.
func (e *Exchange) key(v Verifier) []byte {
	u := scrambler(e.client, e.public[:])
	a, s := clientElement(e.client), newElement(&v.Value)
	s.power(&s, &u)
	s.mul(&s, &a)
	s.power(&s, &e.secret)
	return sharedKey(s.bytes()[:], u)
}

// MarshalBinary returns b, B and A, for sealing.
func (e *Exchange) MarshalBinary() ([]byte, error) {
	data := make([]byte, 0, len(e.secret)+Size+len(e.client))
	data = append(data, e.secret[:]...)
	data = append(data, e.public[:]...)
	return append(data, e.client...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote, or returns [ErrExchange].
func (e *Exchange) UnmarshalBinary(data []byte) error {
	const fixed = len(exponent{}) + Size
	if len(data) <= fixed || len(data) > fixed+maxPublic {
		return ErrExchange
	}
	*e = Exchange{
		secret: exponent(data),
		public: [Size]byte(data[len(exponent{}):]),
		client: append([]byte(nil), data[fixed:]...),
	}
	return nil
}
