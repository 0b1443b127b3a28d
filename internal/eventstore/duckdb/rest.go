package duckdb

import (
	"runtime/debug"
	"time"
)

// When a store rests: without calls it is idle.
const (
	restAfter = 5 * time.Second // idle for so long it saves and lets go of memory
	renewAt   = 4               // and idle so many times in a row, of what it knows of the file
)

// restMemoryLimit makes DuckDB let go of cached blocks.
const restMemoryLimit = "32MB"

// idle does what there is to do when the store has been idle so many times in a row.
func (m *mover) idle(times int, failed bool) {
	switch {
	case failed:
	case times == 1:
		_ = m.write((*Store).rest) // the tail has the failure
	case times == renewAt:
		m.writes.Lock()
		defer m.writes.Unlock()
		_ = m.store.renew() // likewise
	}
}

// rest saves, so that a start after a crash is quick, and makes DuckDB give
// back memory.
func (s *Store) rest(e *engine) error {
	if !s.reading.TryLock() {
		return nil // a long query needs its memory; the next rest will do
	}
	defer s.reading.Unlock()
	if e.unsaved > 0 {
		if err := s.saveUnread(e); err != nil {
			return err
		}
	}
	if err := e.writer.exec(dialect.FillDaily(fillMost)); err != nil {
		return err
	}
	// What is cached may be in use just now: then too the next rest will do.
	_ = e.writer.exec("SET memory_limit = " + quote(restMemoryLimit))
	return e.writer.exec("SET memory_limit = " + quote(s.options.MemoryLimit))
}

// renew closes the engine, of which everything is saved, and opens it again. DuckDB keeps
// a description of every part of the file that was read, about a byte for each event,
// and only so lets go of it. The next question reads that anew.
func (s *Store) renew() error {
	if !s.reading.TryLock() {
		return nil
	}
	defer s.reading.Unlock()
	s.engines.Lock()
	defer s.engines.Unlock()
	if s.engine == nil || s.engine.unsaved > 0 {
		return nil
	}
	s.engine.close()
	s.engine = nil
	err := s.openAgain()
	if err != nil {
		s.failed(err)
	}
	debug.FreeOSMemory() // what appends and answers left behind; Go would keep it for minutes
	return err
}
