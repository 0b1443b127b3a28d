package trigger_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pintail/internal/gen/cognitoidp"
	signed "pintail/internal/hook"
	"pintail/internal/userpool/trigger"
)

// A receiver tells a call of this server from any other by its signature.
func TestWebhookIsSigned(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	server := hook(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s with %q", r.Method, r.Header.Get("Content-Type"))
		}
		verify := func(key string, body string, now time.Time) error {
			return signed.Verify([]byte(key), r.Header, []byte(body), now)
		}
		if err := verify(secret, string(body), now.Add(time.Minute)); err != nil {
			t.Error(err)
		}
		for name, err := range map[string]error{
			"another secret": verify("another secret of somebody", string(body), now),
			"another body":   verify(secret, string(body)+" ", now),
			"an old call":    verify(secret, string(body), now.Add(6*time.Minute)),
			"a future call":  verify(secret, string(body), now.Add(-6*time.Minute)),
		} {
			if err == nil {
				t.Errorf("%s is accepted", name)
			}
		}
		io.WriteString(w, withResponse(t, body, `{}`))
	})
	if _, err := preSignUp(t, invoker(t, trigger.Options{Now: func() time.Time { return now }}, webhookAt(server.URL))); err != nil {
		t.Error(err)
	}
}

// The signature is what the documentation says, computed here by another tool:
// printf '1764072000.{}' | openssl dgst -sha256 -hmac 'a secret of the receiver'
func TestVerify(t *testing.T) {
	t.Parallel()
	const good = "v1=2abafd95644ace8df716b68ac96a99479e5c19f242d45b9eae86380759f80d14"
	now := time.Unix(1764072000, 0)
	for signature, ok := range map[string]bool{
		good: true, "": false, "v1=": false, good[3:]: false, "v2=" + good[3:]: false, "v1=zz": false, good + "00": false, good[:len(good)-2]: false,
	} {
		h := http.Header{}
		h.Set(signed.TimestampHeader, "1764072000")
		h.Set(signed.SignatureHeader, signature)
		if err := signed.Verify([]byte(secret), h, []byte("{}"), now); (err == nil) != ok {
			t.Errorf("%q: %v", signature, err)
		}
	}
	h := http.Header{}
	h.Set(signed.TimestampHeader, "soon")
	h.Set(signed.SignatureHeader, good)
	if err := signed.Verify([]byte(secret), h, []byte("{}"), now); err == nil {
		t.Error("a timestamp that is no number is accepted")
	}
}

// Whatever is neither an answer nor an error of the function could not be asked.
func TestWebhookOutOfOrder(t *testing.T) {
	t.Parallel()
	elsewhere := hook(t, func(http.ResponseWriter, *http.Request, []byte) { t.Error("a redirect is followed") })
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an unknown certificate is trusted") }))
	t.Cleanup(secure.Close)
	gone := hook(t, nil)
	gone.Close()
	answering := func(f func(w http.ResponseWriter)) string {
		return hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { f(w) }).URL
	}
	for name, test := range map[string]struct{ url, message, reason string }{
		"a redirect": {answering(func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
			io.WriteString(w, `{"errorMessage":"moved"}`)
		}), "HTTP status 307", "307"},
		"a proxy's page": {answering(func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, "<html>Bad Gateway")
		}), "HTTP status 502", "502"},
		"an unknown certificate": {secure.URL, "the function could not be reached", "certificate"},
		"nobody there":           {gone.URL, "the function could not be reached", "refused"},
		"half an answer": {answering(func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{")
		}), "the function could not be reached", "EOF"},
	} {
		_, err := preSignUp(t, invoker(t, trigger.Options{}, webhookAt(test.url)))
		refused(t, name, err, cognitoidp.UnexpectedLambdaException, "PreSignUp invocation failed due to error "+test.message+".", test.reason)
		if errors.Is(err, cognitoidp.UserLambdaValidationException.New("")) {
			t.Errorf("%s counts as an error of the function", name)
		}
	}
}
