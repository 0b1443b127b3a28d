package audience

import (
	"context"
	"strings"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// updateEndpointsBatch implements UpdateEndpointsBatch: all of it in one
// transaction, or, when any item is refused, none. Items are taken in their
// order. Within a batch ids are equal without regard to case (Pinpoint API
// reference, EndpointBatchItem): the first spelling stands.
func (s *Service) updateEndpointsBatch(ctx context.Context, c *wire.Call, in *pinpoint.UpdateEndpointsBatchRequest) (*pinpoint.UpdateEndpointsBatchResponse, error) {
	p, err := s.project(ctx, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	items := in.EndpointBatchRequest.Item
	if len(items) > maxBatch {
		return nil, badRequest("A batch has at most %d endpoints.", maxBatch)
	}
	patches := make([]*patch, len(items))
	spelled := make(map[string]string, len(items))
	for i := range items {
		folded := strings.ToLower(items[i].Id)
		if _, ok := spelled[folded]; !ok {
			spelled[folded] = items[i].Id
		}
		if patches[i], err = newPatch(c, spelled[folded], itemRequest(&items[i])); err != nil {
			return nil, err
		}
	}
	err = s.write(ctx, c, p, func(w *writer) error {
		for _, p := range patches {
			if err := w.apply(p); err != nil {
				return err
			}
		}
		return nil
	})
	return &pinpoint.UpdateEndpointsBatchResponse{MessageBody: accepted(c)}, err
}

// itemRequest is an item of a batch without its id.
func itemRequest(i *pinpoint.EndpointBatchItem) *pinpoint.EndpointRequest {
	return &pinpoint.EndpointRequest{
		Address: i.Address, Attributes: i.Attributes, ChannelType: i.ChannelType, Demographic: i.Demographic,
		EffectiveDate: i.EffectiveDate, EndpointStatus: i.EndpointStatus, Location: i.Location, Metrics: i.Metrics,
		OptOut: i.OptOut, RequestId: i.RequestId, User: i.User,
	}
}
