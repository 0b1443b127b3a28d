package idptest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"pintail/internal/clock"
)

// Fault is a way to misbehave.
type Fault int

// Faults of a provider.
const (
	None        Fault = iota
	Silent            // takes the request and never answers
	Huge              // answers as usual, and goes on for longer than anybody should read
	Broken            // answers with status 500
	Garbage           // answers with what is no JSON
	WrongIssuer       // the discovery document names another issuer
	Elsewhere         // redirects to another host
	NoKeys            // the key set is empty
)

// OIDC is an OpenID Connect issuer.
type OIDC struct {
	// Misspelled, if set, is the issuer that tokens name in place of the real one.
	Misspelled string

	t      testing.TB
	clock  *clock.Clock
	server *httptest.Server
	ended  chan struct{}

	mu           sync.Mutex
	keys         []key
	made         int
	fault        Fault
	cacheControl string
	extraKeys    []json.RawMessage
	asked        map[string]int
	held         chan struct{}
}

// key is a signing key with its public name.
type key struct {
	id     string
	alg    jose.SignatureAlgorithm
	signer crypto.Signer
}

// NewOIDC starts an issuer with one key for each algorithm, RS256 if none is named. It
// dates its tokens by the clock; nil is the machine's. It stops with the test.
func NewOIDC(t testing.TB, c *clock.Clock, algorithms ...string) *OIDC {
	t.Helper()
	if c == nil {
		c = new(clock.Clock)
	}
	p := &OIDC{t: t, clock: c, ended: make(chan struct{}), asked: make(map[string]int)}
	p.Rotate(algorithms...)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", p.serve(p.discovery))
	mux.HandleFunc("/keys", p.serve(p.keySet))
	p.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		close(p.ended)
		p.server.Close()
	})
	return p
}

// Issuer is the issuer's URL.
func (p *OIDC) Issuer() string { return p.server.URL }

// Rotate replaces all keys by new ones, one for each algorithm.
func (p *OIDC) Rotate(algorithms ...string) {
	p.t.Helper()
	if len(algorithms) == 0 {
		algorithms = []string{"RS256"}
	}
	var keys []key
	for _, alg := range algorithms {
		p.made++
		keys = append(keys, key{fmt.Sprintf("key-%d", p.made), jose.SignatureAlgorithm(alg), newSigner(p.t, alg)})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

func newSigner(t testing.TB, alg string) crypto.Signer {
	t.Helper()
	var signer crypto.Signer
	var err error
	switch alg {
	case "ES256":
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		signer, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	default:
		signer, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// Fail makes the issuer misbehave from now on.
func (p *OIDC) Fail(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// CacheControl sets the header of that name on what the issuer answers.
func (p *OIDC) CacheControl(value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cacheControl = value
}

// ListKey adds what a test wrote to the key set.
func (p *OIDC) ListKey(jwk string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.extraKeys = append(p.extraKeys, json.RawMessage(jwk))
}

// Hold lets requests wait until release is called.
func (p *OIDC) Hold() (release func()) {
	held := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = held
	return sync.OnceFunc(func() { close(held) })
}

// Asked tells how often the key set was asked for.
func (p *OIDC) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked["/keys"]
}

// AskedAtAll tells how often anything was asked for.
func (p *OIDC) AskedAtAll() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := 0
	for _, n := range p.asked {
		all += n
	}
	return all
}

// Claims are those of a good ID token that lasts an hour.
func (p *OIDC) Claims(client, subject string) map[string]any {
	now := p.clock.Now()
	issuer := p.Issuer()
	if p.Misspelled != "" {
		issuer = p.Misspelled
	}
	return map[string]any{
		"iss": issuer, "aud": client, "sub": subject,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// Token returns a good ID token.
func (p *OIDC) Token(client, subject string) string {
	p.t.Helper()
	return p.Sign(p.Claims(client, subject), nil)
}

// Sign signs claims with the first key. Members of header are added to the token's
// header, in the place of the usual ones where they have their names.
func (p *OIDC) Sign(claims, header map[string]any) string {
	p.t.Helper()
	return p.SignBy(0, claims, header)
}

// SignBy signs claims with one of the keys, in the order of their algorithms.
func (p *OIDC) SignBy(n int, claims, header map[string]any) string {
	p.t.Helper()
	return p.sign(n, Part(p.t, claims), header)
}

// SignText signs with the first key what need not be claims.
func (p *OIDC) SignText(claims string) string {
	p.t.Helper()
	return p.sign(0, base64.RawURLEncoding.EncodeToString([]byte(claims)), nil)
}

func (p *OIDC) sign(n int, claims string, header map[string]any) string {
	p.t.Helper()
	p.mu.Lock()
	k := p.keys[n]
	p.mu.Unlock()
	usual := map[string]any{"alg": string(k.alg), "kid": k.id, "typ": "JWT"}
	maps.Copy(usual, header)
	maps.DeleteFunc(usual, func(_ string, v any) bool { return v == nil })
	signed := Part(p.t, usual) + "." + claims
	return signed + "." + base64.RawURLEncoding.EncodeToString(k.sign(p.t, []byte(signed)))
}

// Part encodes a part of a token.
func Part(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// sign signs with the key's own algorithm (RFC 7518, section 3).
func (k key) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(k.alg[2:])]
	h := hash.New()
	h.Write(message)
	if e, ok := k.signer.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, e, h.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		size := (e.Params().BitSize + 7) / 8
		signature := make([]byte, 2*size)
		r.FillBytes(signature[:size])
		s.FillBytes(signature[size:])
		return signature
	}
	signature, err := k.signer.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// PublicKey returns the public half of a key, in the order of the algorithms.
func (p *OIDC) PublicKey(n int) crypto.PublicKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[n].signer.Public()
}

// serve lets a handler misbehave.
func (p *OIDC) serve(answer func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked[r.URL.Path]++
		fault, held, cache := p.fault, p.held, p.cacheControl
		p.mu.Unlock()
		if held != nil {
			select {
			case <-held:
			case <-p.ended:
			}
		}
		if cache != "" {
			w.Header().Set("Cache-Control", cache)
		}
		switch fault {
		case Silent:
			select {
			case <-r.Context().Done():
			case <-p.ended:
			}
		case Huge:
			json.NewEncoder(w).Encode(answer())
			w.Write(bytes.Repeat([]byte(" "), 4<<20))
		case Broken:
			http.Error(w, "broken", http.StatusInternalServerError)
		case Garbage:
			fmt.Fprint(w, "<html>")
		case Elsewhere:
			http.Redirect(w, r, "http://localhost:1"+r.URL.Path, http.StatusFound)
		default:
			json.NewEncoder(w).Encode(answer())
		}
	}
}

func (p *OIDC) discovery() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	issuer := p.Issuer()
	if p.fault == WrongIssuer {
		issuer += "/"
	}
	return map[string]any{"issuer": issuer, "jwks_uri": p.Issuer() + "/keys"}
}

func (p *OIDC) keySet() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := []any{}
	if p.fault == NoKeys {
		return map[string]any{"keys": keys}
	}
	for _, extra := range p.extraKeys {
		keys = append(keys, extra)
	}
	for _, k := range p.keys {
		keys = append(keys, jose.JSONWebKey{Key: k.signer.Public(), KeyID: k.id, Algorithm: string(k.alg), Use: "sig"})
	}
	return map[string]any{"keys": keys}
}
