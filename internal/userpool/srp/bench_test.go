package srp

import (
	"math/big"
	"testing"

	"filippo.io/bigmod"
)

func BenchmarkServer(b *testing.B) {
	id := Identity{"TestPool1", "3f0c2a6e-5b7d-4e0a-9c1d-8a2b7c6d5e4f"}
	v := NewVerifier(id, "Passw0rd!Example")
	srpA := NewClient(id.Pool, "Passw0rd!Example").PublicHex()
	e, err := v.Challenge(srpA)
	if err != nil {
		b.Fatal(err)
	}
	claim := Claim{id, make([]byte, 1024), "Tue Feb 3 04:05:06 UTC 2026", make([]byte, 32)}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Challenge(srpA); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("second", func(b *testing.B) {
		for b.Loop() {
			e.Accepts(v, claim)
		}
	})
	b.Run("both", func(b *testing.B) {
		for b.Loop() {
			e, err := v.Challenge(srpA)
			if err != nil {
				b.Fatal(err)
			}
			e.Accepts(v, claim)
		}
	})
	// The same powers with math/big, which is not constant-time.
	b.Run("mathbig", func(b *testing.B) {
		two, value, n := big.NewInt(2), new(big.Int).SetBytes(v.Value[:]), new(big.Int).SetBytes(e.secret[:])
		k, a := new(big.Int).SetBytes(multiplier[:]), new(big.Int).SetBytes(e.client)
		for b.Loop() {
			public := new(big.Int).Mul(k, value)
			public.Add(public, new(big.Int).Exp(two, n, prime)).Mod(public, prime)
			u := scrambler(e.client, public.Bytes())
			s := new(big.Int).Exp(value, new(big.Int).SetBytes(u[:]), prime)
			s.Mul(s, a).Mod(s, prime).Exp(s, n, prime)
		}
	})
	b.Run("password", func(b *testing.B) {
		for b.Loop() {
			v.Matches(id, "Passw0rd!Example")
		}
	})
}

func BenchmarkClient(b *testing.B) {
	v := NewVerifier(Identity{"pool", "user"}, "password")
	for b.Loop() {
		client := NewClient("pool", "password")
		if _, _, err := client.Answer(Challenge{"user", v.SaltHex(), "1234567890", "AAAA"}, someTime); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkNumbers() (x, y element, e exponent) {
	for i := range e {
		e[i] = byte(i*37 + 11)
	}
	x.generatorPower(&e)
	y.power(&x, &e)
	return x, y, e
}

func BenchmarkFieldMul(b *testing.B) {
	x, y, _ := benchmarkNumbers()
	for b.Loop() {
		x.mul(&x, &y)
	}
}

func BenchmarkFieldSquare(b *testing.B) {
	x, _, _ := benchmarkNumbers()
	for b.Loop() {
		x.square(&x)
	}
}

// The same power of 256 bits in three ways: here, with filippo.io/bigmod
// (constant-time) and with math/big (not constant-time).
func BenchmarkPower(b *testing.B) {
	x, _, e := benchmarkNumbers()
	b.Run("generator", func(b *testing.B) {
		for b.Loop() {
			x.generatorPower(&e)
		}
	})
	b.Run("element", func(b *testing.B) {
		for b.Loop() {
			x.power(&x, &e)
		}
	})
	b.Run("bigmod", func(b *testing.B) {
		m, err := bigmod.NewModulus(prime.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		base, err := bigmod.NewNat().SetBytes(x.bytes()[:], m)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			bigmod.NewNat().Exp(base, e[:], m)
		}
	})
	b.Run("mathbig", func(b *testing.B) {
		base, n := number(&x), new(big.Int).SetBytes(e[:])
		for b.Loop() {
			new(big.Int).Exp(base, n, prime)
		}
	})
}
