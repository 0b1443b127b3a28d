// Package person is about one person across all rooms: what is kept of them, as
// something that can be shown whole and deleted whole.
//
// A person is the user of a Pinpoint application, or of a user pool, or both: then
// their sub, their username and their identities are ids of theirs in the application too. Of the
// application theirs are the user's endpoints and events, and what those endpoints
// reported for nobody; of identity pools the identities with a login of the user, those
// that were merged into them, and the guests that reported their events; and the
// messages to them that the outbox has.
//
// A deletion is written together with its record in the audit trail and the job that
// does it, and then goes on until it is done, whatever happens to the server.
package person

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"pintail/internal/audience"
	"pintail/internal/audit"
	"pintail/internal/clock"
	"pintail/internal/delivery"
	"pintail/internal/eventstore"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/identitypool"
	"pintail/internal/job"
	"pintail/internal/store"
	"pintail/internal/userpool"
)

// Config is what the room is made of.
type Config struct {
	DB         store.DB
	Events     eventstore.Store
	Audience   *audience.Service
	UserPools  *userpool.Service
	Identities *identitypool.Service
	Outbox     *delivery.Outbox
	Trail      *audit.Trail
	Jobs       *job.Queue
	Clock      *clock.Clock
	Account    string
}

// Service is the room.
type Service struct{ Config }

