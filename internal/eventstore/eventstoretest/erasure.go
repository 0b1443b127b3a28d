package eventstoretest

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/eventstore"
)

// testErase: Erase takes what meets the conditions, in the table and ahead of
// it, and nothing else, and what it took does not come back.
func testErase(t *testing.T, target Target) {
	day := noon.Truncate(24 * time.Hour)
	list := func(app, endpoint, user string, at time.Time) eventstore.Event {
		return eventstore.Event{App: app, EndpointID: endpoint, UserID: user, EventID: endpoint + user, Type: "t", Timestamp: at, Arrival: noon}
	}
	var (
		eve     = list("a", "e1", "u1", day.Add(-time.Millisecond))
		guest   = list("a", "e1", "", day)
		signed  = list("a", "e1", "u1", noon)
		lent    = list("a", "e1", "u2", noon) // somebody else's, on the same endpoint
		another = list("a", "e2", "u1", noon)
		alias   = list("a", "e3", "u-1", noon)
		nobody  = list("a", "", "", noon)
		foreign = list("b", "e1", "u1", day.Add(-time.Hour))
	)
	all := []eventstore.Event{eve, guest, signed, lent, another, alias, nobody, foreign}
	for name, test := range map[string]struct {
		x    eventstore.Erasure
		left []eventstore.Event
	}{
		"a day":              {eventstore.Erasure{App: "a", Before: day}, []eventstore.Event{guest, signed, lent, another, alias, nobody, foreign}},
		"a user":             {eventstore.Erasure{App: "a", UserIDs: []string{"u1"}}, []eventstore.Event{guest, lent, alias, nobody, foreign}},
		"users":              {eventstore.Erasure{App: "a", UserIDs: []string{"u1", "u-1", "u1"}}, []eventstore.Event{guest, lent, nobody, foreign}},
		"an endpoint":        {eventstore.Erasure{App: "a", EndpointIDs: []string{"e1"}}, []eventstore.Event{eve, signed, lent, another, alias, nobody, foreign}},
		"a person":           {eventstore.Erasure{App: "a", UserIDs: []string{"u1", "u-1"}, EndpointIDs: []string{"e1", "e2", "e3"}}, []eventstore.Event{lent, nobody, foreign}},
		"a person until":     {eventstore.Erasure{App: "a", Before: day, UserIDs: []string{"u1"}, EndpointIDs: []string{"e1"}}, []eventstore.Event{guest, signed, lent, another, alias, nobody, foreign}},
		"an unknown user":    {eventstore.Erasure{App: "a", UserIDs: []string{"u3"}}, all},
		"an empty id beside": {eventstore.Erasure{App: "a", UserIDs: []string{"", "u3"}, EndpointIDs: []string{""}}, all},
		"an unknown project": {eventstore.Erasure{App: "c", Before: day.AddDate(1, 0, 0)}, all},
		"a day long past":    {eventstore.Erasure{App: "a", Before: day.AddDate(-1, 0, 0)}, all},
	} {
		t.Run(name, func(t *testing.T) {
			place := target.Place(t)
			s := target.openAt(t, place)
			appendAll(t, s, all[:4]...)
			settle(t, s)
			appendAll(t, s, all[4:]...)
			last := lastOf(t, s)
			n, err := s.Erase(background, test.x)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "number", int64(len(all)-len(test.left)), n)
			same(t, "left", test.left, events(scan(t, s, eventstore.Query{})))
			if n, err = s.Erase(background, test.x); n != 0 || err != nil {
				t.Errorf("again: %d, %v", n, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = target.openAt(t, place)
			same(t, "after reopening", test.left, events(scan(t, s, eventstore.Query{})))
			fresh := list("a", "e9", "u9", noon)
			appendAll(t, s, fresh)
			same(t, "new", []eventstore.Event{fresh}, events(scan(t, s, eventstore.Query{After: last})))
		})
	}
}

// testEraseNothing: an erasure that chooses nothing in particular is refused.
func testEraseNothing(t *testing.T, target Target) {
	s := target.open(t)
	appendAll(t, s, event("a", 1), eventstore.Event{App: "a", EndpointID: "e", UserID: "\ufffd", Type: "t", Timestamp: noon, Arrival: noon})
	for name, x := range map[string]eventstore.Erasure{
		"nothing": {}, "an app": {App: "a"}, "no app": {UserIDs: []string{"u"}}, "the empty user": {App: "a", UserIDs: []string{""}},
		"half a day": {App: "a", Before: noon},
	} {
		if n, err := s.Erase(background, x); !errors.Is(err, eventstore.ErrInvalid) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	same(t, "left", 2, len(scan(t, s, eventstore.Query{})))
	// Ids mean what was stored of them.
	if n, err := s.Erase(background, eventstore.Erasure{App: "a", UserIDs: []string{"\x00", "\xff"}}); n != 1 || err != nil {
		t.Errorf("repaired: %d, %v", n, err)
	}
}

func lastOf(t *testing.T, s eventstore.Store) eventstore.Cursor {
	t.Helper()
	last, err := s.Last(background)
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// testLast: Last is the newest event's cursor.
func testLast(t *testing.T, target Target) {
	s := target.open(t)
	same(t, "of nothing", eventstore.Cursor(0), lastOf(t, s))
	for n := range 3 {
		appendAll(t, s, event("a", n), event("a", n))
		all := scan(t, s, eventstore.Query{})
		same(t, "last", all[len(all)-1].Cursor, lastOf(t, s))
	}
}

// erase is an action of the model.
func (m *model) erase(r *rapid.T) {
	x := eventstore.Erasure{App: apps.Draw(r, "app")}
	kind := rapid.IntRange(1, 3).Draw(r, "kind")
	if kind&1 != 0 {
		x.Before = moments.Draw(r, "before").Truncate(24 * time.Hour)
	}
	if kind&2 != 0 {
		x.UserIDs = append(rapid.SliceOfN(users, 0, 2).Draw(r, "users"), "u1")
		x.EndpointIDs = rapid.SliceOfN(endpoints, 0, 3).Draw(r, "endpoints")
	}
	prepared, err := eventstore.PrepareErasure(x)
	if err != nil {
		r.Fatalf("prepare %+v: %v", x, err)
	}
	left := slices.DeleteFunc(slices.Clone(m.all), func(found recorded) bool { return prepared.Match(&found.Event) })
	n, err := m.store.Erase(background, x)
	if err != nil {
		r.Fatalf("erase %+v: %v", x, err)
	}
	same(r, "erased", int64(len(m.all)-len(left)), n)
	if m.all = left; len(left) == 0 {
		m.all = nil
	}
	same(r, "left", m.all, scan(r, m.store, eventstore.Query{}))
}

// Size of the test of erasures that are killed.
const (
	erasedUsers  = 200
	eventsOfUser = 60
)

func erasedUser(n int) string { return fmt.Sprintf("user-%03d", n) }

// beEraser erases one user after the other and prints each that it has erased,
// while others append.
func beEraser(target Target, place string) error {
	s, err := target.Open(background, place)
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() {
		for n := 0; ; n++ {
			if err := s.Append(background, []eventstore.Event{event("others", n)}); err != nil {
				failed <- err
				return
			}
		}
	}()
	go func() {
		for n := range erasedUsers {
			if _, err := s.Erase(background, eventstore.Erasure{App: "app", UserIDs: []string{erasedUser(n)}}); err != nil {
				failed <- err
				return
			}
			fmt.Println(erasedUser(n))
		}
		failed <- errors.New("all users are erased")
	}()
	return <-failed
}

// RunEraseCrash kills a process with SIGKILL while it erases, and checks that
// every user that it said it had erased is gone, also from what the log would
// bring back, and that of every other all events are there, or none.
func RunEraseCrash(t *testing.T, target Target) {
	place := target.Place(t)
	s, err := target.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	for round := range eventsOfUser {
		batch := make([]eventstore.Event, erasedUsers)
		for n := range batch {
			batch[n] = event("app", n)
			batch[n].EventID, batch[n].UserID = fmt.Sprintf("%d-%d", round, n), erasedUser(n)
		}
		appendAll(t, s, batch...)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	gone := 0 // users that are known to be erased
	for range 4 {
		gone = max(gone, killEraser(t, place, gone+5+rand.IntN(20)))
		if s, err = target.Open(t.Context(), place); err != nil {
			t.Fatalf("open after a kill: %v", err)
		}
		for n := range erasedUsers {
			left, err := countAll(background, s, eventstore.Filter{App: "app", UserID: erasedUser(n)})
			if err != nil {
				t.Fatal(err)
			}
			if n < gone && left != 0 || left != 0 && left != eventsOfUser || n > gone && left == 0 {
				t.Errorf("user %d: %d events are left of %d, with %d users erased", n, left, eventsOfUser, gone)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killEraser runs an eraser until it has erased so many users, kills it and
// returns how many it said to have erased.
func killEraser(t *testing.T, place string, after int) (erased int) {
	t.Helper()
	victim, output, complaints := startVictim(t, eraserPlace, place)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "user-%d", &erased); err != nil {
			t.Fatalf("the eraser said %q", lines.Text())
		}
		if erased++; erased == after {
			if err := victim.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = victim.Wait()
	if erased < after {
		t.Fatalf("the eraser ended by itself: %s", complaints.String())
	}
	return erased
}
