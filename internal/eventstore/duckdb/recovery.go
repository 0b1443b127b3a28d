package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime/debug"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb/commitlog"
)

// recover opens the commit log, begins to fill the memory, for which appends wait, and
// then to store what the file lacks of the log. That may take seconds, and appends need
// not wait for it; whoever uses the engine does.
func (s *Store) recover(ctx context.Context) error {
	stored, err := s.engine.stored(ctx)
	if err != nil {
		return err
	}
	if s.log, err = commitlog.Open(filepath.Join(s.dir, logName), uint64(stored)); err != nil {
		return err
	}
	last := eventstore.Cursor(s.log.Last())
	s.tail = newTail(last)
	s.engines.Lock()
	s.memory.mu.Lock()
	go func() {
		defer s.engines.Unlock()
		err := s.recall(s.engine, stored, last)
		s.memory.mu.Unlock()
		if err == nil {
			err = s.engine.catchUp(s.log, stored, last)
		}
		if err != nil {
			s.drop(err)
		}
	}()
	return nil
}

// use returns the engine, which stays open until release is called.
func (s *Store) use() (e *engine, release func(), err error) {
	s.engines.RLock()
	if s.engine == nil {
		s.engines.RUnlock()
		if err := s.enter(); err != nil {
			return nil, nil, err
		}
		return nil, nil, fmt.Errorf("eventstore: the database is closed after a failure: %w", s.tail.state().failure)
	}
	return s.engine, s.engines.RUnlock, nil
}

// abandon gives the engine up because of a failure.
func (s *Store) abandon(failure error) {
	s.engines.Lock()
	defer s.engines.Unlock()
	s.drop(failure)
}

func (s *Store) drop(failure error) {
	s.failed(failure)
	s.engine.discard()
	s.engine = nil
}

func (s *Store) failed(failure error) {
	s.options.Log.Error("the database of events failed and will be opened again; what it has not saved is in the commit log", "error", failure)
	s.tail.failed(failure)
}

// reopen opens a new engine after a failure and stores what the old one had
// and the file lacks.
func (s *Store) reopen() error {
	s.engines.Lock()
	defer s.engines.Unlock()
	return s.openAgain()
}

// openAgain is reopen once nobody else has an engine.
func (s *Store) openAgain() error {
	ctx := context.Background()
	e, err := openEngine(ctx, s.path(), s.options.MemoryLimit)
	if err != nil {
		return err
	}
	stored, err := e.stored(ctx)
	if err == nil {
		err = e.catchUp(s.log, stored, s.tail.state().stored)
	}
	if err != nil {
		e.discard()
		return err
	}
	s.engine = e
	s.tail.moved(stored)
	return nil
}

// renew closes the engine, of which everything is saved, and opens it again: it keeps
// something of every part of the file that was read, a few bytes for each thousand
// events, and only so lets go of it. The next question reads that anew.
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
