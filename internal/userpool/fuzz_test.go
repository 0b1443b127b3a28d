package userpool

import (
	"context"
	"encoding/base64"
	"errors"
	"path/filepath"
	"testing"

	"pintail/internal/clock"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/store/sqlite"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

// cognitoidpCall is an operation whose calls a test makes without the wire.
type cognitoidpCall struct{ op *model.Operation }

var (
	ofGetUser       = &cognitoidpCall{cognitoidp.GetUser.Operation}
	ofGlobalSignOut = &cognitoidpCall{cognitoidp.GlobalSignOut.Operation}
)

func (c *cognitoidpCall) wire() *wire.Call {
	return &wire.Call{Op: c.op, Time: noon, Region: "us-east-1", Account: "123456789012"}
}

// room is the room with one pool, one client and one confirmed user, ada.
type room struct {
	*Service
	pool   *pool
	client *client
	ada    *user
}

const adaPassword = "Passw0rd!Example"

func newRoom(t testing.TB) *room {
	t.Helper()
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "x.db"), Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{DB: db, Master: testMaster(t), Clock: clock.Fixed(noon), Account: "123456789012", BaseURL: func() string { return "http://localhost:9400" }})
	t.Cleanup(func() { s.Close(); db.Close() })
	c := &wire.Call{Time: noon, Region: "us-east-1", Account: "123456789012"}
	created, err := s.createUserPool(ctx, c, &cognitoidp.CreateUserPoolRequest{PoolName: "people"})
	if err != nil {
		t.Fatal(err)
	}
	app, err := s.createUserPoolClient(ctx, c, &cognitoidp.CreateUserPoolClientRequest{UserPoolId: created.UserPool.Id, ClientName: "app"})
	if err != nil {
		t.Fatal(err)
	}
	r := &room{Service: s}
	if r.client, r.pool, err = s.client(ctx, app.UserPoolClient.ClientId); err != nil {
		t.Fatal(err)
	}
	r.ada = newUser("ada", map[string]string{attrEmail: "ada@example.org"}, noon)
	r.ada.Status = cognitoidp.UserStatusTypeConfirmed
	if r.ada.Verifier, err = s.sealVerifier(r.pool, r.ada.Sub, srp.NewVerifier(r.pool.identity("ada"), adaPassword)); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(ctx, func(tx store.Tx) error { return users.Insert(tx, r.pool.Id, "ada", r.ada) }); err != nil {
		t.Fatal(err)
	}
	return r
}

// refused fails unless err is an error that the operation declares.
func refused(t *testing.T, op *model.Operation, err error) {
	t.Helper()
	answer, ok := errors.AsType[*model.Error](err)
	if !ok || !op.Declares(answer.Type) {
		t.Fatalf("not a refusal: %v", err)
	}
}

func FuzzAccessToken(f *testing.F) {
	r := newRoom(f)
	a := attempt{Service: r.Service, call: ofGetUser.wire(), pool: r.pool, client: r.client}
	good, err := a.grant(r.ada)
	if err != nil {
		f.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	for _, seed := range []string{good.AccessToken, good.IdToken, good.RefreshToken, "", "..", "a.b.c",
		encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(`{"iss":"x/`+r.pool.Id+`","token_use":"access"}`)) + "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := r.getUser(t.Context(), ofGetUser.wire(), &cognitoidp.GetUserRequest{AccessToken: token})
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

// No answer but that of who knows the password is accepted.
func FuzzSRP(f *testing.F) {
	r := newRoom(f)
	client := srp.NewClient(r.pool.srpName(), "another password")
	f.Add("ada", client.PublicHex(), "AAAA", "BBBB", noon.Format(srp.TimestampLayout))
	f.Add("nobody", "2", "", "!", "now")
	f.Add("", "0", "=", "=", "")
	f.Fuzz(func(t *testing.T, name, public, block, signature, timestamp string) {
		call := &wire.Call{Op: cognitoidp.InitiateAuth.Operation, Time: noon, RequestID: ids.UUID()}
		asked, err := r.initiateAuth(t.Context(), call, &cognitoidp.InitiateAuthRequest{
			ClientId: r.client.ClientId, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth,
			AuthParameters: map[string]string{paramUsername: name, paramSRPA: public},
		})
		if err != nil {
			refused(t, cognitoidp.InitiateAuth.Operation, err)
		} else if block == "" {
			block = asked.ChallengeParameters[paramBlock]
		}
		call = &wire.Call{Op: cognitoidp.RespondToAuthChallenge.Operation, Time: noon}
		_, err = r.respondToAuthChallenge(t.Context(), call, &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: r.client.ClientId, ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier,
			ChallengeResponses: map[string]string{paramUsername: name, paramClaimBlock: block, paramClaim: signature, paramTimestamp: timestamp},
		})
		refused(t, cognitoidp.RespondToAuthChallenge.Operation, err)
	})
}

// BenchmarkSignIn is a whole sign-in by SRP without the wire; BenchmarkSignInFloor
// is the cryptography alone that it cannot do without.
func BenchmarkSignIn(b *testing.B) {
	r := newRoom(b)
	client := srp.NewClient(r.pool.srpName(), adaPassword)
	for b.Loop() {
		asked, err := r.initiateAuth(b.Context(), ofGetUser.wire(), &cognitoidp.InitiateAuthRequest{
			ClientId: r.client.ClientId, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth,
			AuthParameters: map[string]string{paramUsername: "ada", paramSRPA: client.PublicHex()},
		})
		if err != nil {
			b.Fatal(err)
		}
		c := asked.ChallengeParameters
		b.StopTimer()
		timestamp, signature, err := client.Answer(srp.Challenge{UserID: c[paramUserID], Salt: c[paramSalt], SRPB: c[paramSRPB], SecretBlock: c[paramBlock]}, noon)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		_, err = r.respondToAuthChallenge(b.Context(), ofGetUser.wire(), &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: r.client.ClientId, ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier,
			ChallengeResponses: map[string]string{paramUsername: "ada", paramClaimBlock: c[paramBlock], paramClaim: signature, paramTimestamp: timestamp},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignInFloor(b *testing.B) {
	r := newRoom(b)
	id := r.pool.identity("ada")
	v := srp.NewVerifier(id, adaPassword)
	client := srp.NewClient(r.pool.srpName(), adaPassword)
	claims := make([]byte, 600)
	for b.Loop() {
		exchange, err := v.Challenge(client.PublicHex())
		if err != nil {
			b.Fatal(err)
		}
		exchange.Accepts(v, srp.Claim{Identity: id, SecretBlock: claims, Timestamp: noon.Format(srp.TimestampLayout), Signature: claims[:32]})
		for range 2 {
			if _, err := r.pool.accessKey.Sign(claims); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkGetUser(b *testing.B) {
	r := newRoom(b)
	a := attempt{Service: r.Service, call: ofGetUser.wire(), pool: r.pool, client: r.client}
	result, err := a.grant(r.ada)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.getUser(b.Context(), ofGetUser.wire(), &cognitoidp.GetUserRequest{AccessToken: result.AccessToken}); err != nil {
			b.Fatal(err)
		}
	}
}
