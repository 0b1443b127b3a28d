package storetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/store"
)

// owners checks for every method of a collection that it neither sees nor
// changes what belongs to another owner.
func (s suite) owners(t *testing.T) {
	db := s.open(t)
	mine := map[string]*person{"a": {Name: "Ann", Email: "a@x", City: "Ulm"}, "b": {Name: "Bob", Email: "b@x", City: "Ulm"}}
	put(t, db, people, "mine", mine)
	methods := map[string]func(tx store.Tx, owner string) error{
		"Get":    func(tx store.Tx, owner string) error { return found(people.Get(tx, owner, "a")) },
		"GetBy":  func(tx store.Tx, owner string) error { return found(people.GetBy(tx, owner, "email", "a@x")) },
		"List":   listsNothing,
		"All":    allNothing,
		"Delete": func(tx store.Tx, owner string) error { return notFound(people.Delete(tx, owner, "a")) },
		"Modify": func(tx store.Tx, owner string) error {
			return found(people.Modify(tx, owner, "a", func(*person) error { return nil }))
		},
		"Count":     func(tx store.Tx, owner string) error { return none(people.Count(tx, owner)) },
		"DeleteAll": func(tx store.Tx, owner string) error { return none(people.DeleteAll(tx, owner)) },
		"Insert":    func(tx store.Tx, owner string) error { return people.Insert(tx, owner, "a", mine["a"]) },
		"Put":       func(tx store.Tx, owner string) error { return people.Put(tx, owner, "a", mine["a"]) },
	}
	for _, other := range []string{"", "min", "mine2", "Mine", "mine ", "%", "zzz"} {
		for name, call := range methods {
			update(t, db, func(tx store.Tx) error {
				if err := call(tx, other); err != nil {
					t.Errorf("%s for owner %q: %v", name, other, err)
				}
				_, err := people.DeleteAll(tx, other)
				return err
			})
		}
	}
	for id, want := range mine {
		if diff := cmp.Diff(want, get(t, db, people, "mine", id)); diff != "" {
			t.Errorf("another owner changed %s:\n%s", id, diff)
		}
	}
	for m := range reflect.TypeOf(people).Methods() {
		if _, tested := methods[m.Name]; !tested && m.Name != "Schema" && m.Name != "Keys" {
			t.Errorf("method %s is not tested with another owner", m.Name)
		}
	}
}

// found returns an error if a document was found.
func found(p *person, err error) error {
	if p != nil {
		return errors.New("found " + p.Name)
	}
	return notFound(err)
}

// notFound returns an error if err is not ErrNotFound.
func notFound(err error) error {
	if err == nil {
		return errors.New("it was there")
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// none returns an error if n is not 0.
func none(n int, err error) error {
	if n != 0 {
		return errors.New("there were some")
	}
	return err
}

// ways are queries that between them use every sort of walk.
var ways = []store.Query{
	{}, {Descending: true},
	{Index: "city"}, {Index: "city", Descending: true},
	{Index: "city", Match: store.Equal("Ulm")}, {Index: "city", Match: store.Equal("Ulm"), Descending: true},
	{Index: "city", Match: store.Prefix("U")}, {Index: "email", Match: store.Equal("a@x")},
	{After: store.Cursor{ID: "a"}}, {After: store.Cursor{ID: "b"}, Descending: true},
}

// listsNothing returns an error if List finds anything.
func listsNothing(tx store.Tx, owner string) error {
	for _, q := range ways {
		q.Limit = 10
		items, next, err := people.List(tx, owner, q)
		if err != nil {
			return err
		}
		if len(items) > 0 || next != (store.Cursor{}) {
			return errors.New("listed " + items[0].Name)
		}
	}
	return nil
}

// allNothing returns an error if All finds anything.
func allNothing(tx store.Tx, owner string) error {
	for _, q := range ways {
		for p, err := range people.All(tx, owner, q) {
			if err != nil {
				return err
			}
			return errors.New("walked over " + p.Name)
		}
	}
	return nil
}
