package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pintail/internal/store"
)

// model checks that an engine answers every sequence of calls as a map would.
// Keys are few, so that calls meet each other.
func (s suite) model(t *testing.T) {
	db := s.open(t)
	rapid.Check(t, func(rt *rapid.T) {
		if err := db.Reset(t.Context()); err != nil {
			rt.Fatal(err)
		}
		m := shadow{}
		for range rapid.IntRange(1, 5).Draw(rt, "transactions") {
			calls := rapid.SliceOfN(rapid.Custom(drawCall), 1, 8).Draw(rt, "calls")
			keep := rapid.Bool().Draw(rt, "keep")
			undo := errors.New("undo")
			var after shadow
			err := db.Update(t.Context(), func(tx store.Tx) error {
				after = m.clone()
				for _, c := range calls {
					got, want := c.on(tx), after.answer(c)
					if got != want {
						rt.Fatalf("%+v = %s, want %s", c, got, want)
					}
				}
				if !keep {
					return undo
				}
				return nil
			})
			if keep && err != nil || !keep && !errors.Is(err, undo) {
				rt.Fatal(err)
			}
			if keep {
				m = after
			}
		}
		err := db.View(t.Context(), func(tx store.Tx) error {
			for _, owner := range modelOwners {
				c := call{method: "List", owner: owner, query: store.Query{Limit: 50}}
				if got, want := c.on(tx), m.answer(c); got != want {
					rt.Fatalf("afterwards %s has %s, want %s", owner, got, want)
				}
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// call is a call of a method of people, with arguments for any of them.
type call struct {
	method    string
	owner, id string
	item      person
	value     string
	query     store.Query
}

var modelOwners = []string{"", "o"}

func drawCall(t *rapid.T) call {
	text := rapid.SampledFrom([]string{"", "a", "aa", "b", "ä"})
	q := store.Query{
		Index:      rapid.SampledFrom([]string{"", "email", "city"}).Draw(t, "index"),
		Limit:      rapid.IntRange(1, 4).Draw(t, "limit"),
		Descending: rapid.Bool().Draw(t, "descending"),
		After:      store.Cursor{ID: text.Draw(t, "after")},
	}
	if q.Index != "" {
		value := text.Draw(t, "match")
		q.Match = rapid.SampledFrom([]store.Match{{}, store.Equal(value), store.Prefix(value)}).Draw(t, "how")
		if q.After.Value = text.Draw(t, "after value"); q.After.Value == "" || q.After.ID == "" || q.Match == store.Equal(value) {
			q.After = store.Cursor{}
		}
	}
	return call{
		method: rapid.SampledFrom([]string{"Get", "GetBy", "Insert", "Put", "Delete", "DeleteAll", "Count", "List"}).Draw(t, "method"),
		owner:  rapid.SampledFrom(modelOwners).Draw(t, "owner"),
		id:     rapid.SampledFrom([]string{"a", "b", "c", "ä"}).Draw(t, "id"),
		item:   person{Email: text.Draw(t, "email"), City: text.Draw(t, "city")},
		value:  text.Draw(t, "value"),
		query:  q,
	}
}

// on makes the call and returns its answer as text.
func (c call) on(tx store.Tx) string {
	switch c.method {
	case "Get":
		return answer(people.Get(tx, c.owner, c.id))
	case "GetBy":
		return answer(people.GetBy(tx, c.owner, "email", c.value))
	case "Insert":
		return fmt.Sprint(people.Insert(tx, c.owner, c.id, &c.item))
	case "Put":
		return fmt.Sprint(people.Put(tx, c.owner, c.id, &c.item))
	case "Delete":
		return fmt.Sprint(people.Delete(tx, c.owner, c.id))
	case "DeleteAll":
		return fmt.Sprint(people.DeleteAll(tx, c.owner))
	case "Count":
		return fmt.Sprint(people.Count(tx, c.owner))
	default:
		items, next, err := people.List(tx, c.owner, c.query)
		var all strings.Builder
		for _, p := range items {
			all.WriteString(answer(p, nil))
		}
		return fmt.Sprintf("%s next %q %v", all.String(), next, err)
	}
}

func answer(p *person, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("<%s %s>", p.Email, p.City)
}

// shadow is what the documents should be, by owner and id.
type shadow map[[2]string]person

func (m shadow) clone() shadow {
	other := make(shadow, len(m))
	for k, p := range m {
		other[k] = p
	}
	return other
}

// answer makes the call on the shadow and returns the answer as text.
func (m shadow) answer(c call) string {
	key := [2]string{c.owner, c.id}
	p, there := m[key]
	switch c.method {
	case "Get":
		if !there {
			return store.ErrNotFound.Error()
		}
		return answer(&p, nil)
	case "GetBy":
		if id, ok := m.holder(c.owner, c.value); ok {
			p := m[[2]string{c.owner, id}]
			return answer(&p, nil)
		}
		return store.ErrNotFound.Error()
	case "Insert":
		if there {
			return store.ErrExists.Error()
		}
		return m.put(c)
	case "Put":
		return m.put(c)
	case "Delete":
		if !there {
			return store.ErrNotFound.Error()
		}
		delete(m, key)
		return "<nil>"
	case "DeleteAll":
		n := m.count(c.owner)
		for k := range m {
			if k[0] == c.owner {
				delete(m, k)
			}
		}
		return fmt.Sprint(n, nil)
	case "Count":
		return fmt.Sprint(m.count(c.owner), nil)
	default:
		return m.list(c.owner, c.query)
	}
}

func (m shadow) put(c call) string {
	if id, ok := m.holder(c.owner, c.item.Email); ok && id != c.id {
		return (&store.ConflictError{Collection: "person", Index: "email"}).Error()
	}
	m[[2]string{c.owner, c.id}] = c.item
	return "<nil>"
}

// holder returns the id of the document with an e-mail address.
func (m shadow) holder(owner, email string) (string, bool) {
	for k, p := range m {
		if k[0] == owner && email != "" && p.Email == email {
			return k[1], true
		}
	}
	return "", false
}

func (m shadow) count(owner string) (n int) {
	for k := range m {
		if k[0] == owner {
			n++
		}
	}
	return n
}

// list sorts everything and takes what the query asks for.
func (m shadow) list(owner string, q store.Query) string {
	var places []store.Cursor
	for k, p := range m {
		value := map[string]string{"email": p.Email, "city": p.City}[q.Index]
		if k[0] != owner || q.Index != "" && value == "" {
			continue
		}
		matches := q.Match == store.Match{} || q.Match == store.Equal(value)
		for i := range len(value) + 1 {
			matches = matches || q.Match == store.Prefix(value[:i])
		}
		if matches {
			places = append(places, store.Cursor{Value: value, ID: k[1]})
		}
	}
	sign := 1
	if q.Descending {
		sign = -1
	}
	order := func(a, b store.Cursor) int {
		return sign * cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(places, order)
	places = slices.DeleteFunc(places, func(at store.Cursor) bool {
		return q.After != store.Cursor{} && order(at, q.After) <= 0
	})
	next := store.Cursor{}
	if len(places) > q.Limit {
		places = places[:q.Limit]
		next = places[q.Limit-1]
	}
	var all strings.Builder
	for _, at := range places {
		p := m[[2]string{owner, at.ID}]
		all.WriteString(answer(&p, nil))
	}
	return fmt.Sprintf("%s next %q %v", all.String(), next, error(nil))
}
