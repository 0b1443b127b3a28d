package srp

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"math/big"
	"time"
)

// ErrChallenge means that a client was given a challenge that it must not answer.
var ErrChallenge = errors.New("srp: unusable challenge")

// Client is the user's side of one exchange. It computes what
// amazon-cognito-identity-js and Amplify compute, with math/big and thus not in
// constant time: it serves tests, benchmarks and load generators, whose passwords
// are no secret.
type Client struct {
	pool, password  string
	private, public *big.Int // a and A
}

// NewClient starts an exchange for a password of the pool, or for a device's
// secret when pool is the device's group key.
func NewClient(pool, password string) *Client {
	a := make([]byte, len(exponent{}))
	rand.Read(a)
	return newClient(pool, password, new(big.Int).SetBytes(a))
}

func newClient(pool, password string, a *big.Int) *Client {
	return &Client{
		pool:     pool,
		password: password,
		private:  a,
		public:   new(big.Int).Exp(big.NewInt(2), a, prime),
	}
}

// PublicHex returns A as SRP_A carries it.
func (c *Client) PublicHex() string { return c.public.Text(16) }

// Challenge is what the server answers to SRP_A, each parameter as it came.
type Challenge struct {
	UserID      string // USER_ID_FOR_SRP, or a device key
	Salt        string // SALT, hexadecimal
	SRPB        string // SRP_B, hexadecimal
	SecretBlock string // SECRET_BLOCK, base64
}

// Answer returns the TIMESTAMP and the PASSWORD_CLAIM_SIGNATURE for a challenge,
// or [ErrChallenge].
func (c *Client) Answer(challenge Challenge, now time.Time) (timestamp, claimSignature string, err error) {
	salt, okSalt := new(big.Int).SetString(challenge.Salt, 16)
	b, okB := new(big.Int).SetString(challenge.SRPB, 16)
	block, err := base64.StdEncoding.DecodeString(challenge.SecretBlock)
	if err != nil || !okSalt || !okB || new(big.Int).Mod(b, prime).Sign() == 0 {
		return "", "", ErrChallenge
	}
	id := Identity{Pool: c.pool, User: challenge.UserID}
	timestamp = now.UTC().Format(TimestampLayout)
	sum := signature(c.key(id, salt, b), id, block, timestamp)
	return timestamp, base64.StdEncoding.EncodeToString(sum), nil
}

// key returns K, from S = (B - k·g^x)^(a + u·x).
func (c *Client) key(id Identity, salt, b *big.Int) []byte {
	private := privateKey(id, c.password, salt.Bytes())
	u := scrambler(c.public.Bytes(), b.Bytes())
	x := new(big.Int).SetBytes(private[:])

	base := new(big.Int).Exp(big.NewInt(2), x, prime)
	base.Mul(base, new(big.Int).SetBytes(multiplier[:]))
	base.Sub(b, base).Mod(base, prime)
	power := x.Mul(x, new(big.Int).SetBytes(u[:]))
	power.Add(power, c.private)
	return sharedKey(base.Exp(base, power, prime).Bytes(), u)
}
