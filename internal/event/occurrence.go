package event

import (
	"context"
	"time"

	"pintail/internal/audience"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/keys/ids"
	"pintail/internal/wire"
)

// Occurrence is something that this server itself knows to have happened at an endpoint.
type Occurrence struct {
	EndpointID string
	// UserID becomes the endpoint's, and is the event's; "" leaves the endpoint to whom it
	// belongs.
	UserID string
	// Type is the event's. Without one there is no event: the endpoint was seen.
	Type       string
	Time       time.Time
	Attributes map[string]string
}

// Record makes occurrences durable as PutEvents does those that applications report: the
// endpoint is made or updated, and the event carries what is known of it. now is when they
// arrive. There is one refusal for each occurrence, nil for one that was taken whole; an
// event is recorded although its endpoint could not be updated. It returns
// NotFoundException when there is no such project, and then, as with every other error,
// nothing may be thought recorded.
func (s *Service) Record(ctx context.Context, now time.Time, app string, all []Occurrence) (refused []error, err error) {
	c := &wire.Call{Time: now, RequestID: ids.UUID()}
	record := newRecord(c, app, len(all))
	refused = make([]error, len(all))
	for done := 0; done < len(all); {
		round := distinct(all[done:])
		if err := s.see(ctx, c, record, app, round, refused[done:]); err != nil {
			return nil, err
		}
		done += len(round)
	}
	return refused, record.append(ctx, s.store)
}

// distinct returns as many occurrences as are of different endpoints.
func distinct(all []Occurrence) []Occurrence {
	seen := make(map[string]bool, len(all))
	for i := range all {
		if seen[all[i].EndpointID] || i == maxEndpoints {
			return all[:i]
		}
		seen[all[i].EndpointID] = true
	}
	return all
}

// see updates the endpoints of a round and takes its events in.
func (s *Service) see(ctx context.Context, c *wire.Call, r *record, app string, round []Occurrence, refused []error) error {
	reports := make([]audience.Report, len(round))
	for i := range round {
		reports[i].EndpointID = round[i].EndpointID
		if id := round[i].UserID; id != "" {
			reports[i].Block = &pinpoint.PublicEndpoint{User: &pinpoint.EndpointUser{UserId: id}}
		}
	}
	arrivals, err := s.audience.Arrive(ctx, c, app, reports)
	if err != nil {
		return err
	}
	for i := range round {
		if arrivals[i].Refused != nil {
			refused[i] = arrivals[i].Refused
		}
		if round[i].Type != "" && audience.CheckEndpointID(round[i].EndpointID) == nil {
			r.occur(&round[i], arrivals[i].Seen)
		}
	}
	return nil
}

// occur takes one event in.
func (r *record) occur(o *Occurrence, seen audience.Snapshot) {
	if o.UserID != "" {
		seen.UserID = o.UserID
	}
	r.begin(o.EndpointID, seen)
	at := o.Time.UTC().Truncate(time.Millisecond)
	r.add(ids.UUID(), &pinpoint.Event{EventType: o.Type, Attributes: o.Attributes}, moments{at: at})
}
