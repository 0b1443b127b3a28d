package idp_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

// encoded is a part of a token.
func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// The public key as the secret of an HMAC, in each of the forms that a careless library
// might take for one.
func TestAttackHMACByPublicKey(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "RS256")
	v := validator(t, c)
	accept(t, v, p, p.Token("app", "anna"))
	public := p.PublicKey(0).(*rsa.PublicKey)
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: public})
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"PKIX": pkix, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}), "PKCS #1": x509.MarshalPKCS1PublicKey(public),
		"modulus": public.N.Bytes(), "JWK": jwk, "nothing": nil,
	} {
		for _, alg := range []string{"HS256", "RS256"} {
			signed := encoded(`{"alg":"`+alg+`","kid":"key-1"}`) + "." + idptest.Part(t, p.Claims("app", "anna"))
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(signed))
			token := signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
			t.Run(name+" "+alg, func(t *testing.T) { refuses(t, v, p, token, idp.ErrSignature) })
		}
	}
}

func TestAttackHeaders(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	claims := idptest.Part(t, p.Claims("app", "anna"))
	good := strings.Split(p.Token("app", "anna"), ".")
	signature := "." + good[2]
	payload, err := base64.RawURLEncoding.DecodeString(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := string(payload)
	accept(t, v, p, p.SignText(text))
	for _, test := range []struct {
		name, token string
		want        error
	}{
		{"none", encoded(`{"alg":"none"}`) + "." + claims + ".", idp.ErrSignature},
		{"None", encoded(`{"alg":"None"}`) + "." + claims + ".", idp.ErrSignature},
		{"none with a signature", encoded(`{"alg":"none","kid":"key-1"}`) + "." + claims + signature, idp.ErrSignature},
		{"no algorithm", encoded(`{"kid":"key-1"}`) + "." + claims + signature, idp.ErrSignature},
		{"an algorithm in small letters", encoded(`{"alg":"es256","kid":"key-1"}`) + "." + claims + signature, idp.ErrSignature},
		{"an algorithm that is no text", encoded(`{"alg":["ES256"],"kid":"key-1"}`) + "." + claims + signature, idp.ErrMalformed},
		{"PS256", encoded(`{"alg":"PS256","kid":"key-1"}`) + "." + claims + signature, idp.ErrSignature},
		{"EdDSA", encoded(`{"alg":"EdDSA","kid":"key-1"}`) + "." + claims + signature, idp.ErrSignature},
		{"the algorithm of another kind of key", encoded(`{"alg":"RS256","kid":"key-1"}`) + "." + claims + signature, idp.ErrSignature},
		{"the algorithm of another curve", encoded(`{"alg":"ES384","kid":"key-1"}`) + "." + claims + signature, idp.ErrSignature},
		{"two algorithms", encoded(`{"alg":"none","alg":"ES256","kid":"key-1"}`) + "." + claims + signature, idp.ErrMalformed},
		{"critical extensions", encoded(`{"alg":"ES256","kid":"key-1","crit":["exp"]}`) + "." + claims + signature, idp.ErrUnsupported},
		{"no critical extensions", encoded(`{"alg":"ES256","kid":"key-1","crit":[]}`) + "." + claims + signature, idp.ErrUnsupported},
		{"an unencoded payload", encoded(`{"alg":"ES256","kid":"key-1","b64":false}`) + "." + claims + signature, idp.ErrUnsupported},
		{"an access token", encoded(`{"alg":"ES256","kid":"key-1","typ":"at+jwt"}`) + "." + claims + signature, idp.ErrMalformed},
		{"a logout token", encoded(`{"alg":"ES256","kid":"key-1","typ":"logout+jwt"}`) + "." + claims + signature, idp.ErrMalformed},
		{"no signature", good[0] + "." + good[1] + ".", idp.ErrSignature},
		{"another's claims", good[0] + "." + encoded(`{"iss":"`+p.Issuer()+`","aud":"app","sub":"otto","iat":1795262400,"exp":1795266000}`) + signature, idp.ErrSignature},
		{"subjects twice", p.SignText(strings.Replace(text, "{", `{"sub":"otto",`, 1)), idp.ErrMalformed},
		{"subjects twice, one in escapes", p.SignText(strings.Replace(text, "{", `{"s\u0075b":"otto",`, 1)), idp.ErrMalformed},
		{"claims that are a list", p.SignText("[" + text + "]"), idp.ErrMalformed},
		{"claims that are two", p.SignText(text + text), idp.ErrMalformed},
		{"claims that are no UTF-8", p.SignText(strings.Replace(text, "anna", "an\xffna", 1)), idp.ErrMalformed},
		{"claims that are null", p.SignText("null"), idp.ErrMalformed},
		{"a header that is a list", encoded(`[]`) + "." + claims + signature, idp.ErrMalformed},
		{"padding", good[0] + "." + good[1] + "." + good[2] + "==", idp.ErrSignature},
		{"a line break", good[0] + "\n." + good[1] + "." + good[2], idp.ErrMalformed},
		{"standard base64", "e/+=." + good[1] + "." + good[2], idp.ErrMalformed},
		{"two parts", good[0] + "." + good[1], idp.ErrMalformed},
		{"four parts", strings.Join(good, ".") + ".", idp.ErrMalformed},
		{"five parts, as if encrypted", strings.Join(good, ".") + ".a.b", idp.ErrMalformed},
		{"the JSON form", `{"payload":"` + good[1] + `","protected":"` + good[0] + `","signature":"` + good[2] + `"}`, idp.ErrMalformed},
		{"nothing", "", idp.ErrMalformed},
		{"far too long", strings.Repeat("a", 1<<20), idp.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) { refuses(t, v, p, test.token, test.want) })
	}
	if got := accept(t, v, p, strings.Join(good, ".")); got.Subject != "anna" {
		t.Errorf("subject is %q", got.Subject)
	}
}

