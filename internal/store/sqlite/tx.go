package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"pintail/internal/store"
)

// tx is what one function does on a connection. It implements [store.Rows].
type tx struct {
	ctx    context.Context
	conn   *conn
	tables tables
	saved  bool  // the function has a savepoint, because it writes
	failed error // the first failure; all calls after it return it
}

var _ store.Rows = (*tx)(nil)

// view runs fn with a tx that ends with it.
func (t *tx) view(fn func(store.Tx) error) error {
	defer t.end()
	if err := fn(store.NewTx(t, true)); err != nil {
		return err
	}
	return t.failed
}

// update runs fn and keeps what it wrote if it succeeds; otherwise, and if it
// panics, update undoes it and leaves the rest of the batch as it was.
func (t *tx) update(fn func(*tx) error) error {
	returned := false
	defer func() {
		if !returned {
			t.undo()
		}
		t.end()
	}()
	err := fn(t)
	returned = true
	if err == nil {
		err = t.failed
	}
	if err != nil {
		t.undo()
		return err
	}
	return t.keep()
}

// end makes every later call fail.
func (t *tx) end() { t.failed = store.ErrTxDone }

// save takes the savepoint to which undo returns, before the first write.
func (t *tx) save() error {
	if t.saved {
		return nil
	}
	if _, err := t.conn.exec("SAVEPOINT fn"); err != nil {
		return err
	}
	t.saved = true
	return nil
}

// keep merges the function's writes into those of the batch.
func (t *tx) keep() error {
	if !t.saved {
		return nil
	}
	_, err := t.conn.exec("RELEASE fn")
	if err != nil {
		t.undo()
	}
	return err
}

// undo takes back the function's writes. If even that fails, the whole batch is
// given up.
func (t *tx) undo() {
	if !t.saved || !t.conn.inTransaction() {
		return
	}
	_, err := t.conn.exec("ROLLBACK TO fn")
	if err == nil {
		_, err = t.conn.exec("RELEASE fn")
	}
	if err != nil {
		t.conn.rollback()
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

// writable is table for a method that writes.
func (t *tx) writable(s *store.Schema) (*table, error) {
	table, err := t.table(s)
	if err != nil {
		return nil, err
	}
	if err := t.save(); err != nil {
		return nil, t.fail(err)
	}
	return table, nil
}

// fail makes err the transaction's.
func (t *tx) fail(err error) error {
	t.failed = err
	return err
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
func (t *tx) document(query, owner, key string) ([]byte, error) {
	doc, err := t.conn.one(query, owner, key)
	if err != nil {
		return nil, t.fail(err)
	}
	if doc == nil {
		return nil, store.ErrNotFound
	}
	return doc.([]byte), nil
}

// Insert implements [store.Rows].
func (t *tx) Insert(s *store.Schema, row store.Row) error {
	table, err := t.writable(s)
	if err != nil {
		return err
	}
	inserted, err := t.conn.exec(table.insert, columns(row)...)
	if err != nil {
		return t.fail(err)
	}
	if inserted == 1 {
		return nil
	}
	there, err := t.conn.one(table.exists, row.Owner, row.ID)
	if err != nil {
		return t.fail(err)
	}
	if there != nil {
		return store.ErrExists
	}
	return t.conflict(table, row)
}

// Put implements [store.Rows].
func (t *tx) Put(s *store.Schema, row store.Row) error {
	table, err := t.writable(s)
	if err != nil {
		return err
	}
	_, err = t.conn.exec(table.put, columns(row)...)
	if err == nil {
		return nil
	}
	if !isTaken(err) {
		return t.fail(err)
	}
	return t.conflict(table, row)
}

// conflict returns the reason why a row could not be written: the first unique
// index in which another document has its value.
func (t *tx) conflict(table *table, row store.Row) error {
	for i, index := range table.schema.Indexes {
		if !index.Unique || row.Keys[i] == "" {
			continue
		}
		holder, err := t.conn.one(table.holder[i], row.Owner, row.Keys[i])
		if err != nil {
			return t.fail(err)
		}
		if holder != nil && holder != row.ID {
			return &store.ConflictError{Collection: table.schema.Name, Index: index.Name}
		}
	}
	return t.fail(errors.New("store: " + table.schema.Name + ": write refused for no reason"))
}

// Delete implements [store.Rows].
func (t *tx) Delete(s *store.Schema, owner, id string) error {
	table, err := t.writable(s)
	if err != nil {
		return err
	}
	deleted, err := t.conn.exec(table.delete, owner, id)
	if err != nil {
		return t.fail(err)
	}
	if deleted == 0 {
		return store.ErrNotFound
	}
	return nil
}

// DeleteAll implements [store.Rows].
func (t *tx) DeleteAll(s *store.Schema, owner string) (int, error) {
	table, err := t.writable(s)
	if err != nil {
		return 0, err
	}
	deleted, err := t.conn.exec(table.deleteAll, owner)
	if err != nil {
		return 0, t.fail(err)
	}
	return deleted, nil
}

// Count implements [store.Rows].
func (t *tx) Count(s *store.Schema, owner string) (int, error) {
	table, err := t.table(s)
	if err != nil {
		return 0, err
	}
	n, err := t.conn.one(table.count, owner)
	if err != nil {
		return 0, t.fail(err)
	}
	return int(n.(int64)), nil
}

// List implements [store.Rows].
func (t *tx) List(s *store.Schema, owner string, r store.Range) ([]store.Found, error) {
	table, err := t.table(s)
	if err != nil {
		return nil, err
	}
	query, args := table.list(owner, r)
	var found []store.Found
	err = t.conn.query(query, args, 3, func(row []driver.Value) error {
		at := store.Cursor{Value: row[0].(string), ID: row[1].(string)}
		found = append(found, store.Found{At: at, Doc: row[2].([]byte)})
		return nil
	})
	if err != nil {
		return nil, t.fail(err)
	}
	return found, nil
}

// clear deletes every document of every collection.
func (t *tx) clear() error {
	for s := range t.tables {
		table, err := t.writable(s)
		if err != nil {
			return err
		}
		if _, err := t.conn.exec(table.clear); err != nil {
			return t.fail(err)
		}
	}
	return nil
}
