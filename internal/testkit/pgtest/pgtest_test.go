package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"pintail/internal/testkit/pgtest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	one, other := connect(t, pgtest.Database(t)), connect(t, pgtest.Database(t))
	if _, err := one.Exec(t.Context(), "create table here (n int)"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "select * from here"); err == nil {
		t.Error("a table of one database is visible in the other")
	}
}

func TestPrivateClusterTakesSettings(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Start(t, "fsync=on").Database(t))
	var fsync string
	if err := conn.QueryRow(t.Context(), "show fsync").Scan(&fsync); err != nil {
		t.Fatal(err)
	}
	if fsync != "on" {
		t.Errorf("fsync = %q, want on", fsync)
	}
}

func TestKillAndRestartKeepWhatWasCommitted(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	url := cluster.Database(t)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), "create table kept as select 7 as n"); err != nil {
		t.Fatal(err)
	}
	cluster.Kill(t)
	if _, err := conn.Exec(t.Context(), "select 1"); err == nil {
		t.Error("the server answers after Kill")
	}
	cluster.Restart(t)
	var n int
	if err := connect(t, url).QueryRow(t.Context(), "select n from kept").Scan(&n); err != nil || n != 7 {
		t.Errorf("n = %d, %v; want 7", n, err)
	}
}
