// Package storetest is the contract of package store as tests. An engine that
// passes [Run] keeps the promises that rooms rely on; both engines do, on every
// commit. A test of an engine is short:
//
//	var engine = storetest.Engine{Open: ..., Location: ...}
//
//	func TestMain(m *testing.M)          { storetest.Main(m, engine) }
//	func TestConformance(t *testing.T)   { storetest.Run(t, engine) }
//	func BenchmarkConformance(b *testing.B) { storetest.Bench(b, engine) }
//
// Each file holds the tests of one area. Main is there because the tests of
// durability run the test binary a second time, to kill it.
package storetest

import (
	"context"
	"testing"
	"time"

	"pintail/internal/store"
)

// Engine tells the suite how to reach an engine.
type Engine struct {
	// Location returns a place with no database in it, gone when the test is.
	Location func(t testing.TB) string
	// Open opens the database at a location.
	Open func(ctx context.Context, location string, kinds ...store.Kind) (store.DB, error)
}

// person is the document of most tests: what JSON can hold, with every sort of
// index.
type person struct {
	Name    string
	Email   string            `json:",omitempty"`
	City    string            `json:",omitempty"`
	Age     int64             `json:",omitzero"`
	Born    time.Time         `json:",omitzero"`
	Score   float64           `json:",omitzero"`
	Active  *bool             `json:",omitzero"`
	Tags    []string          `json:",omitzero"`
	Traits  map[string]string `json:",omitzero"`
	Picture []byte            `json:",omitzero"`
	Boss    *person           `json:",omitzero"`
	Rest    time.Duration     `json:",omitzero"`
}

// counter is the document of the tests of concurrency.
type counter struct{ N int }

var (
	people = store.NewCollection("person",
		store.Unique("email", func(p *person) string { return p.Email }),
		store.Unique("name", func(p *person) string { return p.Name }),
		store.Index("city", func(p *person) string { return p.City }),
		store.Index("age", func(p *person) string { return store.Number(p.Age) }))
	counters = store.NewCollection[counter]("counter")
	// user and group are words of SQL.
	groups = store.NewCollection("group", store.Index("order", func(c *counter) string { return store.Number(int64(c.N)) }))
)

// kinds are the collections that a database is opened with, unless a test says
// otherwise.
var kinds = []store.Kind{people, counters, groups}

// suite is an engine under test.
type suite struct{ Engine }

// Run runs every test of the contract.
func Run(t *testing.T, e Engine) {
	s := suite{e}
	for _, area := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Documents", s.documents},
		{"Indexes", s.indexes},
		{"Listing", s.listing},
		{"Owners", s.owners},
		{"Model", s.model},
		{"Transactions", s.transactions},
		{"Concurrency", s.concurrency},
		{"Database", s.database},
		{"Evolution", s.evolution},
		{"Durability", s.durability},
	} {
		t.Run(area.name, area.run)
	}
}

// cases runs named tests in parallel.
func cases(t *testing.T, tests map[string]func(*testing.T)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// open opens an empty database for the length of a test.
func (s suite) open(t testing.TB) store.DB {
	t.Helper()
	return s.openAt(t, s.Location(t), kinds...)
}

// openAt opens the database at a location for the length of a test.
func (s suite) openAt(t testing.TB, location string, kinds ...store.Kind) store.DB {
	t.Helper()
	db, err := s.Open(context.Background(), location, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// update runs fn in an Update that has to succeed.
func update(t testing.TB, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// view runs fn in a View that has to succeed.
func view(t testing.TB, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// put stores documents, by id, in an Update that has to succeed.
func put[T any](t testing.TB, db store.DB, c *store.Collection[T], owner string, items map[string]*T) {
	t.Helper()
	update(t, db, func(tx store.Tx) error {
		for id, item := range items {
			if err := c.Put(tx, owner, id, item); err != nil {
				return err
			}
		}
		return nil
	})
}

// get reads a document that has to be there.
func get[T any](t testing.TB, db store.DB, c *store.Collection[T], owner, id string) *T {
	t.Helper()
	var item *T
	view(t, db, func(tx store.Tx) (err error) {
		item, err = c.Get(tx, owner, id)
		return err
	})
	return item
}
