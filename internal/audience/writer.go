package audience

import (
	"context"
	"errors"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// writer works on a project's endpoints inside one transaction.
type writer struct {
	tx      store.Tx
	project *project
	perUser int
	changed []endpointKey // what memory has to forget
	evicted []string      // endpoints that gave way to newer ones
	refused []string      // endpoints whose user was full
}

// write runs fn in a transaction and then lets memory know what it changed, or
// may have changed: the outcome of a transaction that failed is not always
// known. What users lost by having too many endpoints is counted, and noted in
// the call's log line; a job has no call.
func (s *Service) write(ctx context.Context, c *wire.Call, p *project, fn func(*writer) error) error {
	var w *writer
	err := s.db.Update(ctx, func(tx store.Tx) error {
		w = &writer{tx: tx, project: p, perUser: s.perUser} // anew, should the transaction run twice
		return fn(w)
	})
	if w == nil {
		return err
	}
	s.seen.Forget(w.changed...)
	s.refusals.Add(uint64(len(w.refused)))
	if len(w.refused) > 0 {
		c.Note("refused_endpoints", few(w.refused))
	}
	if err == nil && len(w.evicted) > 0 {
		s.evictions.Add(uint64(len(w.evicted)))
		c.Note("evicted_endpoints", few(w.evicted))
	}
	return err
}

// few cuts a list of ids short, for the log: callers choose how long ids are.
func few(ids []string) []string { return ids[:min(len(ids), 10)] }

// change is an endpoint's update, judged and ready to be written.
type change struct {
	stored, next *endpoint
	owner        *user     // to be written, or nil
	names        *nameSet  // to be written, or nil
	evicted      *endpoint // to be written, or nil: makes room at its user
}

// apply takes one patch from request to directory. When it refuses, with
// BadRequestException, it has written nothing.
func (w *writer) apply(p *patch) error {
	c, err := w.plan(p)
	if err != nil {
		return err
	}
	return w.perform(c)
}

// plan reads what a patch touches and judges the outcome.
func (w *writer) plan(p *patch) (*change, error) {
	stored, err := w.find(p.id)
	if err != nil {
		return nil, err
	}
	c := &change{stored: stored, next: p.merge(stored)}
	c.next.Removals = max(c.next.Removals, w.project.names.Removals)
	if err := w.planUser(c, p.userAttributes()); err != nil {
		return nil, err
	}
	if err := checkEndpoint(c.next); err != nil {
		return nil, err
	}
	if !w.project.names.knows(p.request) {
		if err := w.planNames(c, p.request); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// find returns the endpoint, nil when there is none. Only for one that is new
// does it ask the directory whether the project still exists: a project takes
// its endpoints with it.
func (w *writer) find(id string) (*endpoint, error) {
	e, err := endpoints.Get(w.tx, w.project.id, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, w.project.exists(w.tx)
	}
	if err != nil {
		return nil, err
	}
	e, _ = w.project.names.clean(e)
	return e, nil
}

// planUser settles to whom the endpoint belongs and what is said about them.
func (w *writer) planUser(c *change, sent map[string][]string) error {
	e := c.next
	if e.UserID == "" {
		e.Unclaimed = merged(e.Unclaimed, sent)
		return nil
	}
	sent = merged(e.Unclaimed, sent)
	e.Unclaimed = nil
	if len(sent) > 0 {
		owner, err := w.project.readUser(w.tx, e.UserID)
		if err != nil {
			return err
		}
		if owner == nil {
			owner = &user{ID: e.UserID, Removals: w.project.names.Removals}
		}
		if c.owner, err = owner.with(sent); err != nil {
			return err
		}
	}
	if c.stored != nil && c.stored.UserID == e.UserID {
		return nil
	}
	var err error
	c.evicted, err = w.makeRoom(e)
	return err
}

// planNames enlarges the project's set of attribute names.
func (w *writer) planNames(c *change, r *pinpoint.EndpointRequest) error {
	now, err := readNames(w.tx, w.project.id)
	if err != nil || now.knows(r) {
		return err
	}
	c.names = now
	return now.add(r)
}

// perform writes a change, and what follows from it for other endpoints.
func (w *writer) perform(c *change) error {
	if c.names != nil {
		if err := names.Put(w.tx, w.project.id, namesKey, c.names); err != nil {
			return err
		}
	}
	if c.owner != nil {
		if err := users.Put(w.tx, w.project.id, c.owner.ID, c.owner); err != nil {
			return err
		}
	}
	if c.evicted != nil {
		w.evicted = append(w.evicted, c.evicted.ID)
		if err := w.put(c.evicted); err != nil {
			return err
		}
	}
	if err := w.put(c.next); err != nil {
		return err
	}
	return w.retireOthers(c)
}

// retireOthers makes the other endpoints of an address inactive once this one
// has come alive with it: one address is one place to reach (Pinpoint API
// reference, EndpointStatus).
func (w *writer) retireOthers(c *change) error {
	was, e := c.stored, c.next
	key := e.addressKey()
	if key == "" || e.Status != active || was != nil && was.Status == active && was.addressKey() == key {
		return nil
	}
	others, _, err := endpoints.List(w.tx, w.project.id, store.Query{Index: "active_address", Match: store.Equal(key), Limit: store.MaxLimit})
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.ID == e.ID {
			continue
		}
		other.Status = inactive
		if err := w.put(other); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) put(e *endpoint) error {
	w.changed = append(w.changed, endpointKey{w.project.id, e.ID})
	return endpoints.Put(w.tx, w.project.id, e.ID, e)
}

func (w *writer) delete(e *endpoint) error {
	w.changed = append(w.changed, endpointKey{w.project.id, e.ID})
	return endpoints.Delete(w.tx, w.project.id, e.ID)
}
