package identitypool_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"pintail/internal/testkit"
)

// openID asks for a token in the classic flow.
func (w *world) openID(id string, shown map[string]string) (string, error) {
	out, err := w.anyone.GetOpenIdToken(w.ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: &id, Logins: shown})
	if err != nil {
		return "", err
	}
	return *out.Token, nil
}

// classic lets the pool have the classic flow, and developer identities.
func (w *world) classic() {
	w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) {
		in.AllowClassicFlow, in.DeveloperProviderName = new(true), new(developer)
	})
}

func TestClaimsOfOpenIDTokens(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		guest := w.id(nil)
		_, err := w.openID(guest, nil)
		wantError(w.t, err, "InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow.")
		w.classic()
		ada := w.user(w.p, "ada")
		sub := claimsOf(w.t, ada[awsName(w.p)])["sub"].(string)
		user := w.id(ada)
		for id, test := range map[string]struct {
			shown map[string]string
			amr   []string
		}{
			guest: {nil, []string{"unauthenticated"}},
			user:  {ada, []string{"authenticated", awsName(w.p), awsName(w.p) + ":CognitoSignIn:" + sub}},
		} {
			before := time.Now().Unix()
			token, err := w.openID(id, test.shown)
			must(w.t, err)
			w.verifyByKeySet(token)
			claims := claimsOf(w.t, token)
			for name, want := range map[string]any{
				"iss": "https://cognito-identity.amazonaws.com", "aud": w.p.IdentityPool, "sub": id,
				"https://cognito-identity.amazonaws.com/identity-pool-arn": "arn:aws:cognito-identity:us-east-1:" + testkit.Account + ":identitypool/" + w.p.IdentityPool,
			} {
				if claims[name] != want {
					w.t.Errorf("%s is %v, want %v", name, claims[name], want)
				}
			}
			if _, tagged := claims["https://aws.amazon.com/tags"]; tagged {
				w.t.Error("tags that nobody asked for")
			}
			amr, _ := json.Marshal(claims["amr"])
			if want, _ := json.Marshal(test.amr); string(amr) != string(want) {
				w.t.Errorf("amr %s, want %s", amr, want)
			}
			issued, expires := int64(claims["iat"].(float64)), int64(claims["exp"].(float64))
			if issued < before || expires-issued != 600 {
				w.t.Errorf("issued at %d, expires at %d", issued, expires)
			}
		}
	})
}

// verifyByKeySet checks a token as somebody else's server would, with the published keys.
func (w *world) verifyByKeySet(token string) {
	w.t.Helper()
	response, err := http.Get(w.URL() + "/.well-known/jwks_uri")
	must(w.t, err)
	defer response.Body.Close()
	var set struct {
		Keys []struct{ Kid, Alg, Kty, N, E string }
	}
	must(w.t, json.NewDecoder(response.Body).Decode(&set))
	decode := base64.RawURLEncoding.DecodeString
	parts := strings.Split(token, ".")
	var header struct{ Kid, Alg, Typ string }
	text, err := decode(parts[0])
	must(w.t, err)
	must(w.t, json.Unmarshal(text, &header))
	if header.Alg != "RS512" {
		w.t.Errorf("signed with %s", header.Alg)
	}
	signature, err := decode(parts[2])
	must(w.t, err)
	sum := sha512.Sum512([]byte(parts[0] + "." + parts[1]))
	for _, key := range set.Keys {
		n, err := decode(key.N)
		must(w.t, err)
		e, err := decode(key.E)
		must(w.t, err)
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if key.Kid == header.Kid && key.Alg == header.Alg && rsa.VerifyPKCS1v15(public, crypto.SHA512, sum[:], signature) == nil {
			return
		}
	}
	w.t.Errorf("none of %d published keys verifies the token", len(set.Keys))
}

func TestClassicFlow(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.classic()
		ada := w.user(w.p, "ada")
		user := w.id(ada)
		token, err := w.openID(user, ada)
		must(w.t, err)
		got, err := w.assume(token)
		must(w.t, err)
		if *got.SubjectFromWebIdentityToken != user || *got.Provider != "cognito-identity.amazonaws.com" || *got.Audience != w.p.IdentityPool {
			w.t.Errorf("STS sees %+v", got)
		}
		_, vouched := w.vouched("", "bob-1")
		_, err = w.assume(vouched["cognito-identity.amazonaws.com"])
		must(w.t, err)

		// Tokens end with what they say: the classic flow, the login, the pool.
		w.developers()
		_, err = w.assume(token)
		wantError(w.t, err, "InvalidIdentityToken", "")
		_, err = w.assume(vouched["cognito-identity.amazonaws.com"]) // is the back end's to give
		must(w.t, err)
		w.classic()
		_, err = w.assume(token)
		must(w.t, err)
		must(w.t, w.unlink(user, ada, awsName(w.p)))
		_, err = w.assume(token)
		wantError(w.t, err, "InvalidIdentityToken", "")
		_, err = w.root.DeleteIdentityPool(w.ctx, &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool})
		must(w.t, err)
		_, err = w.assume(vouched["cognito-identity.amazonaws.com"])
		wantError(w.t, err, "InvalidIdentityToken", "")
	})
}

func TestExpiredOpenIDToken(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.classic()
	ada := w.user(w.p, "ada")
	token, err := w.openID(w.id(ada), ada)
	must(t, err)
	w.Clock.Advance(601 * time.Second)
	_, err = w.assume(token)
	wantError(t, err, "ExpiredTokenException", "expired")
}
