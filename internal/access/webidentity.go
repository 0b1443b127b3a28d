package access

import (
	"context"
	"errors"
	"maps"
	"time"

	"pintail/internal/gen/model"
	"pintail/internal/gen/sts"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// WebIdentity is what a provider's token says of its bearer, verified.
type WebIdentity struct {
	Provider string   // as trust policies name it: "cognito-identity.amazonaws.com"
	Audience string   // for an identity pool, its id
	Subject  string   // for an identity pool, the identity's id
	AMR      []string // how the bearer was authenticated
	// Tags are the session tags that the provider gives, by their keys; Transitive are
	// the keys of those that go on into further roles.
	Tags           map[string]string
	Transitive     []string
	SourceIdentity string
	// Keys are the condition keys of the token, where they are not those that every
	// provider has under its name.
	Keys map[string][]string
}

// keys are the condition keys that the provider contributes, at the assumption
// and in the session's later requests (IAM user guide, "Available keys for AWS
// web identity federation").
func (w WebIdentity) keys() map[string][]string {
	if w.Keys != nil {
		held := maps.Clone(w.Keys)
		held["aws:FederatedProvider"] = []string{w.Provider}
		return held
	}
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
}

// AssumeWithWebIdentity grants a role session when the role's trust policy
// allows the web identity to assume it. It returns ErrNotTrusted or ErrTooLong.
func (s *Service) AssumeWithWebIdentity(ctx context.Context, c *wire.Call, who WebIdentity, a Assumption) (Assumed, error) {
	call, err := newWebCall(c, who)
	if err != nil {
		return Assumed{}, err
	}
	call.keys["sts:RoleSessionName"] = []string{a.SessionName}
	r, err := s.trusting(ctx, call, a.RoleARN)
	if errors.Is(err, wire.AccessDenied.New("")) || errors.Is(err, wire.ValidationError.New("")) {
		if e, ok := errors.AsType[*model.Error](err); ok && e.Reason != "" {
			c.Note("reason", e.Reason)
		}
		return Assumed{}, ErrNotTrusted
	}
	if err != nil {
		return Assumed{}, err
	}
	granted, err := s.grant(call, r, a.SessionName, a.Lifetime, a.Policies)
	if errors.Is(err, wire.ValidationError.New("")) {
		return Assumed{}, ErrTooLong
	}
	return granted, err
}

// newWebCall is a request for a role's session by somebody without credentials, who shows
// what a provider says.
func newWebCall(c *wire.Call, who WebIdentity) (*assumeCall, error) {
	c.Bearer = &wire.Bearer{Provider: who.Provider, Audience: who.Audience, Subject: who.Subject}
	a := &assumeCall{
		Call: c, action: assumeWithWebIdentity, who: policy.Principal{Type: policy.WebIdentity, Federated: who.Provider}, keys: who.keys(),
		sourceIdentity: who.SourceIdentity, setsIdentity: who.SourceIdentity != "",
	}
	var tags []sts.Tag
	for key, value := range who.Tags {
		tags = append(tags, sts.Tag{Key: key, Value: value})
	}
	var err error
	a.tags, err = a.sessionTags(tags, who.Transitive)
	return a, err
}

const assumeWithWebIdentity = "sts:AssumeRoleWithWebIdentity"

// assumeRoleWithWebIdentity implements AssumeRoleWithWebIdentity: the caller
// has no credentials, and only the role's trust policy decides.
func (s *Service) assumeRoleWithWebIdentity(ctx context.Context, c *wire.Call, in *sts.AssumeRoleWithWebIdentityRequest) (*sts.AssumeRoleWithWebIdentityResponse, error) {
	who, err := s.readToken(ctx, in.WebIdentityToken, in.ProviderId)
	if err != nil {
		return nil, err
	}
	a, err := newWebCall(c, who)
	if err != nil {
		return nil, err
	}
	a.keys["sts:RoleSessionName"] = []string{in.RoleSessionName}
	narrowed, err := s.narrow(ctx, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	r, err := s.trusting(ctx, a, in.RoleArn)
	if err != nil {
		return nil, err
	}
	granted, err := s.grant(a, r, in.RoleSessionName, lifetime(in.DurationSeconds, defaultSession*time.Second), narrowed.policies)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleWithWebIdentityResponse{
		Credentials: granted.show(), AssumedRoleUser: granted.user(), PackedPolicySize: narrowed.packed(), SourceIdentity: a.sourceIdentity,
		SubjectFromWebIdentityToken: who.Subject, Provider: who.Provider, Audience: who.Audience,
	}, nil
}

// readToken asks the providers of this server in turn, and then those outside.
func (s *Service) readToken(ctx context.Context, token, providerID string) (WebIdentity, error) {
	for _, reader := range s.webIdentity {
		if providerID != "" {
			break
		}
		who, err := reader.ReadToken(ctx, token)
		switch {
		case errors.Is(err, ErrForeignToken):
			continue
		case errors.Is(err, ErrTokenExpired):
			return who, sts.ExpiredTokenException.New("The web identity token that was passed is expired.")
		case err != nil:
			return who, sts.InvalidIdentityTokenException.New("The web identity token that was passed could not be validated.").WithReason(err.Error())
		}
		return who, nil
	}
	return s.readOutside(ctx, token, providerID)
}

// CognitoIdentity is how trust policies and condition keys name identity pools.
const CognitoIdentity = "cognito-identity.amazonaws.com"
