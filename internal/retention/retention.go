// Package retention erases events that are older than their project keeps them: by
// whole days in UTC of when they happened, once a day, and as soon as a project is
// told to keep less.
package retention

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"pintail/internal/audience"
	"pintail/internal/clock"
	"pintail/internal/eventstore"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/store"
)

// Config is what the room is made of.
type Config struct {
	DB       store.DB
	Events   eventstore.Store
	Audience *audience.Service
	Jobs     *job.Queue
	Clock    *clock.Clock
	Log      *slog.Logger
	// Days is for how many days events are kept where their project does not say;
	// 0 is for ever.
	Days int
}

// MaxDays is the longest time that can be asked for: a hundred years.
const MaxDays = 36525

// Service is the room.
type Service struct{ Config }

// The kinds of the room's jobs.
const (
	dailyKind = "events.expire"     // all projects
	appKind   = "events.expire-app" // one project
)

// New returns the room, whose jobs the queue runs.
func New(c Config) *Service {
	s := &Service{c}
	c.Jobs.Handle(dailyKind, s.expireAll, job.Options{Every: day})
	c.Jobs.Handle(appKind, s.expireOne, job.Options{})
	return s
}

// Rule is how long the events of a project are kept.
type Rule struct {
	App string
	// EventDays is for how many days, 0 for ever.
	EventDays int
	// Own tells whether the project says so itself.
	Own bool
	// Before is the day before which events are erased; zero for none.
	Before time.Time `json:",omitzero"`
}

const day = 24 * time.Hour

// Get returns a project's rule, or NotFoundException.
func (s *Service) Get(ctx context.Context, app string) (r Rule, err error) {
	err = s.DB.View(ctx, func(tx store.Tx) error {
		r, err = s.rule(tx, app)
		return err
	})
	return r, err
}

func (s *Service) rule(tx store.Tx, app string) (Rule, error) {
	r := Rule{App: app, EventDays: s.Days}
	own, err := s.Audience.EventDays(tx, app)
	if err != nil {
		return r, err
	}
	if own != nil {
		r.EventDays, r.Own = *own, true
	}
	if r.EventDays > 0 {
		r.Before = s.Clock.Now().UTC().Truncate(day).AddDate(0, 0, -r.EventDays)
	}
	return r, nil
}

// Set gives a project a rule of its own, or with nil the server's, and begins to erase
// what is too old by it. It returns BadRequestException or NotFoundException.
func (s *Service) Set(ctx context.Context, app string, days *int) (r Rule, err error) {
	if days != nil && (*days < 0 || *days > MaxDays) {
		return r, pinpoint.BadRequestException.Newf("EventDays must be from 0, which is for ever, to %d.", MaxDays)
	}
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		if err := s.Audience.SetEventDays(tx, app, days); err != nil {
			return err
		}
		if r, err = s.rule(tx, app); err != nil || r.Before.IsZero() {
			return err
		}
		payload, err := json.Marshal(app)
		if err != nil {
			return err
		}
		return s.Jobs.Enqueue(tx, job.Job{Kind: appKind, Payload: payload})
	})
	return r, err
}

// expireAll is the daily job. A project that fails holds up no other.
func (s *Service) expireAll(ctx context.Context, _ job.Job) error {
	apps, err := s.Audience.AppIDs(ctx)
	for _, app := range apps {
		err = errors.Join(err, s.expire(ctx, app))
	}
	return err
}

func (s *Service) expireOne(ctx context.Context, j job.Job) error {
	var app string
	if err := json.Unmarshal(j.Payload, &app); err != nil {
		return job.Permanent(err)
	}
	return s.expire(ctx, app)
}

// expire erases what is too old of a project.
func (s *Service) expire(ctx context.Context, app string) error {
	r, err := s.Get(ctx, app)
	if refusal, ok := errors.AsType[*model.Error](err); ok && refusal.Type == pinpoint.NotFoundException {
		return nil // it was deleted, with its events
	}
	if err != nil || r.Before.IsZero() {
		return err
	}
	n, err := s.Events.Erase(ctx, eventstore.Erasure{App: app, Before: r.Before})
	if n > 0 {
		s.Log.Info("events were erased that were too old", "app", app, "events", n, "before", r.Before.Format(time.DateOnly))
	}
	return err
}
