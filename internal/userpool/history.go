package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// What users do goes into their history, in pools with threat protection. That it
// cannot be written is for the log: it keeps nobody out.

// noteEvent is recordAuthEvent for a flow that does not fail with it: what went wrong
// is for the log.
func (s *Service) noteEvent(ctx context.Context, c *wire.Call, p *pool, u *user, e authEvent) {
	if u == nil || !p.protected() {
		return
	}
	if err := s.recordAuthEvent(ctx, c, p, u, e); err != nil {
		c.Note("history", err.Error())
	}
}

// remember is noteEvent for what becomes of a sign-in.
func (a *attempt) remember(ctx context.Context, u *user, e authEvent) {
	e.Type, e.From, e.ClientID = cognitoidp.EventTypeSignIn, a.from, a.client.ClientId
	a.noteEvent(ctx, a.call, a.pool, u, e)
}

// failed notes that a factor was not shown.
func (a *attempt) failed(ctx context.Context, u *user) {
	a.remember(ctx, u, authEvent{
		Response: cognitoidp.EventResponseTypeFail, Challenges: []cognitoidp.ChallengeResponseType{answered(a.factor(), false)},
	})
}

// passed notes that the user is in.
func (a *attempt) passed(ctx context.Context, u *user) {
	shown := []cognitoidp.ChallengeResponseType{answered(cognitoidp.ChallengeNamePassword, true)}
	if a.factor() == cognitoidp.ChallengeNameMfa {
		shown = append(shown, answered(cognitoidp.ChallengeNameMfa, true))
	}
	a.remember(ctx, u, authEvent{Response: cognitoidp.EventResponseTypePass, Challenges: shown, Detected: a.leaked})
}

// factor is what the request shows: the first factor, which the history calls a
// password whatever it is, or a second one.
func (a *attempt) factor() cognitoidp.ChallengeName {
	switch a.now.Challenge {
	case cognitoidp.ChallengeNameTypeSmsMfa, cognitoidp.ChallengeNameTypeSoftwareTokenMfa, cognitoidp.ChallengeNameTypeEmailOtp:
		if a.now.First != "" {
			return cognitoidp.ChallengeNameMfa
		}
	}
	return cognitoidp.ChallengeNamePassword
}

// checkSource refuses a sign-in from an address that the pool's owner has blocked.
func (a *attempt) checkSource(ctx context.Context, u *user) error {
	risk, err := a.riskOfSource(ctx, a.pool, a.client.ClientId, a.from.Address)
	if err != nil || risk != sourceBlocked {
		return err
	}
	a.remember(ctx, u, authEvent{Response: cognitoidp.EventResponseTypeFail, Blocked: true})
	return errBlockedSource()
}
