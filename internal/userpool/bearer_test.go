package userpool

import (
	"context"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/store/sqlite"
)

// A user who was disabled, or whose username somebody else has by now, cannot act
// with tokens of before. No operation disables or deletes users yet.
func TestBearerOfAChangedUser(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "x.db"), Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := &pool{UserPoolType: &cognitoidp.UserPoolType{Id: "us-east-1_Test00001"}}
	u := newUser("ada", nil, noon)
	u.Status = cognitoidp.UserStatusTypeConfirmed
	b := &bearer{pool: p, claims: tokenClaims{Username: "ada", Sub: u.Sub, Event: newSignIn(u, noon).Event}}
	check := func(call operation, want string) {
		t.Helper()
		err := db.View(ctx, func(tx store.Tx) error { _, err := b.user(tx, call.call()); return err })
		if got := fmt.Sprint(err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	put := func(u *user) {
		t.Helper()
		if err := db.Update(ctx, func(tx store.Tx) error { return users.Put(tx, p.Id, "ada", u) }); err != nil {
			t.Fatal(err)
		}
	}
	check(ofGetUser, "UserNotFoundException: User does not exist.")
	check(ofGlobalSignOut, "NotAuthorizedException: Access Token has been revoked") // declares no UserNotFoundException
	put(u)
	check(ofGetUser, "<nil>")
	u.Enabled = false
	put(u)
	check(ofGetUser, "NotAuthorizedException: User is disabled.")
	if err := (&attempt{pool: p}).maySignIn(u); fmt.Sprint(err) != "NotAuthorizedException: User is disabled." {
		t.Error(err)
	}
	put(newUser("ada", nil, noon))
	check(ofGetUser, "UserNotFoundException: User does not exist.")
}

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
