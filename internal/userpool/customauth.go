package userpool

import (
	"context"
	"maps"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/trigger"
)

// The flow CUSTOM_AUTH is the pool owner's own: the DefineAuthChallenge trigger says
// what comes next, CreateAuthChallenge makes a challenge, VerifyAuthChallengeResponse
// judges the answer, until Define lets somebody in or turns them away (Cognito
// developer guide, "Custom authentication challenge Lambda triggers").

const (
	paramChallengeName = "CHALLENGE_NAME"
	challengeSRPA      = "SRP_A"
)

// maxCustomRounds bounds how often a sign-in goes round: its session grows.
const maxCustomRounds = 20

// customState is how far a custom sign-in has come.
type customState struct {
	Rounds   trigger.Session
	Private  map[string]string // for the trigger that judges the answer
	Metadata string            // of the challenge that is open
}

// startCustom is the flow CUSTOM_AUTH.
func (a *attempt) startCustom(ctx context.Context) (*answer, error) {
	config := a.pool.LambdaConfig
	if config.DefineAuthChallenge == "" || config.CreateAuthChallenge == "" || config.VerifyAuthChallengeResponse == "" {
		return nil, invalid("Custom auth lambda trigger is not configured for the user pool.")
	}
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	u, err := a.admitted(ctx, name)
	if err != nil {
		return nil, err
	}
	a.now.Custom = &customState{Rounds: trigger.Session{}}
	if a.params[paramChallengeName] == challengeSRPA {
		a.now.Custom.Rounds = append(a.now.Custom.Rounds, trigger.ChallengeResult{ChallengeName: challengeSRPA, ChallengeResult: true})
	}
	return a.define(ctx, u)
}

// define asks what comes next.
func (a *attempt) define(ctx context.Context, u *user) (*answer, error) {
	if len(a.now.Custom.Rounds) > maxCustomRounds {
		return nil, errIncorrect()
	}
	e := &trigger.DefineAuthChallengeEvent{Header: a.by().header(a.pool, trigger.DefineAuthChallengeAuthentication, a.nameFor(u))}
	e.Request = trigger.DefineAuthChallengeRequest{
		UserAttributes: attributesFor(u), Session: a.now.Custom.Rounds, ClientMetadata: a.answerMetadata(), UserNotFound: a.notFound(u),
	}
	if err := trigger.Call(ctx, a.triggers, trigger.DefineAuthChallenge, a.pool.LambdaConfig.DefineAuthChallenge, e); err != nil {
		return nil, err
	}
	next := cognitoidp.ChallengeNameType(e.Response.ChallengeName)
	switch {
	case bool(e.Response.FailAuthentication):
		a.failed(ctx, u)
		return nil, errIncorrect()
	case bool(e.Response.IssueTokens) && u == nil: // whatever the function thinks, there is nobody
		return nil, errIncorrect()
	case bool(e.Response.IssueTokens):
		a.now.First = cognitoidp.ChallengeNameTypeCustomChallenge
		return a.advance(ctx, u)
	case next == cognitoidp.ChallengeNameTypePasswordVerifier && a.params[paramSRPA] != "":
		return a.challengeSRP(ctx, a.now.Name)
	case next == cognitoidp.ChallengeNameTypeCustomChallenge:
		return a.create(ctx, u)
	}
	return nil, errLambdaOutput()
}

// create asks the pool for a challenge and passes it on.
func (a *attempt) create(ctx context.Context, u *user) (*answer, error) {
	e := &trigger.CreateAuthChallengeEvent{Header: a.by().header(a.pool, trigger.CreateAuthChallengeAuthentication, a.nameFor(u))}
	e.Request = trigger.CreateAuthChallengeRequest{
		UserAttributes: attributesFor(u), ChallengeName: string(cognitoidp.ChallengeNameTypeCustomChallenge),
		Session: a.now.Custom.Rounds, ClientMetadata: a.answerMetadata(), UserNotFound: a.notFound(u),
	}
	if err := trigger.Call(ctx, a.triggers, trigger.CreateAuthChallenge, a.pool.LambdaConfig.CreateAuthChallenge, e); err != nil {
		return nil, err
	}
	a.now.Custom.Private, a.now.Custom.Metadata = e.Response.PrivateChallengeParameters, string(e.Response.ChallengeMetadata)
	parameters := map[string]string{}
	maps.Copy(parameters, e.Response.PublicChallengeParameters)
	parameters[paramUsername] = a.decoyUsername(a.pool, a.now.Name)
	if u != nil {
		parameters[paramUsername] = u.Username
	}
	out, err := a.challenge(u, cognitoidp.ChallengeNameTypeCustomChallenge, parameters)
	if err == nil && len(out.Session) > maxSession {
		return nil, errLambdaOutput() // the client could not bring it back
	}
	return out, err
}

// answerCustom takes the answer to CUSTOM_CHALLENGE. That it was wrong is for Define
// to judge.
func (a *attempt) answerCustom(ctx context.Context) (*answer, error) {
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	given, err := a.param(paramAnswer)
	if err != nil {
		return nil, err
	}
	if a.now.Custom == nil {
		return nil, errSession("Invalid session for the user.")
	}
	if _, err := a.claimedDevice(ctx, u); err != nil { // see advance
		return nil, err
	}
	if err := a.used(); err != nil {
		return nil, err
	}
	e := &trigger.VerifyAuthChallengeResponseEvent{Header: a.by().header(a.pool, trigger.VerifyAuthChallengeResponseAuthentication, a.nameFor(u))}
	e.Request = trigger.VerifyAuthChallengeResponseRequest{
		UserAttributes: attributesFor(u), PrivateChallengeParameters: a.now.Custom.Private, ChallengeAnswer: given,
		ClientMetadata: a.answerMetadata(), UserNotFound: a.notFound(u),
	}
	if err := trigger.Call(ctx, a.triggers, trigger.VerifyAuthChallengeResponse, a.pool.LambdaConfig.VerifyAuthChallengeResponse, e); err != nil {
		return nil, err
	}
	a.round(cognitoidp.ChallengeNameTypeCustomChallenge, bool(e.Response.AnswerCorrect))
	return a.define(ctx, u)
}

// customAfterSRP goes on after the password that a custom sign-in asked for.
func (a *attempt) customAfterSRP(ctx context.Context, u *user) (*answer, error) {
	if err := a.used(); err != nil {
		return nil, err
	}
	a.round(cognitoidp.ChallengeNameTypePasswordVerifier, true)
	return a.define(ctx, u)
}

// round notes how a challenge ended. What follows belongs to no session that could be
// used again.
func (a *attempt) round(name cognitoidp.ChallengeNameType, right bool) {
	c := a.now.Custom
	c.Rounds = append(c.Rounds, trigger.ChallengeResult{
		ChallengeName: string(name), ChallengeResult: right, ChallengeMetadata: trigger.Text(c.Metadata),
	})
	c.Private, c.Metadata = nil, ""
}
