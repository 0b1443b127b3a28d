package access

import (
	"context"
	"net/http"
	"strings"

	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
	"pintail/internal/wire"
)

// Authenticate implements wire.Gate.
func (s *Service) Authenticate(ctx context.Context, r *http.Request, body []byte, signingName string) (*wire.Caller, *sigv4.Verified, error) {
	if caller, verified := s.trusted(ctx, r); caller != nil {
		return caller, verified, nil
	}
	var caller *wire.Caller
	var key *accessKey // a long-term one
	verified, err := s.verifier.Verify(r, body, signingName, func(accessKeyID, token string) (secret string, err error) {
		if strings.HasPrefix(accessKeyID, string(ids.TemporaryAccessKey)) {
			se, err := s.openSession(accessKeyID, token)
			if err != nil {
				return "", err
			}
			if caller, err = s.caller(ctx, se); err != nil {
				return "", err
			}
			return se.Secret, nil
		}
		if token != "" {
			return "", sigv4.ErrBadToken
		}
		if key, err = s.findKey(ctx, accessKeyID); err != nil {
			return "", err
		}
		if caller, err = s.holder(ctx, key); err != nil {
			return "", err
		}
		return key.secret, nil
	})
	if err != nil {
		return nil, nil, err
	}
	if key != nil {
		if err := s.keyUsed(ctx, key, verified); err != nil {
			return nil, nil, err
		}
	}
	return caller, verified, nil
}

// holder is who signs with a long-term key.
func (s *Service) holder(ctx context.Context, k *accessKey) (*wire.Caller, error) {
	if k.Owner == rootOwner {
		return s.root(k.ID), nil
	}
	st, err := s.userStanding(ctx, k.Owner)
	if err == nil && st == nil { // the user was deleted a moment ago
		err = sigv4.ErrUnknownKey
	}
	if err != nil {
		return nil, err
	}
	return &wire.Caller{Principal: s.userPrincipal(&st.identity), AccessKeyID: k.ID, Keys: tagKeys(st.identity.Tags)}, nil
}

// userPrincipal is an IAM user as policies see it.
func (s *Service) userPrincipal(i *identity) policy.Principal {
	return policy.Principal{Type: policy.User, ARN: i.ARN, Account: s.account.String(), ID: i.ID}
}

// trusted is developer mode's shortcut: whoever signs with a key pair that the
// server does not know is the root user, whatever the signature says. Keys
// that it knows, and all sessions, are checked as always.
func (s *Service) trusted(ctx context.Context, r *http.Request) (*wire.Caller, *sigv4.Verified) {
	if !s.dev {
		return nil, nil
	}
	scope, signed := sigv4.ScopeOf(r)
	if !signed || strings.HasPrefix(scope.AccessKeyID, string(ids.TemporaryAccessKey)) {
		return nil, nil
	}
	if _, err := s.findKey(ctx, scope.AccessKeyID); err == nil {
		return nil, nil
	}
	region, _ := sigv4.CutRegion(scope.Region)
	return s.root(scope.AccessKeyID), &sigv4.Verified{
		AccessKeyID: scope.AccessKeyID, Region: region, Service: scope.Service, Host: r.Host, SignedAt: s.clock.Now(),
	}
}

func (s *Service) root(accessKeyID string) *wire.Caller {
	account := s.account.String()
	return &wire.Caller{
		Principal:   policy.Principal{Type: policy.Root, ARN: s.arn("root"), Account: account, ID: account},
		AccessKeyID: accessKeyID,
	}
}

// Authorize implements wire.Gate. The policies are the identity's as they are now,
// narrowed by its boundary and by those that the session carries.
func (s *Service) Authorize(ctx context.Context, caller *wire.Caller, action, resource string, keys policy.Context) (policy.Decision, error) {
	request := policy.Request{Principal: caller.Principal, Action: action, Resource: resource, Context: keys}
	if err := checkSession(caller, action); err != nil {
		return policy.Decision{}, err
	}
	all, err := s.policiesOf(ctx, caller)
	if err != nil {
		return policy.Decision{}, err
	}
	return policy.Evaluate(all, request), nil
}

// policiesOf collects what applies to a caller.
func (s *Service) policiesOf(ctx context.Context, caller *wire.Caller) (all policy.Policies, err error) {
	var st *standing
	switch caller.Type {
	case policy.User:
		st, err = s.userStanding(ctx, caller.ID)
	case policy.AssumedRole:
		st, err = s.roleStanding(ctx, caller)
	case policy.FederatedUser:
		st, err = s.ownerStanding(ctx, caller.Session.Owner)
	}
	if err != nil {
		return all, err
	}
	if st != nil {
		all.Identity, all.Boundary = st.policies, st.boundary
	}
	if caller.Session != nil {
		all.Session, err = s.sessionPolicies(caller.Session.Policies)
	}
	return all, err
}

// roleStanding returns the standing of a session's role, nil if the role is gone or
// another one has its name.
func (s *Service) roleStanding(ctx context.Context, caller *wire.Caller) (*standing, error) {
	r, err := s.findRole(ctx, lastSegment(caller.RoleARN))
	if err != nil || r == nil {
		return nil, err
	}
	if id, _, _ := strings.Cut(caller.ID, ":"); id != r.ID {
		return nil, nil
	}
	return r.standing, nil
}

// lastSegment returns what follows the last slash: a role's name from its ARN.
func lastSegment(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
