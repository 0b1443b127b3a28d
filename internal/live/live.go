// Package live shows events and messages as they pass. A feed is a cursor into
// the event log, and beside it a watch on the outbox, written to one reader as
// server-sent events (WHATWG HTML, "Server-sent events"):
//
//	event: event
//	id: 4711
//	data: {"event_id":"e-1","event_type":"order.placed",...}
//
// A feed holds a few hundred events at most and reads the log at its reader's
// pace, so a slow reader falls behind and holds nobody up. Its id is where the
// feed is: a reader that comes back with the last one, on any node, goes on from
// there and misses no event. Of messages it shows that they go and what becomes of
// them, never what they say: they hold codes.
package live

import (
	"context"
	"log/slog"
	"time"

	"pintail/internal/clock"
	"pintail/internal/delivery"
	"pintail/internal/event"
	"pintail/internal/eventstore"
)

// Config is what the room is made of.
type Config struct {
	Events  eventstore.Store
	Outbox  *delivery.Outbox
	Clock   *clock.Clock
	Log     *slog.Logger // told of feeds that end with a failure of the stores
	Account string
	// Most is how many feeds may be open on this node; 0 is 32.
	Most int
	// Heartbeat is how long a feed is silent at most; 0 is 15 seconds.
	Heartbeat time.Duration
	// Patience is how long a reader may take for what it is sent; 0 is 30 seconds.
	Patience time.Duration
	// Life is how long a feed lasts: then its reader has to show again that it may
	// read. 0 is an hour.
	Life time.Duration
}

// Query says what a feed shows; an empty field does not restrict.
type Query struct {
	// Events are the events to show. From and To are not looked at.
	Events eventstore.Filter
	// Attributes are further conditions: attributes of events and their values.
	Attributes map[string]string
	// Messages has messages shown too: where Events.UserID is set, those to a user of
	// that name or to that address.
	Messages bool
	// After is the id after which a reader goes on, with the messages of the last
	// minute; "" begins now, or as the following say.
	After string
	// Since begins with what happened, by the reporters' clocks, in a time up to
	// now, of a day at most.
	Since time.Duration
	// Last begins with the newest events: so many, of the latest million.
	Last int
}

// Limits of a Query.
const (
	MaxSince = 24 * time.Hour
	MaxLast  = 1000
)

// Event is an event as a feed shows it.
type Event struct {
	ID string `json:"event_id,omitempty"`
	*event.StreamRecord
}

// Message is a message as a feed shows it.
type Message struct {
	ID         string         `json:"id"`
	Time       time.Time      `json:"time"`
	State      delivery.State `json:"state"`
	Channel    string         `json:"channel"`
	To         string         `json:"to"`
	Purpose    string         `json:"purpose"`
	UserPoolID string         `json:"user_pool_id,omitempty"`
	Username   string         `json:"username,omitempty"`
	Attempts   int            `json:"attempts,omitempty"`
}

// Kinds of items.
const (
	EventKind   = "event"
	MessageKind = "message"
)

// Feeds are the feeds of a node.
type Feeds struct {
	c       Config
	open    chan struct{} // holds one for every open feed
	stopped context.Context
	stop    context.CancelFunc
}

// New returns the room.
func New(c Config) *Feeds {
	orElse := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	orElse(&c.Heartbeat, 15*time.Second)
	orElse(&c.Patience, 30*time.Second)
	orElse(&c.Life, time.Hour)
	if c.Most == 0 {
		c.Most = 32
	}
	f := &Feeds{c: c, open: make(chan struct{}, c.Most)}
	f.stopped, f.stop = context.WithCancel(context.Background())
	return f
}

// Stop ends all feeds, and those to come at once.
func (f *Feeds) Stop() { f.stop() }
