package audit_test

import (
	"log/slog"
	"path/filepath"
	"slices"
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

// Whatever a filter asks for, its pages hold what it chooses, each record once, the newest
// first, to the second.
func TestTrailPages(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		begin := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		trail := audit.New(audit.Config{
			DB: db, Clock: clock.Fixed(begin), Log: slog.New(slog.DiscardHandler), Account: "123456789012", Keep: time.Hour, KeepData: time.Hour,
		})
		defer trail.Close()
		var noted []time.Time // when CreateUser was called
		for n := range 400 {
			// Some are answered before others that began earlier, and now and then nobody calls.
			at := begin.Add(time.Duration(n*37+(n*7919)%500+n/100*5000) * time.Millisecond)
			op := iam.CreateUser.Operation
			if n%3 == 0 {
				op = iam.GetUser.Operation
			} else {
				noted = append(noted, at)
			}
			trail.Note(wire.Audited{Call: &wire.Call{Op: op, Time: at}})
			if n%90 == 0 {
				trail.Flush(t.Context())
			}
		}
		slices.SortFunc(noted, newestFirst)
		for _, span := range [][2]time.Duration{{0, time.Hour}, {5 * time.Second, 12345 * time.Millisecond}, {time.Minute, time.Hour}} {
			for _, limit := range []int{1, 7, 64, 1000} {
				f := audit.Filter{Name: "CreateUser", From: begin.Add(span[0]), To: begin.Add(span[1]), Limit: limit}
				var want []time.Time
				for _, at := range noted {
					if !at.Before(f.From) && at.Before(f.To) {
						want = append(want, at)
					}
				}
				got := everyPage(t, trail, f)
				for i := range got {
					if i > 0 && got[i].Sub(got[i-1]) > time.Second {
						t.Errorf("%v follows %v", got[i], got[i-1])
					}
				}
				slices.SortFunc(got, newestFirst)
				if !slices.EqualFunc(got, want, time.Time.Equal) {
					t.Errorf("%d a page from %v to %v: %d records, want %d: %v", limit, span[0], span[1], len(got), len(want), got)
				}
			}
		}
	})
}

func newestFirst(a, b time.Time) int { return b.Compare(a) }

// everyPage walks through a filter's pages and returns the times of the records.
func everyPage(t *testing.T, trail *audit.Trail, f audit.Filter) (times []time.Time) {
	t.Helper()
	for {
		page, err := trail.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Records) > f.Limit {
			t.Fatalf("a page of %d, want at most %d", len(page.Records), f.Limit)
		}
		for _, r := range page.Records {
			times = append(times, r.EventTime)
		}
		if f.Before = page.Next; f.Before == "" {
			return times
		}
	}
}
