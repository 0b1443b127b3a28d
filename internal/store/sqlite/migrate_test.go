package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pintail/internal/store"
	"pintail/internal/store/storetest"
)

// run runs SQL text on the database at path.
func run(t *testing.T, path, text string) {
	t.Helper()
	c, err := openConn(path, writing)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.db.Exec(text, nil); err != nil {
		t.Fatal(err)
	}
}

func TestOpensVersion1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "directory.db")
	text, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	run(t, path, string(text))
	storetest.Version1(t, storetest.Engine{Open: openAny}, path)
}

func openAny(ctx context.Context, path string, kinds ...store.Kind) (store.DB, error) {
	return Open(ctx, path, kinds...)
}

func TestRefusesNewerVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "directory.db")
	open(t, path).Close()
	run(t, path, "UPDATE schema SET version = version + 1")
	if _, err := Open(t.Context(), path, notes); !errors.Is(err, store.ErrNewer) {
		t.Errorf("Open: %v, want ErrNewer", err)
	}
}

func TestRefusesWhatIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "directory.db")
	if err := os.WriteFile(path, []byte("this has been something else for long enough, and is not to be overwritten"), 0o600); err != nil {
		t.Fatal(err)
	}
	if db, err := Open(t.Context(), path, notes); err == nil {
		db.Close()
		t.Error("a file that is no database was opened")
	}
}

func TestUpgradeTakesMissingSteps(t *testing.T) {
	c, err := openConn(filepath.Join(t.TempDir(), "directory.db"), writing)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	steps := append(slices.Clone(migrations), "CREATE TABLE two (n INTEGER)", "ALTER TABLE two RENAME TO three; INSERT INTO three VALUES (3)")
	for _, known := range []int{len(steps) - 2, len(steps) - 1, len(steps), len(steps)} {
		if err := upgrade(c, steps[:known]); err != nil {
			t.Fatal(err)
		}
		if got, err := version(c); err != nil || got != known {
			t.Errorf("version = %d, %v; want %d", got, err, known)
		}
	}
	if n, err := c.one("SELECT sum(n) FROM three"); err != nil || n != int64(3) {
		t.Errorf("sum = %v, %v; want 3: every step once", n, err)
	}
}
