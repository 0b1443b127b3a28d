// Package analytics is the room that counts: it answers questions about what the
// event log holds, in the shape of Pinpoint's KPIs. GetApplicationDateRangeKpi
// takes the names that the original had and, through further query parameters,
// what its console showed: who was active, who is new, who came back, sessions,
// sign-ins, revenue, demographics, events and funnels, by date, time zone, filter
// and group. docs/analytics.md says what each number means.
//
//	parse the request -> resolve attributes in the directory -> ask the event log
//	-> arrange the rows
//
// The event log does the counting (eventstore.Analyst). Answers are kept for a
// moment, and few questions are asked at a time, so that whoever may read cannot
// keep the log from its other work.
package analytics

import (
	"context"
	"errors"
	_ "time/tzdata" // zones must not depend on the machine

	"pintail/internal/audience"
	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// Config is what the room is made of.
type Config struct {
	Audience *audience.Service
	Events   eventstore.Store
}

// Service is the room.
type Service struct {
	audience *audience.Service
	events   eventstore.Store
	memory   *memory
	labels   *directory
}

// New returns the room over an event log.
func New(c Config) *Service {
	s := &Service{audience: c.Audience, events: c.Events, labels: newDirectory(c.Audience)}
	s.memory = newMemory(func() eventstore.Cursor { return c.Events.Stats().Last }, s.silent)
	return s
}

// Routes names every operation that the room answers.
func (s *Service) Routes(r *wire.Router) {
	wire.Handle(r, pinpoint.GetApplicationDateRangeKpi, s.getApplicationDateRangeKpi)
}

// Forget drops the answers that are kept. Call it after [eventstore.Store.Reset].
func (s *Service) Forget() {
	s.memory.reset()
	s.labels.reset()
}

// getApplicationDateRangeKpi implements GetApplicationDateRangeKpi.
func (s *Service) getApplicationDateRangeKpi(ctx context.Context, c *wire.Call, in *pinpoint.GetApplicationDateRangeKpiRequest) (*pinpoint.GetApplicationDateRangeKpiResponse, error) {
	if err := s.audience.CheckApp(ctx, in.ApplicationId); err != nil {
		return nil, err
	}
	q, err := parse(in, c.Time)
	if err != nil {
		return nil, err
	}
	found, err := s.memory.recall(ctx, q.key(), len(q.labels) > 0, func(ctx context.Context) (*answer, error) { return s.ask(ctx, q) })
	if errors.Is(err, eventstore.ErrInvalid) {
		return nil, badRequest("This cannot be answered: it asks for too many rows. Ask for a shorter range, a longer interval or fewer groups.")
	}
	if err != nil {
		return nil, err
	}
	out := &pinpoint.ApplicationDateRangeKpiResponse{
		ApplicationId: in.ApplicationId, KpiName: in.KpiName, StartTime: q.start, EndTime: q.end,
		KpiResult: &pinpoint.BaseKpiResult{Rows: found.rows},
	}
	if found.dropped > 0 {
		dropped := int32(found.dropped)
		out.DroppedGroups = &dropped
	}
	return &pinpoint.GetApplicationDateRangeKpiResponse{ApplicationDateRangeKpiResponse: out}, nil
}

// silent tells whether a project has had no event after a cursor.
func (s *Service) silent(ctx context.Context, app string, after eventstore.Cursor) (bool, error) {
	found := false
	err := s.events.Scan(ctx, eventstore.Query{Filter: eventstore.Filter{App: app}, After: after, Limit: 1},
		func(eventstore.Cursor, *eventstore.Event) error { found = true; return nil })
	return !found, err
}

// ask computes the answer to a question.
func (s *Service) ask(ctx context.Context, q *query) (*answer, error) {
	a := &asking{ctx: ctx, query: q, log: s.events}
	var err error
	if a.labels, err = s.labels.resolve(ctx, q.app, q.labels); err != nil {
		return nil, err
	}
	found, err := q.kpi.answer(a)
	if err == nil && found.rows == nil {
		found.rows = []pinpoint.ResultRow{} // "Rows" is there, and empty
	}
	return found, err
}

func badRequest(format string, args ...any) error {
	return pinpoint.BadRequestException.Newf(format, args...)
}
