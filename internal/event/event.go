// Package event is Pinpoint's way in for events: it validates what applications
// report, keeps the reporting endpoints up to date through package audience,
// and appends to the event log.
//
// PutEvents answers item by item: an event that breaks a rule is refused and
// harms no other, as is an endpoint block. What is answered with 202 is
// durable. When the event log or the directory fails, the whole request fails
// with 500 and nothing of it may be thought recorded: every client that we know
// keeps its events and sends them again, and the log line holds the cause.
package event

import (
	"pintail/internal/audience"
	"pintail/internal/eventstore"
	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// Config is what the room is made of.
type Config struct {
	Audience *audience.Service
	Store    eventstore.Store
}

// Service is the room.
type Service struct {
	audience *audience.Service
	store    eventstore.Store
}

// New returns the room over an event log.
func New(c Config) *Service { return &Service{audience: c.Audience, store: c.Store} }

// Routes names every operation that the room answers.
func (s *Service) Routes(r *wire.Router) {
	wire.Handle(r, pinpoint.PutEvents, s.putEvents)
	// Where Amplify before version 6 says, as a page goes away, that its session ends: a
	// presigned beacon of plain text, whose answer nobody reads.
	wire.Handle(r, pinpoint.PutLegacyEvents, s.putEvents)
	wire.Handle(r, mobileanalytics.PutEvents, s.putMobileEvents)
}
