package access

import (
	"context"
	"errors"
	"time"

	"pintail/internal/policy"
	"pintail/internal/wire"
)

// WebIdentity is what a provider's token says of its bearer, verified.
type WebIdentity struct {
	Provider string   // as trust policies name it: "cognito-identity.amazonaws.com"
	Audience string   // for an identity pool, its id
	Subject  string   // for an identity pool, the identity's id
	AMR      []string // how the bearer was authenticated
}

// keys are the condition keys that the provider contributes, at the assumption
// and in the session's later requests (IAM user guide, "Available keys for AWS
// web identity federation").
func (w WebIdentity) keys() map[string][]string {
	held := map[string][]string{
		"aws:FederatedProvider": {w.Provider},
		w.Provider + ":aud":     {w.Audience},
		w.Provider + ":sub":     {w.Subject},
	}
	if len(w.AMR) > 0 {
		held[w.Provider+":amr"] = w.AMR
	}
	return held
}

// TokenReader verifies the tokens of one kind of provider.
type TokenReader interface {
	// ReadToken returns whom a token speaks for. ErrForeignToken says that the
	// token is another provider's; ErrTokenExpired and any other error that it is
	// refused.
	ReadToken(ctx context.Context, token string) (WebIdentity, error)
}

// Errors of token readers and of AssumeWithWebIdentity.
var (
	ErrForeignToken = errors.New("access: token of another provider")
	ErrTokenExpired = errors.New("access: token expired")
	// ErrNotTrusted says that there is no such role, or that it does not trust
	// the caller: which of the two is not told.
	ErrNotTrusted = errors.New("access: not authorised to assume the role")
	// ErrTooLong says that a session is asked for longer than the role allows.
	ErrTooLong = errors.New("access: longer than the role's maximum session duration")
)

// AcceptTokens adds a provider whose tokens AssumeRoleWithWebIdentity takes.
func (s *Service) AcceptTokens(r TokenReader) { s.webIdentity = append(s.webIdentity, r) }

// Assumption asks for a role session on behalf of a web identity.
type Assumption struct {
	RoleARN     string
	SessionName string
	Lifetime    time.Duration
	Policies    []string // session policies
}

// Assumed is a granted role session.
type Assumed struct {
	Credentials
	RoleID string // AROA...:session
	ARN    string // of the session
	// Explanation tells the owner which statement of the trust policy decided.
	Explanation string
}

// AssumeWithWebIdentity grants a role session when the role's trust policy
// allows the web identity to assume it. It returns ErrNotTrusted or ErrTooLong.
func (s *Service) AssumeWithWebIdentity(ctx context.Context, c *wire.Call, who WebIdentity, a Assumption) (Assumed, error) {
	r, err := s.findRole(ctx, lastSegment(a.RoleARN))
	if err != nil {
		return Assumed{}, err
	}
	if r == nil || r.ARN != a.RoleARN {
		c.Note("reason", "no role "+a.RoleARN)
		return Assumed{}, ErrNotTrusted
	}
	decision := policy.Evaluate(policy.Policies{
		Resource: []policy.Named{{Name: r.Name, Document: r.trust}}, Trust: true,
	}, assumeRequest(c, who, r.ARN))
	if !decision.Allowed {
		c.Note("reason", decision.Explain())
		return Assumed{}, ErrNotTrusted
	}
	if a.Lifetime > time.Duration(r.MaxSession)*time.Second {
		return Assumed{}, ErrTooLong
	}
	se := session{
		RoleARN: r.ARN, RoleID: r.ID, Name: a.SessionName,
		Keys: who.keys(), Policies: a.Policies,
	}
	granted, err := s.issue(se, c.Time, a.Lifetime)
	if err != nil {
		return Assumed{}, err
	}
	p := s.principal(&se, r.Name)
	return Assumed{Credentials: granted, RoleID: p.ID, ARN: p.ARN, Explanation: decision.Explain()}, nil
}

func assumeRequest(c *wire.Call, who WebIdentity, roleARN string) policy.Request {
	anonymous := policy.Principal{Type: policy.WebIdentity, Federated: who.Provider}
	keys := wire.RequestKeys(c)
	for name, values := range who.keys() {
		keys.Set(name, values...)
	}
	keys.SetPrincipal(anonymous)
	return policy.Request{Principal: anonymous, Action: "sts:AssumeRoleWithWebIdentity", Resource: roleARN, Context: keys}
}

// CognitoIdentity is how trust policies and condition keys name identity pools.
const CognitoIdentity = "cognito-identity.amazonaws.com"
