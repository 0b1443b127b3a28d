// Package audience is Pinpoint's directory: projects (Pinpoint calls them
// applications, or apps), their endpoints, and the users that endpoints share.
// An endpoint is one address of one person on one channel; a user is the set of
// endpoints with one user id, and the attributes that all of them show.
//
// Every write of an endpoint is a patch: what a request does not name stays as
// it is. UpdateEndpoint, UpdateEndpointsBatch and the endpoint blocks of
// PutEvents (package event, through [Service.Arrive]) all go the same way:
//
//	check the request -> read the endpoint -> merge -> judge the outcome -> write
//
// Projects belong to the account; endpoints and users belong to their project.
//
// RemoveAttributes goes through all of them, by a job (removal.go). Amplify's
// provider "customer-profiles" has an API of its own for the same endpoints
// (profile.go), whose model is written by hand (profilemodel.go).
package audience

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"

	"pintail/internal/clock"
	"pintail/internal/fresh"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Events is what the room must be able to do to the event log.
// eventstore.Store implements it.
type Events interface {
	// DeleteApp erases all events of a project.
	DeleteApp(ctx context.Context, app string) error
}

// Config is what the room is made of.
type Config struct {
	DB      store.DB
	Events  Events
	Master  *keys.MasterKey // seals page tokens
	Clock   *clock.Clock
	Account string // owner of the projects
	Jobs    *job.Queue
	Log     *slog.Logger
	// EndpointsPerUser is how many endpoints a user may have, at most
	// [MaxEndpointsPerUser]; 0 is Pinpoint's own number, 15.
	EndpointsPerUser int
	// OnDelete deletes what other rooms keep of a project that is deleted, in the same
	// transaction; may be nil.
	OnDelete func(tx store.Tx, app string) error
}

// Service is the room.
type Service struct {
	db      store.DB
	events  Events
	clock   *clock.Clock
	account string
	tokens  *store.Tokens
	jobs    *job.Queue
	log     *slog.Logger
	perUser int

	evictions, refusals atomic.Uint64
	// onDelete is never nil.
	onDelete func(tx store.Tx, app string) error

	known *fresh.Cache[string, *project]
	seen  *fresh.Cache[endpointKey, *endpoint]
}

// New returns the room over a directory.
func New(c Config) *Service {
	if c.OnDelete == nil {
		c.OnDelete = func(store.Tx, string) error { return nil }
	}
	s := &Service{
		db: c.DB, events: c.Events, clock: c.Clock, account: c.Account, jobs: c.Jobs, log: c.Log,
		perUser: cmp.Or(c.EndpointsPerUser, defaultEndpointsPerUser),
		tokens:  store.NewTokens(c.Master.Sealer("audience page token").MAC("key")),
		known:   fresh.New[string, *project](c.Clock.Now),
		seen:    fresh.New[endpointKey, *endpoint](c.Clock.Now),

		onDelete: c.OnDelete,
	}
	s.jobs.Handle(removalKind, s.remove, job.Options{})
	return s
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind { return []store.Kind{apps, names, endpoints, users, retentions} }

// Routes names every operation that the room answers.
func (s *Service) Routes(r *wire.Router) {
	wire.Handle(r, pinpoint.CreateApp, s.createApp)
	wire.Handle(r, pinpoint.GetApps, s.getApps)
	wire.Handle(r, pinpoint.GetApp, s.getApp)
	wire.Handle(r, pinpoint.DeleteApp, s.deleteApp)
	wire.Handle(r, pinpoint.UpdateEndpoint, s.updateEndpoint)
	wire.Handle(r, pinpoint.UpdateEndpointsBatch, s.updateEndpointsBatch)
	wire.Handle(r, pinpoint.GetEndpoint, s.getEndpoint)
	wire.Handle(r, pinpoint.DeleteEndpoint, s.deleteEndpoint)
	wire.Handle(r, pinpoint.GetUserEndpoints, s.getUserEndpoints)
	wire.Handle(r, pinpoint.DeleteUserEndpoints, s.deleteUserEndpoints)
	wire.Handle(r, pinpoint.RemoveAttributes, s.removeAttributes)
	wire.Handle(r, pinpoint.PhoneNumberValidate, s.phoneNumberValidate)
	wire.Handle(r, identifyUser, s.identifyUser, wire.Resources(profileResource))
	wire.Handle(r, registerDevice, s.registerDevice)
	wire.Handle(r, removeDevice, s.removeDevice)
}

// Stats are what the room has counted since the process began.
type Stats struct {
	// Evicted endpoints gave way to a newer one of their user, Refused ones
	// found their user full.
	Evicted, Refused uint64
}

// Stats returns the counts.
func (s *Service) Stats() Stats {
	return Stats{Evicted: s.evictions.Load(), Refused: s.refusals.Load()}
}

// Forget drops what the room remembers of the directory. Call it after
// [store.DB.Reset]; in all other cases the room keeps up by itself.
func (s *Service) Forget() {
	s.known.Reset()
	s.seen.Reset()
}
