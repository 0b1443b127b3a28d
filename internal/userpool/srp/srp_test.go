package srp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var someTime = time.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)

// handshake runs both steps between a client with a password and a server with a
// verifier, through the forms in which they travel and rest.
func handshake(t rapid.TB, v Verifier, id Identity, password string) bool {
	t.Helper()
	client := NewClient(id.Pool, password)
	exchange, err := v.Challenge(client.PublicHex())
	if err != nil {
		t.Fatal(err)
	}
	return answer(t, client, stored(t, exchange), storedVerifier(t, v), id)
}

// answer lets the client answer the exchange and the server judge the answer.
func answer(t rapid.TB, client *Client, exchange *Exchange, v Verifier, id Identity) bool {
	t.Helper()
	block := []byte("an opaque block")
	timestamp, sum, err := client.Answer(Challenge{
		UserID:      id.User,
		Salt:        v.SaltHex(),
		SRPB:        exchange.PublicHex(),
		SecretBlock: base64.StdEncoding.EncodeToString(block),
	}, someTime)
	if err != nil {
		t.Fatal(err)
	}
	return exchange.Accepts(v, Claim{Identity: id, SecretBlock: block, Timestamp: timestamp, Signature: decode64(t, sum)})
}

// stored returns the exchange after a way through its binary form.
func stored(t rapid.TB, e *Exchange) *Exchange {
	t.Helper()
	data, err := e.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	back := new(Exchange)
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	return back
}

// storedVerifier returns the verifier after a way through its binary form.
func storedVerifier(t rapid.TB, v Verifier) (back Verifier) {
	t.Helper()
	data, err := v.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	return back
}

func decode64(t rapid.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhex(t rapid.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A complete exchange whose numbers were computed with
// amazon-cognito-identity-js.
func TestVector(t *testing.T) {
	t.Parallel()
	equal := func(what string, got []byte, want string) {
		t.Helper()
		if hex.EncodeToString(got) != want {
			t.Errorf("%s is %x, want %s", what, got, want)
		}
	}
	id := Identity{Pool: "TestPool1", User: "3f0c2a6e-5b7d-4e0a-9c1d-8a2b7c6d5e4f"}
	const password = "Passw0rd!Example"
	salt := unhex(t, "d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60")
	a, b := sha256.Sum256([]byte("client-a")), sha256.Sum256([]byte("server-b"))

	equal("k", multiplier[:], "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6")
	x := privateKey(id, password, salt)
	equal("x", x[:], "54e3eb7076ec5ea49051b545d605be584bc00314aa5bd0c91d25fda52e5fac7a")
	v := Verifier{Salt: salt, Value: verifierValue(id, password, salt)}
	sum := hash(pad(v.Value[:]))
	equal("SHA-256 of v", sum[:], "dfd65582e54e069de30d7155ee6b70e0c7c23b3a55627d7b76a952b0efc3e8b3")

	client := newClient(id.Pool, password, new(big.Int).SetBytes(a[:]))
	exchange, err := v.challenge(client.PublicHex(), &b)
	if err != nil {
		t.Fatal(err)
	}
	u := scrambler(exchange.client, exchange.public[:])
	equal("u", u[:], "ccf2ccf0ef16a31331e700dc098d9da9fbe8b0b4d597d1662158c452c16421f5")
	const key = "a03ad52faf0d7a81d34ba3c5f3d992e0"
	equal("the server's K", exchange.key(v), key)
	equal("the client's K", client.key(id, new(big.Int).SetBytes(salt), new(big.Int).SetBytes(exchange.public[:])), key)

	block := []byte("secret-block-bytes")
	timestamp, claimSignature, err := client.Answer(Challenge{
		UserID:      id.User,
		Salt:        v.SaltHex(),
		SRPB:        exchange.PublicHex(),
		SecretBlock: base64.StdEncoding.EncodeToString(block),
	}, someTime)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Tue Feb 3 04:05:06 UTC 2026"; timestamp != want {
		t.Errorf("timestamp is %q, want %q", timestamp, want)
	}
	if want := "dCtw9mos10B5uXo0XA5uXdwszDqCX5N+8Sl3kscuhj0="; claimSignature != want {
		t.Errorf("signature is %s, want %s", claimSignature, want)
	}
	if !exchange.Accepts(v, Claim{id, block, timestamp, decode64(t, claimSignature)}) {
		t.Error("the server refuses the claim")
	}
}

func TestPad(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "00", "00": "00", "0000": "00", "01": "01", "7f": "7f", "80": "0080", "ff": "00ff",
		"0080": "0080", "000080": "0080", "00007f": "7f", "0100": "0100", "8000": "008000",
	} {
		if got := pad(unhex(t, in)); hex.EncodeToString(got) != want {
			t.Errorf("pad(%q) is %x, want %s", in, got, want)
		}
	}
}

