package eventstream

import (
	"context"
	"errors"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/eventstream/sink"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/store"
)

const (
	// attemptTime bounds one attempt to hand records over.
	attemptTime = 15 * time.Second
	// gatherFor is how long events are gathered once the stream has caught up.
	gatherFor = 50 * time.Millisecond
	// storeEvery is after how many events of other projects a position is stored.
	storeEvery = 100_000
	// maxError bounds what is kept of an error, in bytes.
	maxError = 500
)

// pause is the default of Config.Pause.
var pause = job.Exponential(time.Second, time.Minute)

// errGone says that a follower has nothing to do any more: its stream was deleted, or
// another node follows it.
var errGone = errors.New("event stream: not ours any more")

// errChanged says that a stream has been configured anew.
var errChanged = errors.New("event stream: configured anew")

// follower hands over the events of one project.
type follower struct {
	*Service
	app string
	at  eventstore.Cursor // what is up to here is handed over, or others'
	to  *pinpoint.EventStream
	p   *position // as it was last read or written

	sink    sink.Sink // nil until it is needed
	sinkARN string
}

// follow works for a project until its stream is gone, ctx is done or another node's turn
// has come.
func (s *Service) follow(ctx context.Context, app string) {
	f := &follower{Service: s, app: app}
	defer f.hangUp()
	for ctx.Err() == nil {
		err := f.turn(ctx)
		if errors.Is(err, errGone) {
			return
		}
		if err != nil && !errors.Is(err, errChanged) && ctx.Err() == nil {
			s.Log.Error("an event stream waits: a store does not answer", "app", app, "error", err)
			sleep(ctx, lookEvery, nil)
		}
	}
	f.release()
}

// turn hands over what there is, and waits for more.
func (f *follower) turn(ctx context.Context) error {
	changed := f.watch()
	if err := f.read(ctx); err != nil {
		return err
	}
	if f.p.Test {
		records, err := f.testRecord(f.app)
		if err != nil {
			return err
		}
		return f.handOver(ctx, records, f.Clock.Now(), func(p *position) { p.Test = false })
	}
	newest := f.Events.Stats().Last // what is up to here is visible to the scan
	events, more, err := f.scan(ctx)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		f.at = max(f.at, newest)
		if !f.p.Since.IsZero() || f.at-f.p.Cursor > storeEvery {
			if err := f.write(func(p *position) { p.Cursor, p.Since = f.at, time.Time{} }); err != nil {
				return err
			}
		}
		return f.await(ctx, changed)
	}
	records, tooLarge, err := f.records(ctx, f.app, events)
	if err != nil {
		return err
	}
	last := events[len(events)-1]
	err = f.handOver(ctx, records, events[0].event.Arrival, func(p *position) {
		p.Cursor, p.Since = last.cursor, time.Time{}
		p.Taken += int64(len(records))
		if more {
			p.Since = last.event.Arrival
		}
	})
	if err != nil {
		return err
	}
	f.at = last.cursor
	f.Observe(len(records), tooLarge)
	if !more {
		sleep(ctx, gatherFor, nil)
	}
	return nil
}

