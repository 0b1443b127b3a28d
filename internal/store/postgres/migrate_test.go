package postgres

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"pintail/internal/store"
	"pintail/internal/store/storetest"
	"pintail/internal/testkit/pgtest"
)

// note is the document of the tests of this package.
type note struct{ Text string }

var notes = store.NewCollection("note",
	store.Index("text", func(n *note) string { return n.Text }),
	store.Unique("line", func(n *note) string { line, _, _ := strings.Cut(n.Text, "\n"); return line }))

// open opens the database at url for the length of a test.
func open(t *testing.T, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url, notes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// run runs SQL text on the database at url.
func run(t *testing.T, url, text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func TestOpensVersion1(t *testing.T) {
	url := pgtest.Database(t)
	text, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	run(t, url, string(text))
	storetest.Version1(t, storetest.Engine{Open: openAny}, url)
}

func openAny(ctx context.Context, url string, kinds ...store.Kind) (store.DB, error) {
	return Open(ctx, url, kinds...)
}

func TestRefusesNewerVersion(t *testing.T) {
	url := pgtest.Database(t)
	open(t, url).Close()
	run(t, url, "UPDATE directory.schema SET version = version + 1")
	if _, err := Open(t.Context(), url, notes); !errors.Is(err, store.ErrNewer) {
		t.Errorf("Open: %v, want ErrNewer", err)
	}
}

func TestUpgradeTakesMissingSteps(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	steps := append(slices.Clone(migrations),
		"CREATE TABLE directory.two (n integer)",
		"ALTER TABLE directory.two RENAME TO three; INSERT INTO directory.three VALUES (3)")
	for _, known := range []int{len(steps) - 2, len(steps) - 1, len(steps), len(steps)} {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			if err := upgrade(t.Context(), tx, steps[:known]); err != nil {
				return err
			}
			got, err := version(t.Context(), tx)
			if got != known {
				t.Errorf("version = %d, want %d", got, known)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var sum int
	if err := conn.QueryRow(t.Context(), "SELECT sum(n) FROM directory.three").Scan(&sum); err != nil || sum != 3 {
		t.Errorf("sum = %d, %v; want 3: every step once", sum, err)
	}
}

// Programs that start together over an empty database must not trip over each other.
func TestOpenTogether(t *testing.T) {
	url := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := Open(t.Context(), url, notes)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.View(t.Context(), func(tx store.Tx) error { _, err := notes.Count(tx, "o"); return err }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
