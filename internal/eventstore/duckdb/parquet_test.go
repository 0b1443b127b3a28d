package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/duckdb/duckdb-go/v2/mapping"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/event/eventfile"
	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

// What is exported as Parquet is, to DuckDB, a table with the types of ours, and
// holds what was recorded.
func TestReadsExportedParquet(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := eventstoretest.Sample(70_000) // more than a row group
	list[1].Session, list[1].UserID, list[1].Attributes, list[1].Metrics = eventstore.Session{}, "", nil, nil
	if err := s.Append(ctx, list); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "events.parquet")
	export(t, s, path)

	var db mapping.Database
	if mapping.Open(":memory:", &db) == mapping.StateError {
		t.Fatal("cannot open DuckDB")
	}
	defer mapping.Close(&db)
	c, err := connect(db)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := c.exec("SET TimeZone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	// The columns by name, as they are in our table.
	columns := "0::BIGINT, event_time::TIMESTAMP, arrival::TIMESTAMP, 0::UBIGINT, 0::UBIGINT, session_start::TIMESTAMP, session_stop::TIMESTAMP, coalesce(session_ms, 0)"
	for _, field := range eventstore.TextFields {
		columns += fmt.Sprintf(", coalesce(%s, '')", field.Name)
	}
	sql := fmt.Sprintf("SELECT %s, attributes, metrics FROM read_parquet(%s) ORDER BY event_id", columns, quote(path))
	var got []eventstore.Event
	if err := c.query(ctx, sql, nil, func(r result) error {
		got = append(got, r.events()...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(list) {
		t.Fatalf("%d rows of %d", len(got), len(list))
	}
	for i := range list {
		if diff := cmp.Diff(list[i], got[i]); diff != "" {
			t.Fatalf("row %d: -want +got:\n%s", i, diff)
		}
	}
	var paid int64
	question := fmt.Sprintf("SELECT sum(metrics['amount'])::BIGINT FROM read_parquet(%s) WHERE attributes['plan'] = 'gold'", quote(path))
	if paid, err = c.number(ctx, question); err != nil || paid != 70_000*69_999/2-1 {
		t.Errorf("the amounts are %d, %v", paid, err)
	}
}

func export(t *testing.T, s *Store, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := eventfile.New(eventfile.Parquet, "123456789012", file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scan(t.Context(), eventstore.Query{}, func(_ eventstore.Cursor, e *eventstore.Event) error { return w.Write(e) }); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
