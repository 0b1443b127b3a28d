package event

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"pintail/internal/audience"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// acceptedText is an accepted item's message. Mobile clients compare it to the
// letter and send the event again when it is any other.
const acceptedText = "Accepted"

// Answers share these: they are written once and only read from then on.
var (
	statusAccepted = new(int32(http.StatusAccepted))
	statusRefused  = new(int32(http.StatusBadRequest))

	eventAccepted    = pinpoint.EventItemResponse{Message: acceptedText, StatusCode: statusAccepted}
	endpointAccepted = &pinpoint.EndpointItemResponse{Message: acceptedText, StatusCode: statusAccepted}
)

// putEvents implements PutEvents.
func (s *Service) putEvents(ctx context.Context, c *wire.Call, in *pinpoint.PutEventsRequest) (*pinpoint.PutEventsResponse, error) {
	batches := in.EventsRequest.BatchItem
	count, err := checkBatches(batches)
	if err != nil {
		return nil, err
	}
	ids := slices.Sorted(maps.Keys(batches)) // so that equal requests have equal effects
	reports := make([]audience.Report, len(ids))
	for i, id := range ids {
		reports[i] = audience.Report{EndpointID: id, Block: batches[id].Endpoint}
	}
	arrivals, err := s.audience.Arrive(ctx, c, in.ApplicationId, reports)
	if err != nil {
		return nil, err
	}
	results := make(map[string]pinpoint.ItemResponse, len(ids))
	record := newRecord(c, in.ApplicationId, count)
	for i, id := range ids {
		results[id] = record.batch(id, batches[id].Events, &arrivals[i])
	}
	if err := record.append(ctx, s.store); err != nil {
		return nil, err
	}
	return &pinpoint.PutEventsResponse{EventsResponse: &pinpoint.EventsResponse{Results: results}}, nil
}

// batch takes an endpoint's events in and returns its part of the answer.
func (r *record) batch(endpointID string, events map[string]pinpoint.Event, a *audience.Arrival) pinpoint.ItemResponse {
	out := pinpoint.ItemResponse{
		EndpointItemResponse: endpointAccepted,
		EventsItemResponse:   make(map[string]pinpoint.EventItemResponse, len(events)),
	}
	nameless := ""
	if a.Refused != nil {
		out.EndpointItemResponse = &pinpoint.EndpointItemResponse{Message: a.Refused.Message, StatusCode: statusRefused}
		if audience.CheckEndpointID(endpointID) != nil {
			nameless = a.Refused.Message // the events can be nobody's
		}
	}
	r.begin(endpointID, a.Seen)
	for id, e := range events {
		out.EventsItemResponse[id] = r.item(id, &e, nameless)
	}
	return out
}

// item takes one event in, unless it breaks a rule or has been refused for a
// reason already.
func (r *record) item(id string, e *pinpoint.Event, refused string) pinpoint.EventItemResponse {
	var when moments
	if refused == "" {
		when, refused = check(id, e)
	}
	if refused != "" {
		return pinpoint.EventItemResponse{Message: refused, StatusCode: statusRefused}
	}
	r.add(id, e, when)
	return eventAccepted
}
