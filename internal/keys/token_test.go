package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"
)

// The two keys of a pool, made once for all tests.
var poolKeys = sync.OnceValue(func() [2]*SigningKey {
	var keys [2]*SigningKey
	for i := range keys {
		key, err := NewSigningKey()
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

// only finds one key.
func only(k *SigningKey) func(string) *rsa.PublicKey {
	return func(kid string) *rsa.PublicKey {
		if kid != k.ID() {
			return nil
		}
		return k.Public()
	}
}

func mustSign(t testing.TB, k *SigningKey, claims string) string {
	t.Helper()
	token, err := k.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestSigningKeyForms(t *testing.T) {
	t.Parallel()
	key := poolKeys()[0]
	if !regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`).MatchString(key.ID()) {
		t.Errorf("kid is %q", key.ID())
	}
	if key.ID() == poolKeys()[1].ID() {
		t.Error("two keys have one id")
	}
	document, err := json.Marshal(KeySet(key.VerifyingKey))
	if err != nil {
		t.Fatal(err)
	}
	form := `^{"keys":\[{"alg":"RS256","e":"AQAB","kid":"` + regexp.QuoteMeta(key.ID()) + `","kty":"RSA","n":"[A-Za-z0-9_-]{342}","use":"sig"}\]}$`
	if !regexp.MustCompile(form).Match(document) {
		t.Errorf("key set is %s", document)
	}
	header, err := base64.RawURLEncoding.DecodeString(strings.Split(mustSign(t, key, "{}"), ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"kid":"` + key.ID() + `","alg":"RS256"}`; string(header) != want {
		t.Errorf("header is %s, want %s", header, want)
	}
	if empty, err := json.Marshal(KeySet()); err != nil || string(empty) != `{"keys":[]}` {
		t.Errorf("empty key set is %s, %v", empty, err)
	}
}

// Another implementation reads our key set and accepts our tokens.
func TestOthersVerifyOurTokens(t *testing.T) {
	t.Parallel()
	keys := poolKeys()
	document, err := json.Marshal(KeySet(keys[0].VerifyingKey, keys[1].VerifyingKey))
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(document, &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		claims := `{"sub":"` + key.ID() + `"}`
		parsed, err := jose.ParseSigned(mustSign(t, key, claims), []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		got, err := parsed.Verify(set.Key(parsed.Signatures[0].Header.KeyID)[0])
		if err != nil || string(got) != claims {
			t.Errorf("claims %s, error %v", got, err)
		}
		public := set.Key(key.ID())[0]
		print, err := public.Thumbprint(crypto.SHA256)
		if err != nil || base64.StdEncoding.EncodeToString(print) != key.ID() {
			t.Errorf("thumbprint %x, error %v", print, err)
		}
	}
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	key := poolKeys()[0]
	rapid.Check(t, func(t *rapid.T) {
		claims := rapid.SliceOf(rapid.Byte()).Draw(t, "claims")
		token, err := key.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Verify(token, only(key))
		if err != nil || !bytes.Equal(got, claims) {
			t.Fatalf("claims %q, error %v", got, err)
		}
		i := rapid.IntRange(0, len(token)-1).Draw(t, "position")
		changed := []byte(token)
		changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if got, err := Verify(string(changed), only(key)); !errors.Is(err, ErrToken) || got != nil {
			t.Fatalf("changed at %d: claims %q, error %v", i, got, err)
		}
	})
}

func TestSigningKeyAtRest(t *testing.T) {
	t.Parallel()
	key := poolKeys()[0]
	data, err := key.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseSigningKey(data)
	if err != nil {
		t.Fatal(err)
	}
	if back.ID() != key.ID() || back.JWK() != key.JWK() {
		t.Error("the key changed its name")
	}
	if _, err := Verify(mustSign(t, back, "{}"), only(key)); err != nil {
		t.Error(err)
	}

	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) []byte {
		data, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, data := range map[string][]byte{
		"nothing":       nil,
		"garbage":       []byte("garbage"),
		"truncated":     data[:len(data)-1],
		"PKCS #1":       x509.MarshalPKCS1PrivateKey(back.private),
		"small":         pkcs8(small),
		"another curve": pkcs8(curve),
	} {
		if _, err := ParseSigningKey(data); !errors.Is(err, ErrSigningKey) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	key, other := poolKeys()[0], poolKeys()[1]
	const claims = `{"sub":"user"}`
	good := mustSign(t, key, claims)
	part := strings.Split(good, ".")
	header := `{"kid":"` + key.ID() + `","alg":"RS256"}`

	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	// hs256 signs with a public key as if it were a shared secret.
	hs256 := func(secret []byte, header string) string {
		signed := encode(header) + "." + encode(claims)
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return signed + "." + encode(string(mac.Sum(nil)))
	}
	// withHeader is signed properly, under another header.
	withHeader := func(header string) string {
		forger := *key
		forger.header = encode(header)
		return mustSign(t, &forger, claims)
	}
	hsHeader := strings.Replace(header, "RS256", "HS256", 1)
	signature, err := base64.RawURLEncoding.DecodeString(part[2])
	if err != nil {
		t.Fatal(err)
	}

	for name, token := range map[string]string{
		"empty":                       "",
		"dots":                        "..",
		"two parts":                   part[0] + "." + part[1],
		"four parts":                  good + "." + part[2],
		"an encrypted token's shape":  good + ".AAAA.AAAA",
		"no signature":                part[0] + "." + part[1] + ".",
		"alg none":                    encode(`{"kid":"`+key.ID()+`","alg":"none"}`) + "." + part[1] + ".",
		"alg none, signed":            encode(`{"kid":"`+key.ID()+`","alg":"none"}`) + "." + part[1] + "." + part[2],
		"HS256 with the DER key":      hs256(public, hsHeader),
		"HS256 with the PEM key":      hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), hsHeader),
		"HS256 with the modulus":      hs256(key.Public().N.Bytes(), hsHeader),
		"HS256 under RS256's name":    hs256(public, header),
		"RS384 by name":               withHeader(strings.Replace(header, "RS256", "RS384", 1)),
		"PS256 by name":               withHeader(strings.Replace(header, "RS256", "PS256", 1)),
		"lower-case alg":              withHeader(strings.ToLower(header)),
		"members in another order":    withHeader(`{"alg":"RS256","kid":"` + key.ID() + `"}`),
		"one member more":             withHeader(`{"kid":"` + key.ID() + `","typ":"JWT","alg":"RS256"}`),
		"a key of its own":            withHeader(`{"kid":"` + key.ID() + `","jwk":{},"alg":"RS256"}`),
		"no kid":                      withHeader(`{"alg":"RS256"}`),
		"empty kid":                   withHeader(`{"kid":"","alg":"RS256"}`),
		"white space in the header":   withHeader(header + " "),
		"escape in the kid":           withHeader(`{"kid":"\u0041","alg":"RS256"}`),
		"another key's kid":           withHeader(`{"kid":"` + other.ID() + `","alg":"RS256"}`),
		"another key under this kid":  strings.Join([]string{part[0], part[1], strings.Split(mustSign(t, other, claims), ".")[2]}, "."),
		"another pool's token":        mustSign(t, other, claims),
		"other claims":                part[0] + "." + encode(`{"sub":"root"}`) + "." + part[2],
		"padded":                      good + "=",
		"line break at the end":       good + "\n",
		"line break in the signature": good[:len(good)-9] + "\n" + good[len(good)-9:],
		"line break in the header":    good[:9] + "\r\n" + good[9:],
		"standard base64":             part[0] + "." + part[1] + "." + base64.RawStdEncoding.EncodeToString(signature) + "+",
		"short signature":             part[0] + "." + part[1] + "." + encode(string(signature[:255])),
		"long signature":              part[0] + "." + part[1] + "." + encode("\x00"+string(signature)),
		"signature plus N":            part[0] + "." + part[1] + "." + encode(plusModulus(signature, key)),
		"too long":                    mustSign(t, key, strings.Repeat(" ", MaxToken)),
	} {
		claims, err := Verify(token, only(key))
		if !errors.Is(err, ErrToken) || claims != nil {
			t.Errorf("%s: claims %q, error %v", name, claims, err)
		}
	}
	if _, err := Verify(good, only(key)); err != nil {
		t.Errorf("the good token: %v", err)
	}
	if _, err := Verify(good, func(string) *rsa.PublicKey { return other.Public() }); !errors.Is(err, ErrToken) {
		t.Errorf("verified with the wrong key: %v", err)
	}
}

// plusModulus returns signature + N, which is the same number modulo N.
func plusModulus(signature []byte, key *SigningKey) string {
	sum := new(big.Int).SetBytes(signature)
	return string(sum.Add(sum, key.Public().N).Bytes())
}

func FuzzVerify(f *testing.F) {
	key := poolKeys()[0]
	good := mustSign(f, key, `{"sub":"user"}`)
	for _, s := range []string{good, "", ".", "..", "...", good[:len(good)-1], good + ".", encode(`{"alg":"none"}`) + ".e30."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := Verify(token, only(key))
		if (err == nil) != (token == good) {
			t.Fatalf("%q: claims %q, error %v", token, claims, err)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	key, claims := poolKeys()[0], make([]byte, 600)
	for b.Loop() {
		if _, err := key.Sign(claims); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key := poolKeys()[0]
	token, err := key.Sign(make([]byte, 600))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Verify(token, only(key)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewSigningKey(b *testing.B) {
	for b.Loop() {
		if _, err := NewSigningKey(); err != nil {
			b.Fatal(err)
		}
	}
}