func TestPadLeavesItsArgumentAlone(t *testing.T) {
	t.Parallel()
	memory := []byte{0, 0x85, 1, 2, 3, 4}
	before := bytes.Clone(memory)
	privateKey(Identity{}, "", memory[:2])
	scrambler(memory[1:2], memory[2:3])
	if !bytes.Equal(memory, before) {
		t.Errorf("memory beside a number was overwritten: %x", memory)
	}
}

func TestClientAndServerAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := Identity{Pool: rapid.String().Draw(t, "pool"), User: rapid.String().Draw(t, "user")}
		password := rapid.String().Draw(t, "password")
		other := rapid.String().Filter(func(s string) bool { return s != password }).Draw(t, "other password")
		v := NewVerifier(id, password)

		if !v.Matches(id, password) || !handshake(t, v, id, password) {
			t.Fatal("the password is refused")
		}
		if v.Matches(id, other) || handshake(t, v, id, other) {
			t.Fatal("another password is accepted")
		}
	})
}

// A claim stands for one account, block, time, exchange and verifier.
func TestAnyFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	id := Identity{Pool: "pool", User: "user"}
	v := NewVerifier(id, "pässwörd")
	client := NewClient(id.Pool, "pässwörd")
	exchange, err := v.Challenge(client.PublicHex())
	if err != nil {
		t.Fatal(err)
	}
	block := []byte{0, 1, 2, 3}
	timestamp, sum, err := client.Answer(Challenge{id.User, v.SaltHex(), exchange.PublicHex(), "AAECAw=="}, someTime)
	if err != nil {
		t.Fatal(err)
	}
	good := Claim{id, block, timestamp, decode64(t, sum)}
	if !exchange.Accepts(v, good) {
		t.Fatal("the good claim is refused")
	}

	flip := func(t *rapid.T, b []byte) []byte {
		bit := rapid.IntRange(0, 8*len(b)-1).Draw(t, "bit")
		b = bytes.Clone(b)
		b[bit/8] ^= 1 << (bit % 8)
		return b
	}
	rapid.Check(t, func(t *rapid.T) {
		claim, e, w := good, *exchange, v
		switch what := rapid.SampledFrom([]string{"user", "block", "time", "signature", "a", "b", "B", "v"}).Draw(t, "what"); what {
		case "user":
			claim.Identity.User = string(flip(t, []byte(id.User)))
		case "block":
			claim.SecretBlock = flip(t, block)
		case "time":
			claim.Timestamp = string(flip(t, []byte(timestamp)))
		case "signature":
			claim.Signature = flip(t, claim.Signature)
		case "a":
			e.client = flip(t, e.client)
		case "b":
			e.secret = exponent(flip(t, e.secret[:]))
		case "B":
			e.public = [Size]byte(flip(t, e.public[:]))
		case "v":
			w.Value = [Size]byte(flip(t, w.Value[:]))
		}
		if e.Accepts(w, claim) {
			t.Fatal("accepted")
		}
	})
	for _, s := range [][]byte{nil, {}, good.Signature[:31], append(bytes.Clone(good.Signature), 0)} {
		claim := good
		claim.Signature = s
		if exchange.Accepts(v, claim) {
			t.Errorf("a signature of %d bytes is accepted", len(s))
		}
	}
}

func TestMultiplesOfTheModulusAreRefused(t *testing.T) {
	t.Parallel()
	v := NewVerifier(Identity{"pool", "user"}, "password")
	for n := range int64(257) {
		multiple := new(big.Int).Mul(prime, big.NewInt(n))
		if _, err := v.Challenge(multiple.Text(16)); !errors.Is(err, ErrPublic) {
			t.Fatalf("A = %d·N: error is %v", n, err)
		}
		if _, err := v.Challenge(multiple.Add(multiple, big.NewInt(1)).Text(16)); n < 256 && err != nil {
			t.Fatalf("A = %d·N + 1: error is %v", n, err)
		}
	}
}

