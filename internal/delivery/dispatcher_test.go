package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/delivery"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/store/postgres"
	"pintail/internal/store/sqlite"
	"pintail/internal/store/storetest"
	"pintail/internal/testkit/pgtest"
)

// provider is a channel whose other end is the test.
type provider struct {
	got    chan delivery.Message
	answer chan error
}

func newProvider() *provider {
	return &provider{got: make(chan delivery.Message), answer: make(chan error)}
}

func (p *provider) Deliver(ctx context.Context, m delivery.Message) error {
	p.got <- m
	select {
	case err := <-p.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// post is an outbox with a dispatcher at work.
type post struct {
	t testing.TB
	*delivery.Outbox
	*delivery.Dispatcher
	db     store.DB
	clock  *clock.Clock
	jobs   *job.Queue
	states chan delivery.State
	stored chan job.Event // the jobs behind them
}

func newPost(t testing.TB, db store.DB, now *clock.Clock) *post {
	t.Helper()
	master, err := keys.ParseMasterKey(strings.Repeat("0123456789abcdef", 4))
	if err != nil {
		t.Fatal(err)
	}
	p := &post{t: t, db: db, clock: now, states: make(chan delivery.State, 100), stored: make(chan job.Event, 100)}
	p.jobs = job.New(job.Config{DB: db, Clock: now, Log: slog.New(slog.DiscardHandler), Observe: func(e job.Event) {
		if strings.HasPrefix(e.Kind, "deliver.") && e.Outcome != job.Extended {
			p.stored <- e
		}
	}})
	p.Outbox = delivery.New(db, master, now)
	p.Dispatcher = delivery.NewDispatcher(p.Outbox, p.jobs, func(_ string, s delivery.State) { p.states <- s })
	return p
}

// run delivers until stop, or until the test ends.
func (p *post) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.jobs.Run(ctx) }()
	stop = func() {
		cancel()
		if err := await(p.t, ended); err != nil {
			p.t.Error(err)
		}
		ended <- nil
	}
	p.t.Cleanup(stop)
	return stop
}

func (p *post) send(m delivery.Message) {
	p.t.Helper()
	p.clock.Advance(time.Millisecond) // so that it is the latest
	if err := p.db.Update(p.t.Context(), func(tx store.Tx) error { return p.Send(tx, m) }); err != nil {
		p.t.Fatal(err)
	}
}

// latest is the newest message in the outbox.
func (p *post) latest() delivery.Message {
	p.t.Helper()
	list, err := p.List(p.t.Context(), delivery.Filter{Limit: 1})
	if err != nil || len(list) != 1 {
		p.t.Fatal(list, err)
	}
	return list[0]
}

// settles waits for the next attempt's state and returns the message.
func (p *post) settles(want delivery.State) delivery.Message {
	p.t.Helper()
	if got := await(p.t, p.states); got != want {
		p.t.Fatalf("the message is %s, want %s: %+v", got, want, p.latest())
	}
	await(p.t, p.stored)
	m := p.latest()
	if m.State != want {
		p.t.Fatalf("the outbox shows %s, want %s", m.State, want)
	}
	return m
}

func await[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func onEveryEngine(t *testing.T, test func(t *testing.T, db store.DB)) {
	kinds := append(delivery.Collections(), job.Collections()...)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "directory.db"), kinds...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		test(t, db)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db, err := postgres.Open(context.Background(), pgtest.Database(t), kinds...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		test(t, db)
	})
}

var hello = delivery.Message{Channel: delivery.Email, To: "ada@example.org", Subject: "Hello", Body: "Your code is 123456", Code: "123456"}

func TestDelivers(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		p, mail := newPost(t, db, clock.Fixed(noon)), newProvider()
		p.Use(delivery.Email, mail)
		p.run()
		p.send(hello)
		if m := await(t, mail.got); m.To != hello.To || m.Body != hello.Body || m.ID == "" {
			t.Errorf("the provider got %+v", m)
		}
		if n, err := p.Pending(t.Context()); n != 1 || err != nil {
			t.Errorf("%d pending, %v", n, err)
		}
		mail.answer <- nil
		m := p.settles(delivery.Sent)
		if len(m.Attempts) != 1 || m.Attempts[0] != (delivery.Attempt{Time: p.clock.Now()}) || m.Body != hello.Body {
			t.Errorf("%+v", m)
		}
		if n, err := p.Pending(t.Context()); n != 0 || err != nil {
			t.Errorf("%d pending, %v", n, err)
		}
		p.send(delivery.Message{Channel: delivery.SMS, To: "+15555550100", Body: "hi"})
		if m := p.latest(); m.State != delivery.Kept {
			t.Errorf("without a provider a message is %s", m.State)
		}
	})
}

