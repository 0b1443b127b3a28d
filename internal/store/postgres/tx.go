package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pintail/internal/store"
)

// tx is one attempt of a function on a connection. It implements [store.Rows].
type tx struct {
	ctx    context.Context
	conn   *pgx.Conn
	tables tables
	begin  string // sent together with the first statement
	begun  bool
	wrote  bool
	failed error // the first failure; all calls after it return it
}

var _ store.Rows = (*tx)(nil)

// commit commits what was begun. It does not stop half-way when ctx is done,
// since nobody would know the outcome.
func (t *tx) commit() error {
	if !t.begun {
		return nil
	}
	t.begun = false
	_, err := t.conn.Exec(context.WithoutCancel(t.ctx), "COMMIT")
	if err != nil && !lost(err) {
		err = fmt.Errorf("store: commit: %w", err)
	}
	return err
}

// end rolls back what was not committed and makes every later call fail.
func (t *tx) end() {
	t.failed = store.ErrTxDone
	if t.begun && !t.conn.IsClosed() {
		// If this fails the connection is closed, which rolls back as well.
		_, _ = t.conn.Exec(context.WithoutCancel(t.ctx), "ROLLBACK")
	}
}

// table returns the table of a collection, unless the transaction has failed.
func (t *tx) table(s *store.Schema) (*table, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	if err := t.ctx.Err(); err != nil {
		return nil, t.fail(err)
	}
	table, ok := t.tables[s]
	if !ok {
		return nil, t.fail(fmt.Errorf("store: collection %s was not given to Open", s.Name))
	}
	return table, nil
}

// fail makes err the transaction's.
func (t *tx) fail(err error) error {
	t.failed = err
	return err
}

// run sends a statement, the first one together with BEGIN, and calls each for
// every row. It returns the number of rows that were found or changed.
func (t *tx) run(query string, args []any, each func(pgx.Rows) error) (int, error) {
	var rows pgx.Rows
	if t.begun {
		rows, _ = t.conn.Query(t.ctx, query, args...) // rows has the error as well
	} else {
		batch := new(pgx.Batch)
		batch.Queue(t.begin)
		batch.Queue(query, args...)
		t.begun = true
		results := t.conn.SendBatch(t.ctx, batch)
		defer results.Close()
		if _, err := results.Exec(); err != nil {
			return 0, t.fail(err)
		}
		rows, _ = results.Query()
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return 0, t.fail(err)
		}
	}
	if err := rows.Err(); err != nil {
		return 0, t.fail(err)
	}
	return int(rows.CommandTag().RowsAffected()), nil
}

// write is run for a statement that changes rows.
func (t *tx) write(query string, args ...any) (int, error) {
	n, err := t.run(query, args, nil)
	t.wrote = t.wrote || n > 0
	return n, err
}

// one scans the only column of the only row, and reports whether there is one.
func (t *tx) one(value any, query string, args ...any) (bool, error) {
	n, err := t.run(query, args, func(rows pgx.Rows) error { return rows.Scan(value) })
	return n > 0, err
}

// Get implements [store.Rows].
func (t *tx) Get(s *store.Schema, owner, id string) ([]byte, error) {
	table, err := t.table(s)
	if err != nil {
		return nil, err
	}
	return t.document(table.get, owner, id)
}

// GetBy implements [store.Rows].
func (t *tx) GetBy(s *store.Schema, owner string, index int, value string) ([]byte, error) {
	table, err := t.table(s)
	if err != nil {
		return nil, err
	}
	return t.document(table.getBy[index], owner, value)
}

// document returns the document that a statement finds, or store.ErrNotFound.
func (t *tx) document(query, owner, key string) (doc []byte, err error) {
	found, err := t.one(&doc, query, owner, key)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return doc, err
}

// Insert implements [store.Rows].
func (t *tx) Insert(s *store.Schema, row store.Row) error {
	table, err := t.table(s)
	if err != nil {
		return err
	}
	inserted, err := t.write(table.insert, columns(row)...)
	if err != nil || inserted == 1 {
		return err
	}
	var one int
	there, err := t.one(&one, table.exists, row.Owner, row.ID)
	if err != nil {
		return err
	}
	if there {
		return store.ErrExists
	}
	return t.conflict(table, row)
}

// Put implements [store.Rows].
func (t *tx) Put(s *store.Schema, row store.Row) error {
	table, err := t.table(s)
	if err != nil {
		return err
	}
	written, err := t.write(table.put, columns(row)...)
	if err != nil || written == 1 {
		return err
	}
	return t.conflict(table, row)
}

// conflict returns the reason why a row was not written: the first unique index
// in which another document has its value.
func (t *tx) conflict(table *table, row store.Row) error {
	for i, index := range table.schema.Indexes {
		if !index.Unique || row.Keys[i] == "" {
			continue
		}
		var holder string
		taken, err := t.one(&holder, table.holder[i], row.Owner, row.Keys[i])
		if err != nil {
			return err
		}
		if taken && holder != row.ID {
			return &store.ConflictError{Collection: table.schema.Name, Index: index.Name}
		}
	}
	return t.fail(errors.New("store: " + table.schema.Name + ": write refused for no reason"))
}

// Delete implements [store.Rows].
func (t *tx) Delete(s *store.Schema, owner, id string) error {
	table, err := t.table(s)
	if err != nil {
		return err
	}
	deleted, err := t.write(table.delete, owner, id)
	if err == nil && deleted == 0 {
		err = store.ErrNotFound
	}
	return err
}

// DeleteAll implements [store.Rows].
func (t *tx) DeleteAll(s *store.Schema, owner string) (int, error) {
	table, err := t.table(s)
	if err != nil {
		return 0, err
	}
	return t.write(table.deleteAll, owner)
}

// Count implements [store.Rows].
func (t *tx) Count(s *store.Schema, owner string) (n int, err error) {
	table, err := t.table(s)
	if err != nil {
		return 0, err
	}
	_, err = t.one(&n, table.count, owner)
	return n, err
}

// List implements [store.Rows].
func (t *tx) List(s *store.Schema, owner string, r store.Range) ([]store.Found, error) {
	table, err := t.table(s)
	if err != nil {
		return nil, err
	}
	query, args := table.list(owner, r)
	var found []store.Found
	_, err = t.run(query, args, func(rows pgx.Rows) error {
		var f store.Found
		err := rows.Scan(&f.At.Value, &f.At.ID, &f.Doc)
		found = append(found, f)
		return err
	})
	return found, err
}

// clear deletes every document of every collection. Deleting is quicker than
// TRUNCATE, which makes new files for tables that are mostly empty.
func (t *tx) clear() error {
	for _, table := range t.tables.sorted() {
		if _, err := t.write(table.clear); err != nil {
			return err
		}
	}
	return nil
}
