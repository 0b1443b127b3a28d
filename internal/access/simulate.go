package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// simulation is a question of the policy simulator: would these policies allow each of
// these actions on each of these resources? The engine is the gate's own.
type simulation struct {
	policies  policy.Policies
	principal policy.Principal
	actions   []string
	resources []string
	entries   []iam.ContextEntry
}

// readPolicy parses a document of a simulation and gives it a name.
func readPolicy(name, text string, kind policy.Kind) (policy.Named, error) {
	document, err := policy.Parse([]byte(text), kind)
	if bad, ok := errors.AsType[*policy.MalformedError](err); ok {
		return policy.Named{}, iam.InvalidInputException.Newf("%s: %s", name, bad.Message).WithReason(bad.Detail)
	}
	if err != nil {
		return policy.Named{}, err
	}
	return policy.Named{Name: name, Document: document}, nil
}

// readPolicies takes in a list of documents, which are named after the member that they came in.
func readPolicies(member string, texts []string, to *[]policy.Named) error {
	for i, text := range texts {
		named, err := readPolicy(fmt.Sprintf("%s.%d", member, i+1), text, policy.Identity)
		if err != nil {
			return err
		}
		*to = append(*to, named)
	}
	return nil
}

// addResource takes in the policy of the resource, which needs somebody to be about.
func (m *simulation) addResource(text string) error {
	if text == "" {
		return nil
	}
	if m.principal.ARN == "" {
		return iam.InvalidInputException.New("CallerArn is required with a ResourcePolicy.")
	}
	named, err := readPolicy("ResourcePolicy", text, policy.Resource)
	m.policies.Resource = []policy.Named{named}
	return err
}

// simulateCustomPolicy implements SimulateCustomPolicy.
func (s *Service) simulateCustomPolicy(ctx context.Context, _ *wire.Call, in *iam.SimulateCustomPolicyRequest) (*iam.SimulatePolicyResponse, error) {
	m := &simulation{actions: in.ActionNames, resources: in.ResourceArns, entries: in.ContextEntries}
	m.principal = policy.Principal{Type: policy.User, Account: s.account.String()}
	if in.CallerArn != "" {
		var err error
		if m.principal, err = callerOf(in.CallerArn); err != nil {
			return nil, err
		}
	}
	err := errors.Join(
		readPolicies("PolicyInputList", in.PolicyInputList, &m.policies.Identity),
		readPolicies("PermissionsBoundaryPolicyInputList", in.PermissionsBoundaryPolicyInputList, &m.policies.Boundary),
		m.addResource(in.ResourcePolicy))
	if err != nil {
		return nil, err
	}
	return m.answer(s, in.Marker, in.MaxItems)
}

