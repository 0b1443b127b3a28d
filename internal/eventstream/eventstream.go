// Package eventstream hands the events of a project to a stream, as Pinpoint's event
// stream does: every event that the log has got since the stream was configured, as a
// JSON record, at least once, and in the order of the log as far as the receiver has one.
//
// PutEventStream names the stream by its ARN and a role that has to trust Pinpoint and to
// allow writing to it. What really stands behind the ARN the owner of the server says
// (package destination): Kinesis or Firehose anywhere, Kafka, NATS, or a webhook.
//
// One follower, on one node, works for a project:
//
//	read the log after the position -> make records -> put them, until all are taken -> store the position
//
// The position is durable. A node that dies leaves its followers' turns to run out and
// another takes over at the stored positions, so records may come twice and none is left
// out. A receiver that fails is tried again with growing pauses; the log keeps the events,
// and nobody who reports any waits for it. How far a stream is behind is stored with the
// position: [Service.States] tells it on every node.
package eventstream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"pintail/internal/access"
	"pintail/internal/clock"
	"pintail/internal/destination"
	"pintail/internal/eventstore"
	"pintail/internal/eventstream/sink"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Roles judges what roles let Pinpoint do. access.Service implements it.
type Roles interface {
	// MayPassTo refuses a caller who may not hand a role to a service.
	MayPassTo(ctx context.Context, c *wire.Call, service, roleARN string) error
	// Permits tells whether a service may do something by a role now.
	Permits(ctx context.Context, by access.ServiceCall, action, resource string) error
}

// Audience knows projects and their endpoints. audience.Service implements it.
type Audience interface {
	// CheckApp returns NotFoundException when there is no such project.
	CheckApp(ctx context.Context, id string) error
	// Endpoints returns those of a project's endpoints that the directory has.
	Endpoints(ctx context.Context, app string, ids map[string]bool) (map[string]*pinpoint.EndpointResponse, error)
}

// Config is what the room is made of.
type Config struct {
	DB       store.DB
	Events   eventstore.Store
	Audience Audience
	Roles    Roles
	Clock    *clock.Clock
	Log      *slog.Logger
	Account  string
	// Place returns what stands behind the ARN of a stream, nil where nobody says.
	Place func(arn string) *destination.Destination
	// Dial makes a sink for it.
	Dial func(arn string, at *destination.Destination) (sink.Sink, error)
	// Alone says that no other node works on this directory.
	Alone bool
	// Pause is how long to wait after a failed attempt, 1 for the first; by default up to
	// a minute.
	Pause func(attempt int) time.Duration
	// Observe is told how many records have been taken, and how many no receiver takes
	// because they are too large; may be nil.
	Observe func(taken, tooLarge int)
}

// Service is the room.
type Service struct {
	Config
	node string // a name for this process

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when a stream is configured here
}

// New returns the room. Streams are followed once Run is called.
func New(c Config) *Service {
	if c.Pause == nil {
		c.Pause = pause
	}
	if c.Observe == nil {
		c.Observe = func(int, int) {}
	}
	return &Service{Config: c, node: ids.UUID(), changed: make(chan struct{})}
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind { return []store.Kind{streams, positions} }

// Routes names every operation that the room answers.
func (s *Service) Routes(r *wire.Router) {
	wire.Handle(r, pinpoint.PutEventStream, s.putEventStream)
	wire.Handle(r, pinpoint.GetEventStream, s.getEventStream)
	wire.Handle(r, pinpoint.DeleteEventStream, s.deleteEventStream)
}

// poke makes the followers of this process look at what is configured.
func (s *Service) poke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// watch returns a channel that is closed by the next poke.
func (s *Service) watch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}
