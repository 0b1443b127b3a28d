package duckdb

import (
	"context"
	"testing"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

var target = eventstoretest.Target{
	Place: func(t testing.TB) string { return t.TempDir() },
	Open: func(ctx context.Context, place string) (eventstore.Store, error) {
		return Open(ctx, place, Options{})
	},
}

func TestMain(m *testing.M) { eventstoretest.Main(m, target) }

func TestConformance(t *testing.T) { eventstoretest.Run(t, target) }

func TestKilled(t *testing.T) { eventstoretest.RunCrash(t, target, 3*time.Second) }

func TestKilledErasing(t *testing.T) { eventstoretest.RunEraseCrash(t, target) }
