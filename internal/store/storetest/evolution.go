package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/store"
)

func (s suite) evolution(t *testing.T) {
	cases(t, map[string]func(*testing.T){
		"a new index is filled":           s.newIndex,
		"an index goes and comes back":    s.indexGoes,
		"an index becomes unique":         s.becomesUnique,
		"an impossible index is refused":  s.impossibleIndex,
		"collections come and go":         s.collectionsComeAndGo,
		"unknown members are ignored":     s.unknownMembers,
		"a document that no longer fits":  s.noLongerFits,
		"opening again changes nothing":   s.openTwice,
		"an index that reads nothing new": s.emptyIndex,
	})
}

// thing is a document whose declaration changes from test to test.
type thing struct{ Name, Colour string }

func things(indexes ...store.IndexOf[thing]) *store.Collection[thing] {
	return store.NewCollection("thing", indexes...)
}

var (
	byName       = store.Index("name", func(x *thing) string { return x.Name })
	byUniqueName = store.Unique("name", func(x *thing) string { return x.Name })
	byColour     = store.Index("colour", func(x *thing) string { return x.Colour })
	byNothing    = store.Index("nothing", func(x *thing) string { return "" })
)

// in opens the database at a location with one declaration and closes it again.
func in[T any](s suite, t *testing.T, location string, c *store.Collection[T], use func(store.Tx) error) {
	t.Helper()
	db, err := s.Open(t.Context(), location, c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	update(t, db, use)
}

// wantThings checks which things have a value in an index.
func wantThings(t *testing.T, tx store.Tx, c *store.Collection[thing], index, value string, want ...string) {
	t.Helper()
	var got []string
	for x, err := range c.All(tx, "o", store.Query{Index: index, Match: store.Equal(value)}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, x.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s %q: %v, want %v", index, value, got, want)
	}
}

func (s suite) newIndex(t *testing.T) {
	const n = 1201 // engines fill an index some hundreds of documents at a time
	location := s.Location(t)
	before := things()
	in(s, t, location, before, func(tx store.Tx) error {
		for i := range n {
			x := &thing{Name: fmt.Sprintf("%04d", i), Colour: []string{"red", "green", ""}[i%3]}
			for _, owner := range []string{"", "o"} {
				if err := before.Put(tx, owner, x.Name, x); err != nil {
					return err
				}
			}
		}
		return nil
	})
	after := things(byColour, byUniqueName)
	in(s, t, location, after, func(tx store.Tx) error {
		for _, owner := range []string{"", "o"} {
			for colour, want := range map[string]int{"red": 401, "green": 400, "blue": 0} {
				i := 0
				for _, err := range after.All(tx, owner, store.Query{Index: "colour", Match: store.Equal(colour)}) {
					if i++; err != nil {
						return err
					}
				}
				if i != want {
					t.Errorf("owner %q has %d %s things, want %d", owner, i, colour, want)
				}
			}
			for i := range n {
				name := fmt.Sprintf("%04d", i)
				if x, err := after.GetBy(tx, owner, "name", name); err != nil || x.Name != name {
					t.Fatalf("owner %q: by name %s: %v, %v", owner, name, x, err)
				}
			}
		}
		return nil
	})
}

func (s suite) indexGoes(t *testing.T) {
	location := s.Location(t)
	with, without := things(byName, byColour), things(byName)
	in(s, t, location, with, func(tx store.Tx) error { return with.Put(tx, "o", "a", &thing{"a", "red"}) })
	in(s, t, location, without, func(tx store.Tx) error {
		wantThings(t, tx, without, "name", "a", "a")
		return errors.Join(
			without.Put(tx, "o", "a", &thing{"a", "green"}),
			without.Put(tx, "o", "b", &thing{"b", "red"}))
	})
	in(s, t, location, with, func(tx store.Tx) error {
		wantThings(t, tx, with, "colour", "red", "b")
		wantThings(t, tx, with, "colour", "green", "a")
		return nil
	})
}

func (s suite) becomesUnique(t *testing.T) {
	location := s.Location(t)
	before, after := things(byName), things(byUniqueName)
	in(s, t, location, before, func(tx store.Tx) error { return before.Put(tx, "o", "1", &thing{Name: "a"}) })
	in(s, t, location, after, func(tx store.Tx) error {
		if _, ok := errors.AsType[*store.ConflictError](after.Put(tx, "o", "2", &thing{Name: "a"})); !ok {
			t.Error("the index is not unique")
		}
		x, err := after.GetBy(tx, "o", "name", "a")
		if err == nil && x.Name != "a" {
			t.Errorf("found %v", x)
		}
		return err
	})
	in(s, t, location, before, func(tx store.Tx) error { return before.Put(tx, "o", "2", &thing{Name: "a"}) })
}

func (s suite) impossibleIndex(t *testing.T) {
	location := s.Location(t)
	before, after := things(), things(byColour, byUniqueName)
	in(s, t, location, before, func(tx store.Tx) error {
		return errors.Join(before.Put(tx, "o", "1", &thing{Name: "a"}), before.Put(tx, "o", "2", &thing{Name: "a"}))
	})
	db, err := s.Open(t.Context(), location, after)
	if err == nil {
		db.Close()
		t.Fatal("a unique index over equal values was built")
	}
	if !strings.Contains(err.Error(), "thing") || !strings.Contains(err.Error(), "name") {
		t.Errorf("the error does not name collection and index: %v", err)
	}
	in(s, t, location, before, func(tx store.Tx) error {
		n, err := before.Count(tx, "o")
		if n != 2 {
			t.Errorf("Count = %d, want 2", n)
		}
		return err
	})
}

func (s suite) collectionsComeAndGo(t *testing.T) {
	location := s.Location(t)
	one, other := things(), store.NewCollection[thing]("other")
	in(s, t, location, one, func(tx store.Tx) error { return one.Put(tx, "o", "a", &thing{Name: "a"}) })
	in(s, t, location, other, func(tx store.Tx) error { return other.Put(tx, "o", "b", &thing{Name: "b"}) })
	in(s, t, location, one, func(tx store.Tx) error { _, err := one.Get(tx, "o", "a"); return err })
	in(s, t, location, other, func(tx store.Tx) error { _, err := other.Get(tx, "o", "b"); return err })
}

func (s suite) unknownMembers(t *testing.T) {
	type later struct {
		Name, Colour string
		Weight       float64
		Parts        []thing
	}
	location := s.Location(t)
	after, before := store.NewCollection[later]("thing"), things()
	in(s, t, location, after, func(tx store.Tx) error {
		return after.Put(tx, "o", "a", &later{"a", "red", 1.5, []thing{{"part", "blue"}}})
	})
	in(s, t, location, before, func(tx store.Tx) error {
		x, err := before.Get(tx, "o", "a")
		if err == nil {
			if diff := cmp.Diff(&thing{"a", "red"}, x); diff != "" {
				t.Errorf("the document of a later time reads:\n%s", diff)
			}
		}
		return err
	})
}

func (s suite) noLongerFits(t *testing.T) {
	type other struct{ Name int }
	location := s.Location(t)
	before, after := things(), store.NewCollection[other]("thing")
	in(s, t, location, before, func(tx store.Tx) error { return before.Put(tx, "o", "a", &thing{Name: "a"}) })
	in(s, t, location, after, func(tx store.Tx) error {
		if x, err := after.Get(tx, "o", "a"); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get = %v, %v; want an error about the document", x, err)
		}
		return nil
	})
}

