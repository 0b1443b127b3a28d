package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"pintail/internal/store"
)

func (s suite) transactions(t *testing.T) {
	cases(t, map[string]func(*testing.T){
		"all or nothing":               s.allOrNothing,
		"see their own writes":         s.ownWrites,
		"a view is a snapshot":         s.snapshot,
		"a view sees what was written": s.viewAfterUpdate,
		"a panic undoes and passes":    s.panics,
		"a goroutine may end":          s.goexit,
		"nothing after a cancellation": s.cancelled,
		"cancelled in the middle":      s.cancelledInside,
		"over when the function is":    s.over,
		"signal when they are durable": s.afterCommit,
	})
}

var errUndo = errors.New("undo")

func (s suite) allOrNothing(t *testing.T) {
	db := s.open(t)
	put(t, db, counters, "o", map[string]*counter{"kept": {N: 1}, "gone": {N: 1}})
	err := db.Update(t.Context(), func(tx store.Tx) error {
		_, err := counters.DeleteAll(tx, "o")
		return errors.Join(
			err,
			counters.Insert(tx, "o", "new", &counter{N: 2}),
			counters.Put(tx, "o", "kept", &counter{N: 2}),
			people.Put(tx, "other", "a", &person{Name: "Ann"}),
			errUndo)
	})
	if !errors.Is(err, errUndo) {
		t.Fatalf("Update: %v, want the function's error", err)
	}
	view(t, db, func(tx store.Tx) error {
		if n, err := counters.Count(tx, "o"); n != 2 || err != nil {
			t.Errorf("Count = %d, %v; want 2", n, err)
		}
		if n, err := people.Count(tx, "other"); n != 0 || err != nil {
			t.Errorf("Count = %d, %v; want 0", n, err)
		}
		return nil
	})
	if got := get(t, db, counters, "o", "kept").N; got != 1 {
		t.Errorf("n = %d, want 1", got)
	}
}

func (s suite) ownWrites(t *testing.T) {
	db := s.open(t)
	update(t, db, func(tx store.Tx) error {
		if err := people.Put(tx, "o", "a", &person{Name: "Ann", Email: "a@x", City: "Ulm"}); err != nil {
			return err
		}
		if got := findName(t, tx, "a@x"); got != "Ann" {
			t.Errorf("by e-mail: %q, want Ann", got)
		}
		if got := names(t, tx, store.Query{Index: "city", Limit: 5}); len(got) != 1 {
			t.Errorf("by city: %v, want Ann", got)
		}
		n, err := people.Count(tx, "o")
		if n != 1 {
			t.Errorf("Count = %d, want 1", n)
		}
		return err
	})
}

func (s suite) snapshot(t *testing.T) {
	db := s.open(t)
	put(t, db, counters, "o", map[string]*counter{"a": {N: 1}})
	view(t, db, func(tx store.Tx) error {
		for range 3 {
			c, err := counters.Get(tx, "o", "a")
			if err != nil {
				return err
			}
			n, err := counters.Count(tx, "o")
			if c.N != 1 || n != 1 {
				t.Errorf("a view sees n = %d of %d documents, want 1 of 1", c.N, n)
			}
			if err != nil {
				return err
			}
			put(t, db, counters, "o", map[string]*counter{"a": {N: c.N + 1}, "b": {}})
		}
		return nil
	})
	if got := get(t, db, counters, "o", "a").N; got != 2 {
		t.Errorf("n = %d afterwards, want 2", got)
	}
}

func (s suite) viewAfterUpdate(t *testing.T) {
	db := s.open(t)
	for i := range 50 {
		put(t, db, counters, "o", map[string]*counter{"a": {N: i}})
		if got := get(t, db, counters, "o", "a").N; got != i {
			t.Fatalf("n = %d right after writing %d", got, i)
		}
	}
}

