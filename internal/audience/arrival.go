package audience

import (
	"context"
	"errors"

	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Report is what a batch of events says about the endpoint that it came from.
type Report struct {
	EndpointID string
	// Block is a patch like UpdateEndpoint's. Without one, or with an empty
	// one, an unknown endpoint is created and a known one touched.
	Block *pinpoint.PublicEndpoint
}

// Arrival is the outcome of a Report.
type Arrival struct {
	// Seen is the endpoint as it now is. When the block was refused that is
	// what it was before, and the zero Snapshot if it is not known at all.
	Seen Snapshot
	// Refused is the reason why the block was not taken, else nil.
	Refused *model.Error
}

// Snapshot is what the events of an endpoint carry of it. Nobody changes what
// it points to.
type Snapshot struct {
	UserID      string
	ChannelType pinpoint.ChannelType
	Demographic *pinpoint.EndpointDemographic // may be nil
	Location    *pinpoint.EndpointLocation    // may be nil
}

func (e *endpoint) snapshot() Snapshot {
	if e == nil {
		return Snapshot{}
	}
	return Snapshot{UserID: e.UserID, ChannelType: e.ChannelType, Demographic: e.Demographic, Location: e.Location}
}

// arrival is a Report on its way.
type arrival struct {
	*patch
	empty  bool
	stored *endpoint
	Arrival
}

// Arrive merges what reporters said about themselves into their endpoints, all
// in one transaction, and returns the outcomes in the order of the reports,
// which must be of different endpoints. A refused block holds up no other. It
// returns NotFoundException when there is no such project.
//
// Endpoints are looked up in memory, where they are at most a second old. A
// report that changes nothing costs no transaction: EffectiveDate, which is
// about recency, then moves once a minute.
func (s *Service) Arrive(ctx context.Context, c *wire.Call, app string, reports []Report) ([]Arrival, error) {
	p, err := s.project(ctx, app)
	if err != nil {
		return nil, err
	}
	all := make([]arrival, len(reports))
	for i := range reports {
		all[i].check(c, &reports[i])
	}
	if err := s.recall(ctx, p, all); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, c, p, all); err != nil {
		return nil, err
	}
	out := make([]Arrival, len(all))
	for i := range all {
		out[i] = all[i].Arrival
	}
	return out, nil
}

// check makes the report a patch, or refuses it.
func (a *arrival) check(c *wire.Call, r *Report) {
	request := new(pinpoint.EndpointRequest)
	if r.Block != nil {
		*request = pinpoint.EndpointRequest(*r.Block)
	}
	a.empty = blank(request)
	p, err := newPatch(c, r.EndpointID, request)
	if err != nil && !errors.As(err, &a.Refused) {
		panic(err) // newPatch refuses and does nothing else
	}
	if p == nil {
		p = &patch{id: r.EndpointID}
	}
	a.patch = p
}

// blank tells whether a request says nothing about its endpoint.
func blank(r *pinpoint.EndpointRequest) bool {
	return r.Address == "" && r.ChannelType == "" && r.EndpointStatus == "" && r.OptOut == "" &&
		len(r.Attributes) == 0 && len(r.Metrics) == 0 &&
		(r.Demographic == nil || *r.Demographic == pinpoint.EndpointDemographic{}) &&
		(r.Location == nil || *r.Location == pinpoint.EndpointLocation{}) &&
		(r.User == nil || r.User.UserId == "" && len(r.User.UserAttributes) == 0)
}

// recall finds the endpoints, in memory first.
func (s *Service) recall(ctx context.Context, p *project, all []arrival) error {
	missing := false
	for i := range all {
		e, ok := s.seen.Get(endpointKey{p.id, all[i].id})
		if !ok {
			missing = true
			continue
		}
		all[i].found(p, e)
	}
	if !missing {
		return nil
	}
	moment := s.seen.Begin()
	return s.db.View(ctx, func(tx store.Tx) error {
		for i := range all {
			a := &all[i]
			if a.stored != nil {
				continue
			}
			e, err := endpoints.Get(tx, p.id, a.id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			a.found(p, e)
			s.seen.Put(endpointKey{p.id, a.id}, e, moment)
		}
		return nil
	})
}

func (a *arrival) found(p *project, e *endpoint) {
	a.stored, _ = p.names.clean(e)
	a.Seen = e.snapshot()
}

// idle tells whether the report needs no transaction. One about the user does:
// users are not kept in memory.
func (a *arrival) idle() bool {
	switch {
	case a.Refused != nil:
		return true
	case a.stored == nil || len(a.userAttributes()) > 0:
		return false
	case a.empty:
		return settled(a.stored, a.touch(a.stored))
	}
	return settled(a.stored, a.merge(a.stored))
}

// settle writes what has changed, in the order of the reports.
func (s *Service) settle(ctx context.Context, c *wire.Call, p *project, all []arrival) error {
	var taken []*arrival
	busy := false
	for i := range all {
		if a := &all[i]; a.Refused == nil {
			taken = append(taken, a)
			busy = busy || !a.idle()
		}
	}
	if !busy {
		return nil
	}
	// One that would change nothing may have to after another of the same batch: two
	// endpoints with one address take it from each other.
	return s.write(ctx, c, p, func(w *writer) error {
		for _, a := range taken {
			a.Arrival = Arrival{Seen: a.stored.snapshot()} // whatever an earlier run of the transaction found
			err := w.arrive(a)
			if err == nil || errors.As(err, &a.Refused) && a.Refused.Type == pinpoint.BadRequestException {
				continue
			}
			return err
		}
		return nil
	})
}

// arrive writes one report, unless the directory says meanwhile that there is
// nothing to write.
func (w *writer) arrive(a *arrival) error {
	c, err := w.plan(a.patch)
	if err != nil {
		return err
	}
	if c.stored != nil && a.empty {
		c = &change{stored: c.stored, next: a.touch(c.stored)}
	}
	a.Seen = c.next.snapshot()
	if c.owner == nil && c.stored != nil && settled(c.stored, c.next) {
		return nil
	}
	return w.perform(c)
}
