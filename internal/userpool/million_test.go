package userpool

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/job"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/testkit/pgtest"
	"pintail/internal/wire"
)

// million is how many users the pool of BenchmarkListUsers has.
const million = 1_000_000

// BenchmarkListUsers asks for the first page of each filter in a pool of a million
// users. Filling the pool takes a minute or two an engine.
func BenchmarkListUsers(b *testing.B) {
	engines := map[string]func() (store.DB, error){
		"sqlite": func() (store.DB, error) {
			return sqlite.Open(context.Background(), filepath.Join(b.TempDir(), "x.db"), append(Collections(), job.Collections()...)...)
		},
		"postgres": func() (store.DB, error) {
			return postgres.Open(context.Background(), pgtest.Database(b), append(Collections(), job.Collections()...)...)
		},
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			db, err := engines[engine]()
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			benchmarkListUsers(b, db)
		})
	}
}

func benchmarkListUsers(b *testing.B, db store.DB) {
	ctx := context.Background()
	now := clock.Fixed(noon)
	s := New(Config{DB: db, Master: testMaster(b), Clock: now, Jobs: job.New(job.Config{DB: db, Clock: now}), Account: "123456789012", BaseURL: func() string { return "http://localhost:9400" }})
	defer s.Close()
	c := &wire.Call{Op: cognitoidp.ListUsers.Operation, Time: noon, Region: "us-east-1", Account: "123456789012"}
	created, err := s.createUserPool(ctx, c, &cognitoidp.CreateUserPoolRequest{PoolName: "people"})
	if err != nil {
		b.Fatal(err)
	}
	id := created.UserPool.Id
	populate(b, db, id)
	for _, filter := range []string{
		"", `username = "user0500000"`, `username ^= "user05"`, `email = "user0500000@example.org"`, `email ^= "user0"`, `phone_number ^= "+49"`,
		`name ^= "Ada"`, `given_name = "Ada"`, `family_name ^= "L"`, `preferred_username ^= "nick"`, `cognito:user_status = "CONFIRMED"`,
		`status = "Disabled"`, `status = "Enabled"`,
	} {
		b.Run(fmt.Sprintf("filter=%s", filter), func(b *testing.B) {
			var slowest time.Duration
			for b.Loop() {
				begun := time.Now()
				out, err := s.listUsers(ctx, c, &cognitoidp.ListUsersRequest{UserPoolId: id, Filter: filter})
				if err != nil || len(out.Users) == 0 {
					b.Fatalf("%d users, %v", len(out.Users), err)
				}
				slowest = max(slowest, time.Since(begun))
			}
			b.ReportMetric(float64(slowest.Microseconds())/1000, "slowest-ms")
		})
	}
}

// populate puts a million users into a pool.
func populate(b *testing.B, db store.DB, poolID string) {
	b.Helper()
	const batch = 2000
	for first := 0; first < million; first += batch {
		err := db.Update(context.Background(), func(tx store.Tx) error {
			for i := first; i < first+batch; i++ {
				name := fmt.Sprintf("user%07d", i)
				u := newUser(name, map[string]string{
					attrEmail: name + "@example.org", attrPhone: fmt.Sprintf("+49%09d", i), attrName: fmt.Sprintf("Ada %d", i),
					"given_name": "Ada", "family_name": fmt.Sprintf("Lovelace %d", i%1000), attrPreferredUsername: "nick" + name,
				}, noon)
				u.Status, u.Enabled = cognitoidp.UserStatusTypeConfirmed, i%100 != 0
				if err := users.Insert(tx, poolID, name, u); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
