package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/delivery"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/store/sqlite"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type fixture struct {
	*delivery.Outbox
	db    store.DB
	clock *clock.Clock
	path  string
}

func newOutbox(t *testing.T) fixture {
	t.Helper()
	path := filepath.Join(t.TempDir(), "directory.db")
	db, err := sqlite.Open(t.Context(), path, delivery.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	master, err := keys.ParseMasterKey("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	if err != nil {
		t.Fatal(err)
	}
	now := clock.Fixed(noon)
	return fixture{delivery.New(db, master, now), db, now, path}
}

func (f fixture) send(t *testing.T, to, code string) {
	t.Helper()
	f.clock.Advance(time.Millisecond)
	err := f.db.Update(t.Context(), func(tx store.Tx) error {
		return f.Send(tx, delivery.Message{Channel: delivery.Email, To: to, Subject: "Your code", Body: "It is " + code, Code: code, Purpose: "SignUp"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func codes(t *testing.T, list []delivery.Message, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, m := range list {
		all += m.Code + " "
	}
	return all
}

func TestList(t *testing.T) {
	t.Parallel()
	f := newOutbox(t)
	for i := range 5 {
		f.send(t, fmt.Sprintf("user%d@example.org", i%2), fmt.Sprint(i))
	}
	check := func(want string, filter delivery.Filter) {
		t.Helper()
		list, err := f.List(t.Context(), filter)
		if got := codes(t, list, err); got != want {
			t.Errorf("%+v: %q, want %q", filter, got, want)
		}
	}
	check("4 3 2 1 0 ", delivery.Filter{Limit: 10})
	check("4 3 ", delivery.Filter{Limit: 2})
	check("3 1 ", delivery.Filter{Limit: 10, To: "user1@example.org"})
	check("", delivery.Filter{Limit: 10, To: "user"})
	list, err := f.List(t.Context(), delivery.Filter{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	check("4 3 ", delivery.Filter{Limit: 10, After: list[2].ID})
	m, ok, err := f.Get(t.Context(), list[2].ID)
	if err != nil || !ok || m.Code != "2" || m.Body != "It is 2" || !m.Time.Equal(list[2].Time) {
		t.Errorf("got %+v %t %v", m, ok, err)
	}
	if _, ok, err := f.Get(t.Context(), "none"); ok || err != nil {
		t.Errorf("found a message that was never sent: %v", err)
	}
}

// A message exists only if what made it necessary does.
func TestSendIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	f := newOutbox(t)
	refused := errors.New("refused")
	err := f.db.Update(t.Context(), func(tx store.Tx) error {
		if err := f.Send(tx, delivery.Message{To: "a@example.org"}); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	list, err := f.List(t.Context(), delivery.Filter{Limit: 10})
	if got := codes(t, list, err); got != "" {
		t.Errorf("the outbox holds %q", got)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	f := newOutbox(t)
	f.send(t, "ada@example.org", "1")
	list, err := f.Wait(t.Context(), delivery.Filter{To: "ada@example.org", After: "0", Limit: 1})
	if got := codes(t, list, err); got != "1 " {
		t.Errorf("what is there already: %q", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	list, err = f.Wait(ended, delivery.Filter{To: "nobody@example.org", After: "0", Limit: 1})
	if got := codes(t, list, err); got != "" {
		t.Errorf("an ended wait gave %q", got)
	}
	after := list0(t, f).ID
	got := make(chan string)
	go func() {
		list, err := f.Wait(t.Context(), delivery.Filter{To: "ada@example.org", After: after, Limit: 1})
		got <- codes(t, list, err)
	}()
	f.send(t, "bob@example.org", "2")
	f.send(t, "ada@example.org", "3")
	if code := <-got; code != "3 " {
		t.Errorf("waited for %q", code)
	}
}

func list0(t *testing.T, f fixture) delivery.Message {
	t.Helper()
	list, err := f.List(t.Context(), delivery.Filter{Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	return list[0]
}

func TestPrune(t *testing.T) {
	t.Parallel()
	f := newOutbox(t)
	f.send(t, "a@example.org", "1")
	f.send(t, "a@example.org", "2")
	f.clock.Advance(time.Hour)
	f.send(t, "a@example.org", "3")
	if n, err := f.Prune(t.Context(), 2*time.Hour); n != 0 || err != nil {
		t.Errorf("pruned %d young messages, %v", n, err)
	}
	if n, err := f.Prune(t.Context(), 30*time.Minute); n != 2 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	list, err := f.List(t.Context(), delivery.Filter{Limit: 10})
	if got := codes(t, list, err); got != "3 " {
		t.Errorf("left: %q", got)
	}
}

// Codes must not lie about in the data folder.
func TestSealedAtRest(t *testing.T) {
	t.Parallel()
	f := newOutbox(t)
	f.send(t, "ada@example.org", "the-secret-code")
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(f.path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("the-secret-code")) {
			t.Errorf("%s holds the code in clear", filepath.Base(name))
		}
	}
}
