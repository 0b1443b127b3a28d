// Package eventstore is the contract of the event log: what an event carries,
// how events are appended, followed and counted. The event package validates
// what applications send and appends it here; followers (endpoint activity,
// triggers, streams, live tail) read the log by cursor; analytics counts it.
//
// Two engines fulfil the contract: eventstore/duckdb, embedded and the
// default, and eventstore/postgres for more than one process. Both are held to
// it by the suite in eventstore/eventstoretest.
//
// An event is recorded once and never changed. Every recorded event has a
// sequence number, its [Cursor]; numbers grow in the order in which appends
// become visible, so that whoever has read up to a cursor and asks for what
// comes after it misses nothing, whatever was being written meanwhile.
package eventstore

import (
	"context"
	"errors"
	"time"
)

// ErrInvalid is wrapped by errors about events and filters that no engine can
// store or answer: nothing was written, and repeating the call cannot help.
var ErrInvalid = errors.New("eventstore: invalid")

// ErrClosed is returned by calls on a store that was closed.
var ErrClosed = errors.New("eventstore: closed")

// Cursor is the sequence number of a recorded event: positive, unique in its
// store and growing in the order of commits. Numbers may be left out. The zero
// Cursor stands before the first event.
type Cursor int64

// Event is one thing that happened, as an application or Pintail itself
// reported it. Strings are "" when absent. The demographic fields are a
// snapshot of the endpoint when the event arrived.
type Event struct {
	App        string // project (Pinpoint application) id
	EndpointID string
	EventID    string // chosen by the reporter; see [Store.Append]
	Type       string // "_session.start", "order.placed"
	UserID     string // the endpoint's user at arrival

	// Timestamp says when it happened by the reporter's clock, Arrival when it
	// reached us. Both keep milliseconds.
	Timestamp, Arrival time.Time

	Session Session

	AppPackageName, AppTitle, AppVersionCode, AppVersion string
	SDKName, SDKVersion                                  string
	Platform, PlatformVersion, Make, Model               string
	Locale, Country, ChannelType                         string

	Timezone string // the endpoint's, an IANA name as it reported it

	// CognitoID and CognitoPoolID are the identity that signed the report, and
	// its pool.
	CognitoID, CognitoPoolID string

	Attributes map[string]string
	Metrics    map[string]float64
}

// Session is the stretch of use that an event belongs to; zero when it belongs
// to none.
type Session struct {
	ID          string
	Start, Stop time.Time     // zero when unknown; milliseconds are kept
	Duration    time.Duration // as reported, which need not be Stop-Start; milliseconds are kept
}

// Filter chooses events; an empty field does not restrict. From and To bound
// Event.Timestamp: From is included, To is not.
type Filter struct {
	App        string
	From, To   time.Time
	Type       string
	EndpointID string
	UserID     string
}

// Query asks [Store.Scan] for events.
type Query struct {
	Filter
	After Cursor // only events recorded after this one
	Limit int    // at most so many events; 0 for all
}

// Stats describes a store for metrics and health pages.
type Stats struct {
	Last     Cursor // the newest event that this process knows of
	Appended uint64 // events appended by this process
	Commits  uint64 // group commits that stored them
	Failures uint64 // group commits that failed
	Bytes    int64  // size on disk
	LogBytes int64  // of which write-ahead log to be replayed after a crash; 0 when the engine does not tell
}

// Store records events and answers questions about them. All methods may be
// called concurrently.
type Store interface {
	// Append records events, all or none of them. They are durable and visible
	// when it returns nil. Callers at the same time share a commit. When ctx
	// ends before the commit has begun nothing is recorded; a commit under way
	// is awaited.
	//
	// An event that was recorded before is skipped, so that whoever missed the
	// answer can append again: one with the same App, EndpointID, EventID, Type
	// and Timestamp, whose EventID is not empty, among at least the last million
	// events, or the last quarter of a million before the store was opened (package
	// recent). That holds within a call, across a crash, and for events that came
	// in through another process. Events that were erased by DeleteApp or Reset
	// are recorded again, except by other processes that are still running; those that
	// were erased by Erase once the store has been opened anew. Type and Timestamp are looked at
	// because some reporters call each event "event1".
	//
	// Invalid UTF-8 and U+0000 in any string become U+FFFD. An event without
	// App, Timestamp or Arrival, with a time outside the years 1 to 9999 or with
	// a metric that is not a finite number is refused with [ErrInvalid]. The store keeps the events'
	// maps; they must not be changed afterwards.
	Append(ctx context.Context, events []Event) error

	// Scan calls fn for the events that q chooses, in the order of their
	// cursors, until fn fails; fn's error is returned as it is. fn
	// may keep what the event refers to but must not change it. Empty maps come
	// back as nil and times in UTC. Events appended while Scan runs may be left
	// for the next one.
	Scan(ctx context.Context, q Query, fn func(Cursor, *Event) error) error

	// Wait returns nil once an event after the cursor is visible.
	Wait(ctx context.Context, after Cursor) error

	Analyst

	// Last returns the newest cursor: what was recorded up to it is visible, and
	// everything acknowledged before the call is.
	Last(ctx context.Context) (Cursor, error)

	// Erase erases the events that x chooses, all or none of them, and returns
	// how many they were. What is appended meanwhile may be left. It returns an
	// error that wraps [ErrInvalid] when x chooses nothing in particular.
	// Cursors are not used again.
	Erase(ctx context.Context, x Erasure) (int64, error)

	// DeleteApp erases all events of a project. Cursors are not used again.
	DeleteApp(ctx context.Context, app string) error

	// Reset erases everything. Cursors are not used again.
	Reset(ctx context.Context) error

	// Stats describes the store.
	Stats() Stats

	// Close waits for commits under way and releases the store. Later calls
	// return [ErrClosed].
	Close() error
}
