package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Parameters of the sign-in flows and of the answers to challenges.
const (
	paramUsername     = "USERNAME"
	paramPassword     = "PASSWORD"
	paramSecretHash   = "SECRET_HASH"
	paramSRPA         = "SRP_A"
	paramRefreshToken = "REFRESH_TOKEN"
	paramDeviceKey    = "DEVICE_KEY"
	paramAnswer       = "ANSWER"
)

// attempt is one request of somebody who wants to sign in.
type attempt struct {
	*Service
	call     *wire.Call
	pool     *pool
	client   *client
	params   map[string]string
	metadata map[string]string // ClientMetadata
	clear    string            // the password, in the flows that send it as it is
	from     source
	leaked   bool // the password is known from a breach
	// now is how far the sign-in has come. It has no ID in the first request.
	now session
	// ended tells that the session was used up by this request.
	ended bool
	who   *user // whom the request gave tokens
}

// answer is the answer to an attempt: tokens, or a challenge. The four operations
// of sign-in have it in common.
type answer = cognitoidp.InitiateAuthResponse

// challengeAnswer returns an answer as RespondToAuthChallenge gives it.
func challengeAnswer(a *answer) *cognitoidp.RespondToAuthChallengeResponse {
	return &cognitoidp.RespondToAuthChallengeResponse{
		ChallengeName: a.ChallengeName, Session: a.Session, ChallengeParameters: a.ChallengeParameters, AuthenticationResult: a.AuthenticationResult,
	}
}

// initiateAuth implements InitiateAuth.
func (s *Service) initiateAuth(ctx context.Context, c *wire.Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
	cl, p, err := s.client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	a := attempt{Service: s, call: c, pool: p, client: cl, params: in.AuthParameters, metadata: in.ClientMetadata, from: sourceOf(c, cl, in.UserContextData)}
	out, err := a.begin(ctx, in.AuthFlow, in.Session)
	a.reportOutcome(in.AnalyticsMetadata, out, err)
	return out, err
}

