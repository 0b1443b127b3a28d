package postgres

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pintail/internal/store"
	"pintail/internal/testkit/pgtest"
)

func TestErrorsDoNotTellThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://user:s3cret@localhost:port/name",
		"postgres://user:s3cret@localhost/name?sslmode=nonsense",
		"user=user password=s3cret host=localhost port=x",
	} {
		_, err := Open(t.Context(), url, notes)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	url := pgtest.Database(t)
	for suffix, want := range map[string]int32{"": connections, "&pool_max_conns=3": 3} {
		if got := open(t, url+suffix).pool.Config().MaxConns; got != want {
			t.Errorf("%q: %d connections, want %d", suffix, got, want)
		}
	}
}

// Two programs over one database are as two callers in one.
func TestTwoPrograms(t *testing.T) {
	url := pgtest.Database(t)
	programs := []*DB{open(t, url), open(t, url)}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 5 {
				err := programs[i%2].Update(t.Context(), func(tx store.Tx) error {
					n, err := notes.Get(tx, "o", "a")
					if errors.Is(err, store.ErrNotFound) {
						return notes.Insert(tx, "o", "a", &note{"x"})
					}
					if err != nil {
						return err
					}
					return notes.Put(tx, "o", "a", &note{n.Text + "x"})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i, db := range programs {
		err := db.View(t.Context(), func(tx store.Tx) error {
			n, err := notes.Get(tx, "o", "a")
			if err == nil && len(n.Text) != 16*5 {
				t.Errorf("program %d sees %d updates, want %d", i, len(n.Text), 16*5)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// An update that two transactions want to make is made twice by one of them.
func TestLosersRunAgain(t *testing.T) {
	db := open(t, pgtest.Database(t))
	write := func(text string) func(store.Tx) error {
		return func(tx store.Tx) error { return notes.Put(tx, "o", "a", &note{text}) }
	}
	if err := db.Update(t.Context(), write("first")); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := db.Update(t.Context(), func(tx store.Tx) error {
		n, err := notes.Get(tx, "o", "a")
		if err != nil {
			return err
		}
		if runs++; runs == 1 {
			if err := db.Update(t.Context(), write("second")); err != nil {
				return err
			}
		}
		return write(n.Text + " and third")(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := db.Stats(); runs != 2 || got != (store.Stats{Updates: 3, Commits: 3, Retries: 1}) {
		t.Errorf("%d runs, stats %+v; want 2 runs and one retry", runs, got)
	}
	err = db.View(t.Context(), func(tx store.Tx) error {
		n, err := notes.Get(tx, "o", "a")
		if err == nil && n.Text != "second and third" {
			t.Errorf("text = %q", n.Text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPlans checks that every statement finds its rows by the index that is
// meant for it, and in order, whatever the values of its parameters.
func TestPlans(t *testing.T) {
	url := pgtest.Database(t)
	db := open(t, url)
	err := db.Update(t.Context(), func(tx store.Tx) error {
		for i := range 40 {
			if err := notes.Put(tx, fmt.Sprint(i%2), fmt.Sprint(i), &note{Text: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, url, `ANALYZE directory."note"`) // a small table is the one with odd plans
	table := db.tables[notes.Schema()]
	queries := map[string]string{
		table.get: "note_pkey", table.exists: "note_pkey", table.delete: "note_pkey",
		table.count: "note_pkey", table.deleteAll: "note_pkey", table.put: "note_by_line",
		table.getBy[1]: "note_by_line", table.holder[1]: "note_by_line",
	}
	for w, query := range table.walks {
		queries[query] = map[int]string{store.ByID: "note_pkey", 0: "note_by_text", 1: "note_by_line"}[w.index]
	}
	if len(table.walks) != 12 {
		t.Errorf("%d walks, want 4 for each order", len(table.walks))
	}
	conn, err := db.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "SET plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	for query, index := range queries {
		plan := explain(t, conn.Conn().PgConn(), query)
		byOwner := strings.Contains(strings.ReplaceAll(plan, "((", "("), "Index Cond: (owner = $1)")
		if strings.Count(plan, " Scan ") != 1 || strings.Contains(plan, "Sort") ||
			!strings.Contains(plan, "using "+index+" on note") || !byOwner {
			t.Errorf("%s\n%s", query, plan)
		}
	}
}

// explain returns the plan of a query for parameters that are not known.
func explain(t *testing.T, conn *pgconn.PgConn, query string) string {
	t.Helper()
	n := 1
	for strings.Contains(query, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	text := fmt.Sprintf("PREPARE q AS %s; EXPLAIN EXECUTE q(%s); DEALLOCATE q", query, strings.Repeat(", '1'", n)[2:])
	results, err := conn.Exec(t.Context(), text).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var plan strings.Builder
	for _, row := range results[1].Rows {
		fmt.Fprintf(&plan, "%s\n", row[0])
	}
	return plan.String()
}