// What fails for now is tried again, later and later.
func TestTriesAgain(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		p, mail := newPost(t, db, clock.Fixed(noon)), newProvider()
		p.Use(delivery.Email, mail)
		p.run()
		p.send(hello)
		for attempt := 1; attempt < 20; attempt++ {
			await(t, mail.got)
			mail.answer <- errors.New("come back\r\nlater")
			m := p.settles(delivery.Pending)
			if len(m.Attempts) != attempt || m.LastError() != "come back  later" {
				t.Fatalf("after attempt %d: %+v", attempt, m.Attempts)
			}
			p.clock.Advance(30 * time.Minute)
		}
		await(t, mail.got)
		mail.answer <- errors.New("never")
		if m := p.settles(delivery.Failed); m.LastError() != "never" {
			t.Errorf("%+v", m.Attempts)
		}
	})
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		p, mail := newPost(t, db, clock.Fixed(noon)), newProvider()
		p.Use(delivery.Email, mail)
		p.run()
		p.send(hello)
		await(t, mail.got)
		mail.answer <- delivery.Permanent(errors.New("550 no such mailbox"))
		if m := p.settles(delivery.Failed); m.LastError() != "550 no such mailbox" {
			t.Errorf("%+v", m.Attempts)
		}
		// A code that is no longer valid helps nobody.
		late := hello
		late.Expires = p.clock.Now().Add(10 * time.Minute)
		p.send(late)
		await(t, mail.got)
		mail.answer <- errors.New("not now")
		p.settles(delivery.Pending)
		p.clock.Advance(10 * time.Minute)
		if m := p.settles(delivery.Failed); !strings.Contains(m.LastError(), "expired") {
			t.Errorf("%+v", m.Attempts)
		}
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		p, mail, routed := newPost(t, db, clock.Fixed(noon)), newProvider(), newProvider()
		p.Use(delivery.Email, mail)
		p.Handle("custom", routed.Deliver)
		p.run()
		m := hello
		m.Route, m.Payload = "custom", []byte(`{"a":1}`)
		p.send(m)
		if got := await(t, routed.got); string(got.Payload) != `{"a":1}` || got.Route != "custom" {
			t.Errorf("the route got %+v", got)
		}
		routed.answer <- nil
		p.settles(delivery.Sent)
		m.Route = "unheard-of"
		p.send(m)
		if m := p.latest(); m.State != delivery.Kept {
			t.Errorf("a message of a route that nobody serves is %s", m.State)
		}
	})
}

// A message that was committed is delivered by whoever runs next, though the
// server died before it began, or in the middle.
func TestResumes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		now := clock.Fixed(noon)
		first := newPost(t, db, now)
		first.Use(delivery.Email, newProvider())
		first.send(hello) // and dies before its dispatcher runs

		line := &storetest.Line{DB: db}
		second, taken := newPost(t, line, now), newProvider()
		second.Use(delivery.Email, taken)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- second.jobs.Run(ctx) }()
		await(t, taken.got)
		line.Cut.Store(true) // it dies when the provider has the message
		taken.answer <- nil
		cancel()
		if err := await(t, ended); !errors.Is(err, storetest.ErrCut) {
			t.Fatalf("the dead node ended with %v", err)
		}

		third, received := newPost(t, db, now), newProvider()
		third.Use(delivery.Email, received)
		third.run()
		now.Advance(2 * time.Minute) // the lease runs out
		if m := await(t, received.got); m.To != hello.To {
			t.Errorf("resumed %+v", m)
		}
		received.answer <- nil
		third.settles(delivery.Sent)
	})
}

// Nothing of a message, nor of what a provider says of it, is in clear at rest.
func TestAttemptsAreSealed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.db")
	db, err := sqlite.Open(context.Background(), path, append(delivery.Collections(), job.Collections()...)...)
	if err != nil {
		t.Fatal(err)
	}
	p, mail := newPost(t, db, clock.Fixed(noon)), newProvider()
	p.Use(delivery.Email, mail)
	stop := p.run()
	p.send(hello)
	await(t, mail.got)
	mail.answer <- errors.New("I will not bring 123456 to anyone")
	p.settles(delivery.Pending)
	stop()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("123456")) {
			t.Errorf("%s holds the code in clear", filepath.Base(name))
		}
	}
}

// Whoever asks is told of a message that is given up, once, in the transaction that
// says so, and of no other.
func TestOnFailure(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, db store.DB) {
		p, mail := newPost(t, db, clock.Fixed(noon)), newProvider()
		p.Use(delivery.Email, mail)
		var told []delivery.Message
		refusal := errors.New("not now")
		p.OnFailure(func(_ store.Tx, m delivery.Message) error {
			told = append(told, m)
			return refusal
		})
		p.run()
		p.send(hello)
		await(t, mail.got)
		mail.answer <- nil
		p.settles(delivery.Sent)
		p.send(hello)
		await(t, mail.got)
		mail.answer <- errors.New("later")
		p.settles(delivery.Pending)
		if len(told) != 0 {
			t.Fatalf("told of %+v", told)
		}
		p.clock.Advance(time.Minute)
		await(t, mail.got)
		mail.answer <- delivery.Permanent(errors.New("never"))
		if e := await(t, p.stored); e.Outcome != job.Retried || !errors.Is(e.Err, refusal) {
			t.Fatalf("what could not be told of is %+v", e)
		}
		if m := p.latest(); m.State != delivery.Pending || len(told) != 1 {
			t.Fatalf("the message is %s, told %d times", m.State, len(told))
		}
		refusal = nil
		p.clock.Advance(time.Minute)
		await(t, mail.got)
		mail.answer <- delivery.Permanent(errors.New("never"))
		if m := p.settles(delivery.Failed); len(told) != 2 || told[1].ID != m.ID || told[1].State != delivery.Failed || len(told[1].Attempts) != 2 {
			t.Errorf("told of %+v", told)
		}
	})
}
