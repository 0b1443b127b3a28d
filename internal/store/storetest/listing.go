package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pintail/internal/store"
)

func (s suite) listing(t *testing.T) {
	cases(t, map[string]func(*testing.T){
		"every page from every place":  s.everyPlace,
		"prefix":                       s.prefix,
		"numbers in their order":       s.numbers,
		"all, beyond a page":           s.all,
		"all, while changing":          s.allChanging,
		"all ends where the loop does": s.allBreak,
		"pages while documents go":     s.pagesWhileDeleting,
		"cursors do not widen a match": s.foreignCursor,
	})
}

// names lists people and returns their names.
func names(t *testing.T, tx store.Tx, q store.Query) []string {
	t.Helper()
	items, _, err := people.List(tx, "o", q)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range items {
		names = append(names, p.Name)
	}
	return names
}

// crowd stores twelve people in three cities, one city's name being the prefix
// of another's, and two without a city. Their names are their ids.
func crowd(t *testing.T, db store.DB) {
	t.Helper()
	items := make(map[string]*person)
	for i := range 12 {
		name := fmt.Sprintf("p%02d", i)
		items[name] = &person{Name: name, City: []string{"Ulm", "Bonn", "Ulmen"}[i%3], Age: int64(i % 5)}
	}
	items["q"], items["r"] = &person{Name: "q"}, &person{Name: "r"}
	put(t, db, people, "o", items)
}

