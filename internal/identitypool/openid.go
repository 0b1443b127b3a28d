package identitypool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"crypto/rsa"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// issuer is that of every identity pool's tokens: one key set serves all pools,
// and verifiers pin the audience.
const issuer = "https://" + access.CognitoIdentity

// openIDFor is how long a token of GetOpenIdToken lasts.
const openIDFor = 10 * time.Minute

// openIDClaims are the claims of an OpenID token.
type openIDClaims struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"` // identity pool id
	Subject  string   `json:"sub"` // identity id
	AMR      []string `json:"amr"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
}

// signingKey is the server's OpenID key at rest.
type signingKey struct{ Sealed []byte }

var signingKeys = store.NewCollection[signingKey]("identity_signing_key")

// keyOwner and keyID name the one key in the directory.
const keyOwner, keyID = "identity pools", "current"

// openIDKeys reads the key once and makes it when there is none.
type openIDKeys struct {
	db   store.DB
	seal *keys.Sealer

	mu  sync.Mutex
	key *keys.SigningKey
}

func (k *openIDKeys) get(ctx context.Context) (*keys.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != nil {
		return k.key, nil
	}
	fresh, err := keys.NewSigningKey()
	if err != nil {
		return nil, err
	}
	text, err := fresh.MarshalBinary()
	if err != nil {
		return nil, err
	}
	var stored *signingKey
	err = k.db.Update(ctx, func(tx store.Tx) (err error) {
		stored, err = signingKeys.Get(tx, keyOwner, keyID)
		if errors.Is(err, store.ErrNotFound) {
			stored = &signingKey{Sealed: k.seal.Seal(text, keyID)}
			err = signingKeys.Insert(tx, keyOwner, keyID, stored)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if text, err = k.seal.Open(stored.Sealed, keyID); err != nil {
		return nil, err
	}
	k.key, err = keys.ParseSigningKey(text)
	return k.key, err
}

// Forget makes the room read its key anew, after the directory was reset.
func (s *Service) Forget() {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.key = nil
}

// getOpenIDToken implements GetOpenIdToken, the classic flow.
func (s *Service) getOpenIDToken(ctx context.Context, c *wire.Call, in *cognitoidentity.GetOpenIdTokenInput) (*cognitoidentity.GetOpenIdTokenResponse, error) {
	i, p, who, err := s.authenticate(ctx, c, in.IdentityId, in.Logins)
	if err != nil {
		return nil, err
	}
	if !isTrue(p.AllowClassicFlow) {
		return nil, cognitoidentity.InvalidParameterException.New("Basic (classic) flow is not enabled, please use enhanced flow.")
	}
	claims, err := json.Marshal(openIDClaims{
		Issuer: issuer, Audience: who.Audience, Subject: who.Subject, AMR: who.AMR,
		IssuedAt: c.Time.Unix(), Expires: c.Time.Add(openIDFor).Unix(),
	})
	if err != nil {
		return nil, err
	}
	key, err := s.keys.get(ctx)
	if err != nil {
		return nil, err
	}
	token, err := key.Sign(claims)
	return &cognitoidentity.GetOpenIdTokenResponse{IdentityId: i.ID, Token: token}, err
}

// ReadToken implements access.TokenReader for the tokens of GetOpenIdToken.
func (s *Service) ReadToken(ctx context.Context, token string) (access.WebIdentity, error) {
	if unverifiedIssuer(token) != issuer {
		return access.WebIdentity{}, access.ErrForeignToken
	}
	key, err := s.keys.get(ctx)
	if err != nil {
		return access.WebIdentity{}, err
	}
	text, err := keys.Verify(token, func(kid string) *rsa.PublicKey {
		if kid != key.ID() {
			return nil
		}
		return key.Public()
	})
	if err != nil {
		return access.WebIdentity{}, err
	}
	var claims openIDClaims
	if err := json.Unmarshal(text, &claims); err != nil {
		return access.WebIdentity{}, err
	}
	if s.clock.Now().Unix() >= claims.Expires {
		return access.WebIdentity{}, access.ErrTokenExpired
	}
	return access.WebIdentity{
		Provider: access.CognitoIdentity, Audience: claims.Audience, Subject: claims.Subject, AMR: claims.AMR,
	}, nil
}

// unverifiedIssuer reads whose token it claims to be, to choose who verifies it.
func unverifiedIssuer(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// discovery serves the key set under the two paths of cognito-identity's host.
func (s *Service) discovery(r *wire.Router) {
	r.HandleHTTP("GET /.well-known/jwks_uri", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		key, err := s.keys.get(req.Context())
		if err != nil {
			http.Error(w, "The key set cannot be read.", http.StatusInternalServerError)
			return
		}
		writeJSON(w, keys.KeySet(key.VerifyingKey))
	}))
	r.HandleHTTP("GET /.well-known/openid-configuration", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{
			"issuer": issuer, "jwks_uri": issuer + "/.well-known/jwks_uri",
			"authorization_endpoint": "", "response_types_supported": []string{"token"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	}))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has gone when this fails
}
