package event

import (
	"context"
	"time"

	"pintail/internal/eventstore"
)

// Activity is what happened in a project in a span of time.
type Activity struct {
	Events    []eventstore.TypeCount // by event type
	Endpoints []eventstore.DayCount  // distinct endpoints that were active, by UTC day
	Users     []eventstore.DayCount  // distinct users that were active, by UTC day
}

// Activity counts what happened in a project from one time until before
// another, by the clocks of those who reported it. The zero time does not bound.
// It returns NotFoundException when there is no such project.
func (s *Service) Activity(ctx context.Context, app string, from, to time.Time) (*Activity, error) {
	if err := s.audience.CheckApp(ctx, app); err != nil {
		return nil, err
	}
	span := eventstore.Filter{App: app, From: from, To: to}
	out := new(Activity)
	var err error
	if out.Events, err = s.store.CountByType(ctx, span); err != nil {
		return nil, err
	}
	if out.Endpoints, err = s.store.ActiveEndpoints(ctx, span); err != nil {
		return nil, err
	}
	if out.Users, err = s.store.ActiveUsers(ctx, span); err != nil {
		return nil, err
	}
	return out, nil
}
