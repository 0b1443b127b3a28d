package postgres

import (
	"context"
	"strings"
	"testing"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
	"pintail/internal/testkit/pgtest"
)

var target = eventstoretest.Target{
	Place: func(t testing.TB) string { return pgtest.Database(t) },
	Open:  func(ctx context.Context, place string) (eventstore.Store, error) { return Open(ctx, place) },
}

func TestMain(m *testing.M) { eventstoretest.Main(m, target) }

func TestConformance(t *testing.T) { eventstoretest.Run(t, target) }

func TestKilled(t *testing.T) { eventstoretest.RunCrash(t, target, 3*time.Second) }

func TestKilledErasing(t *testing.T) { eventstoretest.RunEraseCrash(t, target) }

func TestShared(t *testing.T) { eventstoretest.RunShared(t, target) }

func TestNewerSchemaIsRefused(t *testing.T) {
	place := pgtest.Database(t)
	s, err := Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.pool.Exec(t.Context(), "INSERT INTO eventstore.version VALUES ($1)", len(migrations)+1); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), place); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("opening gave %v", err)
	}
}

// TestServerKilled: what was acknowledged outlives the server; while it is away
// appends fail, and afterwards they work again.
func TestServerKilled(t *testing.T) {
	cluster := pgtest.Start(t, "fsync=on")
	s, err := Open(t.Context(), cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := eventstoretest.Sample(100)
	filter := eventstore.Filter{App: list[0].App}
	if err := s.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	cluster.Kill(t)
	if err := s.Append(t.Context(), list); err == nil {
		t.Error("an append succeeded without a server")
	}
	if got := s.Stats().Failures; got != 1 {
		t.Errorf("%d failures are counted", got)
	}
	cluster.Restart(t)
	if err := s.Append(t.Context(), eventstoretest.Renew(list)); err != nil {
		t.Fatal(err)
	}
	counts, err := eventstoretest.CountTypes(t.Context(), s, filter)
	if err != nil || len(counts) != 1 || counts[list[0].Type] != 200 {
		t.Errorf("counts are %v, %v", counts, err)
	}
}

func BenchmarkAppend(b *testing.B) { eventstoretest.Bench(b, target) }
