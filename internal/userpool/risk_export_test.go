package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// RecordAuthEvent records that somebody tried to sign in from an address.
func RecordAuthEvent(ctx context.Context, s *Service, poolID, username, address string, response cognitoidp.EventResponseType) error {
	p, err := s.pool(ctx, poolID)
	if err != nil {
		return err
	}
	u, err := s.find(ctx, p, username)
	if err != nil {
		return err
	}
	right := response == cognitoidp.EventResponseTypePass
	return s.recordAuthEvent(ctx, &wire.Call{Time: s.clock.Now()}, p, u, authEvent{
		Type: cognitoidp.EventTypeSignIn, Response: response, From: source{Address: address, UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Firefox/126.0"},
		Challenges: []cognitoidp.ChallengeResponseType{answered(cognitoidp.ChallengeNamePassword, right)}, Detected: !right, Blocked: !right,
	})
}

// AuthEvents counts the events that are kept of a pool's users.
func AuthEvents(ctx context.Context, s *Service, poolID string) (n int, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		n, err = authEvents.Count(tx, poolID)
		return err
	})
	return n, err
}

// FeedbackToken is the token of a notification about an event.
func FeedbackToken(ctx context.Context, s *Service, poolID, username, eventID string) (string, error) {
	p, err := s.pool(ctx, poolID)
	if err != nil {
		return "", err
	}
	u, err := s.find(ctx, p, username)
	if err != nil {
		return "", err
	}
	return s.feedbackToken(p, u, eventID, s.clock.Now()), nil
}
