package live

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"pintail/internal/delivery"
	"pintail/internal/event"
	"pintail/internal/eventstore"
)

const (
	// atOnce is how many events a feed takes from the log at a time.
	atOnce = 256
	// gather is how long a feed waits for more once it has shown all there is: a
	// busy log is read in batches.
	gather = 25 * time.Millisecond
	// pollMessages is how often a feed looks at the outbox, which gives no signal.
	pollMessages = 200 * time.Millisecond
	// lookBack is how many cursors are looked at for the newest events.
	lookBack = 1 << 20
)

// feed is one reader's.
type feed struct {
	*Feeds
	q     Query
	out   *stream
	after eventstore.Cursor // everything up to here has been shown
	watch *delivery.Watch   // nil without messages
}

// run shows what passes until the context ends or the reader is gone.
func (f *feed) run(ctx context.Context) error {
	if err := f.begin(ctx); err != nil {
		return err
	}
	for {
		all, err := f.events(ctx, eventstore.Query{Filter: f.q.Events, After: f.after, Limit: atOnce})
		if err != nil {
			return err
		}
		if err := f.messages(ctx); err != nil {
			return err
		}
		if err := f.out.flush(); err != nil {
			return err
		}
		if !all {
			continue
		}
		if err := f.wait(ctx); err != nil {
			return err
		}
	}
}

// begin finds the place where the feed begins and shows what the query asks for of
// the time before. The reader learns the place at once.
func (f *feed) begin(ctx context.Context) (err error) {
	now, err := f.c.Events.Last(ctx)
	if err != nil {
		return err
	}
	from := time.Time{}
	switch {
	case f.q.After != "":
		from = f.c.Clock.Now().Add(-time.Minute)
	case f.q.Since > 0:
		from = f.c.Clock.Now().Add(-f.q.Since)
	}
	if f.q.Messages {
		if f.watch, err = f.c.Outbox.Watch(ctx, from); err != nil {
			return err
		}
	}
	switch {
	case f.q.After != "":
		f.after = min(position(f.q.After), now)
	case f.q.Since > 0:
		err = f.since(ctx, from, now)
	case f.q.Last > 0:
		err = f.last(ctx, now)
	default:
		f.after = now
	}
	if err == nil {
		err = f.out.beat(f.id())
	}
	return err
}

// since shows the events of a time up to a cursor.
func (f *feed) since(ctx context.Context, from time.Time, until eventstore.Cursor) error {
	q := eventstore.Query{Filter: f.q.Events, Limit: atOnce}
	for q.From = from; q.After < until; q.After = f.after {
		all, err := f.events(ctx, q)
		if err == nil {
			err = f.out.flush()
		}
		if err != nil || all {
			return err
		}
	}
	return nil
}

// last shows the newest events up to a cursor: it looks at ever larger parts of the
// log's end until there are enough.
func (f *feed) last(ctx context.Context, until eventstore.Cursor) error {
	f.after = until
	for window := eventstore.Cursor(4 * atOnce); ; window *= 4 {
		q := eventstore.Query{Filter: f.q.Events, After: max(0, until-window)}
		var newest []shown
		err := f.c.Events.Scan(ctx, q, func(c eventstore.Cursor, e *eventstore.Event) error {
			if !f.chooses(e) {
				return nil
			}
			if newest = append(newest, shown{c, e}); len(newest) >= 2*f.q.Last {
				newest = append(newest[:0], newest[len(newest)-f.q.Last:]...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(newest) < f.q.Last && q.After > 0 && window < lookBack {
			continue
		}
		for _, s := range newest[max(0, len(newest)-f.q.Last):] {
			f.after = max(f.after, s.cursor)
			if err := f.show(s.cursor, s.event); err != nil {
				return err
			}
		}
		return f.out.flush()
	}
}

// shown is an event that is about to be.
type shown struct {
	cursor eventstore.Cursor
	event  *eventstore.Event
}

// events shows events, and tells whether those are all that there are. Then the
// feed's place is the end of the log, whatever the last event was that it chose.
func (f *feed) events(ctx context.Context, q eventstore.Query) (all bool, err error) {
	end, err := f.c.Events.Last(ctx)
	if err != nil {
		return false, err
	}
	read := 0
	err = f.c.Events.Scan(ctx, q, func(c eventstore.Cursor, e *eventstore.Event) error {
		read++
		f.after = c
		if !f.chooses(e) {
			return nil
		}
		return f.show(c, e)
	})
	if all = read < q.Limit; all {
		f.after = max(f.after, end)
	}
	return all, err
}

// chooses tells whether an event that passed the filter is to be shown.
func (f *feed) chooses(e *eventstore.Event) bool {
	for name, value := range f.q.Attributes {
		if have, ok := e.Attributes[name]; !ok || have != value {
			return false
		}
	}
	return true
}

func (f *feed) show(c eventstore.Cursor, e *eventstore.Event) error {
	return f.out.item(EventKind, idOf(c), Event{ID: e.EventID, StreamRecord: event.NewStreamRecord(f.c.Account, e)})
}

// messages shows what is new in the outbox.
func (f *feed) messages(ctx context.Context) error {
	if f.watch == nil {
		return nil
	}
	news, err := f.watch.Next(ctx)
	if err != nil {
		return err
	}
	for _, m := range news {
		if user := f.q.Events.UserID; user != "" && user != m.Username && user != m.To {
			continue
		}
		err := f.out.item(MessageKind, f.id(), Message{
			ID: m.ID, Time: m.Time, State: m.State, Channel: m.Channel, To: m.To, Purpose: m.Purpose,
			UserPoolID: m.UserPoolID, Username: m.Username, Attempts: len(m.Attempts),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wait returns when there may be something to show. Meanwhile it lets the reader
// know that the feed lives, and where it is.
func (f *feed) wait(ctx context.Context) error {
	for {
		span := f.c.Heartbeat
		if f.watch != nil {
			span = min(span, pollMessages)
		}
		waiting, cancel := context.WithTimeout(ctx, span)
		err := f.c.Events.Wait(waiting, f.after)
		cancel()
		silent := time.Since(f.out.wrote) >= f.c.Heartbeat
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			return err
		case silent:
			if err := f.out.beat(f.id()); err != nil {
				return err
			}
		}
		if err != nil && f.watch == nil {
			continue
		}
		return rest(ctx, gather)
	}
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *feed) id() string { return idOf(f.after) }

func idOf(c eventstore.Cursor) string { return strconv.FormatInt(int64(c), 10) }

// position reads an id; what is none is the beginning of the log.
func position(id string) eventstore.Cursor {
	n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return eventstore.Cursor(n)
}
