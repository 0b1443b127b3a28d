package identitypool_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pintail/internal/keys"
	"pintail/internal/testkit"
)

// BenchmarkGetCredentials is GetCredentialsForIdentity of a user as the server answers it,
// from the bytes of the request to those of the answer, on the embedded stores.
func BenchmarkGetCredentials(b *testing.B) {
	s := testkit.Start(b)
	p := s.NewProject(b)
	tokens := member(b, s, p, "ada")
	id, _, err := s.Visitor(b.Context(), p, "", tokens)
	must(b, err)
	ask(b, s.Handler(), id, map[string]string{awsName(p): tokens.ID})
}

// BenchmarkGetGuestCredentials is the same of a guest.
func BenchmarkGetGuestCredentials(b *testing.B) {
	s := testkit.Start(b)
	p := s.NewProject(b)
	id, _, err := s.Visitor(b.Context(), p, "", testkit.Tokens{})
	must(b, err)
	ask(b, s.Handler(), id, nil)
}

func ask(b *testing.B, server http.Handler, id string, logins map[string]string) {
	b.Helper()
	body, err := json.Marshal(map[string]any{"IdentityId": id, "Logins": logins})
	must(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", "AWSCognitoIdentityService.GetCredentialsForIdentity")
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Error(w.Body)
				return
			}
		}
	})
}

// BenchmarkGetCredentialsFloor is the cryptography alone that the answer to a user cannot
// do without: to verify the ID token, and to seal the session.
func BenchmarkGetCredentialsFloor(b *testing.B) {
	key, err := keys.NewSigningKey()
	must(b, err)
	master, err := keys.ParseMasterKey(strings.Repeat("0123456789abcdef", 4))
	must(b, err)
	sealer := master.Sealer("benchmark")
	token, err := key.Sign(bytes.Repeat([]byte("x"), 600))
	must(b, err)
	session := bytes.Repeat([]byte("x"), 600)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := keys.Verify(token, func(string) *rsa.PublicKey { return key.Public() }); err != nil {
				b.Error(err)
				return
			}
			sealer.SealToken(time.Now(), session, "ASIAEXAMPLE")
		}
	})
}
