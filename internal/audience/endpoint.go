package audience

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// What EndpointStatus and OptOut may say.
const (
	active   = "ACTIVE"
	inactive = "INACTIVE"

	optOutAll  = "ALL"
	optOutNone = "NONE"
)

// endpoint is an endpoint at rest. Once read or written it is not changed any
// more: memory shares it.
type endpoint struct {
	ID          string                        `json:"id"`
	ChannelType pinpoint.ChannelType          `json:"channel,omitzero"`
	Address     string                        `json:"address,omitzero"`
	Status      string                        `json:"status"`
	OptOut      string                        `json:"opt_out"`
	UserID      string                        `json:"user,omitzero"`
	Attributes  map[string][]string           `json:"attributes,omitzero"`
	Metrics     map[string]float64            `json:"metrics,omitzero"`
	Demographic *pinpoint.EndpointDemographic `json:"demographic,omitzero"`
	Location    *pinpoint.EndpointLocation    `json:"location,omitzero"`
	Cohort      int                           `json:"cohort"` // 0 to 99, drawn once
	RequestID   string                        `json:"request"`
	Created     time.Time                     `json:"created"`
	Effective   time.Time                     `json:"effective"` // of the last update, by the reporter's clock if it told
	// Unclaimed are user attributes that came before any user id did. The first
	// user takes them.
	Unclaimed map[string][]string `json:"unclaimed,omitzero"`
	// Removals is the number of the last removal of attributes before the last
	// update.
	Removals int `json:"removals,omitzero"`
}

var endpoints = store.NewCollection("endpoint",
	store.Index("user", func(e *endpoint) string { return e.UserID }),
	// Only active endpoints: an address may have had any number of others.
	store.Index("active_address", func(e *endpoint) string {
		if e.Status != active {
			return ""
		}
		return e.addressKey()
	}))

// endpointKey is an endpoint's place in memory.
type endpointKey struct{ app, id string }

// addressKey finds the endpoints that would reach the same place. Addresses may
// be longer than what the directory indexes, so this is a hash.
func (e *endpoint) addressKey() string {
	if e.Address == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(string(e.ChannelType) + "\x00" + e.Address))
	return hex.EncodeToString(sum[:16])
}

// response is the endpoint as the API shows it; owner may be nil.
func (e *endpoint) response(app string, owner *user) *pinpoint.EndpointResponse {
	out := &pinpoint.EndpointResponse{
		ApplicationId: app, Id: e.ID,
		ChannelType: e.ChannelType, Address: e.Address, EndpointStatus: e.Status, OptOut: e.OptOut,
		Attributes: e.Attributes, Metrics: e.Metrics, Demographic: e.Demographic, Location: e.Location,
		CohortId: strconv.Itoa(e.Cohort), RequestId: e.RequestID,
		CreationDate: e.Created.Format(dateFormat), EffectiveDate: e.Effective.Format(dateFormat),
	}
	attributes := e.Unclaimed
	if owner != nil {
		attributes = owner.Attributes
	}
	if e.UserID != "" || attributes != nil {
		out.User = &pinpoint.EndpointUser{UserId: e.UserID, UserAttributes: attributes}
	}
	return out
}

func unknownEndpoint(id string) error {
	return pinpoint.NotFoundException.Newf("No endpoint with the id %q was found.", id)
}

// findEndpoint returns an endpoint or NotFoundException.
func (p *project) findEndpoint(tx store.Tx, id string) (*endpoint, error) {
	e, err := endpoints.Get(tx, p.id, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownEndpoint(id)
	}
	if err != nil {
		return nil, err
	}
	e, _ = p.names.clean(e)
	return e, nil
}

func accepted(c *wire.Call) *pinpoint.MessageBody {
	return &pinpoint.MessageBody{Message: "Accepted", RequestID: c.RequestID}
}

// updateEndpoint implements UpdateEndpoint.
func (s *Service) updateEndpoint(ctx context.Context, c *wire.Call, in *pinpoint.UpdateEndpointRequest) (*pinpoint.UpdateEndpointResponse, error) {
	p, err := s.project(ctx, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	update, err := newPatch(c, in.EndpointId, in.EndpointRequest)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, c, p, func(w *writer) error { return w.apply(update) })
	return &pinpoint.UpdateEndpointResponse{MessageBody: accepted(c)}, err
}

// getEndpoint implements GetEndpoint.
func (s *Service) getEndpoint(ctx context.Context, _ *wire.Call, in *pinpoint.GetEndpointRequest) (*pinpoint.GetEndpointResponse, error) {
	p, err := s.project(ctx, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	out := new(pinpoint.GetEndpointResponse)
	err = s.db.View(ctx, func(tx store.Tx) error {
		e, err := p.findEndpoint(tx, in.EndpointId)
		if err != nil {
			return err
		}
		owner, err := p.readUser(tx, e.UserID)
		out.EndpointResponse = e.response(p.id, owner)
		return err
	})
	return out, err
}

// deleteEndpoint implements DeleteEndpoint.
func (s *Service) deleteEndpoint(ctx context.Context, c *wire.Call, in *pinpoint.DeleteEndpointRequest) (*pinpoint.DeleteEndpointResponse, error) {
	p, err := s.project(ctx, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	out := new(pinpoint.DeleteEndpointResponse)
	err = s.write(ctx, c, p, func(w *writer) error {
		e, err := p.findEndpoint(w.tx, in.EndpointId)
		if err != nil {
			return err
		}
		owner, err := p.readUser(w.tx, e.UserID)
		if err != nil {
			return err
		}
		out.EndpointResponse = e.response(p.id, owner)
		return w.remove(e, owner)
	})
	return out, err
}

// remove deletes an endpoint. A user's last endpoint takes the user's
// attributes with it; owner may be nil.
func (w *writer) remove(e *endpoint, owner *user) error {
	if err := w.delete(e); err != nil || owner == nil {
		return err
	}
	others, err := endpointsOf(w.tx, w.project.id, e.UserID, 1)
	if err != nil || len(others) > 0 {
		return err
	}
	return users.Delete(w.tx, w.project.id, owner.ID)
}
