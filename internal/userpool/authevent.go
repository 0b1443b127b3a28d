package userpool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

const (
	// maxAuthEvents is how many events are kept of a user, the newest.
	maxAuthEvents = 100
	// keepAuthEvents is how long one is kept (Cognito developer guide, "Viewing user
	// event history").
	keepAuthEvents = 2 * 365 * 24 * time.Hour
)

// authEventRecord is something that a user did, at rest. The pool owns it, and its
// id is the event's.
type authEventRecord struct {
	Sub    string // the user's
	Number int64  // the user's events are numbered from 1
	Event  cognitoidp.AuthEventType
}

// The index "history" has each user's events together, in their order.
var authEvents = store.NewCollection("auth_event",
	store.Index("history", func(r *authEventRecord) string { return fmt.Sprintf("%s%016x", historyOf(r.Sub), r.Number) }))

// historyOf is how the places of a user's events in the index begin.
func historyOf(sub string) string { return sub + " " }

// authEvent is something that a user did, as it is to be recorded.
type authEvent struct {
	Type       cognitoidp.EventType
	Response   cognitoidp.EventResponseType
	From       source
	ClientID   string
	Challenges []cognitoidp.ChallengeResponseType
	// Detected and Blocked are what [Service.compromised] found; Blocked stands for a
	// blocked address too.
	Detected, Blocked bool
}

// answered is the challenge of a password or a second factor, and how it was answered.
func answered(challenge cognitoidp.ChallengeName, right bool) cognitoidp.ChallengeResponseType {
	response := cognitoidp.ChallengeResponseFailure
	if right {
		response = cognitoidp.ChallengeResponseSuccess
	}
	return cognitoidp.ChallengeResponseType{ChallengeName: challenge, ChallengeResponse: response}
}

// recordAuthEvent adds an event to a user's history, in a transaction of its own.
// Without threat protection there is no history, and nothing is written.
func (s *Service) recordAuthEvent(ctx context.Context, c *wire.Call, p *pool, u *user, e authEvent) error {
	if !p.protected() {
		return nil
	}
	record := &authEventRecord{Sub: u.Sub, Event: cognitoidp.AuthEventType{
		EventId: ids.UUID(), EventType: e.Type, EventResponse: e.Response, ChallengeResponses: e.Challenges,
		CreationDate: c.Time.Truncate(time.Millisecond), EventRisk: e.risk(), EventContextData: e.From.context(),
	}}
	s.countWaiting(ctx, p.Id)
	return s.update(ctx, func(tx store.Tx) error {
		switch now, err := users.Get(tx, p.Id, u.key(p)); {
		case errors.Is(err, store.ErrNotFound) || err == nil && now.Sub != u.Sub: // deleted meanwhile
			return nil
		case err != nil:
			return err
		}
		if err := record.append(tx, p.Id); err != nil {
			return err
		}
		return s.exportAuthEvent(tx, c, p, u, &e, &record.Event)
	})
}

// append stores the event as the user's newest and removes what is too old.
func (r *authEventRecord) append(tx store.Tx, poolID string) error {
	newest := store.Query{Index: "history", Match: store.Prefix(historyOf(r.Sub)), Descending: true, Limit: 1}
	last, _, err := authEvents.List(tx, poolID, newest)
	if err != nil {
		return err
	}
	r.Number = 1
	if len(last) > 0 {
		r.Number += last[0].Number
	}
	if err := authEvents.Insert(tx, poolID, r.Event.EventId, r); err != nil {
		return err
	}
	// Two for each that is added, so that a long history shrinks.
	oldest := store.Query{Index: "history", Match: store.Prefix(historyOf(r.Sub)), Limit: 2}
	first, _, err := authEvents.List(tx, poolID, oldest)
	if err != nil {
		return err
	}
	for _, old := range first {
		if r.Number-old.Number < maxAuthEvents && r.Event.CreationDate.Sub(old.Event.CreationDate) < keepAuthEvents {
			break
		}
		if err := authEvents.Delete(tx, poolID, old.Event.EventId); err != nil {
			return err
		}
	}
	return nil
}

// deleteAuthEvents removes a user's history, when the user goes.
func deleteAuthEvents(tx store.Tx, poolID, sub string) error {
	q := store.Query{Index: "history", Match: store.Prefix(historyOf(sub)), Limit: store.MaxLimit}
	history, _, err := authEvents.List(tx, poolID, q)
	for _, r := range history {
		err = errors.Join(err, authEvents.Delete(tx, poolID, r.Event.EventId))
	}
	return err
}

// risk is what the record says of the event's danger.
func (e *authEvent) risk() *cognitoidp.EventRiskType {
	risk := &cognitoidp.EventRiskType{
		RiskDecision: cognitoidp.RiskDecisionTypeNoRisk, CompromisedCredentialsDetected: new(e.Detected),
	}
	if e.Blocked {
		risk.RiskDecision = cognitoidp.RiskDecisionTypeBlock
	}
	return risk
}

func (s source) context() *cognitoidp.EventContextDataType {
	return &cognitoidp.EventContextDataType{IpAddress: s.Address, DeviceName: deviceName(s.UserAgent)}
}

// adminListUserAuthEvents implements AdminListUserAuthEvents: the newest first.
func (s *Service) adminListUserAuthEvents(ctx context.Context, c *wire.Call, in *cognitoidp.AdminListUserAuthEventsRequest) (*cognitoidp.AdminListUserAuthEventsResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if !p.protected() {
		return nil, errNotProtected()
	}
	out := &cognitoidp.AdminListUserAuthEventsResponse{AuthEvents: []cognitoidp.AuthEventType{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		u, err := p.userNamed(tx, in.Username)
		if err != nil {
			return err
		}
		walk := []string{"AdminListUserAuthEvents", u.Sub}
		after, err := s.pages.Open(in.NextToken, p.Id, walk...)
		if err != nil {
			return errPageToken()
		}
		q := store.Query{Index: "history", Match: store.Prefix(historyOf(u.Sub)), Descending: true, After: after, Limit: pageSize(in.MaxResults)}
		page, next, err := authEvents.List(tx, p.Id, q)
		for _, r := range page {
			out.AuthEvents = append(out.AuthEvents, r.Event)
		}
		out.NextToken = s.pages.Seal(next, p.Id, walk...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
