package userpool

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/store/sqlite"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// operation makes calls without the wire.
type operation struct{ op *model.Operation }

var ofGetUser = operation{cognitoidp.GetUser.Operation}

func (c operation) call() *wire.Call {
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
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "x.db"), slices.Concat(Collections(), job.Collections())...)
	if err != nil {
		t.Fatal(err)
	}
	now := clock.Fixed(noon)
	s := New(Config{
		DB: db, Master: testMaster(t), Clock: now, Account: "123456789012", BaseURL: func() string { return "http://localhost:9400" },
		Jobs: job.New(job.Config{DB: db, Clock: now}), // which nobody runs
	})
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

func testMaster(t testing.TB) *keys.MasterKey {
	t.Helper()
	// A new key each time, so that what another process of a fuzz run made is foreign.
	secret := make([]byte, 32)
	rand.Read(secret)
	master, err := keys.ParseMasterKey(hex.EncodeToString(secret))
	if err != nil {
		t.Fatal(err)
	}
	return master
}
