package access

import (
	"context"
	"slices"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/gen/model"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// emptyAnswer is the output of operations that have none.
type emptyAnswer = model.Empty

// putRolePolicy implements PutRolePolicy, which adds or replaces.
func (s *Service) putRolePolicy(ctx context.Context, _ *wire.Call, in *iam.PutRolePolicyRequest) (*emptyAnswer, error) {
	if _, err := policy.Parse([]byte(in.PolicyDocument), policy.Identity); err != nil {
		return nil, malformed(err)
	}
	err := s.changeRole(ctx, in.RoleName, func(r *role) error {
		i, found := r.findPolicy(in.PolicyName)
		if !found {
			r.Policies = slices.Insert(r.Policies, i, inlinePolicy{Name: in.PolicyName})
		}
		r.Policies[i].Document = in.PolicyDocument
		size := 0
		for _, p := range r.Policies {
			size += policy.Size(p.Document)
		}
		if size > maxInlineSize {
			return iam.LimitExceededException.Newf("Maximum policy size of %d bytes exceeded for role %s", maxInlineSize, r.Name)
		}
		return nil
	})
	return nil, err
}

// findPolicy returns where a policy is, or would be, among those of the role.
func (r *role) findPolicy(name string) (int, bool) {
	return slices.BinarySearchFunc(r.Policies, name, func(p inlinePolicy, name string) int { return strings.Compare(p.Name, name) })
}

// getRolePolicy implements GetRolePolicy.
func (s *Service) getRolePolicy(ctx context.Context, _ *wire.Call, in *iam.GetRolePolicyRequest) (*iam.GetRolePolicyResponse, error) {
	r, err := s.mustFindRole(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	i, found := r.findPolicy(in.PolicyName)
	if !found {
		return nil, iam.NoSuchEntityException.Newf(noSuchRolePolicy, in.PolicyName)
	}
	return &iam.GetRolePolicyResponse{
		RoleName: r.Name, PolicyName: in.PolicyName, PolicyDocument: percentEncoded(r.Policies[i].Document),
	}, nil
}

// listRolePolicies implements ListRolePolicies.
func (s *Service) listRolePolicies(ctx context.Context, _ *wire.Call, in *iam.ListRolePoliciesRequest) (*iam.ListRolePoliciesResponse, error) {
	r, err := s.mustFindRole(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	after, err := s.tokens.Open(in.Marker, r.ID, "ListRolePolicies")
	if err != nil {
		return nil, wire.ValidationError.New("Invalid Marker.")
	}
	limit := defaultPageSize
	if in.MaxItems != nil {
		limit = int(*in.MaxItems)
	}
	out := &iam.ListRolePoliciesResponse{PolicyNames: []string{}, IsTruncated: new(false)}
	for _, p := range r.Policies {
		if p.Name <= after.ID {
			continue
		}
		if len(out.PolicyNames) == limit {
			out.IsTruncated = new(true)
			out.Marker = s.tokens.Seal(store.Cursor{ID: out.PolicyNames[limit-1]}, r.ID, "ListRolePolicies")
			break
		}
		out.PolicyNames = append(out.PolicyNames, p.Name)
	}
	return out, nil
}

// deleteRolePolicy implements DeleteRolePolicy.
func (s *Service) deleteRolePolicy(ctx context.Context, _ *wire.Call, in *iam.DeleteRolePolicyRequest) (*emptyAnswer, error) {
	err := s.changeRole(ctx, in.RoleName, func(r *role) error {
		i, found := r.findPolicy(in.PolicyName)
		if !found {
			return iam.NoSuchEntityException.Newf(noSuchRolePolicy, in.PolicyName)
		}
		r.Policies = slices.Delete(r.Policies, i, i+1)
		return nil
	})
	return nil, err
}