func (s suite) panics(t *testing.T) {
	db := s.open(t)
	for name, run := range map[string]func(func(store.Tx) error) error{
		"Update": func(fn func(store.Tx) error) error { return db.Update(t.Context(), fn) },
		"View":   func(fn func(store.Tx) error) error { return db.View(t.Context(), fn) },
	} {
		func() {
			defer func() {
				if got := recover(); got != "oops" {
					t.Errorf("%s: recovered %v, want the function's panic", name, got)
				}
			}()
			run(func(tx store.Tx) error {
				if name == "Update" {
					if err := counters.Put(tx, "o", "a", &counter{}); err != nil {
						t.Error(err)
					}
				} else if _, err := counters.Count(tx, "o"); err != nil {
					t.Error(err)
				}
				panic("oops")
			})
		}()
	}
	s.untouched(t, db)
}

func (s suite) goexit(t *testing.T) {
	db := s.open(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		db.Update(t.Context(), func(tx store.Tx) error {
			if err := counters.Put(tx, "o", "a", &counter{}); err != nil {
				t.Error(err)
			}
			runtime.Goexit()
			return nil
		})
	})
	wg.Go(func() {
		db.View(t.Context(), func(tx store.Tx) error {
			runtime.Goexit()
			return nil
		})
	})
	wg.Wait()
	s.untouched(t, db)
}

// untouched checks that no counter is there, and that the database still works.
func (s suite) untouched(t *testing.T, db store.DB) {
	t.Helper()
	view(t, db, func(tx store.Tx) error {
		n, err := counters.Count(tx, "o")
		if n != 0 {
			t.Errorf("%d documents of a function that did not return", n)
		}
		return err
	})
	put(t, db, counters, "o", map[string]*counter{"b": {N: 7}})
	if got := get(t, db, counters, "o", "b").N; got != 7 {
		t.Errorf("n = %d, want 7", got)
	}
}

func (s suite) cancelled(t *testing.T) {
	db := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := func(store.Tx) error { t.Error("the function ran"); return nil }
	for name, err := range map[string]error{
		"Update": db.Update(ctx, ran),
		"View":   db.View(ctx, ran),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
}

func (s suite) cancelledInside(t *testing.T) {
	db := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Update(ctx, func(tx store.Tx) error {
		if err := counters.Put(tx, "o", "a", &counter{}); err != nil {
			return err
		}
		cancel()
		if err := counters.Put(tx, "o", "b", &counter{}); !errors.Is(err, context.Canceled) {
			t.Errorf("Put after the cancellation: %v, want context.Canceled", err)
		}
		return nil // a failed transaction cannot succeed, whatever its function says
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want context.Canceled", err)
	}
	s.untouched(t, db)
}

func (s suite) over(t *testing.T) {
	db := s.open(t)
	var kept store.Tx
	update(t, db, func(tx store.Tx) error { kept = tx; return nil })
	if err := counters.Put(kept, "o", "a", &counter{}); !errors.Is(err, store.ErrTxDone) {
		t.Errorf("Put after the update: %v, want ErrTxDone", err)
	}
	view(t, db, func(tx store.Tx) error { kept = tx; return nil })
	if _, err := counters.Count(kept, "o"); !errors.Is(err, store.ErrTxDone) {
		t.Errorf("Count after the view: %v, want ErrTxDone", err)
	}
	s.untouched(t, db)
}

// A signal comes once for a transaction that succeeded, and whoever it wakes
// sees what was written.
func (s suite) afterCommit(t *testing.T) {
	db := s.open(t)
	signals := 0
	for _, fails := range []error{nil, errUndo} {
		err := db.Update(t.Context(), func(tx store.Tx) error {
			tx.AfterCommit(func() {
				signals++
				if got := get(t, db, counters, "o", "a").N; got != 1 {
					t.Errorf("the signal found %d, want 1", got)
				}
			})
			return errors.Join(counters.Put(tx, "o", "a", &counter{N: 1}), fails)
		})
		if !errors.Is(err, fails) {
			t.Fatal(err)
		}
	}
	view(t, db, func(tx store.Tx) error {
		tx.AfterCommit(func() { t.Error("a view commits nothing") })
		return nil
	})
	if signals != 1 {
		t.Errorf("%d signals, want 1", signals)
	}
}
