package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pintail/internal/clock"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
)

// owner of all messages: the outbox is the server's, not a pool's.
const owner = "outbox"

// Outbox keeps every message.
type Outbox struct {
	db         store.DB
	seal       *keys.Sealer
	clock      *clock.Clock
	dispatcher *Dispatcher // nil: every message is kept, and that is all
	failed     func(tx store.Tx, m Message) error
}

// New returns the outbox of a directory.
func New(db store.DB, master *keys.MasterKey, c *clock.Clock) *Outbox {
	return &Outbox{db: db, seal: master.Sealer("outbox message"), clock: c}
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind { return []store.Kind{messages} }

// Send puts a message into the outbox, in the caller's transaction. Where there
// is somebody to deliver it, that begins after the commit.
func (o *Outbox) Send(tx store.Tx, m Message) error {
	m.Time = o.clock.Now()
	m.ID = fmt.Sprintf("%012x-%s", m.Time.UnixMilli(), ids.UUID()[:8])
	m.State, m.Attempts = Kept, nil
	kind := o.dispatcher.kind(m)
	if kind != "" {
		m.State = Pending
	}
	e, err := o.close(m)
	if err != nil {
		return err
	}
	if err := messages.Insert(tx, owner, m.ID, e); err != nil || kind == "" {
		return err
	}
	return o.dispatcher.jobs.Enqueue(tx, job.Job{Kind: kind, ID: m.ID})
}

// close seals a message.
func (o *Outbox) close(m Message) (*entry, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return &entry{ID: m.ID, To: m.To, User: userOf(m.UserPoolID, m.Username), State: m.State, Sealed: o.seal.Seal(text, m.ID)}, nil
}

// OnFailure has a function told of every message that will not be delivered, in the
// transaction that records so: what it writes is as durable as the failure. An error
// of it undoes the record, and the attempt is made again. It is set before the queue
// runs.
func (o *Outbox) OnFailure(told func(tx store.Tx, m Message) error) { o.failed = told }

// record adds an attempt to a message and says what state that leaves it in.
// A message that is gone, or no longer pending, is left alone.
func (o *Outbox) record(ctx context.Context, id string, state State, a Attempt) error {
	return o.db.Update(ctx, func(tx store.Tx) error {
		e, err := messages.Get(tx, owner, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := o.open(e)
		if err != nil || m.State != Pending {
			return err
		}
		m.State = state
		m.Attempts = append(m.Attempts, a)
		m.Attempts = m.Attempts[max(0, len(m.Attempts)-keepAttempts):]
		if e, err = o.close(m); err != nil {
			return err
		}
		if err := messages.Put(tx, owner, id, e); err != nil || state != Failed || o.failed == nil {
			return err
		}
		return o.failed(tx, m)
	})
}

// Filter selects messages.
type Filter struct {
	To    string // to this address only, when not empty
	After string // later than the message with this id only, when not empty
	Limit int    // at most so many, the newest
}

// List returns the newest messages, newest first.
func (o *Outbox) List(ctx context.Context, f Filter) ([]Message, error) {
	q := store.Query{Limit: min(max(f.Limit, 1), store.MaxLimit), Descending: true}
	if f.To != "" {
		q.Index, q.Match = "to", store.Equal(f.To)
	}
	var found []Message
	err := o.db.View(ctx, func(tx store.Tx) error {
		found = nil
		entries, _, err := messages.List(tx, owner, q)
		if err != nil {
			return err
		}
		for _, e := range entries {
			m, err := o.open(e)
			if err != nil || m.ID <= f.After {
				return err
			}
			found = append(found, m)
		}
		return nil
	})
	return found, err
}

// Get returns one message; false when there is none with this id.
func (o *Outbox) Get(ctx context.Context, id string) (m Message, ok bool, err error) {
	err = o.db.View(ctx, func(tx store.Tx) error {
		e, err := messages.Get(tx, owner, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		m, err = o.open(e)
		ok = true
		return err
	})
	return m, ok, err
}

// open unseals an entry.
func (o *Outbox) open(e *entry) (Message, error) {
	var m Message
	text, err := o.seal.Open(e.Sealed, e.ID)
	if err != nil {
		return m, fmt.Errorf("outbox: a message cannot be opened: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, err
	}
	if m.State == "" {
		m.State = Kept // written before messages had states
	}
	return m, nil
}

// pollEvery is how often Wait looks. Messages may be written by another
// process over the same database, so there is no signal to wait for.
const pollEvery = 50 * time.Millisecond

// Wait returns the messages that match and are later than f.After, or, without
// one, later than the call. It returns none when ctx ends first.
func (o *Outbox) Wait(ctx context.Context, f Filter) ([]Message, error) {
	if f.After == "" {
		newest, err := o.List(ctx, Filter{To: f.To, Limit: 1})
		if err != nil {
			return nil, err
		}
		f.After = "0"
		if len(newest) > 0 {
			f.After = newest[0].ID
		}
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		found, err := o.List(ctx, f)
		if ctx.Err() != nil {
			return nil, nil
		}
		if err != nil || len(found) > 0 {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-tick.C:
		}
	}
}

// Prune forgets messages older than an age and returns how many there were.
func (o *Outbox) Prune(ctx context.Context, age time.Duration) (int, error) {
	limit := fmt.Sprintf("%012x", o.clock.Now().Add(-age).UnixMilli())
	pruned := 0
	err := o.db.Update(ctx, func(tx store.Tx) error {
		pruned = 0
		old, _, err := messages.List(tx, owner, store.Query{Limit: store.MaxLimit})
		if err != nil {
			return err
		}
		for _, e := range old {
			m, err := o.open(e)
			if err != nil || m.ID >= limit {
				return err
			}
			if err := messages.Delete(tx, owner, m.ID); err != nil {
				return err
			}
			pruned++
		}
		return nil
	})
	return pruned, err
}

// Pending counts the messages that wait to be delivered.
func (o *Outbox) Pending(ctx context.Context) (n int, err error) {
	err = o.db.View(ctx, func(tx store.Tx) error {
		n = 0
		for _, err := range messages.All(tx, owner, store.Query{Index: "pending"}) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// Counts tells how many messages there are, for the status page.
func (o *Outbox) Counts(tx store.Tx) (map[string]int, error) {
	n, err := messages.Count(tx, owner)
	return map[string]int{"messages": n}, err
}
