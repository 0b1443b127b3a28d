package access

import (
	"context"
	"time"

	"pintail/internal/gen/sts"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// maxChained is how long a session lasts that another role's session asked for (IAM user
// guide, "Role chaining").
const maxChained = time.Hour

// assumeCall is a request for a role's session, by whoever may be asking.
type assumeCall struct {
	*wire.Call
	action   string
	who      policy.Principal
	policies policy.Policies     // that apply to the caller
	keys     map[string][]string // condition keys beside those of every request
	tags     sessionTags
	// sourceIdentity is what the caller wants remembered of itself, or what is remembered
	// already.
	sourceIdentity string
	setsIdentity   bool
}

// assumeRole implements AssumeRole. The role's trust policy decides; where it names the
// account and not the caller, the caller's own policies have to allow it too.
func (s *Service) assumeRole(ctx context.Context, c *wire.Call, in *sts.AssumeRoleRequest) (*sts.AssumeRoleResponse, error) {
	if err := checkSession(c.Caller, c.Op.Action); err != nil {
		return nil, err
	}
	if in.SerialNumber != "" || in.TokenCode != "" {
		return nil, errNoMFA()
	}
	all, err := s.policiesOf(ctx, c.Caller)
	if err != nil {
		return nil, err
	}
	a := &assumeCall{Call: c, action: c.Op.Action, who: c.Caller.Principal, policies: all, keys: map[string][]string{"sts:RoleSessionName": {in.RoleSessionName}}}
	if in.ExternalId != "" {
		a.keys["sts:ExternalId"] = []string{in.ExternalId}
	}
	if err := a.identifySource(in.SourceIdentity); err != nil {
		return nil, err
	}
	if a.tags, err = a.sessionTags(in.Tags, in.TransitiveTagKeys); err != nil {
		return nil, err
	}
	narrowed, err := s.narrow(ctx, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	r, err := s.trusting(ctx, a, in.RoleArn)
	if err != nil {
		return nil, err
	}
	lasts := lifetime(in.DurationSeconds, defaultSession*time.Second)
	if a.who.Type == policy.AssumedRole && lasts > maxChained {
		return nil, wire.ValidationError.New("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	granted, err := s.grant(a, r, in.RoleSessionName, lasts, narrowed.policies)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleResponse{
		Credentials: granted.show(), AssumedRoleUser: granted.user(), PackedPolicySize: narrowed.packed(), SourceIdentity: a.sourceIdentity,
	}, nil
}

// identifySource takes over the caller's source identity, which nobody can change once it
// is set.
func (c *assumeCall) identifySource(wanted string) error {
	held := c.Caller.Keys["aws:SourceIdentity"]
	if len(held) > 0 {
		c.sourceIdentity = held[0]
	}
	if wanted == "" {
		return nil
	}
	if c.sourceIdentity != "" && c.sourceIdentity != wanted {
		return wire.AccessDenied.New("The source identity of a session cannot be changed.")
	}
	c.sourceIdentity, c.setsIdentity = wanted, true
	return nil
}

// trusting returns the role of an ARN, if it trusts the caller with all that is asked
// for. A role that does not exist is refused like one that does not trust.
func (s *Service) trusting(ctx context.Context, a *assumeCall, arn string) (*role, error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, wire.ValidationError.Newf("%s is invalid", arn)
	}
	r, err := s.findRole(ctx, lastSegment(arn))
	if err != nil {
		return nil, err
	}
	var trust []policy.Named
	if r != nil && r.ARN == arn {
		trust = []policy.Named{{Name: r.Name, Document: r.trust}}
	}
	for _, action := range a.actions() {
		decision := policy.Evaluate(a.trusted(trust), a.request(r, action, arn))
		if !decision.Allowed {
			return nil, wire.AccessDenied.New(decision.Message()).WithReason(decision.Explain())
		}
	}
	return r, nil
}

// actions are what the role has to allow: more than the assumption, if the session is to
// have tags or a source identity.
func (c *assumeCall) actions() []string {
	actions := []string{c.action}
	if len(c.tags.given) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if c.setsIdentity {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

// trusted are the caller's policies beside the trust policy of a role.
func (c *assumeCall) trusted(trust []policy.Named) policy.Policies {
	all := c.policies
	all.Resource, all.Trust = trust, true
	return all
}

// request is the question that is put to the policies.
func (c *assumeCall) request(r *role, action, arn string) policy.Request {
	keys := wire.RequestKeys(c.Call)
	for name, values := range c.keys {
		keys.Set(name, values...)
	}
	if c.sourceIdentity != "" {
		keys.Set("sts:SourceIdentity", c.sourceIdentity)
	}
	c.tags.request(&keys)
	if r != nil {
		resourceTags(&keys, r.Tags)
	}
	keys.SetPrincipal(c.who)
	return policy.Request{Principal: c.who, Action: action, Resource: arn, Context: keys}
}

// grant makes the session of a role that trusts the caller.
func (s *Service) grant(a *assumeCall, r *role, name string, lasts time.Duration, policies []string) (Assumed, error) {
	if lasts > time.Duration(r.MaxSession)*time.Second {
		return Assumed{}, wire.ValidationError.New("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	se := session{RoleARN: r.ARN, ID: r.ID, Name: name, Keys: map[string][]string{}, Policies: policies, Transitive: a.tags.transitive}
	for key, values := range a.keys {
		if staysWithSession(key) {
			se.Keys[key] = values
		}
	}
	a.tags.hold(se.Keys)
	if a.sourceIdentity != "" {
		se.Keys["aws:SourceIdentity"] = []string{a.sourceIdentity}
	}
	granted, err := s.issue(se, a.Time, lasts)
	if err != nil {
		return Assumed{}, err
	}
	p := s.rolePrincipal(&se, r.Name)
	return Assumed{Credentials: granted, RoleID: p.ID, ARN: p.ARN}, nil
}

// staysWithSession tells whether a condition key of an assumption is one of the session's
// later requests too: those of the provider are, those of STS are not.
func staysWithSession(key string) bool {
	return len(key) < 4 || key[:4] != "sts:"
}

// user is how STS shows whose a session is.
func (a Assumed) user() *sts.AssumedRoleUser {
	return &sts.AssumedRoleUser{AssumedRoleId: a.RoleID, Arn: a.ARN}
}
