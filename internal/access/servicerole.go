package access

import (
	"context"
	"errors"
	"fmt"

	"pintail/internal/gen/model"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// A service of this server acts in the account by a role that trusts it, like a service of
// AWS (IAM user guide, "IAM roles", "Service role").

// ServiceCall says which service wants to act, by which role and on whose behalf.
type ServiceCall struct {
	Service    string // as trust policies name it, such as cognito-idp.amazonaws.com
	RoleARN    string
	ExternalID string // "" for none
	SourceARN  string // the resource on whose behalf the service acts
	Region     string // of that resource
	Session    string // name of the session
}

// ErrForbidden says that a service's role does not allow what the service wants to do.
var ErrForbidden = errors.New("access: the role does not allow it")

// MayPass refuses a caller who may not hand a role to user pools.
func (s *Service) MayPass(ctx context.Context, c *wire.Call, roleARN string) error {
	return s.MayPassTo(ctx, c, userPools, roleARN)
}

// MayPassTo refuses a caller who may not hand a role to a service (IAM user guide,
// "Granting a user permissions to pass a role to an AWS service").
func (s *Service) MayPassTo(ctx context.Context, c *wire.Call, service, roleARN string) error {
	return s.allowed(ctx, c, "iam:PassRole", roleARN, map[string]string{"iam:PassedToService": service})
}

// Trusts returns an error that is [ErrNotTrusted], and says why, unless the role exists
// and lets the service assume it.
func (s *Service) Trusts(ctx context.Context, by ServiceCall) error {
	_, err := s.assumeByService(ctx, by)
	return err
}

// Permits tells whether the service may do something by the role now. The error is
// [ErrNotTrusted] or [ErrForbidden], and says why.
func (s *Service) Permits(ctx context.Context, by ServiceCall, action, resource string) error {
	r, err := s.assumeByService(ctx, by)
	if err != nil {
		return err
	}
	se := session{RoleARN: r.ARN, ID: r.ID, Name: by.Session}
	c := s.serviceCall(by)
	c.Caller = &wire.Caller{Principal: s.rolePrincipal(&se, r.Name), Keys: tagKeys(r.Tags)}
	decision, err := s.Authorize(ctx, c.Caller, action, resource, wire.RequestKeys(c))
	if err == nil && !decision.Allowed {
		err = fmt.Errorf("%w: %s", ErrForbidden, decision.Explain())
	}
	return err
}

func (s *Service) serviceCall(by ServiceCall) *wire.Call {
	return &wire.Call{Time: s.clock.Now(), Region: by.Region, Account: s.account.String(), Secure: true}
}

// assumeByService returns the role, if it trusts the service. The role need not tell
// callers apart by anything but what AWS lets it: the external id, and on whose behalf the
// service acts.
func (s *Service) assumeByService(ctx context.Context, by ServiceCall) (*role, error) {
	a := &assumeCall{
		Call: s.serviceCall(by), action: "sts:AssumeRole", who: policy.Principal{Type: policy.Service, Service: by.Service},
		keys: map[string][]string{
			"aws:SourceArn": {by.SourceARN}, "aws:SourceAccount": {s.account.String()}, "sts:RoleSessionName": {by.Session},
		},
	}
	if by.ExternalID != "" {
		a.keys["sts:ExternalId"] = []string{by.ExternalID}
	}
	r, err := s.trusting(ctx, a, by.RoleARN)
	if refusal, ok := errors.AsType[*model.Error](err); ok {
		reason := refusal.Reason
		if reason == "" {
			reason = refusal.Message
		}
		return nil, fmt.Errorf("%w: %s", ErrNotTrusted, reason)
	}
	return r, err
}
