// Package sqlite is the directory's embedded engine: one SQLite database in WAL
// mode, in one file of the data folder. The composition root opens it; nobody
// else knows that it is there.
//
// Documents are stored as JSONB, a table for each collection. A View takes a
// connection from a pool and sees a snapshot. Updates share one connection, one
// after the other, and those that queue up behind each other share one commit,
// because what costs is the commit, which waits for the disk (see writer). The
// package uses the driver's connections without database/sql, which would add
// nothing here but its locks.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"pintail/internal/store"
)

// DB is an open database. It implements [store.DB].
type DB struct {
	path    string
	lock    *fileLock
	tables  tables
	writer  *writer
	readers chan *conn // idle connections; nil stands for one that is not open yet
	closed  atomic.Bool
}

var _ store.DB = (*DB)(nil)

// Open opens the database in the file at path, which it creates if need be, for
// its owner's eyes only, and brings it to the shape that the collections declare. It returns
// [store.ErrLocked] if another program has it open and [store.ErrNewer] if a
// newer version of this program wrote it.
func Open(ctx context.Context, path string, kinds ...store.Kind) (*DB, error) {
	if err := store.CheckKinds(kinds); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db := &DB{path: path, lock: lock, tables: newTables(kinds)}
	if err := db.open(ctx, kinds); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), lock.release())
	}
	return db, nil
}

// open migrates the database and prepares its connections.
func (db *DB) open(ctx context.Context, kinds []store.Kind) error {
	// SQLite would let others read a file that it creates. Those that it puts
	// beside the database get the database's permissions.
	file, err := os.OpenFile(db.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	c, err := openConn(db.path, writing)
	if err != nil {
		return err
	}
	if err := migrate(ctx, c, kinds); err != nil {
		return errors.Join(err, c.close())
	}
	db.writer = &writer{conn: c, tables: db.tables, wal: newWAL(db.path)}
	db.readers = make(chan *conn, max(4, 2*runtime.GOMAXPROCS(0)))
	for range cap(db.readers) {
		db.readers <- nil
	}
	return nil
}

// View implements [store.DB].
func (db *DB) View(ctx context.Context, fn func(store.Tx) error) error {
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { db.readers <- c }()
	if c == nil {
		if c, err = openConn(db.path, reading); err != nil {
			return err
		}
	}
	defer func() {
		// There is nothing to undo; this lets go of the snapshot.
		if c.rollback() != nil {
			c.close()
			c = nil
		}
	}()
	if _, err := c.exec("BEGIN"); err != nil {
		return err
	}
	t := &tx{ctx: ctx, conn: c, tables: db.tables}
	return t.view(fn)
}

// reader takes a connection, or the right to open one, from the pool.
func (db *DB) reader(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case c, open := <-db.readers:
		if !open {
			return nil, store.ErrClosed
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Update implements [store.DB].
func (db *DB) Update(ctx context.Context, fn func(store.Tx) error) error {
	var last store.Tx
	err := db.writer.do(ctx, func(t *tx) error {
		last = store.NewTx(t, false)
		return fn(last)
	})
	if err == nil {
		last.Committed()
	}
	return err
}

// Reset implements [store.DB].
func (db *DB) Reset(ctx context.Context) error {
	return db.writer.do(ctx, (*tx).clear)
}

// Stats implements [store.DB].
func (db *DB) Stats() store.Stats {
	return store.Stats{Updates: db.writer.updates.Load(), Commits: db.writer.commits.Load()}
}

// Close implements [store.DB].
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return store.ErrClosed
	}
	var errs []error
	for range cap(db.readers) {
		if c := <-db.readers; c != nil {
			errs = append(errs, c.close())
		}
	}
	close(db.readers)
	errs = append(errs, db.writer.close(), db.lock.release())
	return errors.Join(errs...)
}
