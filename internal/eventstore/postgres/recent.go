package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/recent"
)

// memory is what appends know of the events recorded last, through whichever process.
type memory struct {
	mu     sync.Mutex // held by a commit, and while the memory is filled
	set    *recent.Set
	upTo   eventstore.Cursor // what the set has was recorded up to here
	asked  time.Time         // when that was last made sure of
	forgot bool
}

// recallAfter is for how long other processes' events are left for the transaction of
// the next commit to read, which all others wait for.
const recallAfter = time.Second

// appended is one caller's events on their way into a group commit.
type appended struct {
	events []eventstore.Event
	keys   []recent.Key // of the events
}

// recallEarly fills the memory of a store that was just opened. When it fails, the
// first append tries again.
func (s *Store) recallEarly() {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	_ = s.recall(ctx)
}

// recall reads what has been recorded since it was last made sure of, if that is long
// ago. The memory's lock is held.
func (s *Store) recall(ctx context.Context) error {
	m := &s.memory
	if m.forgot {
		m.set.Clear()
		m.upTo, m.asked, m.forgot = 0, time.Time{}, false
	}
	if time.Since(m.asked) < recallAfter {
		return nil
	}
	var last eventstore.Cursor
	err := s.pool.QueryRow(ctx, "SELECT last FROM eventstore.log").Scan(&last)
	if err == nil && last > m.upTo {
		err = m.read(ctx, s.pool, last)
	}
	if err == nil {
		m.asked = time.Now()
	}
	return err
}

// read remembers the newest of the events that were recorded up to a cursor.
func (m *memory) read(ctx context.Context, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, last eventstore.Cursor) error {
	keep := eventstore.Cursor(recent.Keep)
	if m.upTo == 0 {
		keep = recent.Recall
	}
	sql := fmt.Sprintf("SELECT app, endpoint_id, event_id, event_type, event_time FROM eventstore.events WHERE seq > %d AND seq <= %d AND event_id <> ''",
		max(m.upTo, last-keep), last)
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return err
	}
	var app, endpoint, id, kind string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&app, &endpoint, &id, &kind, &at}, func() error {
		m.set.Add(m.set.KeyOf(app, endpoint, id, kind, at.UnixMilli()))
		return nil
	})
	if err == nil {
		m.upTo = last
	}
	return err
}

// knows notes that what was recorded up to a cursor is remembered.
func (m *memory) knows(last eventstore.Cursor) { m.upTo, m.asked = last, time.Now() }

// admit returns the group's events without those that were recorded before, and how
// many of these there are. What it returns is pending in the memory.
func (m *memory) admit(group []appended) (fresh [][]eventstore.Event, repeats int) {
	fresh = make([][]eventstore.Event, len(group))
	for i, item := range group {
		kept := 0
		for j, k := range item.keys {
			if !m.set.Admit(k) {
				repeats++
				continue
			}
			if kept < j {
				item.events[kept] = item.events[j]
			}
			kept++
		}
		fresh[i] = item.events[:kept]
	}
	return fresh, repeats
}

// forget has the memory filled again, since events were erased.
func (s *Store) forget() {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.memory.forgot = true
}
