package storetest

import (
	"errors"
	"slices"
	"testing"

	"pintail/internal/store"
)

func (s suite) indexes(t *testing.T) {
	cases(t, map[string]func(*testing.T){
		"find by unique value":               s.findBy,
		"follow the document":                s.follow,
		"one value, one document":            s.oneValue,
		"the first reason is the one":        s.firstReason,
		"a document is in nobody's way":      s.ownWay,
		"values can be handed on":            s.handOver,
		"empty values are in no index":       s.emptyValues,
		"a conflict leaves the rest alone":   s.conflictContinues,
		"values are told apart byte by byte": s.bytewise,
	})
}

// findName returns the name of the person with an e-mail address, "" for nobody.
func findName(t *testing.T, tx store.Tx, email string) string {
	t.Helper()
	p, err := people.GetBy(tx, "o", "email", email)
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.Name
}

// wantConflict checks that err is the conflict in an index of people.
func wantConflict(t *testing.T, err error, index string) {
	t.Helper()
	conflict, ok := errors.AsType[*store.ConflictError](err)
	if !ok || *conflict != (store.ConflictError{Collection: "person", Index: index}) {
		t.Errorf("error = %v, want a conflict in %s", err, index)
	}
}

func (s suite) findBy(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}, "b": {Name: "Bob", Email: "b@x"}})
	view(t, db, func(tx store.Tx) error {
		for email, want := range map[string]string{"a@x": "Ann", "b@x": "Bob", "c@x": "", "": "", "a@": ""} {
			if got := findName(t, tx, email); got != want {
				t.Errorf("%q finds %q, want %q", email, got, want)
			}
		}
		return nil
	})
}

func (s suite) follow(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "old@x", City: "Ulm"}})
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "new@x", City: "Bonn"}})
	view(t, db, func(tx store.Tx) error {
		if old, now := findName(t, tx, "old@x"), findName(t, tx, "new@x"); old != "" || now != "Ann" {
			t.Errorf("old address finds %q, new one %q", old, now)
		}
		for city, want := range map[string]int{"Ulm": 0, "Bonn": 1} {
			items, _, err := people.List(tx, "o", store.Query{Index: "city", Match: store.Equal(city), Limit: 9})
			if err != nil || len(items) != want {
				t.Errorf("%s has %d people, %v; want %d", city, len(items), err, want)
			}
		}
		return nil
	})
}

func (s suite) oneValue(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}, "b": {Name: "Bob", Email: "b@x"}})
	update(t, db, func(tx store.Tx) error {
		wantConflict(t, people.Insert(tx, "o", "c", &person{Name: "Cid", Email: "a@x"}), "email")
		wantConflict(t, people.Put(tx, "o", "c", &person{Name: "Cid", Email: "a@x"}), "email")
		wantConflict(t, people.Put(tx, "o", "b", &person{Name: "Ann", Email: "b@x"}), "name")
		_, err := people.Modify(tx, "o", "b", func(p *person) error { p.Email = "a@x"; return nil })
		wantConflict(t, err, "email")
		return nil
	})
	if got := get(t, db, people, "o", "b"); got.Email != "b@x" || got.Name != "Bob" {
		t.Errorf("refused writes changed the document: %+v", got)
	}
}

func (s suite) firstReason(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}, "b": {Name: "Bob", Email: "b@x"}})
	update(t, db, func(tx store.Tx) error {
		if err := people.Insert(tx, "o", "b", &person{Name: "Ann", Email: "a@x"}); !errors.Is(err, store.ErrExists) {
			t.Errorf("id and values taken: %v, want ErrExists", err)
		}
		wantConflict(t, people.Insert(tx, "o", "c", &person{Name: "Ann", Email: "b@x"}), "email")
		wantConflict(t, people.Put(tx, "o", "c", &person{Name: "Bob", Email: "a@x"}), "email")
		return nil
	})
}

func (s suite) ownWay(t *testing.T) {
	db := s.open(t)
	ann := &person{Name: "Ann", Email: "a@x"}
	put(t, db, people, "o", map[string]*person{"a": ann})
	put(t, db, people, "o", map[string]*person{"a": ann})
}

func (s suite) handOver(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}, "b": {Name: "Bob", Email: "b@x"}})
	update(t, db, func(tx store.Tx) error {
		if err := people.Put(tx, "o", "a", &person{Name: "Ann"}); err != nil {
			return err
		}
		if err := people.Put(tx, "o", "b", &person{Name: "Bob", Email: "a@x"}); err != nil {
			return err
		}
		return people.Put(tx, "o", "a", &person{Name: "Ann", Email: "b@x"})
	})
	view(t, db, func(tx store.Tx) error {
		if a, b := findName(t, tx, "a@x"), findName(t, tx, "b@x"); a != "Bob" || b != "Ann" {
			t.Errorf("addresses find %q and %q, want Bob and Ann", a, b)
		}
		return nil
	})
}

func (s suite) emptyValues(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann"}, "b": {Name: "Bob"}, "c": {Name: "Cid", City: "Ulm"}})
	view(t, db, func(tx store.Tx) error {
		for _, match := range []store.Match{{}, store.Prefix("")} {
			if got := names(t, tx, store.Query{Index: "city", Match: match, Limit: 9}); !slices.Equal(got, []string{"Cid"}) {
				t.Errorf("by city: %v, want Cid alone", got)
			}
		}
		if got := names(t, tx, store.Query{Limit: 9}); len(got) != 3 {
			t.Errorf("by id: %v, want all three", got)
		}
		return nil
	})
}

func (s suite) conflictContinues(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}})
	update(t, db, func(tx store.Tx) error {
		if err := people.Insert(tx, "o", "b", &person{Name: "Bob"}); err != nil {
			return err
		}
		wantConflict(t, people.Insert(tx, "o", "c", &person{Email: "a@x"}), "email")
		wantConflict(t, people.Put(tx, "o", "c", &person{Email: "a@x"}), "email")
		if err := people.Insert(tx, "o", "a", &person{}); !errors.Is(err, store.ErrExists) {
			t.Errorf("Insert: %v, want ErrExists", err)
		}
		return people.Insert(tx, "o", "d", &person{Name: "Dan"})
	})
	view(t, db, func(tx store.Tx) error {
		if got, want := names(t, tx, store.Query{Limit: 9}), []string{"Ann", "Bob", "Dan"}; !slices.Equal(got, want) {
			t.Errorf("people = %v, want %v", got, want)
		}
		return nil
	})
}

func (s suite) bytewise(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{
		"1": {Name: "ann"}, "2": {Name: "Ann"}, "3": {Name: "ann "}, "4": {Name: "\u00e4"}, "5": {Name: "a\u0308"},
	})
	view(t, db, func(tx store.Tx) error {
		got := names(t, tx, store.Query{Index: "name", Limit: 9})
		want := []string{"Ann", "ann", "ann ", "a\u0308", "\u00e4"}
		slices.Sort(want) // Go compares strings byte by byte
		if !slices.Equal(got, want) {
			t.Errorf("names = %q, want %q", got, want)
		}
		return nil
	})
}
