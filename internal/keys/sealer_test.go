package keys

import (
	"bytes"
	"encoding/hex"
	"errors"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var someTime = time.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)

// The vectors of the C2SP specification.
func TestXAES(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		key       byte
		aad, want string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		aead, nonce := newXAES(bytes.Repeat([]byte{test.key}, 32)).aead([]byte("ABCDEFGHIJKLMNOPQRSTUVWX"))
		got := aead.Seal(nil, nonce, []byte("XAES-256-GCM"), []byte(test.aad))
		if hex.EncodeToString(got) != test.want {
			t.Errorf("key of %ds: %x, want %s", test.key, got, test.want)
		}
	}
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	key := testKey(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		purpose := rapid.String().Draw(t, "purpose")
		names := rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "names")
		secret := rapid.SliceOf(rapid.Byte()).Draw(t, "secret")

		// A sealer made anew from the same key opens it, as after a restart.
		sealed := key.Sealer(purpose).Seal(secret, names...)
		opened, err := key.Sealer(purpose).Open(sealed, names...)
		if err != nil || !bytes.Equal(opened, secret) {
			t.Fatalf("opened %x: %v", opened, err)
		}
		if len(sealed) != len(secret)+Overhead {
			t.Fatalf("%d bytes became %d", len(secret), len(sealed))
		}
		if again := key.Sealer(purpose).Seal(secret, names...); bytes.Equal(again, sealed) {
			t.Fatal("the same secret was sealed alike twice")
		}
		bit := rapid.IntRange(0, 8*len(sealed)-1).Draw(t, "bit")
		sealed[bit/8] ^= 1 << (bit % 8)
		if _, err := key.Sealer(purpose).Open(sealed, names...); !errors.Is(err, ErrSealed) {
			t.Fatalf("bit %d flipped: error is %v", bit, err)
		}
	})
}

