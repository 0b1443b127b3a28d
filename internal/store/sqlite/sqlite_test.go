package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pintail/internal/store"
)

// note is the document of the tests of this package.
type note struct{ Text string }

var notes = store.NewCollection("note",
	store.Index("size", func(n *note) string { return store.Number(int64(len(n.Text))) }),
	store.Unique("line", func(n *note) string { line, _, _ := strings.Cut(n.Text, "\n"); return line }))

// open opens the database at path for the length of a test.
func open(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, notes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// fresh opens an empty database.
func fresh(t testing.TB) *DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "directory.db"))
}

// count returns the number of notes of an owner.
func count(t *testing.T, db *DB, owner string) (n int) {
	t.Helper()
	err := db.View(t.Context(), func(tx store.Tx) (err error) {
		n, err = notes.Count(tx, owner)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOnlyOneProgramAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "directory.db")
	db := open(t, path)
	if _, err := Open(t.Context(), path, notes); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("second Open: %v, want ErrLocked with the path", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestPathIsTakenLiterally(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%41")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "directory.db?mode=memory")
	db := open(t, path)
	err := db.Update(t.Context(), func(tx store.Tx) error { return notes.Put(tx, "o", "a", &note{"x"}) })
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "o"); n != 1 {
		t.Errorf("a view sees %d notes, want 1", n)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	db := fresh(t)
	if n := count(t, db, "o"); n != 0 {
		t.Errorf("%d notes, want none", n)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(db.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", info.Name(), got)
		}
	}
}

func TestCommitsWaitForTheDisk(t *testing.T) {
	db := fresh(t)
	for pragma, want := range map[string]driver.Value{"synchronous": int64(2), "journal_mode": "wal"} {
		if got, err := db.writer.conn.one("PRAGMA " + pragma); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", pragma, got, err, want)
		}
	}
}

// TestPlans checks that no statement reads more than the rows that it returns,
// nor sorts them.
func TestPlans(t *testing.T) {
	db := fresh(t)
	table := db.tables[notes.Schema()]
	queries := []string{table.get, table.exists, table.delete, table.count, table.deleteAll}
	queries = append(append(queries, table.getBy...), table.holder...)
	for _, query := range table.walks {
		queries = append(queries, query)
	}
	if len(table.walks) != 12 {
		t.Errorf("%d walks, want 4 for each order", len(table.walks))
	}
	for _, query := range queries {
		args := make([]driver.Value, strings.Count(query, "?"))
		err := db.writer.conn.query("EXPLAIN QUERY PLAN "+query, args, 4, func(row []driver.Value) error {
			if step := fmt.Sprint(row[3]); !strings.HasPrefix(step, "SEARCH note USING") {
				t.Errorf("%s\n%s", query, step)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}
