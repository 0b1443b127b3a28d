package identitypool

import (
	"encoding/json"
	"net/http"

	"pintail/internal/keys"
	"pintail/internal/wire"
)

// discovery serves the key set under the two paths of cognito-identity's host.
func (s *Service) discovery(r *wire.Router) {
	r.HandleHTTP("GET /.well-known/jwks_uri", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ring, err := s.keys.current(req.Context())
		if err != nil {
			http.Error(w, "The key set cannot be read.", http.StatusInternalServerError)
			return
		}
		writeJSON(w, keys.KeySetRS512(ring.verifying(s.clock.Now())...))
	}))
	r.HandleHTTP("GET /.well-known/openid-configuration", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{
			"issuer": issuer, "jwks_uri": issuer + "/.well-known/jwks_uri",
			"authorization_endpoint": "", "response_types_supported": []string{"token"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS512"},
		})
	}))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has gone when this fails
}
