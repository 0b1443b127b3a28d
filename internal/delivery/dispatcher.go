package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pintail/internal/job"
)

// Channel hands messages over to somebody who brings them to people.
type Channel interface {
	// Deliver returns nil once somebody else is responsible for the message. It
	// wraps an error that another attempt would not cure with [Permanent]. The
	// error's text is shown to the owner and holds no credentials.
	Deliver(ctx context.Context, m Message) error
}

// permanent marks an error that another attempt would not cure.
type permanent struct{ error }

// Unwrap gives the error that was marked.
func (p permanent) Unwrap() error { return p.error }

// Permanent wraps an error of a delivery that is not to be tried again.
func Permanent(err error) error { return permanent{err} }

// IsPermanent tells whether an error has been marked by [Permanent].
func IsPermanent(err error) bool {
	_, marked := errors.AsType[permanent](err)
	return marked
}

// Dispatcher delivers what the outbox holds.
type Dispatcher struct {
	outbox   *Outbox
	jobs     *job.Queue
	observe  func(channel string, state State)
	channels map[string]Channel
	routes   map[string]func(context.Context, Message) error
}

// The kinds of the dispatcher's jobs. A job's id is the message's.
const (
	emailKind = "deliver.email"
	smsKind   = "deliver.sms"
	routeKind = "deliver.route"
)

const (
	// maxAttempts is after how many a message is given up, about five hours later.
	maxAttempts = 20
	// attemptTime bounds one attempt.
	attemptTime = time.Minute
	// maxError bounds what is kept of an error, in bytes.
	maxError = 500
)

// NewDispatcher makes the outbox's dispatcher; from now on what can be delivered
// is. observe is told after every attempt what state the message is in; it may
// be nil. Channels and routes are added before the queue runs.
func NewDispatcher(o *Outbox, jobs *job.Queue, observe func(channel string, state State)) *Dispatcher {
	if observe == nil {
		observe = func(string, State) {}
	}
	d := &Dispatcher{
		outbox: o, jobs: jobs, observe: observe,
		channels: make(map[string]Channel), routes: make(map[string]func(context.Context, Message) error),
	}
	for _, kind := range []string{emailKind, smsKind, routeKind} {
		jobs.Handle(kind, d.deliver, job.Options{
			// A job is begun more often than a message is tried, so that it is this
			// package that gives a message up, even if attempts end in crashes.
			Concurrency: 4, Attempts: maxAttempts + 5, Backoff: job.Exponential(5*time.Second, 30*time.Minute), Lease: 2 * attemptTime,
		})
	}
	o.dispatcher = d
	return d
}

// Use has a channel's messages delivered by a provider.
func (d *Dispatcher) Use(channel string, c Channel) { d.channels[channel] = c }

// Handle has the messages of a route delivered by a function, which follows the
// rules of Channel.Deliver.
func (d *Dispatcher) Handle(route string, deliver func(context.Context, Message) error) {
	d.routes[route] = deliver
}

// kind returns the kind of the job that delivers a message, "" where nobody does.
func (d *Dispatcher) kind(m Message) string {
	switch {
	case d == nil || d.way(m) == nil:
		return ""
	case m.Route != "":
		return routeKind
	case m.Channel == SMS:
		return smsKind
	default:
		return emailKind
	}
}

// way returns what delivers a message, or nil.
func (d *Dispatcher) way(m Message) func(context.Context, Message) error {
	if m.Route != "" {
		return d.routes[m.Route]
	}
	if c := d.channels[m.Channel]; c != nil {
		return c.Deliver
	}
	return nil
}

// errNotDelivered is what the queue and the log learn of a failure. A provider's
// own words may repeat the message, so they are kept under seal, in the outbox.
var errNotDelivered = errors.New("a message was not delivered; the outbox tells why")

// deliver is the job: one attempt at one message.
func (d *Dispatcher) deliver(ctx context.Context, j job.Job) error {
	m, ok, err := d.outbox.Get(ctx, j.ID)
	if err != nil || !ok || m.State != Pending {
		return err // nil where an earlier run has recorded the end, or the message was forgotten
	}
	state, failure := d.attempt(ctx, m, j.Attempt)
	if failure != nil && ctx.Err() != nil {
		return errNotDelivered // the server stops; this was no attempt
	}
	a := Attempt{Time: d.outbox.clock.Now(), Error: job.Line(failure, maxError)}
	if err := d.outbox.record(context.WithoutCancel(ctx), m.ID, state, a); err != nil {
		return err
	}
	d.observe(m.Channel, state)
	if state == Pending {
		return errNotDelivered
	}
	return nil
}

// attempt tries to deliver a message and returns the state that this leaves it
// in, and why if it is not sent.
func (d *Dispatcher) attempt(ctx context.Context, m Message, number int) (State, error) {
	deliver := d.way(m)
	switch {
	case deliver == nil && m.Route == "":
		return Kept, errors.New("no provider is configured any more")
	case deliver == nil:
		return Failed, fmt.Errorf("nobody delivers messages of the route %q any more", m.Route)
	case !m.Expires.IsZero() && !d.outbox.clock.Now().Before(m.Expires):
		return Failed, errors.New("it expired before it could be delivered")
	case number > maxAttempts:
		return Failed, errors.New("the server died in too many attempts to deliver it")
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	err := deliver(ctx, m)
	switch {
	case err == nil:
		return Sent, nil
	case IsPermanent(err) || number == maxAttempts:
		return Failed, err
	}
	return Pending, err
}
