package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/statement"
)

// rollAt is the number of events that the table activity lacks at which it gets them, and
// rollMost that of one transaction.
const (
	rollAt   = 100_000
	rollMost = 1_000_000
)

// recountMost is how many days are counted anew when events are rolled up, the newest.
const recountMost = 100

// dialect is PostgreSQL's SQL.
var dialect = &statement.Dialect{
	Events: "eventstore.events", Activity: "eventstore.activity", Daily: "eventstore.daily",
	Attribute: func(name string) string { return "(attributes->>" + name + "::text)" },
	Metric:    func(name string) string { return "(metrics->>" + name + "::text)::float8" },
	Millis:    func(at string) string { return "(extract(epoch FROM " + at + ") * 1000)::bigint" },
	Bucket: func(at string, bounds eventstore.Buckets, arg func(any) string) string {
		return fmt.Sprintf("(width_bucket(%s, %s::timestamptz[]) - 1)", at, arg([]time.Time(bounds)))
	},
	Day: func(at string) string { return "((" + at + " AT TIME ZONE 'UTC')::date - DATE '1970-01-01')" },
	Slot: func(at string) string {
		utc := "(" + at + " AT TIME ZONE 'UTC')"
		return fmt.Sprintf("(extract(hour FROM %s)::int * 2 + extract(minute FROM %s)::int / 30)", utc, utc)
	},
	Bytewise: func(text string) string { return text + ` COLLATE "C"` },
	Label: func(_ int, labels *eventstore.Labels, arg func(any) string) string {
		ids := make([]int64, len(labels.IDs))
		for i, id := range labels.IDs {
			ids[i] = int64(id)
		}
		return fmt.Sprintf("(SELECT * FROM unnest(%s::bigint[], %s::text[]) AS u(id, name))", arg(ids), arg(labels.Names))
	},
}

// roller adds to the table activity in the background, as appends wake it.
type roller struct {
	store  *Store
	wakes  chan struct{}
	known  atomic.Int64 // the cursor that activity was last seen rolled up to
	stop   context.CancelFunc
	closed chan struct{}
}

func startRoller(s *Store) *roller {
	ctx, stop := context.WithCancel(context.Background())
	r := &roller{store: s, wakes: make(chan struct{}, 1), stop: stop, closed: make(chan struct{})}
	go r.run(ctx)
	return r
}

// wake tells how far the log is.
func (r *roller) wake(last eventstore.Cursor) {
	if int64(last)-r.known.Load() < rollAt {
		return
	}
	select {
	case r.wakes <- struct{}{}:
	default:
	}
}

func (r *roller) run(ctx context.Context) {
	defer close(r.closed)
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wakes:
		}
		// What fails is tried again with the next append: until then questions read the
		// events.
		for more := true; more; {
			var err error
			if more, err = r.store.rollUp(ctx, rollAt, " SKIP LOCKED"); err != nil {
				break
			}
		}
	}
}

func (r *roller) close() {
	r.stop()
	<-r.closed
}

// rollUp adds events to the table activity if it lacks at least so many, and tells whether
// more are left. Locked says what to do while another process is at it.
func (s *Store) rollUp(ctx context.Context, least int, locked string) (more bool, err error) {
	var until, last eventstore.Cursor
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT until FROM eventstore.rolled FOR UPDATE"+locked).Scan(&until); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT last FROM eventstore.log").Scan(&last); err != nil || last-until < eventstore.Cursor(least) {
			return err
		}
		after := until
		until = min(last, after+rollMost)
		if _, err := tx.Exec(ctx, dialect.RollUp(after, until, recountMost)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE eventstore.rolled SET until = $1", until)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		s.roller.known.Store(int64(until))
	}
	return err == nil && last-until >= eventstore.Cursor(least), err
}

// Rebuild implements eventstore.Analyst.
func (s *Store) Rebuild(ctx context.Context) error {
	err := s.change(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM eventstore.activity; DELETE FROM eventstore.daily; UPDATE eventstore.rolled SET until = 0")
		return err
	})
	for more := true; more && err == nil; {
		more, err = s.rollUp(ctx, 1, "")
	}
	return s.explain(err)
}
