package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"pintail/internal/keys"
	"pintail/internal/userpool/srp"
)

// cryptography is what sign-up and sign-in cannot do without.
type cryptography struct {
	id       srp.Identity
	verifier srp.Verifier
	public   string // the client's SRP_A
	key      *keys.SigningKey
	claims   []byte // of a token
}

func newCryptography() (*cryptography, error) {
	id := srp.Identity{Pool: "TestPool1", User: "3f0c2a6e-5b7d-4e0a-9c1d-8a2b7c6d5e4f"}
	key, err := keys.NewSigningKey()
	return &cryptography{
		id: id, verifier: srp.NewVerifier(id, password), public: srp.NewClient(id.Pool, password).PublicHex(),
		key: key, claims: fmt.Appendf(nil, `{"sub":%q}`, strings.Repeat("x", 700)),
	}, err
}

// signUp makes a verifier.
func (c *cryptography) signUp() error {
	srp.NewVerifier(c.id, password)
	return nil
}

// passwordSignIn checks a password and signs two tokens.
func (c *cryptography) passwordSignIn() error {
	if !c.verifier.Matches(c.id, password) {
		return fmt.Errorf("the password does not match its verifier")
	}
	return c.sign()
}

// srpSignIn takes both steps and signs two tokens. The claim is wrong, which
// costs the same.
func (c *cryptography) srpSignIn() error {
	exchange, err := c.verifier.Challenge(c.public)
	if err != nil {
		return err
	}
	exchange.Accepts(c.verifier, srp.Claim{Identity: c.id, SecretBlock: c.claims, Timestamp: srp.TimestampLayout, Signature: c.claims[:32]})
	return c.sign()
}

func (c *cryptography) sign() error {
	for range 2 {
		if _, err := c.key.Sign(c.claims); err != nil {
			return err
		}
	}
	return nil
}

// cryptoFloor returns the processor time of cryptography, with all processors
// at it, as they are while server and client run.
func (b *bench) cryptoFloor(what string, work func(*cryptography) error) floorFunc {
	return func(ctx context.Context, _ int) (floor, error) {
		c, err := newCryptography()
		if err != nil {
			return floor{}, err
		}
		o, err := race(ctx, runtime.GOMAXPROCS(0), b.while, watchProcess(os.Getpid()), func(int, int) error { return work(c) })
		return floor{what: what, cpu: o.cpu, rate: o.rate()}, err
	}
}
