package audience

import (
	"context"
	"errors"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Contact is an address of a user that another room knows to be theirs, and that is an
// endpoint of its own.
type Contact struct {
	EndpointID  string // chosen by the other room, and always the same for the same user and channel
	UserID      string
	ChannelType pinpoint.ChannelType
	Address     string
}

// Keeping says how [Service.KeepContact] is to go about it.
type Keeping struct {
	// Create makes the endpoint where there is none.
	Create bool
	// Revive makes it active whatever it was: the user has just proved the address. Without
	// it an endpoint that has the address already stays as it is.
	Revive bool
}

// ProjectARN returns the ARN of a project, "" where there is none.
func (s *Service) ProjectARN(ctx context.Context, id string) (arn string, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		app, err := apps.Get(tx, s.account, id)
		if err == nil {
			arn = app.Arn
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return arn, err
}

// KeepContact makes an endpoint say what is known of an address. It is a patch like
// UpdateEndpoint's that leaves the rest alone: somebody who opted out stays out. Where
// nothing changes nothing is written. It returns NotFoundException when there is no such
// project, and BadRequestException where the endpoint cannot be.
func (s *Service) KeepContact(ctx context.Context, c *wire.Call, app string, contact Contact, how Keeping) error {
	p, err := s.project(ctx, app)
	if err != nil {
		return err
	}
	update, err := newPatch(c, contact.EndpointID, &pinpoint.EndpointRequest{
		ChannelType: contact.ChannelType, Address: contact.Address, User: &pinpoint.EndpointUser{UserId: contact.UserID},
	})
	if err != nil {
		return err
	}
	idle := func(e *endpoint) bool {
		if e == nil {
			return !how.Create
		}
		return contact.isOf(e) && (e.Status == active || !how.Revive)
	}
	return s.revise(ctx, c, p, contact.EndpointID, idle, func(w *writer, _ *endpoint) error { return w.apply(update) })
}

// isOf tells whether an endpoint says what is known.
func (c *Contact) isOf(e *endpoint) bool {
	return e.ChannelType == c.ChannelType && e.Address == c.Address && e.UserID == c.UserID
}

// SuspendContact makes the endpoint of a contact inactive, whose address may no longer be
// the user's, unless it is the given one; one that does not exist it leaves alone. It
// returns NotFoundException when there is no such project.
func (s *Service) SuspendContact(ctx context.Context, app, endpointID, unless string) error {
	p, err := s.project(ctx, app)
	if err != nil {
		return err
	}
	idle := func(e *endpoint) bool { return e == nil || e.Status == inactive || unless != "" && e.Address == unless }
	return s.revise(ctx, nil, p, endpointID, idle, func(w *writer, e *endpoint) error {
		next := *e
		next.Status = inactive
		return w.put(&next)
	})
}

// RemoveContact deletes the endpoint of a contact, if there is one. It returns
// NotFoundException when there is no such project.
func (s *Service) RemoveContact(ctx context.Context, app, endpointID string) error {
	p, err := s.project(ctx, app)
	if err != nil {
		return err
	}
	idle := func(e *endpoint) bool { return e == nil }
	return s.revise(ctx, nil, p, endpointID, idle, func(w *writer, e *endpoint) error {
		owner, err := p.readUser(w.tx, e.UserID)
		if err != nil {
			return err
		}
		return w.remove(e, owner)
	})
}

// revise lets fn work on an endpoint, nil where there is none, unless there is nothing to
// do. Most often there is not, and then it costs a read and no transaction that writes.
// The call is needed if fn updates the endpoint.
func (s *Service) revise(ctx context.Context, c *wire.Call, p *project, id string, idle func(*endpoint) bool, fn func(*writer, *endpoint) error) error {
	var e *endpoint
	read := func(tx store.Tx) (err error) {
		e, err = endpoints.Get(tx, p.id, id)
		if errors.Is(err, store.ErrNotFound) {
			e, err = nil, nil
		}
		return err
	}
	if err := s.db.View(ctx, read); err != nil || idle(e) {
		return err
	}
	return s.write(ctx, c, p, func(w *writer) error {
		if err := read(w.tx); err != nil || idle(e) {
			return err
		}
		return fn(w, e)
	})
}
