package passkey_test

import (
	"crypto"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"pintail/internal/userpool/passkey"
	"pintail/internal/userpool/passkey/passkeytest"
)

const origin = "https://app.example.org"

var (
	party  = passkey.RelyingParty{ID: "example.org"}
	strict = passkey.RelyingParty{ID: "example.org", RequiresVerification: true}
	ada    = passkey.User{Handle: []byte("handle of ada"), Name: "ada"}
)

// register makes a passkey as a browser would.
func register(t testing.TB, rp passkey.RelyingParty, key crypto.Signer, lies ...passkeytest.Lie) (*passkeytest.Passkey, *passkey.Credential, error) {
	t.Helper()
	challenge := passkey.NewChallenge()
	options, err := rp.CreationOptions(ada, nil, challenge)
	if err != nil {
		t.Fatal(err)
	}
	held, answer := passkeytest.Create(t, options, origin, key, lies...)
	c, err := rp.Register(answer, challenge)
	return held, c, err
}

// signIn shows a passkey.
func signIn(t testing.TB, rp passkey.RelyingParty, held *passkeytest.Passkey, c *passkey.Credential, lies ...passkeytest.Lie) (bool, error) {
	t.Helper()
	challenge := passkey.NewChallenge()
	options, err := rp.RequestOptions([]passkey.Credential{*c}, challenge)
	if err != nil {
		t.Fatal(err)
	}
	a, err := passkey.ParseAssertion(held.Get(t, options, origin, lies...))
	if err != nil {
		return false, err
	}
	return rp.Verify(a, c, challenge)
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	keys := map[string]crypto.Signer{"ES256": passkeytest.NewES256(t), "RS256": passkeytest.NewRS256(t, 2048)}
	for name, key := range keys {
		for _, format := range []string{"none", "packed"} {
			t.Run(name+" "+format, func(t *testing.T) {
				t.Parallel()
				var lies []passkeytest.Lie
				if format == "packed" {
					lies = append(lies, passkeytest.Packed(t))
				}
				held, c, err := register(t, strict, key, lies...)
				if err != nil {
					t.Fatal(err)
				}
				want := &passkey.Credential{
					ID: held.ID, PublicKey: c.PublicKey, Attachment: "platform", Transports: []string{"internal"},
				}
				if diff := cmp.Diff(want, c); diff != "" {
					t.Fatal(diff)
				}
				for n := range uint32(3) {
					verified, err := signIn(t, strict, held, c)
					if err != nil || !verified || c.SignCount != n+1 {
						t.Fatalf("%v %v, counter %d", verified, err, c.SignCount)
					}
				}
			})
		}
	}
}

// What browsers read: the members of the standard's JSON forms, nothing else.
func TestOptions(t *testing.T) {
	t.Parallel()
	has := []passkey.Credential{{ID: []byte{0xfb, 0xff}, Transports: []string{"internal", "hybrid"}}, {ID: []byte{1}}}
	got, err := strict.CreationOptions(passkey.User{Handle: []byte{0xfb, 0xff}, Name: "ada"}, has, []byte{0, 0xfb, 0xff})
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, `{
		"rp": {"id": "example.org", "name": "example.org"},
		"user": {"id": "-_8", "name": "ada", "displayName": "ada"},
		"challenge": "APv_", "timeout": 60000,
		"pubKeyCredParams": [{"alg": -7, "type": "public-key"}, {"alg": -257, "type": "public-key"}],
		"excludeCredentials": [{"id": "-_8", "type": "public-key"}, {"id": "AQ", "type": "public-key"}],
		"authenticatorSelection": {"requireResidentKey": true, "residentKey": "required", "userVerification": "required"}}`)
	got, err = party.RequestOptions(has, []byte{0, 0xfb, 0xff})
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, `{
		"challenge": "APv_", "timeout": 180000, "rpId": "example.org", "userVerification": "preferred",
		"allowCredentials": [
			{"id": "-_8", "type": "public-key", "transports": ["internal", "hybrid"]},
			{"id": "AQ", "type": "public-key", "transports": []}]}`)
}

