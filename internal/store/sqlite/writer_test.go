package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pintail/internal/store"
)

// line holds the writer's connection in an Update of its own, until as many
// others wait for it as works has functions, then lets them all go and returns
// what became of them.
func line(t *testing.T, db *DB, works ...func(tx store.Tx) error) []error {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.Update(t.Context(), func(store.Tx) error { close(held); <-release; return nil })
		if err != nil {
			t.Log("the first update:", err)
		}
	})
	<-held
	errs := make([]error, len(works))
	for i, work := range works {
		wg.Go(func() { errs[i] = db.Update(t.Context(), work) })
		waitFor(db, i+1)
	}
	close(release)
	wg.Wait()
	return errs
}

// waitFor returns when n Updates wait for the connection.
func waitFor(db *DB, n int) {
	for {
		db.writer.mu.Lock()
		waiting := len(db.writer.waiting)
		db.writer.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// putNote returns a function that stores a note of n bytes.
func putNote(id string, n int) func(store.Tx) error {
	return func(tx store.Tx) error {
		return notes.Put(tx, "o", id, &note{Text: id + "\n" + strings.Repeat("x", n)})
	}
}

func TestWaitingUpdatesShareACommit(t *testing.T) {
	for _, test := range []struct{ updates, commits int }{{1, 1}, {64, 1}, {maxBatch - 1, 1}, {maxBatch, 2}, {3 * maxBatch, 4}} {
		db := fresh(t)
		works := make([]func(store.Tx) error, test.updates)
		for i := range works {
			works[i] = putNote(fmt.Sprint(i), 10)
		}
		if err := errors.Join(line(t, db, works...)...); err != nil {
			t.Fatal(err)
		}
		if got, want := db.Stats(), (store.Stats{Updates: uint64(test.updates) + 1, Commits: uint64(test.commits)}); got != want {
			t.Errorf("%d updates: stats = %+v, want %+v", test.updates, got, want)
		}
		if n := count(t, db, "o"); n != test.updates {
			t.Errorf("%d updates wrote %d notes", test.updates, n)
		}
	}
}

func TestUpdatesOfABatchSeeEachOther(t *testing.T) {
	db := fresh(t)
	errs := line(t, db,
		putNote("a", 1),
		func(tx store.Tx) error { return notes.Insert(tx, "o", "a", &note{}) },
		func(tx store.Tx) error { return notes.Delete(tx, "o", "a") },
		func(tx store.Tx) error { return notes.Insert(tx, "o", "a", &note{}) },
	)
	if errs[0] != nil || !errors.Is(errs[1], store.ErrExists) || errs[2] != nil || errs[3] != nil {
		t.Errorf("errors = %v, want ErrExists for the second only", errs)
	}
}

func TestFailureLeavesTheBatchAlone(t *testing.T) {
	db := fresh(t)
	errUndo := errors.New("undo")
	errs := line(t, db,
		putNote("a", 1),
		func(tx store.Tx) error { return errors.Join(putNote("b", 1)(tx), notes.Delete(tx, "o", "a"), errUndo) },
		putNote("c", 1),
	)
	if errs[0] != nil || !errors.Is(errs[1], errUndo) || errs[2] != nil {
		t.Errorf("errors = %v, want the second's only", errs)
	}
	if n := count(t, db, "o"); n != 2 || db.Stats().Commits != 1 {
		t.Errorf("%d notes in %d commits, want 2 in 1", n, db.Stats().Commits)
	}
}

// SQLite itself rolls a transaction back when, for example, a disk fails.
func TestLostTransactionFailsTheBatch(t *testing.T) {
	db := fresh(t)
	errs := line(t, db,
		putNote("a", 1),
		func(tx store.Tx) error { return errors.Join(putNote("b", 1)(tx), db.writer.conn.rollback()) },
	)
	errs = append(errs, line(t, db, putNote("c", 1), putNote("d", 1))...)
	for i, err := range errs {
		if lost := i < 2; lost != (err != nil) {
			t.Errorf("update %d: %v", i, err)
		}
	}
	if n := count(t, db, "o"); n != 2 {
		t.Errorf("%d notes, want the two of the second batch", n)
	}
}

func TestFullDisk(t *testing.T) {
	db := fresh(t)
	pages, err := db.writer.conn.one("PRAGMA page_count")
	if err != nil {
		t.Fatal(err)
	}
	limit := func(n int64) {
		if _, err := db.writer.conn.one(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages.(int64) + 8)
	errs := line(t, db, putNote("a", 10), putNote("b", 1<<20), putNote("c", 10))
	if errs[1] == nil || !strings.Contains(errs[1].Error(), "full") {
		t.Fatalf("a megabyte into eight pages: %v", errs[1])
	}
	written := 0
	for _, err := range errs {
		if err == nil {
			written++
		}
	}
	if n := count(t, db, "o"); n != written {
		t.Errorf("%d notes, and %d updates succeeded", n, written)
	}
	limit(1 << 20)
	if err := db.Update(t.Context(), putNote("b", 1<<20)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	db := fresh(t)
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.Update(t.Context(), func(tx store.Tx) error { close(held); <-release; return putNote("a", 1)(tx) })
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error)
	go func() {
		given <- db.Update(ctx, func(store.Tx) error { t.Error("the function ran"); return nil })
	}()
	waitFor(db, 1)
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) { // while the other still runs
		t.Errorf("Update: %v, want context.Canceled", err)
	}
	close(release)
	wg.Wait()
	if n := count(t, db, "o"); n != 1 {
		t.Errorf("%d notes, want 1", n)
	}
}

// A turn that comes together with a cancellation must not get lost.
func TestCancellationsDoNotStopTheLine(t *testing.T) {
	db := fresh(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for round := range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				if round%2 == 0 {
					cancel()
				}
				err := db.Update(ctx, putNote(fmt.Sprint(i), round))
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if db.writer.lent || len(db.writer.waiting) > 0 {
		t.Errorf("connection lent: %t, and %d wait for it", db.writer.lent, len(db.writer.waiting))
	}
}

func TestCloseWaitsForTheLine(t *testing.T) {
	db := fresh(t)
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			err := db.Update(t.Context(), func(tx store.Tx) error {
				if i == 0 {
					close(held)
					<-release
				}
				return putNote(fmt.Sprint(i), 1)(tx)
			})
			if err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			<-held
		}
	}
	waitFor(db, 4)
	wg.Go(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	waitFor(db, 5)
	if err := db.Update(t.Context(), putNote("late", 1)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update while closing: %v, want ErrClosed", err)
	}
	close(release)
	wg.Wait()
	if n := count(t, open(t, db.path), "o"); n != 5 {
		t.Errorf("%d notes, want 5", n)
	}
}

func TestLogStaysWithinBounds(t *testing.T) {
	db := fresh(t)
	const bound = 1 << 20
	db.writer.wal.bound = bound
	size := func() int64 {
		info, err := os.Stat(db.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	grow := func() {
		for i := range 40 {
			if err := db.Update(t.Context(), putNote(fmt.Sprint(i), 50_000)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// A reader stands on an old snapshot: the log cannot be emptied, and writing goes on.
	err := db.View(t.Context(), func(tx store.Tx) error {
		if _, err := notes.Count(tx, "o"); err != nil {
			return err
		}
		grow()
		if got := size(); got < bound {
			t.Errorf("the log has %d bytes under an open snapshot", got)
		}
		if next := db.writer.wal.bound; next <= bound {
			t.Errorf("the log is to be tried again at %d bytes", next)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	db.writer.wal.bound = bound
	if err := db.Update(t.Context(), putNote("last", 1)); err != nil {
		t.Fatal(err)
	}
	if got := size(); got != 0 {
		t.Errorf("the log has %d bytes, want none", got)
	}
	if got := db.writer.wal.bound; got != walBound {
		t.Errorf("the next bound is %d, want %d", got, walBound)
	}
}
