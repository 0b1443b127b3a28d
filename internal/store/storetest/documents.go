package storetest

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/store"
)

func (s suite) documents(t *testing.T) {
	cases(t, map[string]func(*testing.T){
		"come back as they were":         s.roundTrip,
		"insert only once":               s.insertOnce,
		"put inserts and replaces":       s.putReplaces,
		"modify":                         s.modify,
		"delete":                         s.delete,
		"delete all and count":           s.deleteAll,
		"keys that cannot be":            s.badKeys,
		"text that cannot be":            s.badText,
		"documents are copies":           s.copies,
		"collections not given to open":  s.undeclared,
		"names may be words of SQL":      s.sqlNames,
		"keys of every kind are kept":    s.oddKeys,
		"documents may be large":         s.largeDocument,
		"wrong index names are errors":   s.wrongIndex,
		"writes in a view are refused":   s.readOnly,
		"the zero document can be kept":  s.zeroDocument,
		"a failed change writes nothing": s.failedChange,
	})
}

func (s suite) roundTrip(t *testing.T) {
	db := s.open(t)
	want := &person{
		Name:    "Zoë \"\\\b\u2028<&>'\U0001F986 \\u0000",
		Email:   "zoe@example.com",
		Age:     math.MaxInt64,
		Born:    time.Date(1999, 12, 31, 23, 59, 59, 123456789, time.UTC),
		Score:   0.1 + 0.2,
		Active:  new(false),
		Tags:    []string{"", "a", "\n"},
		Traits:  map[string]string{"": "empty", "ключ": "значение"},
		Picture: []byte{0, 1, 255},
		Boss:    &person{Age: math.MinInt64, Score: math.MaxFloat64, Tags: []string{}, Traits: map[string]string{}, Picture: []byte{}},
		Rest:    time.Hour + time.Nanosecond,
	}
	put(t, db, people, "o", map[string]*person{"zoe": want})
	if diff := cmp.Diff(want, get(t, db, people, "o", "zoe")); diff != "" {
		t.Errorf("document changed (-written +read):\n%s", diff)
	}
}

func (s suite) zeroDocument(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"nobody": {}})
	if diff := cmp.Diff(&person{}, get(t, db, people, "o", "nobody")); diff != "" {
		t.Errorf("document changed (-written +read):\n%s", diff)
	}
}

func (s suite) insertOnce(t *testing.T) {
	db := s.open(t)
	update(t, db, func(tx store.Tx) error {
		if err := people.Insert(tx, "o", "a", &person{Name: "Ann"}); err != nil {
			return err
		}
		if err := people.Insert(tx, "o", "a", &person{Name: "Bob"}); !errors.Is(err, store.ErrExists) {
			t.Errorf("second insert: %v, want ErrExists", err)
		}
		return nil
	})
	if got := get(t, db, people, "o", "a").Name; got != "Ann" {
		t.Errorf("name = %s after a refused insert, want Ann", got)
	}
}

func (s suite) putReplaces(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Tags: []string{"x"}}})
	put(t, db, people, "o", map[string]*person{"a": {Name: "Bob"}})
	if diff := cmp.Diff(&person{Name: "Bob"}, get(t, db, people, "o", "a")); diff != "" {
		t.Errorf("put did not replace the document (-written +read):\n%s", diff)
	}
}

func (s suite) modify(t *testing.T) {
	db := s.open(t)
	put(t, db, counters, "o", map[string]*counter{"a": {N: 1}})
	update(t, db, func(tx store.Tx) error {
		got, err := counters.Modify(tx, "o", "a", func(c *counter) error { c.N++; return nil })
		if err == nil && got.N != 2 {
			t.Errorf("Modify returned %d, want 2", got.N)
		}
		return err
	})
	if got := get(t, db, counters, "o", "a").N; got != 2 {
		t.Errorf("n = %d, want 2", got)
	}
	err := db.Update(t.Context(), func(tx store.Tx) error {
		_, err := counters.Modify(tx, "o", "b", func(*counter) error { t.Error("change called"); return nil })
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Modify of nothing: %v, want ErrNotFound", err)
	}
}

func (s suite) failedChange(t *testing.T) {
	db := s.open(t)
	put(t, db, counters, "o", map[string]*counter{"a": {N: 1}})
	refused := errors.New("refused")
	update(t, db, func(tx store.Tx) error {
		_, err := counters.Modify(tx, "o", "a", func(c *counter) error { c.N = 9; return refused })
		if !errors.Is(err, refused) {
			t.Errorf("Modify: %v, want the error of change", err)
		}
		return nil
	})
	if got := get(t, db, counters, "o", "a").N; got != 1 {
		t.Errorf("n = %d, want 1", got)
	}
}

func (s suite) delete(t *testing.T) {
	db := s.open(t)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Email: "a@x"}})
	update(t, db, func(tx store.Tx) error { return people.Delete(tx, "o", "a") })
	update(t, db, func(tx store.Tx) error {
		if err := people.Delete(tx, "o", "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("second delete: %v, want ErrNotFound", err)
		}
		if _, err := people.Get(tx, "o", "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("get: %v, want ErrNotFound", err)
		}
		if _, err := people.GetBy(tx, "o", "email", "a@x"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("get by e-mail: %v, want ErrNotFound", err)
		}
		return people.Insert(tx, "o", "a", &person{Name: "Ann", Email: "a@x"})
	})
}