// simulatePrincipalPolicy implements SimulatePrincipalPolicy: the policies of a user, group
// or role, and more.
func (s *Service) simulatePrincipalPolicy(ctx context.Context, _ *wire.Call, in *iam.SimulatePrincipalPolicyRequest) (*iam.SimulatePolicyResponse, error) {
	m := &simulation{actions: in.ActionNames, resources: in.ResourceArns, entries: in.ContextEntries}
	st, err := s.source(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	m.policies.Identity, m.policies.Boundary = slices.Clone(st.policies), st.boundary
	who := in.PolicySourceArn
	if in.CallerArn != "" {
		who = in.CallerArn
	}
	if m.principal, err = callerOf(who); err != nil {
		return nil, err
	}
	if len(in.PermissionsBoundaryPolicyInputList) > 0 {
		m.policies.Boundary = nil
	}
	err = errors.Join(
		readPolicies("PolicyInputList", in.PolicyInputList, &m.policies.Identity),
		readPolicies("PermissionsBoundaryPolicyInputList", in.PermissionsBoundaryPolicyInputList, &m.policies.Boundary),
		m.addResource(in.ResourcePolicy))
	if err != nil {
		return nil, err
	}
	return m.answer(s, in.Marker, in.MaxItems)
}

// source returns the standing of the user, group or role with an ARN.
func (s *Service) source(ctx context.Context, arn string) (st *standing, err error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	kindName, _, _ := strings.Cut(arn[strings.LastIndexByte(arn, ':')+1:], "/")
	absent := iam.NoSuchEntityException.Newf("The entity %s cannot be found.", arn)
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		name := lastSegment(arn)
		switch kindName {
		case users.noun:
			u, err := users.find(tx, s.account.String(), name)
			if err != nil {
				return err
			}
			st, err = s.standUser(tx, u)
			return err
		case groups.noun:
			g, err := groups.find(tx, s.account.String(), name)
			if err != nil {
				return err
			}
			st, err = s.stand(tx, &g.identity, groups.noun)
			return err
		case roles.noun:
			r, err := roles.find(tx, s.account.String(), name)
			if err != nil {
				return err
			}
			st, err = s.stand(tx, &r.identity, roles.noun)
			return err
		}
		return iam.InvalidInputException.Newf("Invalid Entity Arn: %s does not clearly define entity type and name.", arn)
	})
	if err == nil && st.identity.ARN != arn {
		err = absent
	}
	return st, err
}

// callerOf is the principal of an ARN, as policies see it.
func callerOf(arn string) (policy.Principal, error) {
	if err := checkPolicyARN(arn); err != nil {
		return policy.Principal{}, err
	}
	p := policy.Principal{Type: policy.User, ARN: arn, Account: strings.Split(arn, ":")[4]}
	switch resource := strings.SplitN(arn, ":", 6)[5]; {
	case resource == "root":
		p.Type, p.ID = policy.Root, p.Account
	case strings.HasPrefix(resource, "role/"):
		p.Type, p.RoleARN = policy.AssumedRole, arn
	case strings.HasPrefix(resource, "assumed-role/"):
		p.Type = policy.AssumedRole
	case strings.HasPrefix(resource, "federated-user/"):
		p.Type = policy.FederatedUser
	}
	return p, nil
}

// context is what the simulated request holds.
func (m *simulation) context() policy.Context {
	var keys policy.Context
	if m.principal.ARN != "" {
		keys.SetPrincipal(m.principal)
	}
	for _, e := range m.entries {
		keys.Set(e.ContextKeyName, e.ContextKeyValues...)
	}
	return keys
}

