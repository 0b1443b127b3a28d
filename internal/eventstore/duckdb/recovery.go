package duckdb

import (
	"context"
	"fmt"
	"path/filepath"

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
