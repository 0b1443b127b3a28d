package postgres_test

import (
	"context"
	"os"
	"testing"

	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/storetest"
	"pintail/internal/testkit/pgtest"
)

var engine = storetest.Engine{
	Location: pgtest.Database,
	Open: func(ctx context.Context, url string, kinds ...store.Kind) (store.DB, error) {
		return postgres.Open(ctx, url, kinds...)
	},
}

func TestMain(m *testing.M) { storetest.Main(m, engine) }

func TestConformance(t *testing.T) { storetest.Run(t, engine) }

func BenchmarkConformance(b *testing.B) { storetest.Bench(b, engine) }

// TestServerKilled kills the server, and with it the connections of the program
// that writes.
func TestServerKilled(t *testing.T) {
	cluster := pgtest.Start(t)
	url := cluster.Database(t)
	for range 2 {
		storetest.Survive(t, engine, url, func(*os.Process) {
			cluster.Kill(t)
			cluster.Restart(t)
		})
	}
}
