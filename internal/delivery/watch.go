package delivery

import (
	"context"
	"fmt"
	"time"

	"pintail/internal/store"
)

// unsettled is for how long a Watch looks again at messages that it has seen. Ids
// are in the order in which messages were begun, commits need not be, and most
// of what becomes of a message becomes of it soon.
const unsettled = time.Minute

// watched is how many messages a Watch reads at a time.
const watched = 500

// Watch follows the outbox: every message that comes, and, within a minute, every
// new state of it. It is for one goroutine.
type Watch struct {
	outbox *Outbox
	since  time.Time        // messages begun before are of no interest
	seen   map[string]State // of the messages of the last minute
}

// Watch returns a watch that begins with the messages of a time; the zero time is
// now.
func (o *Outbox) Watch(ctx context.Context, since time.Time) (*Watch, error) {
	w := &Watch{outbox: o, since: since, seen: make(map[string]State)}
	if !since.IsZero() {
		return w, nil
	}
	// What is there counts as seen, so that what was begun before and is
	// committed later does not.
	w.since = o.clock.Now().Add(-unsettled)
	_, err := w.Next(ctx)
	return w, err
}

// Next returns what is new since the last call, in the order in which messages were
// begun.
func (w *Watch) Next(ctx context.Context) (news []Message, err error) {
	floor := idAt(w.since)
	err = w.outbox.db.View(ctx, func(tx store.Tx) error {
		news = nil
		for after := (store.Cursor{ID: floor}); ; {
			page, next, err := messages.List(tx, owner, store.Query{After: after, Limit: watched})
			if err != nil {
				return err
			}
			for _, e := range page {
				if state, ok := w.seen[e.ID]; ok && state == e.State {
					continue
				}
				m, err := w.outbox.open(e)
				if err != nil {
					return err
				}
				news = append(news, m)
			}
			if after = next; after == (store.Cursor{}) {
				return nil
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, m := range news {
		w.seen[m.ID] = m.State
	}
	w.forget()
	return news, nil
}

// forget leaves behind what is too old to change.
func (w *Watch) forget() {
	if settled := w.outbox.clock.Now().Add(-unsettled); settled.After(w.since) {
		w.since = settled
	}
	floor := idAt(w.since)
	for id := range w.seen {
		if id < floor {
			delete(w.seen, id)
		}
	}
}

// idAt is a text that sorts before the ids of all messages of a time, and after
// those of earlier ones.
func idAt(t time.Time) string { return fmt.Sprintf("%012x", t.UnixMilli()) }
