// Package duckdb is the embedded event store: DuckDB for questions, and a
// commit log of our own in front of it for writing. It fulfils
// eventstore.Store; app opens it on the data folder.
//
// DuckDB stores and counts events very well in large batches and badly in
// small ones: a transaction costs it a millisecond or more however little it
// writes, and with MAP columns its write-ahead log repeats up to two thousand
// earlier rows' maps in every small one. So the write-ahead log is our own and
// DuckDB's is off:
//
//	Append -> group commit -> commit log, one disk flush -> tail (memory) -> acknowledged
//	                                                          |
//	                                       in batches, behind -> DuckDB table -> checkpoint -> file
//
// The table and the tail together are the log of events. Scan reads the table
// and then the tail, so followers that keep up read memory only. A count first
// has the tail moved into the table, so it sees everything acknowledged before.
// The commit log keeps what no checkpoint has saved; after a crash it is stored
// again, from the file's last cursor on.
//
// DuckDB lets one process open the file; a second one gets an error that says
// so. Queries run on connections of their own and see snapshots: they do not
// hold up the writing, and appends do not even wait for DuckDB's checkpoints.
package duckdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/duckdb/commitlog"
	"pintail/internal/eventstore/groupcommit"
	"pintail/internal/eventstore/recent"
)

// Names in the data folder.
const (
	fileName = "events.duckdb"
	logName  = "events.log"
)

// Appends wait when this many events, or events of so many bytes, wait for DuckDB,
// which bounds memory and the work after a crash.
const (
	maxTail      = 2 * rowGroup
	maxTailBytes = 2 * moveBytes
)

// groupLimits bound a group commit: about 5 MB of log.
var groupLimits = groupcommit.Limits{Weight: 10_000, Enough: 2_000, Wait: 2 * time.Millisecond}

// Options tune a store; the zero value is right for production.
type Options struct {
	// MemoryLimit bounds DuckDB's memory, as DuckDB writes it; "384MB" when empty.
	MemoryLimit string

	// Log is told when the database fails and has to be opened again; nobody when nil.
	Log *slog.Logger
}

// Store is an open event store.
type Store struct {
	dir     string
	options Options
	group   *groupcommit.Group[appended]
	log     *commitlog.Log
	tail    *tail
	mover   *mover
	memory  memory

	engines sync.RWMutex // held for reading by users of engine, for writing to replace it
	engine  *engine

	reading sync.RWMutex // held for reading by queries, for writing by checkpoints and to let go of memory

	closing   chan struct{}
	closeOnce sync.Once
	closeErr  error

	appended, commits, failures atomic.Uint64
	activity                    atomic.Uint64 // counts calls, to notice idleness
}

var _ eventstore.Store = (*Store)(nil)

// appended is one caller's events on their way into a group commit.
type appended struct {
	frame  commitlog.Frame
	events []eventstore.Event
	keys   []recent.Key // of the events
}

// encoding has buffers for newAppended, so that frames take no more than they need.
var encoding = sync.Pool{New: func() any { return new([]byte) }}

func newAppended(events []eventstore.Event) appended {
	buffer := encoding.Get().(*[]byte)
	defer encoding.Put(buffer)
	*buffer = encodeEvents((*buffer)[:0], events)
	return appended{frame: commitlog.NewFrame(slices.Clone(*buffer), len(events)), events: events}
}

// Open opens or creates the store in a folder of its own or shared with other
// files of the data folder.
func Open(ctx context.Context, dir string, options Options) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if options.MemoryLimit == "" {
		options.MemoryLimit = "384MB"
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{dir: dir, options: options, closing: make(chan struct{})}
	s.memory.set = recent.New()
	var err error
	if s.engine, err = openEngine(ctx, s.path(), options.MemoryLimit); err != nil {
		return nil, err
	}
	if err := s.recover(ctx); err != nil {
		s.engine.close()
		return nil, err
	}
	s.group = groupcommit.New(groupLimits, s.commit)
	s.mover = startMover(s)
	return s, nil
}

func (s *Store) path() string { return filepath.Join(s.dir, fileName) }

// enter begins a call: it fails on a closed store.
func (s *Store) enter() error {
	s.activity.Add(1)
	select {
	case <-s.closing:
		return eventstore.ErrClosed
	default:
		return nil
	}
}

// Append implements eventstore.Store.
func (s *Store) Append(ctx context.Context, events []eventstore.Event) error {
	events, err := eventstore.Prepare(events)
	if err != nil || len(events) == 0 {
		return err
	}
	item := newAppended(events)
	item.keys = make([]recent.Key, len(events))
	for i := range events {
		item.keys[i] = s.memory.set.Key(&events[i])
	}
	err = s.group.Do(ctx, item, len(events))
	if errors.Is(err, groupcommit.ErrClosed) {
		return eventstore.ErrClosed
	}
	return err
}

// commit makes a group durable and visible.
func (s *Store) commit(group []appended) error {
	s.activity.Add(1)
	err := s.tail.await(context.Background(), s.closing, func(now state) (bool, error) {
		full := now.count > maxTail || now.bytes > maxTailBytes
		if full && now.failure != nil {
			return false, fmt.Errorf("eventstore: too many events wait for the database: %w", now.failure)
		}
		return !full, nil
	})
	if err == nil {
		err = s.recordNew(group)
	}
	if err != nil {
		s.failures.Add(1)
	}
	return err
}

// recordNew records what of a group was not recorded before.
func (s *Store) recordNew(group []appended) error {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if err := s.remember(); err != nil {
		return err
	}
	group = s.memory.admit(group)
	if len(group) == 0 {
		return nil
	}
	if err := s.record(group); err != nil {
		s.memory.set.Failed()
		return err
	}
	s.memory.set.Recorded()
	return nil
}

func (s *Store) record(group []appended) error {
	next := eventstore.Cursor(s.log.Last()) + 1
	frames, runs, count := make([]commitlog.Frame, len(group)), make([]run, len(group)), 0
	for i, item := range group {
		frames[i], runs[i] = item.frame, run{first: next, count: item.frame.Entries, encoded: item.frame.Payload}
		next += eventstore.Cursor(item.frame.Entries)
		count += item.frame.Entries
	}
	if err := s.log.Commit(frames); err != nil {
		return err
	}
	s.tail.add(runs)
	s.commits.Add(1)
	s.appended.Add(uint64(count))
	return nil
}

// Wait implements eventstore.Store.
func (s *Store) Wait(ctx context.Context, after eventstore.Cursor) error {
	if err := s.enter(); err != nil {
		return err
	}
	return s.tail.await(ctx, s.closing, func(now state) (bool, error) { return now.last > after, nil })
}

// Stats implements eventstore.Store.
func (s *Store) Stats() eventstore.Stats {
	log := s.log.Size()
	return eventstore.Stats{
		Last:     s.tail.state().last,
		Appended: s.appended.Load(),
		Commits:  s.commits.Load(),
		Failures: s.failures.Load(),
		Bytes:    fileSize(s.path()) + log,
		LogBytes: log,
	}
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Close implements eventstore.Store. It moves the tail into the table and saves
// it; when that fails the commit log keeps what was not saved.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.group.Close()
		close(s.closing)
		s.closeErr = s.mover.close()
		s.engines.Lock()
		defer s.engines.Unlock()
		if s.engine != nil {
			s.engine.close()
			s.engine = nil
		}
		saved := uint64(0)
		if s.closeErr == nil {
			saved = uint64(s.tail.state().stored)
		}
		s.closeErr = errors.Join(s.closeErr, s.log.Close(saved))
	})
	return s.closeErr
}
