package duckdb

import (
	"context"
	"sync"
	"time"

	"pintail/internal/eventstore"
)

// When and how the tail is moved into the table.
//
// A transaction of just as many events as DuckDB has in a row group is by far the
// cheapest: it becomes a row group as it is, compressed and written at once, of which a
// checkpoint has little to do. Smaller ones are copied once more, and compressed by the
// checkpoint, which keeps everything else waiting. Row groups are half as large as is
// usual, for a tenth more of disk: a question waits until what is on its way is stored.
const (
	rowGroup  = 61_440          // most events of one transaction; so many are moved at once
	moveBytes = 32 << 20        // and events of so many bytes
	moveAfter = 2 * time.Second // fewer are moved so often
)

// saveAt is the number of events in the table at which they are checkpointed.
const saveAt = 4 * rowGroup

// saveMost is the number at which moving waits for a checkpoint. Until then it goes on
// beside those who read and keep the checkpoint waiting.
const saveMost = 8 * saveAt

// patience bounds, in ticks of moveAfter, how long the mover leaves a database
// alone that fails whenever it is opened again.
const patience = 32

// mover is the goroutine that moves events from the tail into the table,
// checkpoints them there, and opens the database again after a failure.
type mover struct {
	store  *Store
	writes sync.Mutex // held while the engine's writing connection is used, after Store.reading
	closed chan struct{}

	mu      sync.Mutex
	unsaved int           // events in the table that are not checkpointed
	saving  chan struct{} // closed when the save that is under way ends; nil when none is

	// After a failure, how many ticks to wait for the next attempt, and how
	// many were waited. Only the goroutine uses them.
	wait, waited int
}

func startMover(s *Store) *mover {
	m := &mover{store: s, closed: make(chan struct{}), wait: 1}
	go m.run()
	return m
}

func (m *mover) run() {
	defer close(m.closed)
	due, rest := time.NewTicker(moveAfter), time.NewTicker(restAfter)
	defer due.Stop()
	defer rest.Stop()
	idle := 0 // times in a row
	for {
		now, changed := m.store.tail.watch()
		if now.large() && now.failure == nil {
			_ = m.move() // the tail has the failure
			continue
		}
		select {
		case <-m.store.closing:
			return
		case <-changed:
		case <-due.C:
			m.tick(now.failure != nil)
		case <-rest.C:
			if idle++; m.store.activity.Swap(0) > 0 {
				idle = 0
			}
			m.idle(idle, now.failure != nil)
		}
	}
}

// tick moves what has waited long enough, after a failure with the database
// opened again. Attempts that fail become rarer.
func (m *mover) tick(failed bool) {
	if !failed {
		m.wait, m.waited = 1, 0
		_ = m.move()
		return
	}
	if m.waited++; m.waited < m.wait {
		return
	}
	m.wait, m.waited = min(2*m.wait, patience), 0
	if m.store.reopen() == nil {
		_ = m.move()
	}
}

// move moves the oldest events of the tail. Before, it has the table saved if that is due,
// and waits for it when very much is not, so that there is a bound to it even when saving
// fails.
func (m *mover) move() error {
	m.saveIfDue()
	return m.write(func(s *Store, e *engine) error {
		runs, last := oldest(s.tail.state().runs)
		if len(runs) == 0 {
			return nil
		}
		if err := e.store(runs); err != nil {
			return err
		}
		s.tail.moved(last)
		return nil
	})
}

// large reports whether there are enough events for a transaction of their own.
func (s state) large() bool { return s.count >= rowGroup || s.bytes >= moveBytes }

// oldest returns the first runs, up to rowGroup events, and the cursor of the last.
func oldest(runs []run) (first []run, last eventstore.Cursor) {
	for room := rowGroup; len(runs) > 0 && room > 0; runs = runs[1:] {
		r := runs[0].upTo(runs[0].first + eventstore.Cursor(room) - 1)
		room -= r.count
		first, last = append(first, r), r.last()
	}
	return first, last
}

// flush moves everything that was acknowledged before the call.
func (m *mover) flush(ctx context.Context) error {
	target := m.store.tail.state().last
	for m.store.tail.state().stored < target {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.move(); err != nil {
			return err
		}
	}
	return nil
}

// erase moves everything that was acknowledged and then runs a change that
// erases some of it.
func (m *mover) erase(ctx context.Context, change func(e *engine, stored eventstore.Cursor) error) error {
	if err := m.flush(ctx); err != nil {
		return err
	}
	m.store.reading.Lock() // as save does
	defer m.store.reading.Unlock()
	return m.write(func(s *Store, e *engine) error { return change(e, s.tail.state().stored) })
}

// save checkpoints the table. DuckDB refuses to do so while somebody reads, and would then
// be given up: so it waits for those who do, and whoever begins to read waits for it.
func (m *mover) save() error {
	m.store.reading.Lock()
	defer m.store.reading.Unlock()
	return m.write((*Store).saveUnread)
}

// saveUnread checkpoints the table, while nobody reads, and discards what the commit log
// need not have any longer.
func (s *Store) saveUnread(e *engine) error {
	stored := s.tail.state().stored
	if err := e.rollUp(stored, rollAt); err != nil {
		return err
	}
	if err := e.checkpoint(); err != nil {
		return err
	}
	return s.log.Discard(uint64(stored))
}

// saveIfDue begins a save when enough is unsaved, and waits for it when too much is.
func (m *mover) saveIfDue() {
	m.mu.Lock()
	unsaved, saving := m.unsaved, m.saving
	if unsaved >= saveAt && saving == nil {
		saving = make(chan struct{})
		m.saving = saving
		go func() {
			_ = m.save() // the tail has the failure
			m.mu.Lock()
			defer m.mu.Unlock()
			m.saving = nil
			close(saving)
		}()
	}
	m.mu.Unlock()
	if unsaved >= saveMost {
		<-saving
	}
}

// awaitSave waits for the save that is under way, if one is.
func (m *mover) awaitSave() {
	m.mu.Lock()
	saving := m.saving
	m.mu.Unlock()
	if saving != nil {
		<-saving
	}
}

// write runs a change on the engine. After an error the engine is closed, since
// DuckDB may have given up on the file, and the error is left in the tail for
// appends and queries to see; what was not stored stays in the tail, what was
// not saved in the commit log.
func (m *mover) write(change func(*Store, *engine) error) error {
	m.writes.Lock()
	defer m.writes.Unlock()
	e, release, err := m.store.use()
	if err != nil {
		return err
	}
	err = change(m.store, e)
	m.mu.Lock()
	m.unsaved = e.unsaved
	m.mu.Unlock()
	release()
	if err != nil {
		m.store.abandon(err)
	}
	return err
}

// close stops the goroutine, moves what is left and checkpoints it.
func (m *mover) close() error {
	<-m.closed
	err := m.flush(context.Background())
	m.awaitSave()
	if err != nil {
		return err
	}
	return m.save()
}