func (s suite) openTwice(t *testing.T) {
	location := s.Location(t)
	c := things(byUniqueName, byColour)
	in(s, t, location, c, func(tx store.Tx) error { return c.Put(tx, "o", "a", &thing{"a", "red"}) })
	for range 2 {
		in(s, t, location, c, func(tx store.Tx) error {
			wantThings(t, tx, c, "colour", "red", "a")
			wantThings(t, tx, c, "name", "a", "a")
			return nil
		})
	}
}

func (s suite) emptyIndex(t *testing.T) {
	location := s.Location(t)
	before, after := things(byName), things(byName, byNothing)
	in(s, t, location, before, func(tx store.Tx) error { return before.Put(tx, "o", "a", &thing{Name: "a"}) })
	in(s, t, location, after, func(tx store.Tx) error {
		wantThings(t, tx, after, "nothing", "a")
		wantThings(t, tx, after, "name", "a", "a")
		return nil
	})
}

// Version1 opens a database that a program of schema version 1 left behind and
// checks what is in it. Then, the collection person had the indexes email
// (unique) and nick, and a document member Nick; it had no others.
func Version1(t *testing.T, e Engine, location string) {
	s := suite{e}
	db := s.openAt(t, location, kinds...)
	want := &person{Name: "Ann", Email: "ann@example.com", City: "Ulm", Age: 41, Tags: []string{"a", "b"}}
	if diff := cmp.Diff(want, get(t, db, people, "o", "1")); diff != "" {
		t.Errorf("the first document reads (-want +got):\n%s", diff)
	}
	update(t, db, func(tx store.Tx) error {
		if got := findName(t, tx, "bob@example.com"); got != "Bob" {
			t.Errorf("by e-mail: %q, want Bob", got)
		}
		if got := names(t, tx, store.Query{Index: "city", Match: store.Equal("Ulm"), Limit: 9}); !slices.Equal(got, []string{"Ann", "Bob"}) {
			t.Errorf("by city: %v, want Ann and Bob", got)
		}
		if n, err := people.Count(tx, "other"); n != 1 || err != nil {
			t.Errorf("the other owner has %d people, %v; want 1", n, err)
		}
		wantConflict(t, people.Insert(tx, "o", "3", &person{Name: "Bob"}), "name")
		return people.Insert(tx, "o", "3", &person{Name: "Cid"})
	})
}