func (s suite) everyPlace(t *testing.T) {
	db := s.open(t)
	crowd(t, db)
	byCity := []string{"p01", "p04", "p07", "p10", "p00", "p03", "p06", "p09", "p02", "p05", "p08", "p11"}
	for name, walk := range map[string]struct {
		query store.Query
		want  []string
	}{
		"by id":     {store.Query{}, []string{"p00", "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "p11", "q", "r"}},
		"by city":   {store.Query{Index: "city"}, byCity},
		"one city":  {store.Query{Index: "city", Match: store.Equal("Ulm")}, byCity[4:8]},
		"no city":   {store.Query{Index: "city", Match: store.Equal("Rom")}, nil},
		"Ulm*":      {store.Query{Index: "city", Match: store.Prefix("Ulm")}, byCity[4:]},
		"by name":   {store.Query{Index: "name", Match: store.Prefix("p0")}, []string{"p00", "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09"}},
		"one name":  {store.Query{Index: "name", Match: store.Equal("q")}, []string{"q"}},
		"no e-mail": {store.Query{Index: "email"}, nil},
	} {
		back := slices.Clone(walk.want)
		slices.Reverse(back)
		t.Run(name, func(t *testing.T) { pages(t, db, walk.query, walk.want) })
		walk.query.Descending = true
		t.Run(name+", descending", func(t *testing.T) { pages(t, db, walk.query, back) })
	}
}

// pages walks q with pages of every size, from token to token as a client does,
// and checks each page.
func pages(t *testing.T, db store.DB, q store.Query, want []string) {
	tokens, name := store.NewTokens([]byte("key")), t.Name()
	view(t, db, func(tx store.Tx) error {
		for q.Limit = 1; q.Limit <= len(want)+1; q.Limit++ {
			q.After = store.Cursor{}
			for at := 0; ; at += q.Limit {
				items, next, err := people.List(tx, "o", q)
				if err != nil {
					return err
				}
				end := min(at+q.Limit, len(want))
				var got []string
				for _, p := range items {
					got = append(got, p.Name)
				}
				if !slices.Equal(got, want[at:end]) {
					t.Fatalf("limit %d, from %d: %v, want %v", q.Limit, at, got, want[at:end])
				}
				if last := end == len(want); last != (next == store.Cursor{}) {
					t.Fatalf("limit %d, from %d: next = %v, last page: %t", q.Limit, at, next, last)
				}
				if end == len(want) {
					break
				}
				if q.After, err = tokens.Open(tokens.Seal(next, "o", name), "o", name); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s suite) prefix(t *testing.T) {
	db := s.open(t)
	values := []string{"a", "a%", "a_", "aZ", "a\U0010FFFF", "a\U0010FFFFb", "a\uD7FF", "a\uD7FFb", "a\uE000", "b", "A", "\U0010FFFF"}
	items := make(map[string]*person)
	for _, v := range values {
		items[v] = &person{Name: v}
	}
	put(t, db, people, "o", items)
	view(t, db, func(tx store.Tx) error {
		for _, prefix := range append([]string{"", "c", "%", "_"}, values...) {
			var want []string
			for _, v := range values {
				if strings.HasPrefix(v, prefix) {
					want = append(want, v)
				}
			}
			slices.Sort(want)
			got := names(t, tx, store.Query{Index: "name", Match: store.Prefix(prefix), Limit: 50})
			if !slices.Equal(got, want) {
				t.Errorf("prefix %q: %q, want %q", prefix, got, want)
			}
		}
		return nil
	})
}

func (s suite) numbers(t *testing.T) {
	db := s.open(t)
	ages := []int64{-1 << 63, -256, -1, 0, 1, 15, 16, 255, 256, 1<<63 - 1}
	items := make(map[string]*person)
	for i, age := range ages {
		id := fmt.Sprint(len(ages) - i) // against the order of the numbers
		items[id] = &person{Name: id, Age: age}
	}
	put(t, db, people, "o", items)
	view(t, db, func(tx store.Tx) error {
		found, _, err := people.List(tx, "o", store.Query{Index: "age", Limit: 50})
		var got []int64
		for _, p := range found {
			got = append(got, p.Age)
		}
		if !slices.Equal(got, ages) {
			t.Errorf("ages = %v, want %v", got, ages)
		}
		return err
	})
}

// many stores n counters, numbered in the order of their ids.
func many(t *testing.T, db store.DB, n int) {
	t.Helper()
	items := make(map[string]*counter)
	for i := range n {
		items[fmt.Sprintf("%05d", i)] = &counter{N: i}
	}
	put(t, db, counters, "o", items)
}

func (s suite) all(t *testing.T) {
	db := s.open(t)
	const n = 1201 // more than two of All's pages
	many(t, db, n)
	view(t, db, func(tx store.Tx) error {
		next := 0
		for c, err := range counters.All(tx, "o", store.Query{}) {
			if err != nil {
				return err
			}
			if c.N != next {
				t.Fatalf("got %d, want %d", c.N, next)
			}
			next++
		}
		if next != n {
			t.Errorf("got %d documents, want %d", next, n)
		}
		for c, err := range counters.All(tx, "o", store.Query{Descending: true}) {
			next--
			if err != nil || c.N != next {
				t.Fatalf("descending: got %v, %v; want %d", c, err, next)
			}
		}
		return nil
	})
}

func (s suite) allChanging(t *testing.T) {
	db := s.open(t)
	const n = 600
	many(t, db, n)
	update(t, db, func(tx store.Tx) error {
		for c, err := range counters.All(tx, "o", store.Query{}) {
			if err != nil {
				return err
			}
			id := fmt.Sprintf("%05d", c.N)
			if c.N%2 == 0 {
				err = counters.Delete(tx, "o", id)
			} else {
				err = counters.Put(tx, "o", id, &counter{N: c.N + n})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(tx store.Tx) error {
		next := 1
		for c, err := range counters.All(tx, "o", store.Query{}) {
			if err != nil || c.N != next+n {
				t.Fatalf("got %v, %v; want %d", c, err, next+n)
			}
			next += 2
		}
		if next != n+1 {
			t.Errorf("stopped at %d, want %d", next, n+1)
		}
		return nil
	})
}

func (s suite) allBreak(t *testing.T) {
	db := s.open(t)
	many(t, db, 5)
	view(t, db, func(tx store.Tx) error {
		seen := 0
		for _, err := range counters.All(tx, "o", store.Query{}) {
			if err != nil {
				return err
			}
			if seen++; seen == 3 {
				break
			}
		}
		if seen != 3 {
			t.Errorf("saw %d documents, want 3", seen)
		}
		for _, err := range counters.All(tx, "o", store.Query{Index: "nothing"}) {
			if err == nil {
				t.Error("All over an index that is not there gave a document")
			}
		}
		return nil
	})
}

func (s suite) pagesWhileDeleting(t *testing.T) {
	db := s.open(t)
	crowd(t, db)
	var got []string
	for q := (store.Query{Index: "city", Limit: 3}); ; {
		var next store.Cursor
		view(t, db, func(tx store.Tx) (err error) {
			got = append(got, names(t, tx, q)...)
			_, next, err = people.List(tx, "o", q)
			return err
		})
		if next == (store.Cursor{}) {
			break
		}
		// The document at the cursor goes, and one that has been seen comes again.
		update(t, db, func(tx store.Tx) error {
			err := people.Delete(tx, "o", next.ID)
			return errors.Join(err, people.Put(tx, "o", "again"+next.ID, &person{Name: "again" + next.ID, City: "Aalen"}))
		})
		q.After = next
	}
	want := []string{"p01", "p04", "p07", "p10", "p00", "p03", "p06", "p09", "p02", "p05", "p08", "p11"}
	if !slices.Equal(got, want) {
		t.Errorf("pages gave %v, want %v", got, want)
	}
}

func (s suite) foreignCursor(t *testing.T) {
	db := s.open(t)
	crowd(t, db)
	view(t, db, func(tx store.Tx) error {
		for _, q := range []store.Query{
			{Match: store.Prefix("Ulm"), After: store.Cursor{Value: "A", ID: "a"}},
			{Match: store.Prefix("Ulm"), After: store.Cursor{Value: "Z", ID: "z"}, Descending: true},
			{Match: store.Equal("Ulm"), After: store.Cursor{Value: "A", ID: "a"}},
		} {
			q.Index, q.Limit = "city", 50
			for _, name := range names(t, tx, q) {
				if p, err := people.Get(tx, "o", name); err != nil || p.City[:3] != "Ulm" {
					t.Errorf("%+v gives %+v, %v", q, p, err)
				}
			}
		}
		return nil
	})
}
