package audience

import (
	"context"
	"errors"
	"maps"
	"slices"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// defaultEndpointsPerUser is how many endpoints a user may have (Pinpoint
// quotas).
const defaultEndpointsPerUser = 15

// MaxEndpointsPerUser bounds what Config.EndpointsPerUser may say: a user is
// read whole.
const MaxEndpointsPerUser = store.MaxLimit

// user is what a project knows of a user beside the endpoints: the attributes
// that each of them shows. There is no such document before there are any.
type user struct {
	ID         string              `json:"id"`
	Attributes map[string][]string `json:"attributes"`
	Removals   int                 `json:"removals,omitzero"` // as of an endpoint
}

var users = store.NewCollection[user]("endpoint_user")

// readUser returns what is known of a user, nil when nothing is.
func (p *project) readUser(tx store.Tx, id string) (*user, error) {
	u, err := users.Get(tx, p.id, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u, _ = p.names.cleanUser(u)
	return u, nil
}

// with returns the user with further attributes, or nil when there is nothing
// new in them.
func (u *user) with(sent map[string][]string) (*user, error) {
	next := new(*u)
	next.Attributes = merged(next.Attributes, sent)
	if maps.EqualFunc(u.Attributes, next.Attributes, slices.Equal) {
		return nil, nil
	}
	if len(u.ID)+attributesSize(next.Attributes) > maxSize {
		return nil, badRequest("A user has at most %d KB of attributes.", maxSize>>10)
	}
	return next, nil
}

// endpointsOf lists at most limit endpoints of a user.
func endpointsOf(tx store.Tx, app, userID string, limit int) ([]*endpoint, error) {
	found, _, err := endpoints.List(tx, app, store.Query{Index: "user", Match: store.Equal(userID), Limit: limit})
	return found, err
}

// evictable are the channels whose endpoints are given up for a newer one: push
// tokens, of which a person leaves a trail (Pinpoint User Guide, "maximum
// number of endpoints per user"). APNS_SANDBOX is missing there and is as much
// a push token as the others.
var evictable = map[pinpoint.ChannelType]bool{
	pinpoint.ChannelTypeAdm:             true,
	pinpoint.ChannelTypeGcm:             true,
	pinpoint.ChannelTypeApns:            true,
	pinpoint.ChannelTypeApnsSandbox:     true,
	pinpoint.ChannelTypeApnsVoip:        true,
	pinpoint.ChannelTypeApnsVoipSandbox: true,
	pinpoint.ChannelTypeBaidu:           true,
}

// makeRoom decides whether one more endpoint fits its user: it does, or an
// older one, which is returned as it then has to be written, gives way to it,
// or it is refused with BadRequestException.
func (w *writer) makeRoom(e *endpoint) (*endpoint, error) {
	have, err := endpointsOf(w.tx, w.project.id, e.UserID, MaxEndpointsPerUser)
	if err != nil || len(have) < w.perUser {
		return nil, err
	}
	var oldest *endpoint
	if evictable[e.ChannelType] {
		for _, other := range have {
			if evictable[other.ChannelType] && (oldest == nil || other.Effective.Before(oldest.Effective)) {
				oldest = other
			}
		}
	}
	if oldest == nil {
		w.refused = append(w.refused, e.ID)
		return nil, badRequest("Exceeded maximum endpoint per user count:%d", w.perUser)
	}
	oldest.Status, oldest.UserID = inactive, ""
	return oldest, nil
}

func unknownUser(id string) error {
	return pinpoint.NotFoundException.Newf("No user with the id %q was found.", id)
}

// showUser returns a user's endpoints or NotFoundException: a user without
// endpoints does not exist.
func (p *project) showUser(tx store.Tx, id string) ([]*endpoint, *pinpoint.EndpointsResponse, error) {
	found, err := endpointsOf(tx, p.id, id, MaxEndpointsPerUser)
	if err != nil {
		return nil, nil, err
	}
	if len(found) == 0 {
		return nil, nil, unknownUser(id)
	}
	owner, err := p.readUser(tx, id)
	out := &pinpoint.EndpointsResponse{Item: make([]pinpoint.EndpointResponse, len(found))}
	for i, e := range found {
		e, _ = p.names.clean(e)
		out.Item[i] = *e.response(p.id, owner)
	}
	return found, out, err
}

// getUserEndpoints implements GetUserEndpoints.
func (s *Service) getUserEndpoints(ctx context.Context, _ *wire.Call, in *pinpoint.GetUserEndpointsRequest) (*pinpoint.GetUserEndpointsResponse, error) {
	p, err := s.project(ctx, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	out := new(pinpoint.GetUserEndpointsResponse)
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		_, out.EndpointsResponse, err = p.showUser(tx, in.UserId)
		return err
	})
	return out, err
}

// deleteUserEndpoints implements DeleteUserEndpoints: the user goes with all
// endpoints.
func (s *Service) deleteUserEndpoints(ctx context.Context, c *wire.Call, in *pinpoint.DeleteUserEndpointsRequest) (*pinpoint.DeleteUserEndpointsResponse, error) {
	p, err := s.project(ctx, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	out := new(pinpoint.DeleteUserEndpointsResponse)
	err = s.write(ctx, c, p, func(w *writer) error {
		found, shown, err := p.showUser(w.tx, in.UserId)
		if err != nil {
			return err
		}
		out.EndpointsResponse = shown
		for _, e := range found {
			if err := w.delete(e); err != nil {
				return err
			}
		}
		if err := users.Delete(w.tx, p.id, in.UserId); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
	return out, err
}
