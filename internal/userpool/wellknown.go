package userpool

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"pintail/internal/keys"
)

// discovery is a pool's OpenID configuration. Endpoints of a hosted domain are
// absent, as for any pool without one.
type discovery struct {
	IDTokenAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Issuer            string   `json:"issuer"`
	JWKSURI           string   `json:"jwks_uri"`
	ResponseTypes     []string `json:"response_types_supported"`
	Scopes            []string `json:"scopes_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	TokenAuthMethods  []string `json:"token_endpoint_auth_methods_supported"`
}

// keysFreshFor is how long others may keep a pool's keys: that long after a rotation
// they may not know the new ones.
const keysFreshFor = time.Minute

// serveKeys serves the public keys by which anybody can verify a pool's tokens.
func (s *Service) serveKeys(w http.ResponseWriter, r *http.Request) {
	s.serveDocument(w, r, keysFreshFor, func(p *pool) any { return keys.KeySet(p.verifying(s.clock.Now())...) })
}

// serveDiscovery serves a pool's OpenID configuration.
func (s *Service) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	s.serveDocument(w, r, time.Hour, func(p *pool) any {
		issuer := s.issuer(p.Id)
		return discovery{
			IDTokenAlgorithms: []string{"RS256"},
			Issuer:            issuer,
			JWKSURI:           issuer + "/.well-known/jwks.json",
			ResponseTypes:     []string{"code", "token"},
			Scopes:            []string{"openid", "email", "phone", "profile"},
			SubjectTypes:      []string{"public"},
			TokenAuthMethods:  []string{"client_secret_basic", "client_secret_post"},
		}
	})
}

// serveDocument serves a document about a pool, which anybody may keep for a while.
func (s *Service) serveDocument(w http.ResponseWriter, r *http.Request, fresh time.Duration, of func(*pool) any) {
	p, err := s.pool(r.Context(), r.PathValue("poolId"))
	switch {
	case isAbsent(err):
		http.Error(w, "There is no such user pool.", http.StatusNotFound)
		return
	case err != nil:
		http.Error(w, "The user pool cannot be read now.", http.StatusInternalServerError)
		return
	}
	document, err := json.Marshal(of(p))
	if err != nil {
		http.Error(w, "The document cannot be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", fresh/time.Second))
	_, _ = w.Write(document) // a reader who went away is nobody's fault
}
