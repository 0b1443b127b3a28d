package userpool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// Parameters of the sign-in flows.
const (
	paramUsername     = "USERNAME"
	paramPassword     = "PASSWORD"
	paramSecretHash   = "SECRET_HASH"
	paramSRPA         = "SRP_A"
	paramRefreshToken = "REFRESH_TOKEN"
)

// initiateAuth implements InitiateAuth.
func (s *Service) initiateAuth(ctx context.Context, c *wire.Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
	cl, p, err := s.client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	c.Note("pool", p.Id)
	c.Note("flow", in.AuthFlow)
	if err := cl.allowsFlow(in.AuthFlow); err != nil {
		return nil, err
	}
	a := attempt{Service: s, call: c, pool: p, client: cl, params: in.AuthParameters}
	switch in.AuthFlow {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		return a.startSRP(ctx)
	case cognitoidp.AuthFlowTypeUserPasswordAuth:
		return a.signInWithPassword(ctx)
	case cognitoidp.AuthFlowTypeRefreshTokenAuth, cognitoidp.AuthFlowTypeRefreshToken:
		return a.refresh(ctx)
	case cognitoidp.AuthFlowTypeCustomAuth:
		if p.LambdaConfig.DefineAuthChallenge == "" {
			return nil, invalid("Custom auth lambda trigger is not configured for the user pool.")
		}
	}
	return nil, cognitoidp.UnsupportedOperationException.Newf("The flow %s is not supported by this server yet.", in.AuthFlow)
}

// respondToAuthChallenge implements RespondToAuthChallenge.
func (s *Service) respondToAuthChallenge(ctx context.Context, c *wire.Call, in *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	cl, p, err := s.client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	c.Note("pool", p.Id)
	c.Note("challenge", in.ChallengeName)
	if in.ChallengeName != cognitoidp.ChallengeNameTypePasswordVerifier {
		return nil, invalid("The challenge %s is not supported by this server yet.", in.ChallengeName)
	}
	a := attempt{Service: s, call: c, pool: p, client: cl, params: in.ChallengeResponses}
	return a.answerSRP(ctx)
}

// attempt is one request of somebody who wants to sign in.
type attempt struct {
	*Service
	call   *wire.Call
	pool   *pool
	client *client
	params map[string]string
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

// defaultFlows are those of a client that names none (Cognito API reference,
// CreateUserPoolClient).
var defaultFlows = []cognitoidp.ExplicitAuthFlowsType{
	cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
	cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth,
	cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth,
}

// allowsFlow refuses a flow that the client's settings do not list.
func (cl *client) allowsFlow(flow cognitoidp.AuthFlowType) error {
	flows := cl.ExplicitAuthFlows
	if len(flows) == 0 {
		flows = defaultFlows
	}
	has := func(names ...cognitoidp.ExplicitAuthFlowsType) bool {
		return slices.ContainsFunc(names, func(n cognitoidp.ExplicitAuthFlowsType) bool { return slices.Contains(flows, n) })
	}
	legacy := slices.ContainsFunc(flows, isLegacyFlow)
	switch flow {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		if legacy && !has(cognitoidp.ExplicitAuthFlowsTypeCustomAuthFlowOnly) || has(cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth) {
			return nil
		}
		return invalid("USER_SRP_AUTH is not enabled for the client.")
	case cognitoidp.AuthFlowTypeCustomAuth:
		if has(cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth, cognitoidp.ExplicitAuthFlowsTypeCustomAuthFlowOnly) {
			return nil
		}
		return invalid("CUSTOM_AUTH is not enabled for the client.")
	case cognitoidp.AuthFlowTypeUserPasswordAuth:
		if has(cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth, cognitoidp.ExplicitAuthFlowsTypeUserPasswordAuth) {
			return nil
		}
	case cognitoidp.AuthFlowTypeUserAuth:
		if has(cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth) {
			return nil
		}
	case cognitoidp.AuthFlowTypeRefreshTokenAuth, cognitoidp.AuthFlowTypeRefreshToken:
		if (legacy || has(cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth)) && !rotates(cl.RefreshTokenRotation) {
			return nil
		}
	default: // the administrator's flows have an operation of their own
		return invalid("Initiate Auth method not supported.")
	}
	return invalid("%s flow not enabled for this client", flow)
}
