package idptest

import (
	"net/http"
	"sync"
	"testing"
)

// Amazon answers what Login with Amazon answers about access tokens.
type Amazon struct {
	URL string

	mu     sync.Mutex
	fault  Fault
	tokens map[string]AmazonToken
}

// AmazonToken is what Amazon knows of an access token.
type AmazonToken struct {
	ClientID, AppID, UserID string
	SecondsLeft             int64
}

// NewAmazon starts a stand-in without tokens, which stops with the test.
func NewAmazon(t testing.TB) *Amazon {
	t.Helper()
	a := &Amazon{tokens: make(map[string]AmazonToken)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /auth/o2/tokeninfo", a.tokenInfo)
	a.URL = serve(t, &a.mu, &a.fault, mux)
	return a
}

// AddToken makes a token known.
func (a *Amazon) AddToken(token string, of AmazonToken) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens[token] = of
}

// Fail makes it misbehave from now on.
func (a *Amazon) Fail(fault Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault = fault
}

func (a *Amazon) tokenInfo(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	token := r.FormValue("access_token")
	k, known := a.tokens[token]
	if !known {
		answer(w, http.StatusBadRequest, object{"error": "invalid_token", "error_description": "The access token " + token + " is not valid"})
		return
	}
	answer(w, http.StatusOK, object{
		"iss": "https://www.amazon.com", "user_id": k.UserID, "aud": k.ClientID, "app_id": k.AppID, "exp": k.SecondsLeft,
	})
}
