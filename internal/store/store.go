// Package store is the directory: where Pintail keeps everything that is not an
// event. It is a document store with one small contract, [DB], and two engines
// that keep it, sqlite for a single program with a data folder and postgres for
// several programs over one database. The rooms above it hold no SQL, and what
// storetest proves of one engine it proves of the other.
//
// A room declares each kind of document that it keeps as a [Collection], once,
// as a package variable:
//
//	var users = store.NewCollection("user",
//		store.Unique("sub", func(u *User) string { return u.Sub }),
//		store.Index("email", func(u *User) string { return u.Email }))
//
// and works on it inside a transaction:
//
//	err := db.Update(ctx, func(tx store.Tx) error {
//		u, err := users.Get(tx, poolID, name)
//		...
//		return users.Put(tx, poolID, name, u)
//	})
//
// The composition root hands all collections to the engine when it opens it.
//
// # Owners
//
// An owner leads every key: the user pool, app, identity pool or account whose
// documents these are, or "" for the server's own look-ups. Nothing reads or
// writes across owners, and uniqueness holds within one owner.
//
// # Documents
//
// Documents are stored as JSON. Members that a type does not know are ignored
// when it is read and lost when it is written again. An engine keeps the value
// of a document, not its bytes: text that must come back byte for byte, such as
// a policy, belongs in a string. A document whose strings hold a NUL character
// is refused with [ErrNUL], because PostgreSQL cannot keep it.
package store

import (
	"context"
	"errors"
	"fmt"
)

// Errors that the methods of a collection return as they are.
var (
	// ErrNotFound says that no document has this owner and key.
	ErrNotFound = errors.New("store: not found")
	// ErrExists says that the owner already has a document with this id.
	ErrExists = errors.New("store: exists already")
	// ErrReadOnly refuses a write inside View.
	ErrReadOnly = errors.New("store: write inside a view")
	// ErrTxDone refuses the use of a transaction after its function returned.
	ErrTxDone = errors.New("store: transaction used after its function returned")
	// ErrNUL refuses a document with a NUL character in one of its strings.
	ErrNUL = errors.New("store: document holds a NUL character")
)

// Errors of the database as a whole.
var (
	// ErrClosed says that the database has been closed.
	ErrClosed = errors.New("store: closed")
	// ErrLocked says that another program has this data folder open.
	ErrLocked = errors.New("store: in use by another program")
	// ErrNewer says that a newer version of this program wrote the database.
	ErrNewer = errors.New("store: written by a newer version of this program")
	// ErrContention says that a transaction lost against others too many times
	// in a row. It had no effect and may be tried again later.
	ErrContention = errors.New("store: too many concurrent changes")
)

// ConflictError says that another document of the same owner has the same value
// in a unique index. The write had no effect; the transaction goes on.
type ConflictError struct {
	Collection string
	Index      string
}

// Error names the collection and the index, not the value.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("store: %s: another document has the same %s", e.Collection, e.Index)
}

// KeyError refuses an owner, id or index value that an engine cannot keep.
type KeyError struct {
	Key    string // "owner", "id" or the name of an index
	Reason string
}

// Error says which key is refused and why; it does not repeat the key.
func (e *KeyError) Error() string { return "store: " + e.Key + " " + e.Reason }

// DB is an open directory. Its methods may be called from many goroutines.
type DB interface {
	// View runs fn on one committed state of the directory, which includes every
	// Update that returned before View was called. It returns fn's error. fn must
	// not call View: the connections that all wait for could be held by all.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn in a serialisable transaction and returns when what fn wrote
	// is durable. When fn or Update returns an error, or fn panics, nothing is
	// written, with one exception: if the connection to the server is lost during
	// the commit, the outcome is unknown. fn may run more than once and so must
	// have no effects other than those on its Tx. It must not call View or Update,
	// which might wait for each other for ever.
	//
	// A ctx that is done while Update waits for its turn ends it with ctx's error.
	Update(ctx context.Context, fn func(Tx) error) error

	// Reset deletes every document of every collection.
	Reset(ctx context.Context) error

	// Stats returns counts since the database was opened.
	Stats() Stats

	// Close waits for running transactions and closes the database. Later calls
	// return ErrClosed.
	Close() error
}

// Stats counts what a DB has done since it was opened.
type Stats struct {
	Updates uint64 // Updates that returned nil
	Commits uint64 // commits that wrote something: below Updates when they are grouped
	Retries uint64 // times that an Update ran again because it lost against another
}

// Tx is a transaction that [DB.View] or [DB.Update] has opened. Rooms hand it
// to the methods of their collections. It is not for concurrent use and ends
// with the function that it was given to.
//
// When an engine fails in the middle of a transaction, every later call returns
// the same error and the transaction cannot succeed.
type Tx struct {
	rows     Rows
	readOnly bool
	after    *[]func() // what AfterCommit has been given; nil in a View
}

// NewTx makes a transaction of an engine's rows. Only engines call it.
func NewTx(rows Rows, readOnly bool) Tx {
	tx := Tx{rows: rows, readOnly: readOnly}
	if !readOnly {
		tx.after = new([]func())
	}
	return tx
}

// AfterCommit has fn run once what the transaction wrote is durable, before
// Update returns. It does not run when the transaction fails, nor for a run of
// the function that is repeated, so this is the place for a signal to somebody
// who will read what was written. In a View it does nothing.
func (tx Tx) AfterCommit(fn func()) {
	if tx.after != nil {
		*tx.after = append(*tx.after, fn)
	}
}

// Committed runs what waits for the commit. Only engines call it.
func (tx Tx) Committed() {
	for _, fn := range *tx.after {
		fn()
	}
}
