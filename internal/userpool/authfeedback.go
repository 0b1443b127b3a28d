package userpool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Who gave feedback.
const (
	feedbackAdmin = "Admin"
	feedbackUser  = "User"
)

// feedbackLife is how long a user can answer a notification.
const feedbackLife = 7 * 24 * time.Hour

// adminUpdateAuthEventFeedback implements AdminUpdateAuthEventFeedback.
func (s *Service) adminUpdateAuthEventFeedback(ctx context.Context, c *wire.Call, in *cognitoidp.AdminUpdateAuthEventFeedbackRequest) (*cognitoidp.AdminUpdateAuthEventFeedbackResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if !p.protected() {
		return nil, errNotProtected()
	}
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := p.userNamed(tx, in.Username)
		if err != nil {
			return err
		}
		return setFeedback(tx, p, u, in.EventId, feedback(in.FeedbackValue, feedbackAdmin, c.Time))
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminUpdateAuthEventFeedbackResponse{}, nil
}

// updateAuthEventFeedback implements UpdateAuthEventFeedback: whoever holds the
// token of a notification may say whether it was them. A user who does not exist
// and a token that is not theirs are refused alike.
func (s *Service) updateAuthEventFeedback(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateAuthEventFeedbackRequest) (*cognitoidp.UpdateAuthEventFeedbackResponse, error) {
	p, err := s.pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	c.Note("pool", p.Id)
	if !p.protected() {
		return nil, errNotProtected()
	}
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := p.resolve(tx, in.Username)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return errFeedbackToken(err)
		case err != nil:
			return err
		}
		if _, err := s.feedbacks.OpenToken(c.Time, in.FeedbackToken, p.Id, u.Sub, in.EventId); err != nil {
			return errFeedbackToken(err)
		}
		return setFeedback(tx, p, u, in.EventId, feedback(in.FeedbackValue, feedbackUser, c.Time))
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateAuthEventFeedbackResponse{}, nil
}

// feedbackToken lets a user give feedback on one of their events.
func (s *Service) feedbackToken(p *pool, u *user, eventID string, now time.Time) string {
	return s.feedbacks.SealToken(now.Add(feedbackLife), nil, p.Id, u.Sub, eventID)
}

func errFeedbackToken(cause error) error { return errToken("Invalid feedback token.", cause) }

func feedback(value cognitoidp.FeedbackValueType, from string, now time.Time) *cognitoidp.EventFeedbackType {
	return &cognitoidp.EventFeedbackType{FeedbackValue: value, Provider: from, FeedbackDate: now.Truncate(time.Millisecond)}
}

// setFeedback notes what somebody says of a user's event.
func setFeedback(tx store.Tx, p *pool, u *user, eventID string, said *cognitoidp.EventFeedbackType) error {
	absent := cognitoidp.ResourceNotFoundException.Newf("The event %s does not exist.", eventID)
	_, err := authEvents.Modify(tx, p.Id, eventID, func(r *authEventRecord) error {
		if r.Sub != u.Sub {
			return absent
		}
		r.Event.EventFeedback = said
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return absent
	}
	return err
}
