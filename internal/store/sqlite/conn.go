package sqlite

import (
	"database/sql/driver"
	"errors"
	"io"
	"net/url"

	"github.com/mattn/go-sqlite3"
)

// conn is a connection with the statements that it has prepared. It is used by
// one goroutine at a time.
type conn struct {
	db    *sqlite3.SQLiteConn
	stmts map[string]*sqlite3.SQLiteStmt
}

// The two kinds of connection, as parameters of the driver. Caches are in KiB,
// negative as SQLite has it; what they miss is mostly in the system's cache.
const (
	writing = "_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_cache_size=-32768"
	reading = "_query_only=1&_busy_timeout=5000&_cache_size=-8192"
)

// openConn opens a connection to the file at path.
func openConn(path, parameters string) (*conn, error) {
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: parameters}
	db, err := new(sqlite3.SQLiteDriver).Open(name.String())
	if err != nil {
		return nil, err
	}
	c := &conn{db: db.(*sqlite3.SQLiteConn), stmts: make(map[string]*sqlite3.SQLiteStmt)}
	// Savepoints keep the pages that they may have to restore in memory, not in
	// a temporary file.
	if _, err := c.exec("PRAGMA temp_store = MEMORY"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// prepare returns the statement for a query, prepared at its first use.
func (c *conn) prepare(query string) (*sqlite3.SQLiteStmt, error) {
	if stmt, ok := c.stmts[query]; ok {
		return stmt, nil
	}
	prepared, err := c.db.Prepare(query)
	if err != nil {
		return nil, err
	}
	stmt := prepared.(*sqlite3.SQLiteStmt)
	c.stmts[query] = stmt
	return stmt, nil
}

// exec runs a statement and returns the number of rows that it changed.
func (c *conn) exec(query string, args ...driver.Value) (int, error) {
	stmt, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.Exec(args)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// query runs a statement and calls each for every row of its result. The slice
// that each is given is used again for the next row; the values are not.
func (c *conn) query(query string, args []driver.Value, columns int, each func(row []driver.Value) error) (err error) {
	stmt, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := stmt.Query(args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, columns)
	for {
		switch err := rows.Next(row); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// one returns the only column of the first row, nil if there is no row.
func (c *conn) one(query string, args ...driver.Value) (value driver.Value, err error) {
	err = c.query(query, args, 1, func(row []driver.Value) error {
		if value == nil {
			value = row[0]
		}
		return nil
	})
	return value, err
}

// inTransaction reports whether a transaction is open. SQLite ends one by itself
// after some failures, a full disk for example.
func (c *conn) inTransaction() bool { return !c.db.AutoCommit() }

// rollback ends the transaction, if one is open.
func (c *conn) rollback() error {
	if !c.inTransaction() {
		return nil
	}
	_, err := c.exec("ROLLBACK")
	return err
}

// close closes the connection and its statements.
func (c *conn) close() error {
	var errs []error
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.db.Close())...)
}

// isTaken reports whether err says that a unique index has this value already.
func isTaken(err error) bool {
	var failure sqlite3.Error
	return errors.As(err, &failure) && failure.ExtendedCode == sqlite3.ErrConstraintUnique
}
