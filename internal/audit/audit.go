// Package audit keeps a record of every signed call: who asked, from where, for what, on
// which resources, and what became of it. Its fields are those of a CloudTrail record, so
// that what reads a trail reads this.
//
// The wire tells [Trail.Note] of every call once it is answered. The trail writes records
// in batches, a moment later: an answer never waits for its record, and a server that is
// killed loses the records of its last moment. When the directory is slower than the
// calls, Note waits.
//
// Calls by which an app reports, such as PutEvents, are data events: there are many of
// them, so they are kept apart and for a shorter time, without their parameters.
package audit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"pintail/internal/clock"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Config is what the room is made of.
type Config struct {
	DB      store.DB
	Clock   *clock.Clock
	Log     *slog.Logger
	Account string
	// Keep and KeepData are for how long records are kept; zero keeps none of the kind.
	Keep, KeepData time.Duration
}

// Trail is the room.
type Trail struct {
	db             store.DB
	clock          *clock.Clock
	log            *slog.Logger
	account        string
	keep, keepData time.Duration

	queue chan Record
	flush chan chan struct{}
	ended sync.WaitGroup
	stop  context.CancelFunc
}

const (
	// queued is how many records wait at most before calls wait for the trail.
	queued = 8192
	// maxBatch is how many records one transaction writes.
	maxBatch = 500
	// gather is how long records are gathered before they are written.
	gather = 100 * time.Millisecond
)

// Collections are what the directory must keep for this room.
func Collections() []store.Kind { return []store.Kind{chunks, dataChunks} }

// New returns the room, which writes until [Trail.Close].
func New(c Config) *Trail {
	ctx, stop := context.WithCancel(context.Background())
	t := &Trail{
		db: c.DB, clock: c.Clock, log: c.Log, account: c.Account, keep: c.Keep, keepData: c.KeepData,
		queue: make(chan Record, queued), flush: make(chan chan struct{}), stop: stop,
	}
	t.ended.Go(func() { t.run(ctx) })
	return t
}

// Close writes what waits, and ends.
func (t *Trail) Close() {
	t.stop()
	t.ended.Wait()
}

// Flush returns once every call that was noted before is written, or the context is done.
func (t *Trail) Flush(ctx context.Context) {
	done := make(chan struct{})
	select {
	case t.flush <- done:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Note records a call.
func (t *Trail) Note(of wire.Audited) {
	if keep := t.keepFor(of.Op.Action); keep <= 0 {
		return
	}
	t.queue <- NewRecord(of)
}

// Write stores the record of an action in the transaction that begins it, so that the
// one is as durable as the other. Written again, it replaces itself.
func (t *Trail) Write(tx store.Tx, r Record) error {
	if t.keep <= 0 {
		return nil
	}
	c := &chunk{Records: []Record{r}}
	return chunks.Put(tx, t.account, c.id(), c)
}

func (t *Trail) keepFor(action string) time.Duration {
	if isData(action) {
		return t.keepData
	}
	return t.keep
}

// run gathers records and writes them.
func (t *Trail) run(ctx context.Context) {
	var batch []Record
	tick := time.NewTicker(gather)
	defer tick.Stop()
	for {
		var waiting chan struct{}
		select {
		case r := <-t.queue:
			if batch = append(batch, r); len(batch) < maxBatch {
				continue
			}
		case <-tick.C:
		case waiting = <-t.flush:
			batch = t.drain(batch)
		case <-ctx.Done():
			t.write(t.drain(batch))
			return
		}
		t.write(batch)
		batch = batch[:0]
		if waiting != nil {
			close(waiting)
		}
	}
}

// drain takes what waits in the queue.
func (t *Trail) drain(batch []Record) []Record {
	for {
		select {
		case r := <-t.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
}

// write stores records, of each kind its own. What cannot be stored is for the log: the
// calls have been answered.
func (t *Trail) write(batch []Record) {
	kinds := map[bool][]Record{}
	for _, r := range batch {
		kinds[r.data()] = append(kinds[r.data()], r)
	}
	if len(kinds) == 0 {
		return
	}
	err := t.db.Update(context.Background(), func(tx store.Tx) error {
		for data, records := range kinds {
			for _, c := range cut(records) {
				if err := collection(data).Put(tx, t.account, c.id(), c); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.log.Error("audit records could not be written", "records", len(batch), "error", err)
	}
}

// Filter chooses records; an empty field does not restrict.
type Filter struct {
	From, To time.Time // From is included, To is not
	Name     string    // of the operation
	Who      string    // ARN of who called
	Denied   bool      // only calls that were refused for want of permission
	Data     bool      // data events, in place of the others
	Limit    int
	// Before is the place of the last record of the page before; "" begins at the newest.
	Before string
}

// Page is a page of records, the newest first.
type Page struct {
	Records []Record
	Next    string // where the next page begins; "" if there is none
}

// maxLooked is how many records one page looks at, so that a filter which few pass does
// not hold a transaction for long.
const maxLooked = 20_000

// List returns a page of the records that a filter chooses, the newest first. Calls that
// were not answered, or not on the same node, in the order in which they began are in order
// but for a second.
func (t *Trail) List(ctx context.Context, f Filter) (page Page, err error) {
	t.Flush(ctx)
	err = t.db.View(ctx, func(tx store.Tx) error {
		page = Page{Records: []Record{}}
		looked := 0
		for c, err := range newest(tx, collection(f.Data), t.account, f.start()) {
			if err != nil {
				return err
			}
			if c.first().Add(maxSpan).Before(f.From) {
				return nil
			}
			for i := c.left(f.Before) - 1; i >= 0; i-- {
				looked++
				if f.matches(&c.Records[i]) {
					page.Records = append(page.Records, c.Records[i])
				}
				if len(page.Records) >= max(1, f.Limit) || looked >= maxLooked {
					page.Next = c.place(i)
					return nil
				}
			}
		}
		return nil
	})
	return page, err
}

// start is the place after which a walk begins.
func (f Filter) start() string {
	switch {
	case f.Before != "":
		return f.Before
	case !f.To.IsZero():
		return store.Time(f.To)
	}
	return ""
}

func (f Filter) matches(r *Record) bool {
	if r.EventTime.Before(f.From) || !f.To.IsZero() && !r.EventTime.Before(f.To) {
		return false
	}
	return (f.Name == "" || f.Name == r.EventName) && (f.Who == "" || f.Who == r.UserIdentity.ARN) && (!f.Denied || r.denied())
}

// pruned is how many chunks one transaction forgets.
const pruned = 50

// Prune forgets records that are too old, some of each kind, and tells whether there may be
// more.
func (t *Trail) Prune(ctx context.Context) (more bool, err error) {
	for data, keep := range map[bool]time.Duration{false: t.keep, true: t.keepData} {
		limit := t.clock.Now().Add(-keep)
		err := t.db.Update(ctx, func(tx store.Tx) error {
			old, _, err := collection(data).List(tx, t.account, store.Query{Limit: pruned})
			if err != nil {
				return err
			}
			gone := 0
			for _, c := range old {
				if !c.last().Before(limit) {
					break
				}
				if err := collection(data).Delete(tx, t.account, c.id()); err != nil {
					return err
				}
				gone++
			}
			more = more || gone == pruned
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	return more, nil
}
