package audit_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"pintail/internal/audit"
	"pintail/internal/clock"
	"pintail/internal/gen/iam"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/testkit/pgtest"
	"pintail/internal/wire"
)

func onEveryEngine(t *testing.T, run func(*testing.T, store.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "directory.db"), audit.Collections()...)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		run(t, db)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db, err := postgres.Open(t.Context(), pgtest.Database(t), audit.Collections()...)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		run(t, db)
	})
}

// Each kind of record is kept for its own time, and what waits when the trail is closed is
// written.
func TestTrailKeeps(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		now := clock.Fixed(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
		open := func() *audit.Trail {
			return audit.New(audit.Config{
				DB: db, Clock: now, Log: slog.New(slog.DiscardHandler), Account: "123456789012", Keep: 90 * 24 * time.Hour, KeepData: 24 * time.Hour,
			})
		}
		trail := open()
		note := func(n int) {
			for range n {
				for _, of := range []wire.Audited{
					{Call: &wire.Call{Op: iam.CreateUser.Operation, Time: now.Now()}, Input: &iam.CreateUserRequest{UserName: "ada"}},
					{Call: &wire.Call{Op: pinpoint.PutEvents.Operation, Time: now.Now()}},
				} {
					trail.Note(of)
				}
				now.Advance(time.Millisecond)
			}
		}
		counts := func() (management, data int) {
			t.Helper()
			for kind, n := range map[bool]*int{false: &management, true: &data} {
				page, err := trail.List(t.Context(), audit.Filter{Data: kind, Limit: 5000})
				if err != nil {
					t.Fatal(err)
				}
				*n = len(page.Records)
			}
			return management, data
		}
		note(1200) // more than a batch, and more than one pruning
		trail.Close()
		trail = open()
		defer func() { trail.Close() }()
		if m, d := counts(); m != 1200 || d != 1200 {
			t.Fatalf("%d and %d records after the trail was closed", m, d)
		}
		prune := func() {
			t.Helper()
			for more := true; more; {
				var err error
				if more, err = trail.Prune(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		now.Advance(25 * time.Hour)
		note(3)
		prune()
		if m, d := counts(); m != 1203 || d != 3 {
			t.Errorf("%d and %d records after a day", m, d)
		}
		now.Advance(90 * 24 * time.Hour)
		prune()
		if m, d := counts(); m != 0 || d != 0 {
			t.Errorf("%d and %d records after 90 days more", m, d)
		}
	})
}
