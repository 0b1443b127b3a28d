package sigv4_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pintail/internal/sigv4"
)

// What Sign signs, Verify takes; what is changed afterwards, it refuses. That
// Verify agrees with AWS's own signer is shown elsewhere.
func TestSignVerifies(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	verifier := &sigv4.Verifier{Now: func() time.Time { return now }}
	lookup := func(id, token string) (string, error) {
		if id != "AKIDEXAMPLE" || token != "token" {
			return "", sigv4.ErrUnknownKey
		}
		return "secret", nil
	}
	for _, url := range []string{"http://127.0.0.1:9400/", "http://localhost/_pintail/outbox?to=a%2Bb%40example.org&wait=1s", "http://h/v1/apps/a%20b"} {
		body := []byte(`{"a":1}`)
		r := httptest.NewRequest(http.MethodPost, url, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		sigv4.Sign(r, body, sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", Secret: "secret", Token: "token"}, "us-east-1", "pintail", now)
		if _, err := verifier.Verify(r, body, "pintail", lookup); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := verifier.Verify(r, []byte(`{"a":2}`), "pintail", lookup); err == nil {
			t.Errorf("%s: another body is accepted", url)
		}
	}
}
