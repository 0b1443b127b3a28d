package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"pintail/internal/store"
)

// crew is the number of goroutines in the tests of concurrency.
const crew = 64

func (s suite) concurrency(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"no update is lost":              s.noLostUpdate,
		"one winner for a value":         s.uniqueRace,
		"one winner for an id":           s.insertRace,
		"no half of a transaction":       s.noHalf,
		"what was read still holds":      s.writeSkew,
		"what was not there still isn't": s.phantom,
		"failures disturb nobody":        s.mixedFailures,
	} {
		t.Run(name, test) // one after the other: each has the machine to itself
	}
}

// together runs work n times at once and waits for all.
func together(n int, work func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			work(i)
		})
	}
	close(start)
	wg.Wait()
}

func (s suite) noLostUpdate(t *testing.T) {
	db := s.open(t)
	const names, rounds = 4, 8
	for i := range names {
		put(t, db, counters, "o", map[string]*counter{fmt.Sprint(i): {}})
	}
	together(crew, func(i int) {
		for round := range rounds {
			id := fmt.Sprint((i + round) % names)
			err := db.Update(t.Context(), func(tx store.Tx) error {
				_, err := counters.Modify(tx, "o", id, func(c *counter) error { c.N++; return nil })
				return err
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	for i := range names {
		if got, want := get(t, db, counters, "o", fmt.Sprint(i)).N, crew*rounds/names; got != want {
			t.Errorf("counter %d = %d, want %d", i, got, want)
		}
	}
	if stats := db.Stats(); stats.Updates < crew*rounds || stats.Commits == 0 || stats.Commits > stats.Updates {
		t.Errorf("stats = %+v after %d updates", stats, crew*rounds)
	}
}

func (s suite) uniqueRace(t *testing.T) {
	s.race(t, func(tx store.Tx, i int) error {
		write := people.Insert
		if i%2 == 0 {
			write = people.Put
		}
		err := write(tx, "o", fmt.Sprint(i), &person{Name: fmt.Sprint(i), Email: "one@x"})
		if conflict, ok := errors.AsType[*store.ConflictError](err); ok && conflict.Index == "email" {
			return errUndo
		}
		return err
	})
}

func (s suite) insertRace(t *testing.T) {
	s.race(t, func(tx store.Tx, i int) error {
		err := people.Insert(tx, "o", "one", &person{Name: fmt.Sprint(i)})
		if errors.Is(err, store.ErrExists) {
			return errUndo
		}
		return err
	})
}

func (s suite) phantom(t *testing.T) {
	s.race(t, func(tx store.Tx, i int) error {
		n, err := people.Count(tx, "o")
		if err != nil {
			return err
		}
		if n > 0 {
			return errUndo
		}
		return people.Insert(tx, "o", fmt.Sprint(i), &person{Name: fmt.Sprint(i)})
	})
}

// race lets a crew run work, which returns errUndo when it was beaten, and checks
// that there is exactly one winner and one document.
func (s suite) race(t *testing.T, work func(tx store.Tx, i int) error) {
	t.Helper()
	db := s.open(t)
	for range 3 {
		var winners atomic.Int32
		together(crew, func(i int) {
			err := db.Update(t.Context(), func(tx store.Tx) error { return work(tx, i) })
			switch {
			case err == nil:
				winners.Add(1)
			case !errors.Is(err, errUndo):
				t.Errorf("Update: %v", err)
			}
		})
		if n := winners.Load(); n != 1 {
			t.Errorf("%d winners, want 1", n)
		}
		update(t, db, func(tx store.Tx) error {
			n, err := people.DeleteAll(tx, "o")
			if n != 1 {
				t.Errorf("%d documents, want 1", n)
			}
			return err
		})
	}
}

func (s suite) noHalf(t *testing.T) {
	db := s.open(t)
	const accounts, total, rounds = 6, 600, 20
	for i := range accounts {
		put(t, db, counters, "o", map[string]*counter{fmt.Sprint(i): {N: total / accounts}})
	}
	sum := func(tx store.Tx) (sum int, err error) {
		for c, err := range counters.All(tx, "o", store.Query{}) {
			if err != nil {
				return 0, err
			}
			sum += c.N
		}
		return sum, nil
	}
	add := func(tx store.Tx, id, n int) error {
		_, err := counters.Modify(tx, "o", fmt.Sprint(id), func(c *counter) error { c.N += n; return nil })
		return err
	}
	together(16, func(i int) {
		for round := range rounds {
			var got int
			var err error
			if i%2 == 0 {
				err = db.Update(t.Context(), func(tx store.Tx) error {
					return errors.Join(add(tx, (i+round)%accounts, -7), add(tx, (i+round+1+i%3)%accounts, 7))
				})
				got = total
			} else {
				err = db.View(t.Context(), func(tx store.Tx) (err error) {
					got, err = sum(tx)
					return err
				})
			}
			if err != nil || got != total {
				t.Errorf("sum = %d, %v; want %d", got, err, total)
			}
		}
	})
}

func (s suite) writeSkew(t *testing.T) {
	db := s.open(t)
	for range 20 {
		put(t, db, counters, "o", map[string]*counter{"0": {N: 1}, "1": {N: 1}})
		// Each of two may go off duty as long as the other is on.
		together(2, func(i int) {
			err := db.Update(t.Context(), func(tx store.Tx) error {
				other, err := counters.Get(tx, "o", fmt.Sprint(1-i))
				if err != nil || other.N == 0 {
					return err
				}
				return counters.Put(tx, "o", fmt.Sprint(i), &counter{N: 0})
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		if on := get(t, db, counters, "o", "0").N + get(t, db, counters, "o", "1").N; on != 1 {
			t.Fatalf("%d on duty, want 1", on)
		}
	}
}

func (s suite) mixedFailures(t *testing.T) {
	db := s.open(t)
	together(crew, func(i int) {
		defer func() {
			if got := recover(); (got != nil) != (i%4 == 3) {
				t.Errorf("%d: recovered %v", i, got)
			}
		}()
		err := db.Update(t.Context(), func(tx store.Tx) error {
			if err := counters.Insert(tx, "o", fmt.Sprintf("%02d", i), &counter{N: i}); err != nil {
				return err
			}
			switch i % 4 {
			case 1:
				return errUndo
			case 3:
				panic("oops")
			}
			return nil
		})
		if want := i%4 == 1; errors.Is(err, errUndo) != want || !want && err != nil {
			t.Errorf("%d: Update: %v", i, err)
		}
	})
	view(t, db, func(tx store.Tx) error {
		n := 0
		for c, err := range counters.All(tx, "o", store.Query{}) {
			if err != nil {
				return err
			}
			if c.N != n {
				t.Errorf("counter %d, want %d", c.N, n)
			}
			n += 2
		}
		if n != crew {
			t.Errorf("stopped at %d, want %d", n, crew)
		}
		return nil
	})
}
