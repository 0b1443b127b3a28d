package userpool

import (
	"context"
	"encoding/base64"
	"testing"

	"pintail/internal/gen/cognitoidp"
)

// Only the tokens that the room made are good, each for its own use.
func FuzzAccessToken(f *testing.F) {
	r := newRoom(f)
	a := attempt{Service: r.Service, call: ofGetUser.call(), pool: r.pool, client: r.client}
	good, err := a.grant(context.Background(), r.ada)
	if err != nil {
		f.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	for _, seed := range []string{good.AccessToken, good.IdToken, good.RefreshToken, "", "..", "a.b.c",
		encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(`{"iss":"x/`+r.pool.Id+`","token_use":"access"}`)) + "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := r.getUser(t.Context(), ofGetUser.call(), &cognitoidp.GetUserRequest{AccessToken: token})
		if token == good.AccessToken {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		refused(t, cognitoidp.GetUser.Operation, err)
		if _, err := r.VerifyIDToken(t.Context(), r.pool.Id, token); (err == nil) != (token == good.IdToken) {
			t.Fatalf("ID token: %v", err)
		}
		if got, err := r.openRefresh(token, noon); (err == nil) != (token == good.RefreshToken) {
			t.Fatalf("refresh token: %+v %v", got, err)
		}
	})
}
