package idptest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Facebook answers what the Graph API answers about access tokens. As the real one does,
// it repeats a token that it does not know in its message.
type Facebook struct {
	URL string

	mu      sync.Mutex
	fault   Fault
	secrets map[string]string
	tokens  map[string]FacebookToken
}

// FacebookToken is what Facebook knows of an access token.
type FacebookToken struct {
	AppID, UserID string
	Expires       int64  // seconds since 1970; 0 is never
	Expired       bool   // Facebook says so
	Withdrawn     bool   // the user has taken it back
	Type          string // "" is USER
}

// NewFacebook starts a stand-in without apps and tokens, which stops with the test.
func NewFacebook(t testing.TB) *Facebook {
	t.Helper()
	f := &Facebook{secrets: make(map[string]string), tokens: make(map[string]FacebookToken)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug_token", f.debugToken)
	mux.HandleFunc("GET /app", f.whose(func(k FacebookToken) string { return k.AppID }))
	mux.HandleFunc("GET /me", f.whose(func(k FacebookToken) string { return k.UserID }))
	f.URL = serve(t, &f.mu, &f.fault, mux)
	return f
}

// AddApp makes an app known.
func (f *Facebook) AddApp(id, secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secrets[id] = secret
}

// AddToken makes a token known.
func (f *Facebook) AddToken(token string, of FacebookToken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens[token] = of
}

// Fail makes it misbehave from now on.
func (f *Facebook) Fail(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

type object = map[string]any

func graphError(token string, subcode int) object {
	return object{"message": "Error validating access token " + token, "type": "OAuthException", "code": 190, "error_subcode": subcode}
}

func (f *Facebook) debugToken(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	trusted := false
	for id, secret := range f.secrets {
		trusted = trusted || r.FormValue("access_token") == id+"|"+secret
	}
	token := r.FormValue("input_token")
	k, known := f.tokens[token]
	switch {
	case !trusted:
		answer(w, http.StatusBadRequest, object{"error": graphError(r.FormValue("access_token"), 0)})
	case !known:
		answer(w, http.StatusOK, object{"data": object{"is_valid": false, "error": graphError(token, 0)}})
	case k.Expired, k.Withdrawn:
		subcode := 460
		if k.Expired {
			subcode = 463
		}
		answer(w, http.StatusOK, object{"data": object{"is_valid": false, "app_id": k.AppID, "user_id": k.UserID, "error": graphError(token, subcode)}})
	default:
		answer(w, http.StatusOK, object{"data": object{
			"is_valid": true, "app_id": k.AppID, "user_id": k.UserID, "expires_at": k.Expires, "type": or(k.Type, "USER"),
		}})
	}
}

// whose answers about the bearer of the token.
func (f *Facebook) whose(id func(FacebookToken) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		token := r.FormValue("access_token")
		switch k, known := f.tokens[token]; {
		case known && k.Expired:
			answer(w, http.StatusBadRequest, object{"error": graphError(token, 463)})
		case !known, k.Withdrawn:
			answer(w, http.StatusBadRequest, object{"error": graphError(token, 0)})
		default:
			answer(w, http.StatusOK, object{"id": id(k)})
		}
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// serve starts a server that misbehaves as fault says.
func serve(t testing.TB, mu *sync.Mutex, fault *Fault, well http.Handler) string {
	t.Helper()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now := *fault
		mu.Unlock()
		switch now {
		case Silent:
			select {
			case <-r.Context().Done():
			case <-ended:
			}
		case Huge:
			well.ServeHTTP(w, r)
			w.Write(bytes.Repeat([]byte(" "), 4<<20))
		case Broken:
			answer(w, http.StatusInternalServerError, object{"error": r.URL.RawQuery})
		case Garbage:
			w.Write([]byte("<html>" + r.URL.RawQuery))
		case Elsewhere:
			http.Redirect(w, r, "http://localhost:1/?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		default:
			well.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		close(ended)
		server.Close()
	})
	return server.URL
}