// read looks at the stream and the position, which must be this node's.
func (f *follower) read(ctx context.Context) error {
	err := f.DB.View(ctx, func(tx store.Tx) (err error) {
		if f.to, err = streams.Get(tx, f.Account, f.app); err != nil {
			return err
		}
		f.p, err = positions.Get(tx, f.Account, f.app)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && f.p.Node != f.node {
		return errGone
	}
	if err == nil {
		f.at = max(f.at, f.p.Cursor)
	}
	return err
}

// write changes the position, unless it is another node's by now, and extends the turn.
func (f *follower) write(change func(*position)) error {
	// What was handed over has to be noted, though the server stops.
	ctx, cancel := context.WithTimeout(context.Background(), attemptTime)
	defer cancel()
	err := f.DB.Update(ctx, func(tx store.Tx) (err error) {
		p, err := positions.Get(tx, f.Account, f.app)
		if errors.Is(err, store.ErrNotFound) || err == nil && p.Node != f.node {
			return errGone
		}
		if err != nil {
			return err
		}
		change(p)
		p.Until = f.Clock.Now().Add(turnLife)
		f.p = p
		return positions.Put(tx, f.Account, f.app, p)
	})
	return err
}

// scan reads the next events, as many as go into one batch, and tells whether there may be
// more.
func (f *follower) scan(ctx context.Context) (events []numbered, more bool, err error) {
	size := 0
	errEnough := errors.New("enough")
	q := eventstore.Query{Filter: eventstore.Filter{App: f.app}, After: f.at, Limit: sink.MaxRecords}
	err = f.Events.Scan(ctx, q, func(c eventstore.Cursor, e *eventstore.Event) error {
		if size += sizeOf(e); size > sink.MaxBytes && len(events) > 0 {
			return errEnough
		}
		events = append(events, numbered{c, e})
		return nil
	})
	more = err == errEnough || len(events) == sink.MaxRecords
	if err == errEnough {
		err = nil
	}
	return events, more, err
}

// sizeOf estimates an event's record: what the client sent, and a frame with an endpoint.
func sizeOf(e *eventstore.Event) int {
	n := 3 << 10
	for i := range eventstore.TextFields {
		n += len(*eventstore.TextFields[i].Of(e))
	}
	for name, value := range e.Attributes {
		n += len(name) + len(value) + 8
	}
	return n + 32*len(e.Metrics)
}

// await returns when there is something new, or it is time to extend the turn.
func (f *follower) await(ctx context.Context, changed <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, turnLife/3)
	defer cancel()
	go func() {
		select {
		case <-changed:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := f.Events.Wait(ctx, f.at)
	if err == nil || ctx.Err() == nil {
		return err
	}
	return f.keep()
}

// handOver puts records until the receiver has taken all, and then notes that. It gives up
// when the server stops or the stream has been configured anew. since is when the oldest
// of the events arrived.
func (f *follower) handOver(ctx context.Context, records []sink.Record, since time.Time, done func(*position)) error {
	to := *f.to
	for attempt := 1; ; attempt++ {
		changed := f.watch()
		left, err := f.put(ctx, records)
		if len(left) == 0 && err == nil {
			if f.p.Failures > 0 {
				f.Log.Info("an event stream goes on", "app", f.app, "arn", to.DestinationStreamArn)
			}
			return f.write(func(p *position) {
				p.Failures, p.Error, p.Retry = 0, "", time.Time{}
				done(p)
			})
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(left) < len(records) {
			attempt = 1 // the receiver is slow, not broken
		}
		records = left
		if err := f.failed(err, since, f.Pause(attempt)); err != nil {
			return err
		}
		if err := f.rest(ctx, f.p.Retry, changed); err != nil {
			return err
		}
		if *f.to != to {
			return errChanged
		}
	}
}

// failed notes that an attempt failed, and when the next one follows.
func (f *follower) failed(why error, since time.Time, wait time.Duration) error {
	f.Log.Warn("an event stream waits: its destination does not take the records",
		"app", f.app, "arn", f.to.DestinationStreamArn, "failures", f.p.Failures+1, "again", wait, "error", why)
	return f.write(func(p *position) {
		p.Failures++
		p.Since, p.Error, p.Retry = since, job.Line(why, maxError), f.Clock.Now().Add(wait)
	})
}

// rest waits for the next attempt, keeps the turn meanwhile, and looks at the stream. A
// stream that is configured here ends the wait.
func (f *follower) rest(ctx context.Context, until time.Time, changed <-chan struct{}) error {
	for wait := until.Sub(f.Clock.Now()); wait > 0; wait -= turnLife / 3 {
		if sleep(ctx, min(wait, turnLife/3), changed) {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.keep(); err != nil {
			return err
		}
	}
	return f.read(ctx)
}

// keep extends the turn, where there is anybody else who might take it.
func (f *follower) keep() error {
	if f.Alone {
		return nil
	}
	return f.write(func(*position) {})
}

// put makes one attempt. It is not cut short when the server stops: that would only make
// records come twice.
func (f *follower) put(ctx context.Context, records []sink.Record) (left []sink.Record, err error) {
	if err := ctx.Err(); err != nil {
		return records, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTime)
	defer cancel()
	if err := f.permitted(ctx, f.to, f.p.Region); err != nil {
		return records, err
	}
	if err := f.dial(); err != nil {
		return records, err
	}
	if len(records) == 0 {
		return nil, nil
	}
	return f.sink.Put(ctx, records)
}

// dial makes the sink for the stream as it is now.
func (f *follower) dial() error {
	arn := f.to.DestinationStreamArn
	if f.sink != nil && f.sinkARN == arn {
		return nil
	}
	f.hangUp()
	at := f.Place(arn)
	if at == nil {
		return errors.New("the triggers file has no destination for this ARN")
	}
	made, err := f.Dial(arn, at)
	if err == nil {
		f.sink, f.sinkARN = made, arn
	}
	return err
}

func (f *follower) hangUp() {
	if f.sink != nil {
		f.sink.Close()
		f.sink = nil
	}
}

// release lets another node follow at once.
func (f *follower) release() {
	if f.p == nil {
		return
	}
	err := f.write(func(p *position) { p.Node, p.Cursor = "", max(p.Cursor, f.at) })
	if err != nil && !errors.Is(err, errGone) {
		f.Log.Warn("an event stream was not given free", "app", f.app, "error", err)
	}
}

// sleep waits, and tells whether it was for changed, which may be nil, that it ended.
func sleep(ctx context.Context, d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
		return true
	case <-ctx.Done():
	}
	return false
}
