// Package postgres is the event store for more than one process: it fulfils
// eventstore.Store on PostgreSQL, in a schema of its own named "eventstore".
//
// Cursors are handed out by one row that holds the last one. A commit locks
// that row, copies its events in with the cursors that follow, and commits;
// the next one, of any process, waits for the lock. So cursors become visible
// in their order and a follower never passes one that is still being written.
// What this costs in concurrency, group commit gives back: each process has one
// commit under way, for all callers that wait.
//
// When the connection breaks during COMMIT nobody can know whether it took
// effect; Append then fails although the events may be there.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/groupcommit"
	"pintail/internal/eventstore/recent"
)

// groupLimits bound a group commit: about 5 MB of COPY.
var groupLimits = groupcommit.Limits{Weight: 10_000, Enough: 2_000, Wait: 2 * time.Millisecond}

// commitTimeout bounds a group commit, so that a lost server fails appends
// instead of holding them up.
const commitTimeout = 30 * time.Second

// pollEvery is how often a waiting follower asks for other processes' events.
const pollEvery = 50 * time.Millisecond

// sizeTimeout bounds the question for the size in Stats.
const sizeTimeout = time.Second

// Store is an open event store.
type Store struct {
	pool    *pgxpool.Pool
	group   *groupcommit.Group[appended]
	memory  memory
	closing chan struct{}
	close   sync.Once

	roller *roller

	mu      sync.Mutex
	last    eventstore.Cursor // the newest that this process knows
	changed chan struct{}     // closed and replaced when last changes

	appended, commits, failures atomic.Uint64
}

var _ eventstore.Store = (*Store)(nil)

// Open connects to the database and brings the schema up to date.
func Open(ctx context.Context, url string) (*Store, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	s := &Store{pool: pool, memory: memory{set: recent.New()}, closing: make(chan struct{}), changed: make(chan struct{})}
	if err := migrate(ctx, pool); err != nil {
		pool.Close()
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	if err := s.refresh(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	s.roller = startRoller(s)
	s.group = groupcommit.New(groupLimits, s.commit)
	go s.recallEarly()
	return s, nil
}

// Append implements eventstore.Store.
func (s *Store) Append(ctx context.Context, events []eventstore.Event) error {
	events, err := eventstore.Prepare(events)
	if err != nil || len(events) == 0 {
		return err
	}
	item := appended{events: events, keys: make([]recent.Key, len(events))}
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
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	err := s.recall(ctx)
	var last, before eventstore.Cursor
	if err == nil {
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			last, before, err = s.record(ctx, tx, group)
			return err
		})
	}
	if err != nil {
		s.memory.set.Failed()
		s.failures.Add(1)
		return fmt.Errorf("eventstore: %w", err)
	}
	s.memory.set.Recorded()
	s.memory.knows(last)
	if last == before {
		return nil
	}
	s.commits.Add(1)
	s.appended.Add(uint64(last - before))
	s.saw(last)
	s.roller.wake(last)
	return nil
}

// record writes what of a group was not recorded before, in the transaction of a
// commit. It returns the last cursor, and the one before the commit.
func (s *Store) record(ctx context.Context, tx pgx.Tx, group []appended) (last, before eventstore.Cursor, err error) {
	count := 0
	for _, item := range group {
		count += len(item.events)
	}
	const take = "UPDATE eventstore.log SET last = last + $1 RETURNING last"
	if err := tx.QueryRow(ctx, take, count).Scan(&last); err != nil {
		return 0, 0, err
	}
	before = last - eventstore.Cursor(count)
	if before > s.memory.upTo { // other processes have written since
		if err := s.memory.read(ctx, tx, before); err != nil {
			return 0, 0, err
		}
	}
	fresh, repeats := s.memory.admit(group)
	if repeats > 0 {
		if err := tx.QueryRow(ctx, take, -repeats).Scan(&last); err != nil || last == before {
			return last, before, err
		}
	}
	_, err = tx.Conn().PgConn().CopyFrom(ctx, newCopier(fresh, before+1), copyCommand)
	return last, before, err
}

// saw notes a cursor that is visible.
func (s *Store) saw(last eventstore.Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last > s.last {
		s.last = last
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// refresh finds out what other processes have written.
func (s *Store) refresh(ctx context.Context) error {
	var last eventstore.Cursor
	if err := s.pool.QueryRow(ctx, "SELECT last FROM eventstore.log").Scan(&last); err != nil {
		return s.explain(err)
	}
	s.saw(last)
	return nil
}

// Wait implements eventstore.Store.
func (s *Store) Wait(ctx context.Context, after eventstore.Cursor) error {
	if err := s.check(); err != nil {
		return err
	}
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		s.mu.Lock()
		last, changed := s.last, s.changed
		s.mu.Unlock()
		if last > after {
			return nil
		}
		select {
		case <-changed:
		case <-poll.C:
			if err := s.refresh(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return eventstore.ErrClosed
		}
	}
}

// Stats implements eventstore.Store. Bytes is 0 when the database does not
// answer within a second.
func (s *Store) Stats() eventstore.Stats {
	ctx, cancel := context.WithTimeout(context.Background(), sizeTimeout)
	defer cancel()
	var bytes int64
	if err := s.pool.QueryRow(ctx, "SELECT pg_total_relation_size('eventstore.events')").Scan(&bytes); err != nil {
		bytes = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return eventstore.Stats{
		Last: s.last, Bytes: bytes,
		Appended: s.appended.Load(), Commits: s.commits.Load(), Failures: s.failures.Load(),
	}
}

// DeleteApp implements eventstore.Store.
func (s *Store) DeleteApp(ctx context.Context, app string) error {
	defer s.forget()
	return s.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM eventstore.events WHERE app = $1", app); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM eventstore.activity WHERE app = $1", app); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM eventstore.daily WHERE app = $1", app)
		return err
	})
}

// Reset implements eventstore.Store.
func (s *Store) Reset(ctx context.Context) error {
	defer s.forget()
	return s.change(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "TRUNCATE eventstore.events, eventstore.activity, eventstore.daily; UPDATE eventstore.rolled SET until = (SELECT last FROM eventstore.log)")
		return err
	})
}

// change runs a transaction that changes what the table activity is made of, while nobody
// adds to it.
func (s *Store) change(ctx context.Context, change func(pgx.Tx) error) error {
	if err := s.check(); err != nil {
		return err
	}
	return s.explain(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT until FROM eventstore.rolled FOR UPDATE"); err != nil {
			return err
		}
		return change(tx)
	}))
}

// check fails on a closed store.
func (s *Store) check() error {
	select {
	case <-s.closing:
		return eventstore.ErrClosed
	default:
		return nil
	}
}

// explain gives an error of the database its origin, or says that the store was
// closed meanwhile.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if closed := s.check(); closed != nil {
		return closed
	}
	return fmt.Errorf("eventstore: %w", err)
}

// Close implements eventstore.Store.
func (s *Store) Close() error {
	s.close.Do(func() {
		s.group.Close()
		close(s.closing)
		s.roller.close()
		s.pool.Close()
	})
	return nil
}
