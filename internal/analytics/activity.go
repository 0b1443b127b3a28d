package analytics

import (
	"context"
	"time"

	"pintail/internal/eventstore"
)

// Activity is what happened in a project in a span of time, at a glance.
type Activity struct {
	Events    []TypeCount // by event type
	Endpoints []DayCount  // distinct endpoints that were active, by UTC day
	Users     []DayCount  // distinct users that were active, by UTC day
}

// TypeCount is a number of events of a type, DayCount of somebody on a day, which
// is its midnight. Days without any are left out.
type (
	TypeCount struct {
		Type  string
		Count int64
	}
	DayCount struct {
		Day   time.Time
		Count int64
	}
)

// Activity counts what happened in a project from one time until before another,
// both rounded to quarters of an hour. It returns NotFoundException when there is
// no such project.
func (s *Service) Activity(ctx context.Context, app string, from, to time.Time) (*Activity, error) {
	if err := s.audience.CheckApp(ctx, app); err != nil {
		return nil, err
	}
	q := &query{app: app, from: quarterDown(from.UTC()), to: quarterUp(to.UTC()), zone: time.UTC}
	a := &asking{ctx: ctx, query: q, log: s.events}
	out := new(Activity)
	types, err := a.count(of("", events), eventstore.Buckets{q.from, q.to}, []dimension{textDimension("EventType")}, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range types {
		out.Events = append(out.Events, TypeCount{r.Groups[0], int64(r.Values[0])})
	}
	in, ok := daily.split(q.from, q.to, time.UTC)
	if !ok {
		return nil, badRequest("That are more than %d days.", eventstore.MaxBuckets)
	}
	actors, err := a.count(of("", endpoints, users), in.bounds, nil, nil)
	for _, r := range actors {
		for i, list := range []*[]DayCount{&out.Endpoints, &out.Users} {
			if n := int64(r.Values[i]); n > 0 {
				*list = append(*list, DayCount{daily.begin(in.bounds[r.Bucket], time.UTC), n})
			}
		}
	}
	return out, err
}
