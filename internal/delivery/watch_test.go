package delivery_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/clock"
	"pintail/internal/delivery"
	"pintail/internal/job"
	"pintail/internal/store"
	"pintail/internal/store/sqlite"
)

// news are a watch's next messages: to whom and in which state.
func news(t *testing.T, w *delivery.Watch) (all []string) {
	t.Helper()
	list, err := w.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		all = append(all, m.To+" "+string(m.State))
	}
	return all
}

func sees(t *testing.T, w *delivery.Watch, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, news(t, w)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A watch shows each message once, in whatever order they are committed, and again when
// it is in a new state.
func TestWatch(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), t.TempDir()+"/directory.db", slices.Concat(delivery.Collections(), job.Collections())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p, mail := newPost(t, db, clock.Fixed(noon)), newProvider()
	p.Use(delivery.Email, mail)

	p.send(delivery.Message{Channel: delivery.SMS, To: "old"})
	w, err := p.Watch(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	sees(t, w)
	p.send(delivery.Message{Channel: delivery.SMS, To: "a"})
	p.send(delivery.Message{Channel: delivery.Email, To: "b"})
	sees(t, w, "a kept", "b pending")
	sees(t, w)

	// One that was begun before, and committed later.
	p.clock.Set(p.clock.Now().Add(-time.Second))
	p.send(delivery.Message{Channel: delivery.SMS, To: "late"})
	p.clock.Set(p.clock.Now().Add(time.Second))
	sees(t, w, "late kept")

	p.run()
	await(t, mail.got)
	mail.answer <- nil
	p.settles(delivery.Sent)
	sees(t, w, "b sent")

	// What is old is left behind, and what is new is still seen.
	p.clock.Advance(time.Hour)
	sees(t, w)
	p.send(delivery.Message{Channel: delivery.SMS, To: "c"})
	sees(t, w, "c kept")

	since, err := p.Watch(t.Context(), noon.Add(30*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	sees(t, since, "c kept")
}

// A person's messages are those to the user, whatever the address was, and those that
// are no user's to an address of theirs; what another user of it got is not.
func TestMessagesOfPerson(t *testing.T) {
	t.Parallel()
	f := newOutbox(t)
	send := func(m delivery.Message) {
		f.clock.Advance(time.Millisecond)
		m.Channel = delivery.Email
		if err := f.db.Update(t.Context(), func(tx store.Tx) error { return f.Send(tx, m) }); err != nil {
			t.Fatal(err)
		}
	}
	send(delivery.Message{To: "old@example.org", UserPoolID: "p1", Username: "ada", Purpose: "1", Code: "123456", Body: "Say 123456", Subject: "123456 it is"})
	send(delivery.Message{To: "ada@example.org", UserPoolID: "p1", Username: "ada", Purpose: "2"})
	send(delivery.Message{To: "ada@example.org", UserPoolID: "p2", Username: "ada", Purpose: "3"})
	send(delivery.Message{To: "ada@example.org", UserPoolID: "p1", Username: "bob", Purpose: "4"})
	send(delivery.Message{To: "ada@example.org", Purpose: "5"})
	send(delivery.Message{To: "bob@example.org", Purpose: "6"})
	of := func(r delivery.Recipient) (ids []string, purposes string) {
		t.Helper()
		err := f.db.View(t.Context(), func(tx store.Tx) error {
			ids, purposes = nil, ""
			return f.MessagesOf(tx, r, func(m delivery.Message) error {
				if m := m.Readable(); strings.Contains(m.Subject+m.Body+m.Code, "123456") {
					t.Errorf("a readable message holds its code: %+v", m)
				}
				ids, purposes = append(ids, m.ID), purposes+m.Purpose
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		return ids, purposes
	}
	ada := delivery.Recipient{UserPoolID: "p1", Username: "ada", Addresses: []string{"ada@example.org"}}
	ids, purposes := of(ada)
	if purposes != "125" {
		t.Errorf("Ada's are %s", purposes)
	}
	if _, purposes := of(delivery.Recipient{Addresses: []string{"ada@example.org"}}); purposes != "5" {
		t.Errorf("the address's are %s", purposes)
	}
	for _, want := range []int{3, 0} {
		err := f.db.Update(t.Context(), func(tx store.Tx) error {
			n, err := f.DeleteMessages(tx, ids)
			if n != want {
				t.Errorf("%d messages were deleted, want %d", n, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, purposes := of(ada); purposes != "" {
		t.Errorf("left are %s", purposes)
	}
	if left, err := f.List(t.Context(), delivery.Filter{Limit: 10}); err != nil || len(left) != 3 {
		t.Errorf("%d messages are left, %v", len(left), err)
	}
}
