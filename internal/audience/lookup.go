package audience

import (
	"context"
	"errors"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
)

// Endpoints returns those of a project's endpoints that the directory has, by their ids, as
// GetEndpoint shows them. It returns NotFoundException when there is no such project.
func (s *Service) Endpoints(ctx context.Context, app string, ids map[string]bool) (map[string]*pinpoint.EndpointResponse, error) {
	p, err := s.project(ctx, app)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*pinpoint.EndpointResponse, len(ids))
	err = s.db.View(ctx, func(tx store.Tx) error {
		for id := range ids {
			e, err := p.findEndpoint(tx, id)
			if errors.Is(err, unknownEndpoint(id)) {
				continue
			}
			if err != nil {
				return err
			}
			owner, err := p.readUser(tx, e.UserID)
			if err != nil {
				return err
			}
			found[id] = e.response(app, owner)
		}
		return nil
	})
	return found, err
}
