package storetest

import (
	"errors"
	"fmt"
	"testing"

	"pintail/internal/store"
)

func (s suite) database(t *testing.T) {
	cases(t, map[string]func(*testing.T){
		"keeps what was written":    s.reopen,
		"refuses work when closed":  s.closed,
		"forgets on reset":          s.reset,
		"refuses one name twice":    s.twice,
		"counts nothing for a view": s.stats,
	})
}

func (s suite) reopen(t *testing.T) {
	location := s.Location(t)
	db := s.openAt(t, location, kinds...)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = s.openAt(t, location, kinds...)
	view(t, db, func(tx store.Tx) error {
		if got := findName(t, tx, "a@x"); got != "Ann" {
			t.Errorf("found %q, want Ann", got)
		}
		return nil
	})
}

func (s suite) closed(t *testing.T) {
	db := s.open(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ran := func(store.Tx) error { t.Error("the function ran"); return nil }
	for name, err := range map[string]error{
		"Update": db.Update(t.Context(), ran),
		"View":   db.View(t.Context(), ran),
		"Reset":  db.Reset(t.Context()),
		"Close":  db.Close(),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}

func (s suite) reset(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}})
	put(t, db, people, "", map[string]*person{"a": {Name: "Ann", Email: "a@x"}})
	put(t, db, counters, "other", map[string]*counter{"a": {}})
	if err := db.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx store.Tx) error {
		for _, owner := range []string{"", "o", "other"} {
			a, err1 := people.Count(tx, owner)
			b, err2 := counters.Count(tx, owner)
			if a+b != 0 || err1 != nil || err2 != nil {
				t.Errorf("owner %q has %d and %d documents, %v, %v", owner, a, b, err1, err2)
			}
		}
		return people.Insert(tx, "o", "b", &person{Name: "Ann", Email: "a@x"})
	})
}

func (s suite) twice(t *testing.T) {
	other := store.NewCollection[person]("person")
	if db, err := s.Open(t.Context(), s.Location(t), people, other); err == nil {
		db.Close()
		t.Error("two collections of one name were opened")
	}
}

func (s suite) stats(t *testing.T) {
	db := s.open(t)
	before := db.Stats()
	for i := range 3 {
		put(t, db, counters, "o", map[string]*counter{fmt.Sprint(i): {}})
	}
	after := db.Stats()
	view(t, db, func(tx store.Tx) error { _, err := counters.Count(tx, "o"); return err })
	if err := db.Update(t.Context(), func(store.Tx) error { return errUndo }); !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	if after.Updates != before.Updates+3 || after.Commits != before.Commits+3 || db.Stats() != after {
		t.Errorf("stats went from %+v to %+v to %+v", before, after, db.Stats())
	}
}
