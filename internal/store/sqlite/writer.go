package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"pintail/internal/store"
)

// maxBatch is the number of Updates that share one commit at most. It bounds how
// long the first of them waits for the last.
const maxBatch = 128

// writer lends the one connection that may write to one goroutine at a time, in
// the order in which they came. Whoever has it runs its function on its own
// goroutine, inside the transaction that the one before left open, and passes
// the connection on. The one behind whom nobody waits commits for all who wrote
// since the last commit, and they return together. Nobody waits for company:
// a batch is who came while the batch before was being written to the disk.
type writer struct {
	mu      sync.Mutex
	lent    bool            // somebody has the connection
	waiting []chan struct{} // who will be lent it next, the longest waiting first
	closed  bool            // nobody else may wait

	// The rest belongs to whoever has the connection.
	conn   *conn
	tables tables
	wal    *wal
	batch  *batch // the open transaction, if there is one

	updates, commits atomic.Uint64
}

// batch is a transaction that several Updates share.
type batch struct {
	size  int
	wrote bool          // some function of it may have written
	done  chan struct{} // closed when the batch has ended
	err   error         // why it was not committed; to be read once done is closed
}

// do runs fn in a transaction on the connection, and returns when what it wrote
// is durable. If fn returns an error or panics, nothing of it is written.
func (w *writer) do(ctx context.Context, fn func(*tx) error) error {
	if err := w.enter(ctx); err != nil {
		return err
	}
	b, err := w.join(ctx, fn)
	if b == nil {
		return err
	}
	// Even an error may rest on what others of the batch wrote, so it too has to
	// wait until that is certain.
	<-b.done
	switch {
	case b.err != nil:
		return b.err
	case err != nil:
		return err
	}
	w.updates.Add(1)
	return nil
}

// join runs fn in the open batch, or in a new one, and passes the connection on.
func (w *writer) join(ctx context.Context, fn func(*tx) error) (*batch, error) {
	defer w.leave() // also when fn panics or ends its goroutine
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if w.batch == nil {
		if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
			return nil, fmt.Errorf("store: begin: %w", err)
		}
		w.batch = &batch{done: make(chan struct{})}
	}
	b := w.batch
	b.size++
	t := &tx{ctx: ctx, conn: w.conn, tables: w.tables}
	err := t.update(fn)
	b.wrote = b.wrote || err == nil && t.saved
	if !w.conn.inTransaction() {
		b.err = fmt.Errorf("store: transaction lost: %w", err)
	}
	return b, err
}

// leave passes the connection on to who has waited longest, after it has ended
// the batch if nobody waits, if the batch is full, or if SQLite ended it.
func (w *writer) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.batch != nil && (len(w.waiting) == 0 || w.batch.size == maxBatch || !w.conn.inTransaction()) {
		w.mu.Unlock()
		w.commit()
		w.mu.Lock()
	}
	if len(w.waiting) == 0 {
		w.lent = false
		return
	}
	close(w.waiting[0])
	w.waiting = w.waiting[1:]
}

// commit ends the batch and lets go of those who wait for its end.
func (w *writer) commit() {
	b := w.batch
	w.batch = nil
	if b.err == nil {
		if _, err := w.conn.exec("COMMIT"); err != nil {
			b.err = fmt.Errorf("store: commit: %w", errors.Join(err, w.conn.rollback()))
		} else if b.wrote {
			w.commits.Add(1)
		}
	}
	close(b.done)
	w.wal.trim(w.conn)
}

// enter waits for the connection. Who has entered must leave.
func (w *writer) enter(ctx context.Context) error {
	turn, err := w.queue()
	if err != nil {
		return err
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	if !w.dequeue(turn) { // our turn has come in the meantime
		w.leave()
	}
	return ctx.Err()
}

// queue returns a channel that is closed when the caller has the connection.
func (w *writer) queue() (chan struct{}, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, store.ErrClosed
	}
	turn := make(chan struct{})
	if w.lent {
		w.waiting = append(w.waiting, turn)
	} else {
		w.lent = true
		close(turn)
	}
	return turn, nil
}

// dequeue gives up waiting. It reports false if the caller waits no more.
func (w *writer) dequeue(turn chan struct{}) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.waiting, turn)
	if i < 0 {
		return false
	}
	w.waiting = slices.Delete(w.waiting, i, i+1)
	return true
}

// close lets nobody else in, waits for those who are, and closes the connection.
func (w *writer) close() error {
	turn, err := w.queue()
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	<-turn
	if w.batch != nil {
		w.commit()
	}
	return w.conn.close()
}