func TestPublicValues(t *testing.T) {
	t.Parallel()
	v := NewVerifier(Identity{"pool", "user"}, "password")
	for _, test := range []struct {
		name, srpA, number string // number is "" where srpA is refused
	}{
		{"even", "0abc", "abc"},
		{"odd", "abc", "abc"},
		{"upper case", "ABC", "abc"},
		{"mixed case", "aBc", "abc"},
		{"leading zeros", "0000000abc", "abc"},
		{"longest", strings.Repeat("f", 2*maxPublic), strings.Repeat("f", 2*maxPublic)},
		{"too long", strings.Repeat("f", 2*maxPublic+1), ""},
		{"too long by zeros", strings.Repeat("0", 2*maxPublic) + "1", ""},
		{"empty", "", ""},
		{"zero", "0", ""},
		{"zeros", "0000", ""},
		{"sign", "-abc", ""},
		{"plus", "+abc", ""},
		{"prefix", "0xabc", ""},
		{"blank", " abc", ""},
		{"underscore", "a_bc", ""},
		{"not ASCII", "ａｂｃ", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := v.Challenge(test.srpA)
			if test.number == "" {
				if !errors.Is(err, ErrPublic) {
					t.Fatalf("error is %v, want ErrPublic", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := new(big.Int).SetBytes(e.client).Text(16); got != test.number {
				t.Errorf("read %s", got)
			}
		})
	}
}

// Numbers that are shorter than usual or need a zero in front, found by search.
func TestPaddingEdges(t *testing.T) {
	t.Parallel()
	id := Identity{"pool", "user"}
	const password = "password"
	client := NewClient(id.Pool, password)
	for _, test := range []struct {
		name string
		salt []byte
		is   func(e *Exchange, v Verifier) bool
	}{
		{"salt needs a zero", []byte{0x80, 1}, always},
		{"salt starts with zeros", []byte{0, 0, 0x80, 1}, always},
		{"salt is zero", []byte{0, 0}, always},
		{"B is short", []byte{1}, func(e *Exchange, _ Verifier) bool { return e.public[0] == 0 }},
		{"B has an odd number of digits", []byte{1}, func(e *Exchange, _ Verifier) bool { return len(e.PublicHex())%2 == 1 }},
		{"B needs a zero", []byte{1}, func(e *Exchange, _ Verifier) bool { return e.public[0] >= 0x80 }},
		{"u is short", []byte{1}, func(e *Exchange, _ Verifier) bool { return scrambler(e.client, e.public[:])[0] == 0 }},
		{"u needs a zero", []byte{1}, func(e *Exchange, _ Verifier) bool { return scrambler(e.client, e.public[:])[0] >= 0x80 }},
		{"S is short", []byte{1}, func(e *Exchange, v Verifier) bool { return shared(e, v).BitLen() <= 3064 }},
		{"S needs a zero", []byte{1}, func(e *Exchange, v Verifier) bool { return shared(e, v).BitLen() == 3072 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := Verifier{Salt: test.salt, Value: verifierValue(id, password, test.salt)}
			for i := range 5000 {
				b := sha256.Sum256(fmt.Append(nil, i))
				e, err := v.challenge(client.PublicHex(), &b)
				if err != nil {
					t.Fatal(err)
				}
				if test.is(e, v) {
					if !answer(t, client, e, v, id) {
						t.Fatal("client and server differ")
					}
					return
				}
			}
			t.Fatal("no such exchange found")
		})
	}
}

func always(*Exchange, Verifier) bool { return true }

// shared computes S with math/big, in the server's way.
func shared(e *Exchange, v Verifier) *big.Int {
	u := scrambler(e.client, e.public[:])
	s := new(big.Int).Exp(new(big.Int).SetBytes(v.Value[:]), new(big.Int).SetBytes(u[:]), prime)
	s.Mul(s, new(big.Int).SetBytes(e.client))
	return s.Exp(s, new(big.Int).SetBytes(e.secret[:]), prime)
}

// A device makes its own verifier, and sends both numbers padded.
func TestDevice(t *testing.T) {
	t.Parallel()
	id := Identity{Pool: "-GroupKey", User: "eu-west-1_8b9f7a3e-0000-4000-8000-1b2c3d4e5f60"}
	const secret = "random password of the device"
	salt := []byte{0xf0, 0x0d}
	value := verifierValue(id, secret, salt)
	v, err := ParseVerifier(pad(salt), pad(value[:]))
	if err != nil {
		t.Fatal(err)
	}
	if !handshake(t, v, id, secret) {
		t.Error("the device is refused")
	}
}

func TestParseVerifier(t *testing.T) {
	t.Parallel()
	salt, good := []byte{1}, []byte{4}
	number := func(n int64) []byte { return new(big.Int).Add(prime, big.NewInt(n)).Bytes() }
	for _, test := range []struct {
		name        string
		salt, value []byte
		ok          bool
	}{
		{"good", salt, good, true},
		{"largest", salt, number(-2), true},
		{"padded", salt, append([]byte{0}, number(-2)...), true},
		{"no salt", nil, good, false},
		{"long salt", make([]byte, maxSalt), good, true},
		{"salt too long", make([]byte, maxSalt+1), good, false},
		{"no value", salt, nil, false},
		{"0", salt, []byte{0}, false},
		{"1", salt, []byte{0, 1}, false},
		{"-1", salt, number(-1), false},
		{"N", salt, number(0), false},
		{"N+2", salt, number(2), false},
		{"value too long", salt, make([]byte, Size+2), false},
	} {
		v, err := ParseVerifier(test.salt, test.value)
		if test.ok != (err == nil) || err != nil && !errors.Is(err, ErrVerifier) {
			t.Errorf("%s: error is %v", test.name, err)
		}
		if err == nil && new(big.Int).SetBytes(v.Value[:]).Cmp(new(big.Int).SetBytes(test.value)) != 0 {
			t.Errorf("%s: value is %x", test.name, v.Value)
		}
	}
}

func TestDecoy(t *testing.T) {
	t.Parallel()
	id := Identity{"pool", "nobody"}
	one, again, other := Decoy([]byte("seed of nobody")), Decoy([]byte("seed of nobody")), Decoy([]byte("seed of nemo"))
	if one.SaltHex() != again.SaltHex() || one.Value != again.Value {
		t.Error("the same seed gives different decoys")
	}
	if one.SaltHex() == other.SaltHex() || one.Value == other.Value {
		t.Error("different seeds give the same decoy")
	}
	if user := NewVerifier(id, "password"); len(one.SaltHex()) != len(user.SaltHex()) {
		t.Error("a decoy's salt is not as long as a user's")
	}
	if handshake(t, one, id, "password") {
		t.Error("a decoy accepts a password")
	}
}

func TestNewVerifierDrawsASalt(t *testing.T) {
	t.Parallel()
	id := Identity{"pool", "user"}
	v, w := NewVerifier(id, "password"), NewVerifier(id, "password")
	if v.SaltHex() == w.SaltHex() || v.Value == w.Value {
		t.Error("two verifiers of one password are equal")
	}
	if v.Matches(Identity{"pool", "other"}, "password") || v.Matches(Identity{"other", "user"}, "password") {
		t.Error("a verifier serves another account")
	}
}

func TestClientRefusesBadChallenges(t *testing.T) {
	t.Parallel()
	good := Challenge{UserID: "user", Salt: "ab", SRPB: "1234", SecretBlock: "AAAA"}
	for name, spoil := range map[string]func(c *Challenge){
		"B = 0":     func(c *Challenge) { c.SRPB = "0" },
		"B = N":     func(c *Challenge) { c.SRPB = primeHex },
		"B no hex":  func(c *Challenge) { c.SRPB = "xyz" },
		"no salt":   func(c *Challenge) { c.Salt = "" },
		"bad block": func(c *Challenge) { c.SecretBlock = "?" },
	} {
		c := good
		if _, _, err := NewClient("pool", "password").Answer(c, someTime); err != nil {
			t.Fatal(err)
		}
		spoil(&c)
		if _, _, err := NewClient("pool", "password").Answer(c, someTime); !errors.Is(err, ErrChallenge) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
