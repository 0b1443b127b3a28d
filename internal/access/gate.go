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
	verified, err := s.verifier.Verify(r, body, signingName, func(accessKeyID, token string) (string, error) {
		if strings.HasPrefix(accessKeyID, string(ids.TemporaryAccessKey)) {
			se, err := s.openSession(accessKeyID, token)
			if err != nil {
				return "", err
			}
			caller = s.caller(se)
			return se.Secret, nil
		}
		if token != "" {
			return "", sigv4.ErrBadToken
		}
		k, err := s.findKey(ctx, accessKeyID)
		if err != nil {
			return "", err
		}
		caller = s.root(k.ID)
		return k.secret, nil
	})
	if err != nil {
		return nil, nil, err
	}
	return caller, verified, nil
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

// Authorize implements wire.Gate. The policies are the role's as they are now,
// narrowed by those that the session carries.
func (s *Service) Authorize(ctx context.Context, caller *wire.Caller, action, resource string, keys policy.Context) (policy.Decision, error) {
	request := policy.Request{Principal: caller.Principal, Action: action, Resource: resource, Context: keys}
	var all policy.Policies
	if caller.Type == policy.AssumedRole {
		r, err := s.findRole(ctx, lastSegment(caller.RoleARN))
		if err != nil {
			return policy.Decision{}, err
		}
		roleID, _, _ := strings.Cut(caller.ID, ":")
		if r != nil && r.ID == roleID {
			all.Identity = r.identity
		}
		if all.Session, err = s.sessionPolicies(caller.Session.Policies); err != nil {
			return policy.Decision{}, err
		}
	}
	return policy.Evaluate(all, request), nil
}

// lastSegment returns what follows the last slash: a role's name from its ARN.
func lastSegment(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