func (s suite) deleteAll(t *testing.T) {
	db := s.open(t)
	put(t, db, counters, "o", map[string]*counter{"a": {}, "b": {}, "c": {}})
	count := func(tx store.Tx, want int) {
		if n, err := counters.Count(tx, "o"); err != nil || n != want {
			t.Errorf("Count = %d, %v; want %d", n, err, want)
		}
	}
	update(t, db, func(tx store.Tx) error {
		count(tx, 3)
		n, err := counters.DeleteAll(tx, "o")
		if n != 3 {
			t.Errorf("DeleteAll = %d, want 3", n)
		}
		count(tx, 0)
		return err
	})
	view(t, db, func(tx store.Tx) error { count(tx, 0); return nil })
}

func (s suite) badKeys(t *testing.T) {
	db := s.open(t)
	long, longOwner := strings.Repeat("k", 1025), strings.Repeat("o", 257)
	for name, key := range map[string]struct {
		owner, id, email string
		key              string
	}{
		"empty id":           {"o", "", "", "id"},
		"long id":            {"o", long, "", "id"},
		"long owner":         {longOwner, "a", "", "owner"},
		"long index value":   {"o", "a", long, "email"},
		"NUL in id":          {"o", "a\x00b", "", "id"},
		"NUL in owner":       {"o\x00", "a", "", "owner"},
		"NUL in index value": {"o", "a", "a\x00", "email"},
		"id is not UTF-8":    {"o", "\xff", "", "id"},
		"owner is not UTF-8": {"\xc3\x28", "a", "", "owner"},
	} {
		item := &person{Name: "Ann", Email: key.email}
		update(t, db, func(tx store.Tx) error {
			for _, err := range []error{people.Insert(tx, key.owner, key.id, item), people.Put(tx, key.owner, key.id, item)} {
				if refused, ok := errors.AsType[*store.KeyError](err); !ok || refused.Key != key.key {
					t.Errorf("%s: %v, want a KeyError about %s", name, err, key.key)
				}
			}
			if key.email == "" {
				if _, err := people.Get(tx, key.owner, key.id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: Get: %v, want ErrNotFound", name, err)
				}
				if err := people.Delete(tx, key.owner, key.id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: Delete: %v, want ErrNotFound", name, err)
				}
			} else if _, err := people.GetBy(tx, key.owner, "email", key.email); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: GetBy: %v, want ErrNotFound", name, err)
			}
			return nil
		})
	}
	update(t, db, func(tx store.Tx) error {
		if n, err := people.Count(tx, longOwner); n != 0 || err != nil {
			t.Errorf("Count = %d, %v; want 0", n, err)
		}
		if n, err := people.DeleteAll(tx, "o\x00"); n != 0 || err != nil {
			t.Errorf("DeleteAll = %d, %v; want 0", n, err)
		}
		for _, match := range []store.Match{store.Equal(""), store.Equal("\x00"), store.Prefix("\xff"), store.Equal(long)} {
			items, next, err := people.List(tx, "o", store.Query{Index: "email", Match: match, Limit: 5})
			if len(items) != 0 || next != (store.Cursor{}) || err != nil {
				t.Errorf("List of %v = %d items, %v, %v; want none", match, len(items), next, err)
			}
		}
		return nil
	})
}

