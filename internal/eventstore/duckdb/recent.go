package duckdb

import (
	"context"
	"fmt"
	"sync"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb/commitlog"
	"pintail/internal/eventstore/recent"
)

// memory is what appends know of the events recorded last. It is filled from the log
// of events: in the background when the store is opened, and again by the next append
// after something was erased.
type memory struct {
	mu     sync.Mutex // held by a commit, and while the memory is filled
	set    *recent.Set
	filled bool
}

// recall fills the memory. Its lock is held, and the engine writes nothing meanwhile.
// The table has the events up to a cursor, the commit log those from there to the last.
func (s *Store) recall(e *engine, stored, last eventstore.Cursor) error {
	m := &s.memory
	m.set.Clear()
	sql := fmt.Sprintf("SELECT app, endpoint_id, event_id, event_type, epoch_ms(event_time) FROM %s WHERE seq > %d AND event_id <> ''", table, last-recent.Recall)
	err := e.writer.query(context.Background(), sql, nil, func(rows result) error {
		apps, endpoints, ids, types, times := rows.texts(0), rows.texts(1), rows.texts(2), rows.texts(3), rows.int64s(4)
		for i := range ids {
			m.set.Add(m.set.KeyOf(apps[i].view(), endpoints[i].view(), ids[i].view(), types[i].view(), times[i]))
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = s.log.Replay(uint64(stored), uint64(last), func(first uint64, entries int, payload []byte) error {
		err := run{count: entries, encoded: payload}.each(func(x *record) error {
			m.set.Add(x.key(m.set))
			return nil
		})
		if err != nil {
			return fmt.Errorf("%w: %w", commitlog.ErrDamaged, err)
		}
		return nil
	})
	m.filled = err == nil
	return err
}

// remember fills the memory if it is not. Its lock is held.
func (s *Store) remember() error {
	if s.memory.filled {
		return nil
	}
	return s.mover.write(func(s *Store, e *engine) error {
		return s.recall(e, s.tail.state().stored, eventstore.Cursor(s.log.Last()))
	})
}

// forget has the memory filled again, since events were erased.
func (s *Store) forget() {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.memory.filled = false
}

// admit returns the group without the events that were recorded before. What it leaves
// is pending in the memory.
func (m *memory) admit(group []appended) []appended {
	fresh := group[:0]
	for _, item := range group {
		if item, any := m.admitItem(item); any {
			fresh = append(fresh, item)
		}
	}
	return fresh
}

func (m *memory) admitItem(item appended) (left appended, any bool) {
	for i, k := range item.keys {
		if !m.set.Admit(k) {
			return m.withoutRepeats(item, i)
		}
	}
	return item, true
}

// withoutRepeats makes an item anew without its event at an index, which was recorded
// before, and what follows of that kind.
func (m *memory) withoutRepeats(item appended, at int) (left appended, any bool) {
	events := append([]eventstore.Event(nil), item.events[:at]...)
	for i := at + 1; i < len(item.events); i++ {
		if m.set.Admit(item.keys[i]) {
			events = append(events, item.events[i])
		}
	}
	if len(events) == 0 {
		return appended{}, false
	}
	return newAppended(events), true
}