func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal([]byte(want), &b)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Error(diff)
	}
}

func TestRegistrationsRefused(t *testing.T) {
	t.Parallel()
	key, other := passkeytest.NewES256(t), passkeytest.NewES256(t)
	point := func() map[int]any { return passkeytest.COSE(t, key) }
	tests := []struct {
		name string
		rp   passkey.RelyingParty
		lies []passkeytest.Lie
		want error
	}{
		{"an assertion", party, lie(func(c *passkeytest.Ceremony) { c.Type = "webauthn.get" }), passkey.ErrMalformed},
		{"another challenge", party, lie(func(c *passkeytest.Ceremony) { c.Challenge = "AAAA" }), passkey.ErrChallenge},
		{"no challenge", party, lie(func(c *passkeytest.Ceremony) { c.Challenge = "" }), passkey.ErrChallenge},
		{"another site", party, lie(func(c *passkeytest.Ceremony) { c.Origin = "https://example.com" }), passkey.ErrOrigin},
		{"in a frame of another site", party, lie(func(c *passkeytest.Ceremony) { c.CrossOrigin = true }), passkey.ErrOrigin},
		{"another relying party", party, lie(func(c *passkeytest.Ceremony) { c.RPID = "app.example.org" }), passkey.ErrRelyingParty},
		{"nobody there", party, lie(func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserPresent }), passkey.ErrUnsupported},
		{"user not verified", strict, lie(func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified }), passkey.ErrUnsupported},
		{"backed up without being eligible", party, lie(func(c *passkeytest.Ceremony) { c.Flags |= passkeytest.BackedUp }), passkey.ErrUnsupported},
		{"P-256 with another algorithm", party, lie(public(point(), 3, -35)), passkey.ErrUnsupported},
		{"a point off the curve", party, lie(public(point(), -2, make([]byte, 32))), passkey.ErrUnsupported},
		{"Ed25519", party, lie(func(c *passkeytest.Ceremony) {
			c.Public = map[int]any{1: 1, 3: -8, -1: 6, -2: make([]byte, 32)}
		}), passkey.ErrUnsupported},
		{"a short RSA key", party, lie(func(c *passkeytest.Ceremony) { c.Public = rsaKey(1024) }), passkey.ErrUnsupported},
		{"a huge RSA key", party, lie(func(c *passkeytest.Ceremony) { c.Public = rsaKey(8192) }), passkey.ErrUnsupported},
		{"RSA with SHA-1", party, lie(func(c *passkeytest.Ceremony) { k := rsaKey(2048); k[3] = -65535; c.Public = k }), passkey.ErrUnsupported},
		{"a key that is no map", party, lie(func(c *passkeytest.Ceremony) { c.Public = 7 }), passkey.ErrUnsupported},
		{"statement without a format", party, lie(func(c *passkeytest.Ceremony) { c.Statement = map[string]any{"x": 1} }), passkey.ErrUnsupported},
		{"unknown format", party, lie(func(c *passkeytest.Ceremony) { c.Format = "tpm" }), passkey.ErrUnsupported},
		{"packed by a certificate", party, append(lie(passkeytest.Packed(t)), func(c *passkeytest.Ceremony) {
			c.Statement["x5c"] = [][]byte{{1}}
		}), passkey.ErrUnsupported},
		{"packed by another key", party, lie(func(c *passkeytest.Ceremony) {
			c.Signer = other
			passkeytest.Packed(t)(c)
		}), passkey.ErrUnsupported},
		{"packed without a signature", party, lie(func(c *passkeytest.Ceremony) {
			c.Format, c.Statement = "packed", map[string]any{"alg": -7}
		}), passkey.ErrUnsupported},
		{"too many transports", party, lie(func(c *passkeytest.Ceremony) { c.Transports = strings.Split("a b c d e f g h i", " ") }), passkey.ErrMalformed},
		{"a long transport", party, lie(func(c *passkeytest.Ceremony) { c.Transports = []string{strings.Repeat("x", 33)} }), passkey.ErrMalformed},
		{"a long id", party, lie(func(c *passkeytest.Ceremony) { c.ID = make([]byte, 1024) }), passkey.ErrMalformed},
		{"a huge document", party, lie(func(c *passkeytest.Ceremony) { c.Statement = map[string]any{"x": make([]byte, 40<<10)} }), passkey.ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, c, err := register(t, test.rp, key, test.lies...); !errors.Is(err, test.want) || c != nil {
				t.Fatalf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, err := party.Register([]byte(`{}`), passkey.NewChallenge()); !errors.Is(err, passkey.ErrMalformed) {
		t.Error(err)
	}
	// A browser that names another passkey than the authenticator.
	challenge := passkey.NewChallenge()
	options, err := party.CreationOptions(ada, nil, challenge)
	if err != nil {
		t.Fatal(err)
	}
	held, answer := passkeytest.Create(t, options, origin, key)
	answer = []byte(strings.ReplaceAll(string(answer), passkey.Encode(held.ID), passkey.Encode([]byte("another"))))
	if _, err := party.Register(answer, challenge); !errors.Is(err, passkey.ErrUnsupported) {
		t.Error(err)
	}
	// An answer to no challenge at all.
	_, answer = passkeytest.Create(t, []byte(`{"rp":{"id":"example.org"}}`), origin, key)
	if _, err := party.Register(answer, nil); !errors.Is(err, passkey.ErrChallenge) {
		t.Error(err)
	}
}

func lie(l passkeytest.Lie) []passkeytest.Lie { return []passkeytest.Lie{l} }

// public puts another value into a COSE key.
func public(key map[int]any, label int, value any) passkeytest.Lie {
	return func(c *passkeytest.Ceremony) {
		key[label] = value
		c.Public = key
	}
}

// rsaKey is a number of the form and size of an RSA key.
func rsaKey(bits int) map[int]any {
	n := make([]byte, bits/8)
	n[0], n[len(n)-1] = 0xff, 1
	return map[int]any{1: 3, 3: passkeytest.RS256, -1: n, -2: []byte{1, 0, 1}}
}

func TestAssertionsRefused(t *testing.T) {
	t.Parallel()
	other := passkeytest.NewES256(t)
	tests := []struct {
		name string
		rp   passkey.RelyingParty
		lie  passkeytest.Lie
		want error
	}{
		{"a registration", party, func(c *passkeytest.Ceremony) { c.Type = "webauthn.create" }, passkey.ErrMalformed},
		{"another challenge", party, func(c *passkeytest.Ceremony) { c.Challenge = "AAAA" }, passkey.ErrChallenge},
		{"another site", party, func(c *passkeytest.Ceremony) { c.Origin = "https://example.org.evil.com" }, passkey.ErrOrigin},
		{"in a frame of another site", party, func(c *passkeytest.Ceremony) { c.CrossOrigin = true }, passkey.ErrOrigin},
		{"another relying party", party, func(c *passkeytest.Ceremony) { c.RPID = "example.com" }, passkey.ErrRelyingParty},
		{"another key", party, func(c *passkeytest.Ceremony) { c.Signer = other }, passkey.ErrRefused},
		{"nobody there", party, func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserPresent }, passkey.ErrRefused},
		{"user not verified", strict, func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified }, passkey.ErrRefused},
		{"eligible for backup all at once", party, func(c *passkeytest.Ceremony) { c.Flags |= passkeytest.BackupEligible }, passkey.ErrRefused},
		{"the same counter", party, func(c *passkeytest.Ceremony) { c.Counter = 1 }, passkey.ErrCloned},
		{"no counter any more", party, func(c *passkeytest.Ceremony) { c.Counter = 0 }, passkey.ErrCloned},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			held, c, err := register(t, test.rp, passkeytest.NewES256(t))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := signIn(t, test.rp, held, c); err != nil || c.SignCount != 1 {
				t.Fatal(err, c.SignCount)
			}
			if _, err := signIn(t, test.rp, held, c, test.lie); !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if c.SignCount != 1 {
				t.Errorf("a refused answer moved the counter to %d", c.SignCount)
			}
		})
	}
}