func TestSealedOpensNowhereElse(t *testing.T) {
	t.Parallel()
	key := testKey(t, 1)
	sealer := key.Sealer("purpose")
	sealed := sealer.Seal([]byte("secret"), "pool", "user")
	if _, err := sealer.Open(sealed, "pool", "user"); err != nil {
		t.Fatal(err)
	}
	check := func(name string, s *Sealer, sealed []byte, names ...string) {
		t.Helper()
		if opened, err := s.Open(sealed, names...); !errors.Is(err, ErrSealed) || opened != nil {
			t.Errorf("%s: %q, %v", name, opened, err)
		}
	}
	check("other purpose", key.Sealer("purpose2"), sealed, "pool", "user")
	check("no purpose", key.Sealer(""), sealed, "pool", "user")
	check("other user", sealer, sealed, "pool", "user2")
	check("names swapped", sealer, sealed, "user", "pool")
	check("names joined", sealer, sealed, "pooluser")
	check("names cut elsewhere", sealer, sealed, "poo", "luser")
	check("a name more", sealer, sealed, "pool", "user", "")
	check("a name less", sealer, sealed, "pool")
	check("no names", sealer, sealed)
	check("truncated", sealer, sealed[:len(sealed)-1], "pool", "user")
	check("longer", sealer, append(bytes.Clone(sealed), 0), "pool", "user")
	check("only a header", sealer, sealed[:headerSize], "pool", "user")
	check("nothing", sealer, nil, "pool", "user")
	if _, err := sealer.OpenAt(someTime, sealed, "pool", "user"); !errors.Is(err, ErrSealed) {
		t.Errorf("what is kept was taken for what travels: %v", err)
	}
	check("what travels taken for what is kept", sealer, sealer.SealUntil(time.Time{}, []byte("secret"), "pool", "user"), "pool", "user")

	if _, err := testKey(t, 2).Sealer("purpose").Open(sealed, "pool", "user"); !errors.Is(err, ErrOtherKey) || !errors.Is(err, ErrSealed) {
		t.Errorf("other master key: %v", err)
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	sealer := testKey(t, 1).Sealer("session")
	token := sealer.SealToken(someTime.Add(3*time.Minute), []byte("state"), "client")
	for _, test := range []struct {
		name string
		now  time.Time
		want error
	}{
		{"at once", someTime, nil},
		{"just before", someTime.Add(3*time.Minute - time.Millisecond), nil},
		{"on time", someTime.Add(3 * time.Minute), ErrExpired},
		{"late", someTime.Add(24 * time.Hour), ErrExpired},
	} {
		if state, err := sealer.OpenToken(test.now, token, "client"); !errors.Is(err, test.want) || err == nil && string(state) != "state" {
			t.Errorf("%s: %q, %v", test.name, state, err)
		}
	}
	if _, err := sealer.OpenToken(someTime.Add(24*time.Hour), token, "other client"); !errors.Is(err, ErrSealed) {
		t.Errorf("an old token of another client: %v", err)
	}
	for _, expires := range []time.Time{{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		token := sealer.SealToken(expires, nil)
		if state, err := sealer.OpenToken(someTime.AddDate(1000, 0, 0), token); err != nil || len(state) != 0 {
			t.Errorf("expires %v: %q, %v", expires, state, err)
		}
	}
}

func TestTokenHasOneSpelling(t *testing.T) {
	t.Parallel()
	sealer := testKey(t, 1).Sealer("session")
	token := sealer.SealToken(time.Time{}, []byte("state"))
	if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(token) {
		t.Errorf("not safe in a URL: %s", token)
	}
	for _, other := range []string{"", token + "=", token + "\n", "\n" + token, token[:20] + "\r\n" + token[20:], token + "A", token[1:], " " + token} {
		if _, err := sealer.OpenToken(someTime, other); !errors.Is(err, ErrSealed) {
			t.Errorf("%q: error is %v", other, err)
		}
	}
}

func TestMAC(t *testing.T) {
	t.Parallel()
	key := testKey(t, 1)
	mac := key.Sealer("purpose").MAC("pool", "user")
	if len(mac) != 32 || !bytes.Equal(mac, key.Sealer("purpose").MAC("pool", "user")) {
		t.Error("a MAC is not repeatable")
	}
	for name, other := range map[string][]byte{
		"other key":           testKey(t, 2).Sealer("purpose").MAC("pool", "user"),
		"other purpose":       key.Sealer("purpose2").MAC("pool", "user"),
		"other name":          key.Sealer("purpose").MAC("pool", "user2"),
		"names cut elsewhere": key.Sealer("purpose").MAC("poo", "luser"),
		"no names":            key.Sealer("purpose").MAC(),
	} {
		if bytes.Equal(mac, other) {
			t.Errorf("%s: same MAC", name)
		}
	}
}

// What earlier versions sealed must open for ever. The fingerprint and the MAC
// were computed with another implementation of HKDF and HMAC.
func TestFormatIsStable(t *testing.T) {
	t.Parallel()
	key := testKey(t, 1)
	if got := key.Fingerprint(); got != "9f2c98e64355f746" {
		t.Errorf("fingerprint is %s", got)
	}
	sealer := key.Sealer("purpose")
	if got := hex.EncodeToString(sealer.MAC("pool", "user")); got != "4dbb0796768855566090e45fa84255fb81922932ccef58c325ced6ece4b85ef3" {
		t.Errorf("MAC is %s", got)
	}
	sealed, err := hex.DecodeString("019f2c98e69d1f3ec24b78cac546b32735fc8914df65c90694da56dbbc80ea78afd7460e6488a9263d963c3d68f055c1e6fd45")
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := sealer.Open(sealed, "pool", "user"); err != nil || string(secret) != "secret" {
		t.Errorf("opened %q, error %v", secret, err)
	}
	const token = "AZ8smObG-8m8iuiAR_dC7ujZ4-ky563MYo69raP6GzphEibxp37_8zmVEUyD1dcgANwzUrzRdK3giQ"
	if state, err := sealer.OpenToken(someTime, token, "client"); err != nil || string(state) != "state" {
		t.Errorf("opened %q, error %v", state, err)
	}
}

func FuzzOpenToken(f *testing.F) {
	sealer := testKey(f, 1).Sealer("fuzz")
	good := sealer.SealToken(time.Time{}, []byte("state"), "name")
	f.Add(good)
	f.Add(good[:len(good)-2])
	f.Add(good + "AA")
	f.Add("")
	f.Add("AQAAAAA")
	f.Fuzz(func(t *testing.T, token string) {
		// Whatever opens was sealed here, and only this state was.
		state, err := sealer.OpenToken(someTime, token, "name")
		if err == nil && string(state) != "state" || err != nil && !errors.Is(err, ErrSealed) {
			t.Fatalf("%q: %q, %v", token, state, err)
		}
	})
}

func BenchmarkSealToken(b *testing.B) {
	sealer := testKey(b, 1).Sealer("bench")
	state := make([]byte, 1024)
	for b.Loop() {
		sealer.SealToken(someTime, state, "name")
	}
}

func BenchmarkOpenToken(b *testing.B) {
	sealer := testKey(b, 1).Sealer("bench")
	token := sealer.SealToken(time.Time{}, make([]byte, 1024), "name")
	for b.Loop() {
		if _, err := sealer.OpenToken(someTime, token, "name"); err != nil {
			b.Fatal(err)
		}
	}
}
