package person

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"pintail/internal/audience"
	"pintail/internal/delivery"
	"pintail/internal/event"
	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/identitypool"
	"pintail/internal/store"
	"pintail/internal/userpool"
)

// Plan is what a deletion would delete.
type Plan struct {
	Subject *Subject
	Counts  Counts
}

// Plan looks at everything that is a person's and changes nothing.
func (s *Service) Plan(ctx context.Context, p *Subject) (*Plan, error) {
	events, err := s.gather(ctx, p)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Subject: p, Counts: Counts{}}
	plan.Counts.add(map[string]int{countEvents: int(events)})
	d, err := s.document(ctx, p)
	if err != nil {
		return nil, err
	}
	plan.Counts.add(d.User.Count())
	if d.app != nil {
		plan.Counts.add(d.app.Count())
	}
	plan.Counts.add(map[string]int{countIdentities: len(d.Identities), countMessages: len(d.Messages)})
	return plan, nil
}

// Document is everything that is kept of a person but their events.
type Document struct {
	Subject        *Subject
	User           *userpool.Person // null if there is none
	Endpoints      []pinpoint.EndpointResponse
	UserAttributes map[string]map[string][]string // by user id
	Identities     []identitypool.Person
	Messages       []delivery.Message

	app *audience.Person
}

// document reads everything in one state of the directory.
func (s *Service) document(ctx context.Context, p *Subject) (*Document, error) {
	d := &Document{Subject: p}
	var pool *userpool.PersonPool
	var err error
	if p.User != nil {
		if pool, err = s.UserPools.PersonPool(ctx, p.User.UserPoolID); err != nil {
			return nil, err
		}
	}
	err = s.DB.View(ctx, func(tx store.Tx) (err error) {
		if pool != nil {
			if d.User, err = pool.Person(tx, p.User.Sub); err != nil {
				return err
			}
		}
		if p.App != "" {
			if d.app, err = s.Audience.Person(tx, p.App, p.UserIDs, p.EndpointIDs); err != nil {
				return err
			}
			d.Endpoints, d.UserAttributes = d.app.Endpoints, d.app.Attributes
		}
		if d.Identities, err = s.Identities.Persons(tx, p.IdentityIDs); err != nil {
			return err
		}
		d.Messages = []delivery.Message{}
		return s.Outbox.MessagesOf(tx, p.recipient(), func(m delivery.Message) error {
			d.Messages = append(d.Messages, m.Readable())
			return nil
		})
	})
	return d, err
}

// Export writes everything that is kept of a person as one JSON document: a Document
// with one member more, Events, of records as Pinpoint streams them. Nothing is written
// when it fails before the events.
func (s *Service) Export(ctx context.Context, p *Subject, begin func() io.Writer) error {
	if _, err := s.gather(ctx, p); err != nil {
		return err
	}
	d, err := s.document(ctx, p)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	out := begin()
	if _, err := out.Write(append(text[:len(text)-2], ",\n  \"Events\": ["...)); err != nil {
		return err
	}
	if p.App != "" {
		if err := s.exportEvents(ctx, p, out); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, "\n  ]\n}\n")
	return err
}

func (s *Service) exportEvents(ctx context.Context, p *Subject, out io.Writer) error {
	separator := "\n    "
	write := func(e *eventstore.Event) error {
		text, err := json.Marshal(struct {
			ID string `json:"event_id,omitempty"`
			*event.StreamRecord
		}{e.EventID, event.NewStreamRecord(s.Account, e)})
		if err != nil {
			return err
		}
		_, err = out.Write(append([]byte(separator), text...))
		separator = ",\n    "
		return err
	}
	if err := s.userEvents(ctx, p, write); err != nil {
		return err
	}
	return s.endpointEvents(ctx, p, write)
}

// erasure is what takes the person's events.
func erasure(p *Subject) eventstore.Erasure {
	return eventstore.Erasure{App: p.App, UserIDs: p.UserIDs, EndpointIDs: p.EndpointIDs}
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// messagesOf returns the ids of some of a person's messages.
func (s *Service) messagesOf(tx store.Tx, p *Subject, limit int) (found []string, err error) {
	err = s.Outbox.MessagesOf(tx, p.recipient(), func(m delivery.Message) error {
		if found = append(found, m.ID); len(found) == limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}
