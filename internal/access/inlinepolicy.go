package access

import (
	"context"
	"slices"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Inline policies live and die with the identity that has them. Users, groups and roles
// have the same four operations on theirs.

// findPolicy returns where a policy is, or would be, among the inline ones.
func (i *identity) findPolicy(name string) (at int, found bool) {
	return slices.BinarySearchFunc(i.Policies, name, func(p inlinePolicy, name string) int { return strings.Compare(p.Name, name) })
}

func (k *kind[T]) noPolicy(name string) error {
	return iam.NoSuchEntityException.Newf("The %s policy with name %s cannot be found.", k.noun, name)
}

// putInline adds a policy, or replaces the one of its name.
func putInline[T any](ctx context.Context, s *Service, k *kind[T], name, policyName, document string) error {
	if _, err := policy.Parse([]byte(document), policy.Identity); err != nil {
		return malformed(err)
	}
	return change(ctx, s, k, name, func(_ store.Tx, item *T) error {
		i := k.identity(item)
		if err := i.modifiable(); err != nil {
			return err
		}
		at, found := i.findPolicy(policyName)
		if !found {
			i.Policies = slices.Insert(i.Policies, at, inlinePolicy{Name: policyName})
		}
		i.Policies[at].Document = document
		size := 0
		for _, p := range i.Policies {
			size += policy.Size(p.Document)
		}
		if size > k.inline {
			return iam.LimitExceededException.Newf("Maximum policy size of %d bytes exceeded for %s %s", k.inline, k.noun, i.Name)
		}
		return nil
	})
}

// getInline returns the text of a policy and the name of who has it.
func getInline[T any](ctx context.Context, s *Service, k *kind[T], name, policyName string) (holder, document string, err error) {
	item, err := view(ctx, s, k, name)
	if err != nil {
		return "", "", err
	}
	i := k.identity(item)
	at, found := i.findPolicy(policyName)
	if !found {
		return "", "", k.noPolicy(policyName)
	}
	return i.Name, percentEncoded(i.Policies[at].Document), nil
}

// listInline returns a page of the names of an identity's policies.
func listInline[T any](ctx context.Context, s *Service, k *kind[T], name, marker string, maxItems *int32) (names []string, isTruncated *bool, next string, err error) {
	item, err := view(ctx, s, k, name)
	if err != nil {
		return nil, nil, "", err
	}
	i := k.identity(item)
	p, err := s.page(marker, maxItems, "inline", i.ID)
	if err != nil {
		return nil, nil, "", err
	}
	of := func(p inlinePolicy) string { return p.Name }
	names = takeNamed(p, i.Policies, of, of)
	isTruncated, next = p.end()
	return names, isTruncated, next, nil
}

// deleteInline removes a policy.
func deleteInline[T any](ctx context.Context, s *Service, k *kind[T], name, policyName string) error {
	return change(ctx, s, k, name, func(_ store.Tx, item *T) error {
		i := k.identity(item)
		if err := i.modifiable(); err != nil {
			return err
		}
		at, found := i.findPolicy(policyName)
		if !found {
			return k.noPolicy(policyName)
		}
		i.Policies = slices.Delete(i.Policies, at, at+1)
		return nil
	})
}

// putUserPolicy implements PutUserPolicy.
func (s *Service) putUserPolicy(ctx context.Context, _ *wire.Call, in *iam.PutUserPolicyRequest) (*emptyAnswer, error) {
	return nil, putInline(ctx, s, users, in.UserName, in.PolicyName, in.PolicyDocument)
}

// putGroupPolicy implements PutGroupPolicy.
func (s *Service) putGroupPolicy(ctx context.Context, _ *wire.Call, in *iam.PutGroupPolicyRequest) (*emptyAnswer, error) {
	return nil, putInline(ctx, s, groups, in.GroupName, in.PolicyName, in.PolicyDocument)
}

// putRolePolicy implements PutRolePolicy.
func (s *Service) putRolePolicy(ctx context.Context, _ *wire.Call, in *iam.PutRolePolicyRequest) (*emptyAnswer, error) {
	return nil, putInline(ctx, s, roles, in.RoleName, in.PolicyName, in.PolicyDocument)
}

// getUserPolicy implements GetUserPolicy.
func (s *Service) getUserPolicy(ctx context.Context, _ *wire.Call, in *iam.GetUserPolicyRequest) (*iam.GetUserPolicyResponse, error) {
	holder, document, err := getInline(ctx, s, users, in.UserName, in.PolicyName)
	return &iam.GetUserPolicyResponse{UserName: holder, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// getGroupPolicy implements GetGroupPolicy.
func (s *Service) getGroupPolicy(ctx context.Context, _ *wire.Call, in *iam.GetGroupPolicyRequest) (*iam.GetGroupPolicyResponse, error) {
	holder, document, err := getInline(ctx, s, groups, in.GroupName, in.PolicyName)
	return &iam.GetGroupPolicyResponse{GroupName: holder, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// getRolePolicy implements GetRolePolicy.
func (s *Service) getRolePolicy(ctx context.Context, _ *wire.Call, in *iam.GetRolePolicyRequest) (*iam.GetRolePolicyResponse, error) {
	holder, document, err := getInline(ctx, s, roles, in.RoleName, in.PolicyName)
	return &iam.GetRolePolicyResponse{RoleName: holder, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// listUserPolicies implements ListUserPolicies.
func (s *Service) listUserPolicies(ctx context.Context, _ *wire.Call, in *iam.ListUserPoliciesRequest) (out *iam.ListUserPoliciesResponse, err error) {
	out = new(iam.ListUserPoliciesResponse)
	out.PolicyNames, out.IsTruncated, out.Marker, err = listInline(ctx, s, users, in.UserName, in.Marker, in.MaxItems)
	return out, err
}

// listGroupPolicies implements ListGroupPolicies.
func (s *Service) listGroupPolicies(ctx context.Context, _ *wire.Call, in *iam.ListGroupPoliciesRequest) (out *iam.ListGroupPoliciesResponse, err error) {
	out = new(iam.ListGroupPoliciesResponse)
	out.PolicyNames, out.IsTruncated, out.Marker, err = listInline(ctx, s, groups, in.GroupName, in.Marker, in.MaxItems)
	return out, err
}

// listRolePolicies implements ListRolePolicies.
func (s *Service) listRolePolicies(ctx context.Context, _ *wire.Call, in *iam.ListRolePoliciesRequest) (out *iam.ListRolePoliciesResponse, err error) {
	out = new(iam.ListRolePoliciesResponse)
	out.PolicyNames, out.IsTruncated, out.Marker, err = listInline(ctx, s, roles, in.RoleName, in.Marker, in.MaxItems)
	return out, err
}

// deleteUserPolicy implements DeleteUserPolicy.
func (s *Service) deleteUserPolicy(ctx context.Context, _ *wire.Call, in *iam.DeleteUserPolicyRequest) (*emptyAnswer, error) {
	return nil, deleteInline(ctx, s, users, in.UserName, in.PolicyName)
}

// deleteGroupPolicy implements DeleteGroupPolicy.
func (s *Service) deleteGroupPolicy(ctx context.Context, _ *wire.Call, in *iam.DeleteGroupPolicyRequest) (*emptyAnswer, error) {
	return nil, deleteInline(ctx, s, groups, in.GroupName, in.PolicyName)
}

// deleteRolePolicy implements DeleteRolePolicy.
func (s *Service) deleteRolePolicy(ctx context.Context, _ *wire.Call, in *iam.DeleteRolePolicyRequest) (*emptyAnswer, error) {
	return nil, deleteInline(ctx, s, roles, in.RoleName, in.PolicyName)
}