// adminInitiateAuth implements AdminInitiateAuth.
func (s *Service) adminInitiateAuth(ctx context.Context, c *wire.Call, in *cognitoidp.AdminInitiateAuthRequest) (*cognitoidp.AdminInitiateAuthResponse, error) {
	cl, p, err := s.clientOf(ctx, c, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	a := attempt{Service: s, call: c, pool: p, client: cl, params: in.AuthParameters, metadata: in.ClientMetadata, from: adminSourceOf(c, in.ContextData)}
	a.now.Admin = true
	out, err := a.begin(ctx, in.AuthFlow, in.Session)
	a.reportOutcome(in.AnalyticsMetadata, out, err)
	if err != nil {
		return nil, err
	}
	admin := cognitoidp.AdminInitiateAuthResponse(*out)
	return &admin, nil
}

// clientOf returns an app client of the pool that an administrator's call names.
func (s *Service) clientOf(ctx context.Context, c *wire.Call, poolID, clientID string) (*client, *pool, error) {
	p, err := s.poolOf(ctx, c, poolID)
	if err != nil {
		return nil, nil, err
	}
	cl, _, err := s.client(ctx, clientID)
	if err == nil && cl.UserPoolId != p.Id {
		err = errNoClient(clientID)
	}
	return cl, p, err
}

// begin takes the first request of a sign-in.
func (a *attempt) begin(ctx context.Context, flow cognitoidp.AuthFlowType, session string) (*answer, error) {
	a.call.Note("pool", a.pool.Id)
	a.call.Note("flow", flow)
	if err := a.client.allowsFlow(flow, a.now.Admin); err != nil {
		return nil, err
	}
	a.now.Flow = flow
	a.now.DeviceKey = a.params[paramDeviceKey]
	if len(a.now.DeviceKey) > maxDeviceKey { // which is nobody's, and would burden the session
		a.now.DeviceKey = a.now.DeviceKey[:maxDeviceKey]
	}
	switch flow {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		return a.startSRP(ctx)
	case cognitoidp.AuthFlowTypeRefreshTokenAuth, cognitoidp.AuthFlowTypeRefreshToken:
		return a.refresh(ctx)
	case cognitoidp.AuthFlowTypeCustomAuth:
		return a.startCustom(ctx)
	case cognitoidp.AuthFlowTypeUserAuth:
		return a.startChoice(ctx, session)
	}
	return a.signInWithPassword(ctx)
}

// respondToAuthChallenge implements RespondToAuthChallenge.
func (s *Service) respondToAuthChallenge(ctx context.Context, c *wire.Call, in *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	cl, p, err := s.client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	a := attempt{Service: s, call: c, pool: p, client: cl, params: in.ChallengeResponses, metadata: in.ClientMetadata, from: sourceOf(c, cl, in.UserContextData)}
	out, err := a.goOn(ctx, in.ChallengeName, in.Session)
	a.reportOutcome(in.AnalyticsMetadata, out, err)
	if err != nil {
		return nil, err
	}
	return challengeAnswer(out), nil
}

// adminRespondToAuthChallenge implements AdminRespondToAuthChallenge.
func (s *Service) adminRespondToAuthChallenge(ctx context.Context, c *wire.Call, in *cognitoidp.AdminRespondToAuthChallengeRequest) (*cognitoidp.AdminRespondToAuthChallengeResponse, error) {
	cl, p, err := s.clientOf(ctx, c, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	a := attempt{Service: s, call: c, pool: p, client: cl, params: in.ChallengeResponses, metadata: in.ClientMetadata, from: adminSourceOf(c, in.ContextData)}
	a.now.Admin = true
	out, err := a.goOn(ctx, in.ChallengeName, in.Session)
	a.reportOutcome(in.AnalyticsMetadata, out, err)
	if err != nil {
		return nil, err
	}
	admin := cognitoidp.AdminRespondToAuthChallengeResponse(*challengeAnswer(out))
	return &admin, nil
}

// answers are what takes the answer to each challenge. A challenge that is not here
// is never asked.
var answers = map[cognitoidp.ChallengeNameType]func(*attempt, context.Context) (*answer, error){
	cognitoidp.ChallengeNameTypeNewPasswordRequired:    (*attempt).answerNewPassword,
	cognitoidp.ChallengeNameTypeSmsMfa:                 (*attempt).answerMessageMFA,
	cognitoidp.ChallengeNameTypeEmailOtp:               (*attempt).answerEmailOTP,
	cognitoidp.ChallengeNameTypeSmsOtp:                 (*attempt).answerOTP,
	cognitoidp.ChallengeNameTypeSoftwareTokenMfa:       (*attempt).answerSoftwareToken,
	cognitoidp.ChallengeNameTypeSelectMfaType:          (*attempt).answerSelectMFA,
	cognitoidp.ChallengeNameTypeMfaSetup:               (*attempt).answerMFASetup,
	cognitoidp.ChallengeNameTypeSelectChallenge:        (*attempt).answerSelect,
	cognitoidp.ChallengeNameTypePassword:               (*attempt).answerPassword,
	cognitoidp.ChallengeNameTypePasswordSrp:            (*attempt).answerPasswordSRP,
	cognitoidp.ChallengeNameTypeWebAuthn:               (*attempt).answerWebAuthn,
	cognitoidp.ChallengeNameTypeCustomChallenge:        (*attempt).answerCustom,
	cognitoidp.ChallengeNameTypeDeviceSrpAuth:          (*attempt).answerDeviceSRP,
	cognitoidp.ChallengeNameTypeDevicePasswordVerifier: (*attempt).answerDevicePassword,
}

// goOn takes the answer to a challenge. PASSWORD_VERIFIER is the one that needs no
// session, because its SECRET_BLOCK holds all.
func (a *attempt) goOn(ctx context.Context, challenge cognitoidp.ChallengeNameType, session string) (*answer, error) {
	a.call.Note("pool", a.pool.Id)
	a.call.Note("challenge", challenge)
	if challenge == cognitoidp.ChallengeNameTypePasswordVerifier {
		return a.answerSRP(ctx)
	}
	take := answers[challenge]
	if take == nil {
		return nil, invalid("Challenge %s is not expected here.", challenge)
	}
	if session == "" {
		return nil, invalid("Missing required parameter Session")
	}
	now, err := a.openSession(a.call, session, challenge)
	if err != nil {
		return nil, err
	}
	if now.Client != a.client.ClientId || now.Admin != a.now.Admin {
		return nil, errSession("Invalid session for the user.")
	}
	a.now = *now
	return take(a, ctx)
}

// param returns a parameter that must be given.
func (a *attempt) param(name string) (string, error) {
	value := a.params[name]
	if value == "" {
		return "", invalid("Missing required parameter %s", name)
	}
	return value, nil
}

// username returns the name that the attempt is about, once the client has shown
// that it knows its secret.
func (a *attempt) username() (string, error) {
	name, err := a.param(paramUsername)
	if err != nil {
		return "", err
	}
	return name, a.client.checkSecretHash(a.params[paramSecretHash], name)
}

// challenged returns the user whom the session's challenge asks, nil for one that
// does not exist. The answer must name the same user.
func (a *attempt) challenged(ctx context.Context) (u *user, err error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	err = a.db.View(ctx, func(tx store.Tx) error {
		u, err = a.sessionUserNamed(tx, name)
		return err
	})
	return u, err
}

// sessionUserNamed is challenged within a transaction.
func (a *attempt) sessionUserNamed(tx store.Tx, name string) (*user, error) {
	if a.now.Sub == nobody {
		return nil, a.namesNobody(name)
	}
	u, err := a.sessionUser(tx, &a.now)
	if err != nil || name == a.now.Name || name == u.Username || name == u.Sub {
		return u, err
	}
	named, err := a.pool.resolve(tx, name)
	if errors.Is(err, store.ErrNotFound) || err == nil && named.Sub != u.Sub {
		return nil, errSession("Invalid session for the user.")
	}
	return u, err
}

// namesNobody refuses an answer about a user who does not exist as sessionUserNamed
// refuses one about another user: it must come under the name that was typed, or under
// the one that the challenge showed.
func (a *attempt) namesNobody(name string) error {
	if name = a.pool.fold(name); name == a.pool.fold(a.now.Name) || name == a.now.User {
		return nil
	}
	return errSession("Invalid session for the user.")
}

// challenge asks the user for something. The session takes the sign-in's state to
// the answer.
func (a *attempt) challenge(u *user, name cognitoidp.ChallengeNameType, parameters map[string]string) (*answer, error) {
	next := a.now
	next.Pool, next.Client, next.Challenge = a.pool.Id, a.client.ClientId, name
	next.about(a.Service, a.pool, u)
	session, err := a.sealSession(next, a.client, a.call.Time)
	if err != nil {
		return nil, err
	}
	if parameters == nil {
		parameters = map[string]string{}
	}
	return &answer{ChallengeName: name, Session: session, ChallengeParameters: parameters}, nil
}

// used ends the session whose challenge was answered rightly: nobody comes in by it
// again.
func (a *attempt) used() error {
	if a.now.ID == "" || a.ended {
		return nil
	}
	a.ended = true
	if !a.spend(a.now.ID, a.call.Time) {
		return errSessionSpent()
	}
	return nil
}
