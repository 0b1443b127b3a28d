package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"pintail/internal/store"
	"pintail/internal/store/sqlite"
	"pintail/internal/store/storetest"
)

var engine = storetest.Engine{
	Location: func(t testing.TB) string { return filepath.Join(t.TempDir(), "directory.db") },
	Open: func(ctx context.Context, path string, kinds ...store.Kind) (store.DB, error) {
		return sqlite.Open(ctx, path, kinds...)
	},
}

func TestMain(m *testing.M) { storetest.Main(m, engine) }

func TestConformance(t *testing.T) { storetest.Run(t, engine) }

func BenchmarkConformance(b *testing.B) { storetest.Bench(b, engine) }
