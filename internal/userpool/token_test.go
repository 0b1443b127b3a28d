package userpool_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

// claimsOf verifies a token as a resource server would, by the pool's published
// keys, and returns its claims and the key that signed it.
func (w *world) claimsOf(pool, token *string) (claims map[string]any, kid string) {
	w.t.Helper()
	var set jose.JSONWebKeySet
	if status := w.get("/"+*pool+"/.well-known/jwks.json", &set); status != http.StatusOK {
		w.t.Fatalf("status %d", status)
	}
	signed, err := jose.ParseSigned(*token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		w.t.Fatal(err)
	}
	kid = signed.Signatures[0].Header.KeyID
	found := set.Key(kid)
	if len(found) != 1 {
		w.t.Fatalf("%d keys are called %s", len(found), kid)
	}
	text, err := signed.Verify(found[0])
	if err != nil {
		w.t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&claims); err != nil {
		w.t.Fatal(err)
	}
	return claims, kid
}

func TestTokens(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(withCustom)
		app := w.app(p, func(in *idp.CreateUserPoolClientInput) {
			in.ReadAttributes = []string{"email", "email_verified", "updated_at", "address", "custom:tier", "custom:born", "nickname"}
			in.AccessTokenValidity, in.IdTokenValidity = aws.Int32(15), aws.Int32(1800)
			in.TokenValidityUnits = &types.TokenValidityUnitsType{AccessToken: "minutes", IdToken: "seconds"}
		})
		out := w.signUp(app, "ada", "email", "ada@example.org", "name", "hidden", "updated_at", "1470957431", "address", "12 St James",
			"custom:tier", "gold", "custom:born", "1815")
		w.confirm(app, "ada", "ada@example.org")
		result := w.signIn(app, "ada")
		if result.ExpiresIn != 900 {
			t.Errorf("ExpiresIn %d", result.ExpiresIn)
		}
		access, accessKey := w.claimsOf(p.Id, result.AccessToken)
		id, idKey := w.claimsOf(p.Id, result.IdToken)
		if accessKey == idKey {
			t.Error("one key signs both tokens")
		}
		if id["jti"] == access["jti"] || id["origin_jti"] != access["origin_jti"] || id["event_id"] != access["event_id"] {
			t.Errorf("ids: %v %v", id, access)
		}
		now := w.clock.Now().Unix()
		wantAccess := map[string]any{
			"sub": *out.UserSub, "iss": w.url + "/" + *p.Id, "token_use": "access", "scope": "aws.cognito.signin.user.admin",
			"client_id": *app.ClientId, "username": "ada", "auth_time": number(now), "iat": number(now), "exp": number(now + 900),
			"jti": access["jti"], "origin_jti": access["origin_jti"], "event_id": access["event_id"],
		}
		if diff := cmp.Diff(wantAccess, access); diff != "" {
			t.Error("access token:", diff)
		}
		wantID := map[string]any{
			"sub": *out.UserSub, "iss": w.url + "/" + *p.Id, "token_use": "id", "aud": *app.ClientId, "cognito:username": "ada",
			"auth_time": number(now), "iat": number(now), "exp": number(now + 1800),
			"jti": id["jti"], "origin_jti": id["origin_jti"], "event_id": id["event_id"],
			"email": "ada@example.org", "email_verified": true, "updated_at": json.Number("1470957431"),
			"address": map[string]any{"formatted": "12 St James"}, "custom:tier": "gold", "custom:born": "1815",
		}
		if diff := cmp.Diff(wantID, id); diff != "" {
			t.Error("ID token:", diff)
		}
		for _, name := range []string{"jti", "origin_jti", "event_id"} {
			if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(access[name].(string)) {
				t.Errorf("%s is %v", name, access[name])
			}
		}
		for _, token := range []string{*result.AccessToken, *result.IdToken} {
			header, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
			if err != nil || !regexp.MustCompile(`^\{"kid":"[A-Za-z0-9+/]{43}=","alg":"RS256"\}$`).Match(header) {
				t.Errorf("header %s", header)
			}
		}
	})
}

func number(n int64) json.Number { b, _ := json.Marshal(n); return json.Number(b) }

// Without token revocation the tokens do not say which sign-in they come of.
func TestTokensWithoutRevocation(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.EnableTokenRevocation = aws.Bool(false) })
	w.member(app, "ada")
	result := w.signIn(app, "ada")
	for _, token := range []*string{result.AccessToken, result.IdToken} {
		if claims, _ := w.claimsOf(p.Id, token); claims["origin_jti"] != nil {
			t.Errorf("origin_jti in %v", claims)
		}
	}
	_, err := w.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: app.ClientId, Token: result.RefreshToken})
	wants(t, err, "UnsupportedOperationException", "Token revocation is not enabled for the client.")
}

func TestWellKnown(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	var set struct{ Keys []map[string]string }
	w.get("/"+*p.Id+"/.well-known/jwks.json", &set)
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	for _, key := range set.Keys {
		if key["alg"] != "RS256" || key["e"] != "AQAB" || key["kty"] != "RSA" || key["use"] != "sig" || len(key["kid"]) != 44 || len(key) != 6 {
			t.Errorf("key %v", key)
		}
	}
	var found map[string]any
	w.get("/"+*p.Id+"/.well-known/openid-configuration", &found)
	issuer := w.url + "/" + *p.Id
	if found["issuer"] != issuer || found["jwks_uri"] != issuer+"/.well-known/jwks.json" || found["token_endpoint"] != nil {
		t.Errorf("discovery %v", found)
	}
	for _, document := range []string{"jwks.json", "openid-configuration"} {
		if status := w.get("/us-east-1_Nowhere00/.well-known/"+document, nil); status != http.StatusNotFound {
			t.Errorf("status %d of a pool that does not exist", status)
		}
	}
}

// Tokens and what sits in a client outlive a restart of the server.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	result := w.signIn(app, "ada")
	client := srpClient(app, password)
	asked, err := w.challenge(app, "ada", client)
	if err != nil {
		t.Fatal(err)
	}
	w.start()
	if _, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: result.AccessToken}); err != nil {
		t.Error(err)
	}
	if _, err := w.RespondToAuthChallenge(t.Context(), w.answer(app, client, asked.ChallengeParameters)); err != nil {
		t.Error(err)
	}
	if _, err := w.GetTokensFromRefreshToken(t.Context(), &idp.GetTokensFromRefreshTokenInput{ClientId: app.ClientId, RefreshToken: result.RefreshToken}); err != nil {
		t.Error(err)
	}
}