// missing are the keys that the policies look at and the request does not hold.
func (m *simulation) missing(held policy.Context) []string {
	keys := map[string]bool{}
	for _, named := range slices.Concat(m.policies.Identity, m.policies.Boundary, m.policies.Resource) {
		for _, key := range named.ContextKeys() {
			if _, present := held.Get(key); !present {
				keys[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// answer evaluates every action and returns a page of the results.
func (m *simulation) answer(s *Service, marker string, maxItems *int32) (*iam.SimulatePolicyResponse, error) {
	p, err := s.page(marker, maxItems, "simulate", fmt.Sprint(m.actions, m.resources))
	if err != nil {
		return nil, err
	}
	if len(m.resources) == 0 {
		m.resources = []string{"*"}
	}
	held := m.context()
	missing := m.missing(held)
	out := &iam.SimulatePolicyResponse{EvaluationResults: []iam.EvaluationResult{}}
	for i, action := range m.actions {
		place := store.Number(int64(i + 1))
		if place <= p.after.ID {
			continue
		}
		if !p.take(store.Cursor{ID: place}) {
			break
		}
		out.EvaluationResults = append(out.EvaluationResults, m.result(action, held, missing))
	}
	out.IsTruncated, out.Marker = p.end()
	return out, nil
}

// result judges one action: on all resources, and where there are several, on each.
func (m *simulation) result(action string, held policy.Context, missing []string) iam.EvaluationResult {
	var each []iam.ResourceSpecificResult
	for _, resource := range m.resources {
		d := policy.Evaluate(m.policies, policy.Request{Principal: m.principal, Action: action, Resource: resource, Context: held})
		r := iam.ResourceSpecificResult{
			EvalResourceName: resource, EvalResourceDecision: verdict(d), MatchedStatements: m.matched(d), MissingContextValues: missing,
		}
		if len(m.policies.Boundary) > 0 {
			r.PermissionsBoundaryDecisionDetail = &iam.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: new(d.Allowed || d.By != policy.ByBoundary)}
		}
		each = append(each, r)
	}
	worst := slices.MinFunc(each, func(a, b iam.ResourceSpecificResult) int {
		return severity(a.EvalResourceDecision) - severity(b.EvalResourceDecision)
	})
	result := iam.EvaluationResult{
		EvalActionName: action, EvalResourceName: worst.EvalResourceName, EvalDecision: worst.EvalResourceDecision, MatchedStatements: worst.MatchedStatements,
		MissingContextValues: missing, PermissionsBoundaryDecisionDetail: worst.PermissionsBoundaryDecisionDetail,
	}
	if len(each) > 1 {
		result.ResourceSpecificResults = each
	}
	return result
}

// verdict is a decision in the simulator's words.
func verdict(d policy.Decision) iam.PolicyEvaluationDecisionType {
	switch {
	case d.Allowed:
		return iam.PolicyEvaluationDecisionTypeAllowed
	case d.Explicit:
		return iam.PolicyEvaluationDecisionTypeExplicitDeny
	}
	return iam.PolicyEvaluationDecisionTypeImplicitDeny
}

// severity orders verdicts, the most restrictive first.
func severity(v iam.PolicyEvaluationDecisionType) int {
	return slices.Index([]iam.PolicyEvaluationDecisionType{
		iam.PolicyEvaluationDecisionTypeExplicitDeny, iam.PolicyEvaluationDecisionTypeImplicitDeny, iam.PolicyEvaluationDecisionTypeAllowed,
	}, v)
}

// matched are the statements that decided, with their places.
func (m *simulation) matched(d policy.Decision) []iam.Statement {
	list := []iam.Statement{}
	for _, of := range d.Matched() {
		list = append(list, iam.Statement{
			SourcePolicyId: of.Policy, SourcePolicyType: "IAM Policy", StartPosition: position(of.Begin), EndPosition: position(of.End),
		})
	}
	return list
}

func position(p policy.Position) *iam.Position {
	return &iam.Position{Line: new(int32(p.Line)), Column: new(int32(p.Column))}
}

// getContextKeysForCustomPolicy implements GetContextKeysForCustomPolicy.
func (s *Service) getContextKeysForCustomPolicy(_ context.Context, _ *wire.Call, in *iam.GetContextKeysForCustomPolicyRequest) (*iam.GetContextKeysForPolicyResponse, error) {
	m := new(simulation)
	if err := readPolicies("PolicyInputList", in.PolicyInputList, &m.policies.Identity); err != nil {
		return nil, err
	}
	return &iam.GetContextKeysForPolicyResponse{ContextKeyNames: m.missing(policy.Context{})}, nil
}

// getContextKeysForPrincipalPolicy implements GetContextKeysForPrincipalPolicy.
func (s *Service) getContextKeysForPrincipalPolicy(ctx context.Context, _ *wire.Call, in *iam.GetContextKeysForPrincipalPolicyRequest) (*iam.GetContextKeysForPolicyResponse, error) {
	st, err := s.source(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	m := new(simulation)
	m.policies.Identity, m.policies.Boundary = slices.Clone(st.policies), st.boundary
	if err := readPolicies("PolicyInputList", in.PolicyInputList, &m.policies.Identity); err != nil {
		return nil, err
	}
	return &iam.GetContextKeysForPolicyResponse{ContextKeyNames: m.missing(policy.Context{})}, nil
}
