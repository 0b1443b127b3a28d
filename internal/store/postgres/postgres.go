// Package postgres is the directory's engine for several programs over one
// database: PostgreSQL 15 or later. The composition root opens it; nobody else
// knows that it is there.
//
// Documents are stored as jsonb, a table for each collection, in a schema named
// directory. Updates are serialisable transactions, which PostgreSQL may refuse
// because of others that ran beside them; then they run again. A View is one
// snapshot. The owner leads the primary key and every index, so that Citus can
// distribute the tables by it. All programs over one database must be of the
// same version, since the first one to start gives the tables their shape.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pintail/internal/store"
)

// connections is how many connections a DB holds at most, where its URL does not
// say pool_max_conns. Committing transactions share the server's waits for its
// disk, so there should be more than processors.
const connections = 16

// DB is a pool of connections to a database. It implements [store.DB].
type DB struct {
	pool   *pgxpool.Pool
	tables tables
	closed atomic.Bool

	updates, commits, retries atomic.Uint64
}

var _ store.DB = (*DB)(nil)

// Open connects to the database at url, for example
// "postgres://user:password@host/name?pool_max_conns=32", and brings it to the
// shape that the collections declare. It returns [store.ErrNewer] if a newer
// version of this program wrote it.
func Open(ctx context.Context, url string, kinds ...store.Kind) (*DB, error) {
	if err := store.CheckKinds(kinds); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("store: database URL: %w", err) // pgx leaves the password out
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = connections
	}
	config.AfterConnect = prepareConn
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, pool, kinds); err != nil {
		pool.Close()
		return nil, err
	}
	return &DB{pool: pool, tables: newTables(kinds)}, nil
}

// prepareConn sets what every connection needs.
//
// It forbids plans that none of our statements needs. A serialisable transaction
// that reads a small table from end to end, which the planner takes for cheap,
// would be in the way of everybody who writes to it; and a page of a list is
// never worth gathering and sorting all of the list. And it makes waits for
// locks short: whoever waits for a row that another changes has lost already,
// and a deadlock would be found only after a second.
func prepareConn(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `
		SET enable_seqscan = off;
		SET enable_bitmapscan = off;
		SET enable_sort = off;
		SET lock_timeout = '100ms'`)
	return err
}

// View implements [store.DB].
func (db *DB) View(ctx context.Context, fn func(store.Tx) error) error {
	_, err := db.once(ctx, beginView, func(t *tx) error { return fn(store.NewTx(t, true)) })
	return err
}

// Update implements [store.DB].
func (db *DB) Update(ctx context.Context, fn func(store.Tx) error) error {
	var last store.Tx
	err := db.insist(ctx, beginUpdate, func(t *tx) error {
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
	return db.insist(ctx, beginReset, (*tx).clear)
}

// Stats implements [store.DB].
func (db *DB) Stats() store.Stats {
	return store.Stats{Updates: db.updates.Load(), Commits: db.commits.Load(), Retries: db.retries.Load()}
}

// Close implements [store.DB].
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return store.ErrClosed
	}
	db.pool.Close()
	return nil
}

// The statements that begin a transaction.
const (
	beginView   = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	beginUpdate = "BEGIN ISOLATION LEVEL SERIALIZABLE"
	beginReset  = "BEGIN ISOLATION LEVEL READ COMMITTED" // deletes whatever is there
)

// once runs fn in a transaction. It reports whether something was written.
func (db *DB) once(ctx context.Context, begin string, fn func(*tx) error) (wrote bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	conn, err := db.pool.Acquire(ctx)
	if db.closed.Load() && err != nil {
		return false, store.ErrClosed
	}
	if err != nil {
		return false, err
	}
	// Release closes a connection that is still in a transaction, so one whose
	// rollback failed goes no further.
	defer conn.Release()
	t := &tx{ctx: ctx, conn: conn.Conn(), tables: db.tables, begin: begin}
	defer t.end() // also when fn panics or ends its goroutine
	err = fn(t)
	if t.failed != nil {
		err = t.failed
	}
	if err != nil {
		return false, err
	}
	return t.wrote, t.commit()
}

// insist runs fn in a transaction, again and again if it loses against others.
func (db *DB) insist(ctx context.Context, begin string, fn func(*tx) error) error {
	start := time.Now()
	for attempt := 1; ; attempt++ {
		wrote, err := db.once(ctx, begin, fn)
		switch {
		case err == nil:
			db.updates.Add(1)
			if wrote {
				db.commits.Add(1)
			}
			return nil
		case !lost(err):
			return err
		case time.Since(start) > patience:
			return errors.Join(store.ErrContention, err)
		}
		db.retries.Add(1)
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}
