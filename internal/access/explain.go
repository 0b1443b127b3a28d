package access

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// Question asks what the gate would decide, and why.
type Question struct {
	// Principal is the ARN of the root user, of a user, role or role session, or the name
	// of a provider whose identities assume roles, such as cognito-identity.amazonaws.com,
	// or of a service that does, such as cognito-idp.amazonaws.com.
	Principal string
	Action    string
	Resource  string
	// Context are condition keys beside those of every request.
	Context map[string][]string
	// Guest narrows the session of a role as the enhanced flow narrows those of guests.
	Guest bool
}

// QuestionError tells the owner, in a whole sentence, what is wrong with a question.
type QuestionError struct{ Text string }

func (e *QuestionError) Error() string { return e.Text }

func badQuestion(format string, args ...any) error {
	return &QuestionError{fmt.Sprintf(format, args...)}
}

// Explain decides a question as the gate would decide a request of now. An action that
// assumes a role is judged by the role's trust policy too. Its errors are
// [*QuestionError], or those of the store.
func (s *Service) Explain(ctx context.Context, region string, q Question) (policy.Decision, error) {
	request := policy.Request{Action: q.Action, Resource: q.Resource}
	if !strings.Contains(q.Action, ":") {
		return policy.Decision{}, badQuestion("An action has the form service:Operation, such as mobiletargeting:PutEvents; %q has not.", q.Action)
	}
	all, tags, err := s.asked(ctx, q, &request.Principal)
	if err != nil {
		return policy.Decision{}, err
	}
	if assumes(q.Action) {
		if err := s.askTrust(ctx, q.Resource, &all); err != nil {
			return policy.Decision{}, err
		}
	}
	call := &wire.Call{Time: s.clock.Now(), Region: region, Account: s.account.String(), Secure: true}
	request.Context = wire.RequestKeys(call)
	for _, held := range []map[string][]string{tagKeys(tags), q.Context} {
		for name, values := range held {
			request.Context.Set(name, values...)
		}
	}
	request.Context.SetPrincipal(request.Principal)
	return policy.Evaluate(all, request), nil
}

// assumes tells whether an action is judged by a trust policy.
func assumes(action string) bool {
	return strings.HasPrefix(strings.ToLower(action), "sts:assumerole")
}

// asked finds who a question is about, and what applies to them.
func (s *Service) asked(ctx context.Context, q Question, who *policy.Principal) (all policy.Policies, tags []iam.Tag, err error) {
	if _, service := linkedServices[q.Principal]; service {
		*who = policy.Principal{Type: policy.Service, Service: q.Principal}
		return all, nil, nil
	}
	if !strings.HasPrefix(q.Principal, "arn:") || strings.Contains(q.Principal, ":oidc-provider/") || strings.Contains(q.Principal, ":saml-provider/") {
		*who = policy.Principal{Type: policy.WebIdentity, Federated: q.Principal}
		return all, nil, nil
	}
	if *who, err = callerOf(q.Principal); err != nil {
		return all, nil, badQuestion("%q is not the ARN of a principal.", q.Principal)
	}
	if who.Type == policy.Root {
		return all, nil, nil
	}
	source := q.Principal
	if rest, session := strings.CutPrefix(q.Principal, "arn:aws:sts::"+s.account.String()+":assumed-role/"); session {
		name, _, _ := strings.Cut(rest, "/")
		r, err := s.findRole(ctx, name)
		if err != nil {
			return all, nil, err
		}
		if r == nil {
			return all, nil, badQuestion("There is no role %s.", name)
		}
		source, who.RoleARN = r.ARN, r.ARN
	}
	st, err := s.source(ctx, source)
	if errors.Is(err, iam.NoSuchEntityException.New("")) || errors.Is(err, iam.InvalidInputException.New("")) {
		return all, nil, badQuestion("There is no %s in this account.", source)
	}
	if err != nil {
		return all, nil, err
	}
	who.ID = st.identity.ID
	if who.Type == policy.AssumedRole {
		who.ID += ":" + lastSegment(q.Principal)
	}
	all.Identity, all.Boundary = st.policies, st.boundary
	if q.Guest {
		all.Session, err = s.sessionPolicies(UnauthenticatedSessionPolicies())
	}
	return all, st.identity.Tags, err
}

// askTrust adds the trust policy of the role that is to be assumed.
func (s *Service) askTrust(ctx context.Context, arn string, all *policy.Policies) error {
	r, err := s.findRole(ctx, lastSegment(arn))
	if err != nil {
		return err
	}
	if r == nil || r.ARN != arn {
		return badQuestion("There is no role %s.", arn)
	}
	all.Resource, all.Trust = []policy.Named{{Name: r.Name, Document: r.trust}}, true
	return nil
}