// What a token says about its own keys is neither fetched nor believed.
func TestAttackKeyInjection(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	evil := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	jwk := jose.JSONWebKey{Key: evil.PublicKey(0), KeyID: "key-1", Algorithm: "ES256", Use: "sig"}
	for name, header := range map[string]map[string]any{
		"jwk":                {"jwk": jwk},
		"jwk without kid":    {"jwk": jwk, "kid": nil},
		"jku":                {"jku": evil.Issuer() + "/keys"},
		"jku without kid":    {"jku": evil.Issuer() + "/keys", "kid": nil},
		"x5u":                {"x5u": evil.Issuer() + "/keys"},
		"kid that is a URL":  {"kid": evil.Issuer() + "/keys"},
		"kid that is a path": {"kid": "../../../../dev/null"},
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, v, p, evil.Sign(p.Claims("app", "anna"), header), idp.ErrSignature)
		})
	}
	if evil.AskedAtAll() != 0 {
		t.Error("what a token names was fetched")
	}
	// The same headers beside a good signature change nothing.
	accept(t, v, p, p.Sign(p.Claims("app", "anna"), map[string]any{"jwk": jwk, "jku": evil.Issuer() + "/keys", "x5u": evil.Issuer()}))
}

// A secret or a private key in a key set, or one of another purpose, verifies nothing.
func TestAttackKeySet(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256", "RS256")
	v := validator(t, c)
	listed := func(key any, id, use string) {
		text, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: id, Use: use})
		if err != nil {
			t.Fatal(err)
		}
		p.ListKey(string(text))
	}
	evil := idptest.NewOIDC(t, c, "ES256")
	listed([]byte("secret"), "secret", "sig")
	listed(evil.PublicKey(0), "encryption", "enc")
	p.ListKey(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"off the curve"}`)
	p.ListKey(`{"kty":"new","kid":"unknown"}`)
	p.ListKey(`"no key"`)

	signed := encoded(`{"alg":"HS256","kid":"secret"}`) + "." + idptest.Part(t, p.Claims("app", "anna"))
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(signed))
	refuses(t, v, p, signed+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), idp.ErrSignature)
	refuses(t, v, p, evil.Sign(p.Claims("app", "anna"), map[string]any{"kid": "encryption"}), idp.ErrSignature)

	for bits, want := range map[int]error{1024: idp.ErrSignature, 2048: nil} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		q := idptest.NewOIDC(t, c, "ES256")
		text, err := json.Marshal(jose.JSONWebKey{Key: key.Public(), KeyID: "listed", Algorithm: "RS256"})
		if err != nil {
			t.Fatal(err)
		}
		q.ListKey(string(text))
		for alg, hash := range map[string]crypto.Hash{"RS256": crypto.SHA256, "RS384": crypto.SHA384} {
			signed := encoded(`{"alg":"`+alg+`","kid":"listed"}`) + "." + idptest.Part(t, q.Claims("app", "anna"))
			h := hash.New()
			h.Write([]byte(signed))
			signature, err := rsa.SignPKCS1v15(nil, key, hash, h.Sum(nil))
			if err != nil {
				t.Fatal(err)
			}
			token := signed + "." + base64.RawURLEncoding.EncodeToString(signature)
			if want == nil && alg == "RS256" {
				accept(t, v, q, token)
			} else {
				refuses(t, v, q, token, idp.ErrSignature)
			}
		}
	}
	accept(t, v, p, p.Token("app", "anna"))
}

func TestTokenWithoutKeyID(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256", "ES384")
	v := validator(t, c)
	nameless := map[string]any{"kid": nil}
	accept(t, v, p, p.SignBy(0, p.Claims("app", "anna"), nameless))
	accept(t, v, p, p.SignBy(1, p.Claims("app", "anna"), nameless))

	several := idptest.NewOIDC(t, c, "ES256", "ES256")
	refuses(t, v, several, several.Sign(several.Claims("app", "anna"), nameless), idp.ErrSignature)
	accept(t, v, several, several.SignBy(1, several.Claims("app", "anna"), nil))
}