func (s suite) oddKeys(t *testing.T) {
	db := s.open(t)
	longest := strings.Repeat("\U0001F986", 256)
	owners := []string{"", " ", "O", "o", `"';--`, strings.Repeat("o", 256)}
	ids := []string{" ", "A", "a", "a ", "%", "_", "ä", "a\u0308", `\`, longest}
	update(t, db, func(tx store.Tx) error {
		for _, owner := range owners {
			for _, id := range ids {
				if err := people.Insert(tx, owner, id, &person{Name: id, City: longest}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	view(t, db, func(tx store.Tx) error {
		for _, owner := range owners {
			for _, id := range ids {
				p, err := people.Get(tx, owner, id)
				if err != nil || p.Name != id {
					t.Errorf("Get(%q, %q) = %v, %v", owner, id, p, err)
				}
				if p, err := people.GetBy(tx, owner, "name", id); err != nil || p.Name != id {
					t.Errorf("GetBy(%q, %q) = %v, %v", owner, id, p, err)
				}
			}
		}
		return nil
	})
}

func (s suite) badText(t *testing.T) {
	db := s.open(t)
	for text, fine := range map[string]bool{
		"\x00": false, `\` + "\x00": false, "a\x00": false,
		`\u0000`: true, `\\u0000`: true, "\x01": true, "u0000": true,
	} {
		err := db.Update(t.Context(), func(tx store.Tx) error {
			return people.Put(tx, "o", "a", &person{Traits: map[string]string{"k": text}})
		})
		if fine && err != nil || !fine && !errors.Is(err, store.ErrNUL) {
			t.Errorf("%q: %v", text, err)
		}
	}
	err := db.Update(t.Context(), func(tx store.Tx) error {
		return people.Put(tx, "o", "a", &person{Traits: map[string]string{"k": "\xff"}})
	})
	if err == nil {
		t.Error("text that is not UTF-8 was stored")
	}
}

func (s suite) copies(t *testing.T) {
	db := s.open(t)
	item := &person{Name: "Ann", Tags: []string{"x"}}
	update(t, db, func(tx store.Tx) error {
		if err := people.Put(tx, "o", "a", item); err != nil {
			return err
		}
		item.Tags[0] = "y"
		read, err := people.Get(tx, "o", "a")
		if err == nil {
			read.Tags[0] = "z"
		}
		return err
	})
	if got := get(t, db, people, "o", "a").Tags[0]; got != "x" {
		t.Errorf("tag = %s, want x as written", got)
	}
}

func (s suite) undeclared(t *testing.T) {
	db := s.open(t)
	stranger := store.NewCollection[counter]("stranger")
	err := db.Update(t.Context(), func(tx store.Tx) error { return stranger.Put(tx, "o", "a", &counter{}) })
	if err == nil || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("Put: %v, want an error that names the collection", err)
	}
}

func (s suite) sqlNames(t *testing.T) {
	db := s.open(t)
	put(t, db, groups, "o", map[string]*counter{"b": {N: 1}, "a": {N: 2}})
	view(t, db, func(tx store.Tx) error {
		items, _, err := groups.List(tx, "o", store.Query{Index: "order", Limit: 5})
		if len(items) != 2 || items[0].N != 1 {
			t.Errorf("List = %v", items)
		}
		return err
	})
}

func (s suite) largeDocument(t *testing.T) {
	db := s.open(t)
	want := strings.Repeat("0123456789abcdef", 1<<16)
	put(t, db, people, "o", map[string]*person{"a": {Name: "Ann", Traits: map[string]string{"k": want}}})
	if got := get(t, db, people, "o", "a").Traits["k"]; got != want {
		t.Errorf("a megabyte of text came back as %d bytes", len(got))
	}
}

func (s suite) wrongIndex(t *testing.T) {
	db := s.open(t)
	view(t, db, func(tx store.Tx) error {
		for _, index := range []string{"nothing", "city", ""} {
			if _, err := people.GetBy(tx, "o", index, "x"); err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("GetBy with index %q: %v, want an error that says so", index, err)
			}
		}
		for _, q := range []store.Query{{Index: "nothing", Limit: 1}, {Limit: 0}, {Limit: store.MaxLimit + 1}, {Limit: 1, Match: store.Equal("x")}} {
			if _, _, err := people.List(tx, "o", q); err == nil {
				t.Errorf("List(%v) succeeded", q)
			}
		}
		return nil
	})
}

func (s suite) readOnly(t *testing.T) {
	db := s.open(t)
	view(t, db, func(tx store.Tx) error {
		_, deleteAll := people.DeleteAll(tx, "o")
		for name, err := range map[string]error{
			"Insert":    people.Insert(tx, "o", "a", &person{}),
			"Put":       people.Put(tx, "o", "a", &person{}),
			"Delete":    people.Delete(tx, "o", "a"),
			"DeleteAll": deleteAll,
		} {
			if !errors.Is(err, store.ErrReadOnly) {
				t.Errorf("%s in a view: %v, want ErrReadOnly", name, err)
			}
		}
		return nil
	})
}