// A passkey that is synchronised between devices has no counter, and need not
// verify its user unless that is demanded.
func TestSynchronisedPasskey(t *testing.T) {
	t.Parallel()
	synced := func(c *passkeytest.Ceremony) {
		c.Flags |= passkeytest.BackupEligible | passkeytest.BackedUp
		c.Flags &^= passkeytest.UserVerified
		c.Counter = 0
	}
	held, c, err := register(t, party, passkeytest.NewES256(t), synced)
	if err != nil || !c.BackupEligible || !c.BackedUp {
		t.Fatalf("%+v %v", c, err)
	}
	for range 2 {
		if verified, err := signIn(t, party, held, c, synced); err != nil || verified {
			t.Fatal(verified, err)
		}
	}
	gone := func(c *passkeytest.Ceremony) { synced(c); c.Flags &^= passkeytest.BackedUp }
	if _, err := signIn(t, party, held, c, gone); err != nil || c.BackedUp {
		t.Fatalf("%+v %v", c, err)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	app := "android:apk-key-hash:" + passkey.Encode(make([]byte, 32))
	tests := []struct {
		party, origin string
		allowed       bool
	}{
		{"example.org", "https://example.org", true},
		{"example.org", "https://a.b.example.org", true},
		{"example.org", "https://example.org:8443", true},
		{"example.org", app, true},
		{"localhost", "http://localhost", true},
		{"localhost", "http://localhost:5173", true},
		{"localhost", "https://localhost:5173", true},
		{"example.org", "http://example.org", false},
		{"example.org", "http://localhost", false},
		{"example.org", "https://badexample.org", false},
		{"example.org", "https://example.org.evil.com", false},
		{"example.org", "https://org", false},
		{"example.org", "https://example.org@evil.com", false},
		{"example.org", "https://evil.com/.example.org", false},
		{"example.org", "https://evil.com#.example.org", false},
		{"example.org", "https://evil.com?.example.org", false},
		{"example.org", "https://evil.com\\.example.org", false},
		{"example.org", "https://example.org/", false},
		{"example.org", "//example.org", false},
		{"example.org", "ftp://example.org", false},
		{"example.org", "null", false},
		{"example.org", "", false},
		{"example.org", "android:apk-key-hash:", false},
		{"example.org", "android:apk-key-hash:AAAA", false},
		{"example.org", app + "=", false},
		{"example.org", "ios:bundle-id:org.example", false},
		{"localhost", "http://127.0.0.1", false},
		{"localhost", "http://evil.localhost", false},
		{"", "https://.", false},
	}
	for _, test := range tests {
		rp := passkey.RelyingParty{ID: test.party}
		_, _, err := register(t, rp, passkeytest.NewES256(t), func(c *passkeytest.Ceremony) { c.Origin = test.origin })
		if test.allowed && err != nil || !test.allowed && !errors.Is(err, passkey.ErrOrigin) {
			t.Errorf("%q on %q: %v", test.party, test.origin, err)
		}
	}
}

func TestFriendlyNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ model, attachment, want string }{
		{"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "platform", "Google Password Manager"},
		{"08987058-cadc-4b81-b6e1-30de50dcbe96", "", "Windows Hello"},
		{"00000000-0000-0000-0000-000000000000", "cross-platform", "Roaming passkey"},
		{"00000000-0000-0000-0000-000000000000", "platform", "Passkey"},
		{"00000000-0000-0000-0000-000000000001", "", "Passkey"},
	} {
		c := passkey.Credential{AAGUID: uuid.MustParse(test.model), Attachment: test.attachment}
		if got := c.FriendlyName(); got != test.want {
			t.Errorf("%v: got %q", test, got)
		}
	}
}