// New returns the room, whose jobs the queue runs.
func New(c Config) *Service {
	s := &Service{c}
	c.Jobs.Handle(deleteKind, s.delete, deleteOptions)
	c.Jobs.Handle(pruneKind, s.prune, job.Options{Every: pruneEvery})
	return s
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind { return []store.Kind{deletions} }

// Query says whom somebody asks about: a user of an application by id or by an
// endpoint, a user of a pool by username, alias or sub, or somebody who is both.
type Query struct {
	App      string
	User     string
	Endpoint string
	UserPool string
}

// Subject is a person who was found. It names them by ids alone but for the addresses.
type Subject struct {
	App string `json:",omitzero"`
	// UserIDs are the person's in the application.
	UserIDs []string `json:",omitzero"`
	// EndpointIDs and IdentityIDs are theirs as far as is known.
	EndpointIDs []string `json:",omitzero"`
	IdentityIDs []string `json:",omitzero"`
	// User is the user of the pool; nil for none.
	User *userpool.PersonRef `json:",omitzero"`
	// Addresses are where the person gets messages.
	Addresses []string `json:",omitzero"`
}

// ID is what a record may name the person by: the sub, or else the id that was asked
// for in the application.
func (p *Subject) ID() string {
	switch {
	case p.User != nil:
		return p.User.Sub
	case len(p.UserIDs) > 0:
		return p.UserIDs[0]
	case len(p.EndpointIDs) > 0:
		return p.EndpointIDs[0]
	}
	return ""
}

// maxEndpoints is how many endpoints a person may have: somebody with more is no person
// but a name that many share, such as "guest".
const maxEndpoints = 500

func badRequest(format string, args ...any) error {
	return pinpoint.BadRequestException.Newf(format, args...)
}

// Find returns whom a query means, before anything is looked for that is theirs. It
// returns BadRequestException, NotFoundException for an application that does not exist
// and ResourceNotFoundException for such a pool. Somebody of whom nothing is kept is
// found all the same.
func (s *Service) Find(ctx context.Context, q Query) (*Subject, error) {
	switch {
	case q.App == "" && q.UserPool == "":
		return nil, badRequest("Name an application, a user pool, or both.")
	case (q.User == "") == (q.Endpoint == ""):
		return nil, badRequest("Name the person by a user or by an endpoint.")
	case q.Endpoint != "" && (q.App == "" || q.UserPool != ""):
		return nil, badRequest("An endpoint is looked for in an application, and in no user pool.")
	}
	p := &Subject{App: q.App}
	if q.App != "" {
		if err := s.Audience.CheckApp(ctx, q.App); err != nil {
			return nil, err
		}
	}
	if q.User != "" {
		p.UserIDs = []string{q.User}
	}
	if q.Endpoint != "" {
		user, err := s.Audience.UserOf(ctx, q.App, q.Endpoint)
		if err != nil {
			return nil, err
		}
		if p.EndpointIDs = []string{q.Endpoint}; user != "" {
			p.UserIDs = []string{user}
		}
	}
	if q.UserPool != "" {
		if err := s.findUser(ctx, q, p); err != nil {
			return nil, err
		}
	}
	return p, s.checkOne(ctx, p)
}

// checkOne refuses a subject that is not one person.
func (s *Service) checkOne(ctx context.Context, p *Subject) error {
	if p.App == "" {
		return nil
	}
	return s.DB.View(ctx, func(tx store.Tx) error {
		for _, id := range p.UserIDs {
			if many, err := s.Audience.HasMoreEndpoints(tx, p.App, id, maxEndpoints); err != nil {
				return err
			} else if many {
				return badRequest("The user %q is not one person: there are more than %d endpoints.", id, maxEndpoints)
			}
		}
		return nil
	})
}

// findUser looks for the user of a pool.
func (s *Service) findUser(ctx context.Context, q Query, p *Subject) error {
	pool, err := s.UserPools.PersonPool(ctx, q.UserPool)
	if err != nil {
		return err
	}
	err = s.DB.View(ctx, func(tx store.Tx) (err error) {
		if p.User, err = pool.Find(tx, q.User); err != nil || p.User == nil {
			return err
		}
		p.IdentityIDs, err = s.identitiesOf(tx, p, nil)
		return err
	})
	if err != nil || p.User == nil {
		return err
	}
	p.Addresses = p.User.Addresses
	p.UserIDs = appendNew(p.UserIDs, p.User.Sub, p.User.Username)
	p.UserIDs = appendNew(p.UserIDs, p.IdentityIDs...) // which Amplify's customer profiles are by
	return nil
}

// gather adds what is the person's to the subject: endpoints, also such as have lost
// their user since, identities and addresses. It returns the number of their events.
func (s *Service) gather(ctx context.Context, p *Subject) (events int64, err error) {
	seen := newSeen()
	if p.App != "" {
		if events, err = s.gatherApp(ctx, p, seen); err != nil {
			return 0, err
		}
	}
	err = s.DB.View(ctx, func(tx store.Tx) error {
		ids, err := s.identitiesOf(tx, p, slices.Sorted(maps.Keys(seen.identities)))
		p.IdentityIDs = appendNew(p.IdentityIDs, ids...)
		return err
	})
	return events, err
}

// seen is what a person's events name.
type seen struct{ endpoints, identities map[string]bool }

func newSeen() *seen { return &seen{map[string]bool{}, map[string]bool{}} }

func (s *Service) gatherApp(ctx context.Context, p *Subject, seen *seen) (events int64, err error) {
	note := func(e *eventstore.Event) error {
		if events++; e.EndpointID != "" {
			seen.endpoints[e.EndpointID] = true
		}
		if e.CognitoID != "" {
			seen.identities[e.CognitoID] = true
		}
		return nil
	}
	if err := s.userEvents(ctx, p, note); err != nil {
		return 0, err
	}
	err = s.DB.View(ctx, func(tx store.Tx) error {
		ids, err := s.Audience.PersonEndpoints(tx, p.App, p.UserIDs, append(slices.Sorted(maps.Keys(seen.endpoints)), p.EndpointIDs...))
		if err != nil {
			return err
		}
		p.EndpointIDs = appendNew(p.EndpointIDs, ids...)
		kept, err := s.Audience.Person(tx, p.App, p.UserIDs, p.EndpointIDs)
		if err != nil {
			return err
		}
		for _, e := range kept.Endpoints {
			if reachesPerson[e.ChannelType] && e.Address != "" {
				p.Addresses = appendNew(p.Addresses, e.Address)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return events, s.endpointEvents(ctx, p, note)
}

// reachesPerson are the channels whose addresses messages in the outbox have.
var reachesPerson = map[pinpoint.ChannelType]bool{
	pinpoint.ChannelTypeEmail: true, pinpoint.ChannelTypeSms: true, pinpoint.ChannelTypeVoice: true,
}

// userEvents calls fn for every event of the person as a user.
func (s *Service) userEvents(ctx context.Context, p *Subject, fn func(*eventstore.Event) error) error {
	for _, id := range p.UserIDs {
		q := eventstore.Query{Filter: eventstore.Filter{App: p.App, UserID: id}}
		err := s.Events.Scan(ctx, q, func(_ eventstore.Cursor, e *eventstore.Event) error { return fn(e) })
		if err != nil {
			return err
		}
	}
	return nil
}

// endpointEvents calls fn for every event that the person's endpoints reported for
// nobody.
func (s *Service) endpointEvents(ctx context.Context, p *Subject, fn func(*eventstore.Event) error) error {
	for _, id := range p.EndpointIDs {
		q := eventstore.Query{Filter: eventstore.Filter{App: p.App, EndpointID: id}}
		err := s.Events.Scan(ctx, q, func(_ eventstore.Cursor, e *eventstore.Event) error {
			if e.UserID != "" {
				return nil
			}
			return fn(e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// identitiesOf returns the ids of the person's identities; of those that are named, the
// guests.
func (s *Service) identitiesOf(tx store.Tx, p *Subject, named []string) ([]string, error) {
	pool, sub := "", ""
	if p.User != nil {
		pool, sub = p.User.UserPoolID, p.User.Sub
	}
	return s.Identities.PersonIdentities(tx, pool, sub, named)
}

// recipient is the person as messages know them.
func (p *Subject) recipient() delivery.Recipient {
	r := delivery.Recipient{Addresses: p.Addresses}
	if p.User != nil {
		r.UserPoolID, r.Username = p.User.UserPoolID, p.User.Username
	}
	return r
}

func appendNew(list []string, items ...string) []string {
	for _, item := range items {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}

// isGone tells whether an error says that an application or a pool does not exist.
func isGone(err error) bool {
	refusal, ok := errors.AsType[*model.Error](err)
	return ok && (refusal.Type == cognitoidp.ResourceNotFoundException || refusal.Type == pinpoint.NotFoundException)
}

// Counts are numbers of things by what they are.
type Counts map[string]int

func (c Counts) add(others map[string]int) {
	for name, n := range others {
		if n > 0 {
			c[name] += n
		}
	}
}

// Names of counts that are this room's own.
const (
	countEvents     = "events"
	countIdentities = "identities"
	countMessages   = "messages"
	countLogs       = "log records"
)

func (c Counts) texts() map[string]string {
	texts := make(map[string]string)
	for name, n := range c {
		texts[name] = fmt.Sprint(n)
	}
	return texts
}
