package access

import (
	"context"
	"errors"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// attachment says that a managed policy is attached to an identity, or is the boundary of
// its permissions.
type attachment struct {
	Policy   string // its unique id
	ARN      string // the policy's
	Identity string // its unique id
	Boundary bool   `json:",omitzero"`
}

// attachments are owned by the account.
var attachments = store.NewCollection("iam_attachment",
	store.Index("policy", func(a *attachment) string { return a.Policy }),
	store.Index("identity", func(a *attachment) string { return a.Identity }))

// maxAttached is how many managed policies an identity can have.
const maxAttached = 10

func (a *attachment) key() string {
	if a.Boundary {
		return a.Identity + " boundary"
	}
	return a.Identity + " " + a.Policy
}

// attachmentsOf returns what is attached to an identity, its boundary included.
func (s *Service) attachmentsOf(tx store.Tx, identityID string) (list []*attachment, err error) {
	list, _, err = attachments.List(tx, s.account.String(), store.Query{Index: "identity", Match: store.Equal(identityID), Limit: maxAttached + 1})
	return list, err
}

// uses counts how often a policy is attached, and how often it is a boundary.
func (s *Service) uses(tx store.Tx, policyID string) (attached, bounding int, err error) {
	for a, err := range attachments.All(tx, s.account.String(), store.Query{Index: "policy", Match: store.Equal(policyID)}) {
		if err != nil {
			return 0, 0, err
		}
		if a.Boundary {
			bounding++
		} else {
			attached++
		}
	}
	return attached, bounding, nil
}

// attachable is needPolicy for a policy that is to be attached.
func (s *Service) attachable(tx store.Tx, arn string) (*managedPolicy, error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	m, err := s.findPolicy(tx, arn)
	if errors.Is(err, store.ErrNotFound) {
		return nil, iam.NoSuchEntityException.Newf("Policy %s does not exist or is not attachable.", arn)
	}
	if err == nil && strings.HasPrefix(arn, awsPolicies+"aws-service-role/") {
		return nil, iam.PolicyNotAttachableException.New("Cannot attach a Service Role Policy to a Customer Role.")
	}
	return m, err
}

// attach attaches a policy. One that is attached already stays so.
func attach[T any](ctx context.Context, s *Service, k *kind[T], name, arn string) error {
	return s.update(ctx, func(tx store.Tx) error {
		item, err := k.find(tx, s.account.String(), name)
		if err != nil {
			return err
		}
		i := k.identity(item)
		if err := i.modifiable(); err != nil {
			return err
		}
		m, err := s.attachable(tx, arn)
		if err != nil {
			return err
		}
		have, err := s.attachmentsOf(tx, i.ID)
		if err != nil {
			return err
		}
		count := 0
		for _, a := range have {
			if a.Policy == m.ID && !a.Boundary {
				return nil
			}
			if !a.Boundary {
				count++
			}
		}
		if count >= maxAttached {
			return iam.LimitExceededException.Newf("Cannot exceed quota for PoliciesPer%s%s: %d", strings.ToUpper(k.noun[:1]), k.noun[1:], maxAttached)
		}
		a := &attachment{Policy: m.ID, ARN: m.ARN, Identity: i.ID}
		return attachments.Insert(tx, s.account.String(), a.key(), a)
	})
}

// detach detaches a policy.
func detach[T any](ctx context.Context, s *Service, k *kind[T], name, arn string) error {
	return s.update(ctx, func(tx store.Tx) error {
		item, err := k.find(tx, s.account.String(), name)
		if err != nil {
			return err
		}
		i := k.identity(item)
		if err := i.modifiable(); err != nil {
			return err
		}
		if err := checkPolicyARN(arn); err != nil {
			return err
		}
		absent := iam.NoSuchEntityException.Newf("Policy %s was not found.", arn)
		m, err := s.findPolicy(tx, arn)
		if errors.Is(err, store.ErrNotFound) {
			return absent
		}
		if err != nil {
			return err
		}
		err = attachments.Delete(tx, s.account.String(), (&attachment{Policy: m.ID, Identity: i.ID}).key())
		if errors.Is(err, store.ErrNotFound) {
			return absent
		}
		return err
	})
}

// listAttached returns a page of what is attached to an identity.
func listAttached[T any](ctx context.Context, s *Service, k *kind[T], name, pathPrefix, marker string, maxItems *int32) (list []iam.AttachedPolicy, isTruncated *bool, next string, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		item, err := k.find(tx, s.account.String(), name)
		if err != nil {
			return err
		}
		i := k.identity(item)
		p, err := s.page(marker, maxItems, "attached", i.ID, pathPrefix)
		if err != nil {
			return err
		}
		have, err := s.attachmentsOf(tx, i.ID)
		if err != nil {
			return err
		}
		var attached []*managedPolicy
		for _, a := range have {
			if a.Boundary {
				continue
			}
			m, err := s.findPolicy(tx, a.ARN)
			if err != nil {
				return err
			}
			if strings.HasPrefix(m.Path, pathPrefix) {
				attached = append(attached, m)
			}
		}
		list = takeNamed(p, attached, func(m *managedPolicy) string { return m.ID }, func(m *managedPolicy) iam.AttachedPolicy {
			return iam.AttachedPolicy{PolicyName: m.Name, PolicyArn: m.ARN}
		})
		isTruncated, next = p.end()
		return nil
	})
	return list, isTruncated, next, err
}

// clearPolicies makes sure that an identity can be deleted: nothing is attached to it, and
// no policy is in it. Its boundary goes with it.
func (s *Service) clearPolicies(tx store.Tx, i *identity) error {
	have, err := s.attachmentsOf(tx, i.ID)
	if err != nil {
		return err
	}
	for _, a := range have {
		if !a.Boundary {
			return iam.DeleteConflictException.New("Cannot delete entity, must detach all policies first.")
		}
	}
	if len(i.Policies) > 0 {
		return iam.DeleteConflictException.New("Cannot delete entity, must delete policies first.")
	}
	for _, a := range have {
		if err := attachments.Delete(tx, s.account.String(), a.key()); err != nil {
			return err
		}
	}
	return nil
}

// attachUserPolicy implements AttachUserPolicy.
func (s *Service) attachUserPolicy(ctx context.Context, _ *wire.Call, in *iam.AttachUserPolicyRequest) (*emptyAnswer, error) {
	return nil, attach(ctx, s, users, in.UserName, in.PolicyArn)
}

// attachGroupPolicy implements AttachGroupPolicy.
func (s *Service) attachGroupPolicy(ctx context.Context, _ *wire.Call, in *iam.AttachGroupPolicyRequest) (*emptyAnswer, error) {
	return nil, attach(ctx, s, groups, in.GroupName, in.PolicyArn)
}

// attachRolePolicy implements AttachRolePolicy.
func (s *Service) attachRolePolicy(ctx context.Context, _ *wire.Call, in *iam.AttachRolePolicyRequest) (*emptyAnswer, error) {
	return nil, attach(ctx, s, roles, in.RoleName, in.PolicyArn)
}

// detachUserPolicy implements DetachUserPolicy.
func (s *Service) detachUserPolicy(ctx context.Context, _ *wire.Call, in *iam.DetachUserPolicyRequest) (*emptyAnswer, error) {
	return nil, detach(ctx, s, users, in.UserName, in.PolicyArn)
}

// detachGroupPolicy implements DetachGroupPolicy.
func (s *Service) detachGroupPolicy(ctx context.Context, _ *wire.Call, in *iam.DetachGroupPolicyRequest) (*emptyAnswer, error) {
	return nil, detach(ctx, s, groups, in.GroupName, in.PolicyArn)
}

// detachRolePolicy implements DetachRolePolicy.
func (s *Service) detachRolePolicy(ctx context.Context, _ *wire.Call, in *iam.DetachRolePolicyRequest) (*emptyAnswer, error) {
	return nil, detach(ctx, s, roles, in.RoleName, in.PolicyArn)
}

// listAttachedUserPolicies implements ListAttachedUserPolicies.
func (s *Service) listAttachedUserPolicies(ctx context.Context, _ *wire.Call, in *iam.ListAttachedUserPoliciesRequest) (out *iam.ListAttachedUserPoliciesResponse, err error) {
	out = new(iam.ListAttachedUserPoliciesResponse)
	out.AttachedPolicies, out.IsTruncated, out.Marker, err = listAttached(ctx, s, users, in.UserName, in.PathPrefix, in.Marker, in.MaxItems)
	return out, err
}

// listAttachedGroupPolicies implements ListAttachedGroupPolicies.
func (s *Service) listAttachedGroupPolicies(ctx context.Context, _ *wire.Call, in *iam.ListAttachedGroupPoliciesRequest) (out *iam.ListAttachedGroupPoliciesResponse, err error) {
	out = new(iam.ListAttachedGroupPoliciesResponse)
	out.AttachedPolicies, out.IsTruncated, out.Marker, err = listAttached(ctx, s, groups, in.GroupName, in.PathPrefix, in.Marker, in.MaxItems)
	return out, err
}

// listAttachedRolePolicies implements ListAttachedRolePolicies.
func (s *Service) listAttachedRolePolicies(ctx context.Context, _ *wire.Call, in *iam.ListAttachedRolePoliciesRequest) (out *iam.ListAttachedRolePoliciesResponse, err error) {
	out = new(iam.ListAttachedRolePoliciesResponse)
	out.AttachedPolicies, out.IsTruncated, out.Marker, err = listAttached(ctx, s, roles, in.RoleName, in.PathPrefix, in.Marker, in.MaxItems)
	return out, err
}

// listEntitiesForPolicy implements ListEntitiesForPolicy.
func (s *Service) listEntitiesForPolicy(ctx context.Context, _ *wire.Call, in *iam.ListEntitiesForPolicyRequest) (*iam.ListEntitiesForPolicyResponse, error) {
	out := &iam.ListEntitiesForPolicyResponse{PolicyGroups: []iam.PolicyGroup{}, PolicyUsers: []iam.PolicyUser{}, PolicyRoles: []iam.PolicyRole{}}
	err := s.db.View(ctx, func(tx store.Tx) error {
		m, err := s.needPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		p, err := s.page(in.Marker, in.MaxItems, "entities", m.ID, string(in.EntityFilter), in.PathPrefix, string(in.PolicyUsageFilter))
		if err != nil {
			return err
		}
		for a, err := range attachments.All(tx, s.account.String(), store.Query{Index: "policy", Match: store.Equal(m.ID), After: p.after}) {
			if err != nil {
				return err
			}
			if in.PolicyUsageFilter != "" && a.Boundary != (in.PolicyUsageFilter == iam.PolicyUsageTypePermissionsBoundary) {
				continue
			}
			more, err := s.addEntity(tx, out, in, a, p)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
		out.IsTruncated, out.Marker = p.end()
		return nil
	})
	return out, err
}

// addEntity adds who has an attachment to the answer, if the list is about them and they
// fit on the page.
func (s *Service) addEntity(tx store.Tx, out *iam.ListEntitiesForPolicyResponse, in *iam.ListEntitiesForPolicyRequest, a *attachment, p *page) (more bool, err error) {
	i, entity, err := s.identityByID(tx, a.Identity)
	if err != nil {
		return false, err
	}
	if in.EntityFilter != "" && in.EntityFilter != entity || !strings.HasPrefix(i.Path, in.PathPrefix) {
		return true, nil
	}
	if !p.take(store.Cursor{Value: a.Policy, ID: a.key()}) {
		return false, nil
	}
	switch entity {
	case iam.EntityTypeUser:
		out.PolicyUsers = append(out.PolicyUsers, iam.PolicyUser{UserName: i.Name, UserId: i.ID})
	case iam.EntityTypeGroup:
		out.PolicyGroups = append(out.PolicyGroups, iam.PolicyGroup{GroupName: i.Name, GroupId: i.ID})
	default:
		out.PolicyRoles = append(out.PolicyRoles, iam.PolicyRole{RoleName: i.Name, RoleId: i.ID})
	}
	return true, nil
}

// identityByID returns the user, group or role with a unique id.
func (s *Service) identityByID(tx store.Tx, id string) (*identity, iam.EntityType, error) {
	account := s.account.String()
	switch {
	case strings.HasPrefix(id, string(ids.User)):
		u, err := users.GetBy(tx, account, "unique", id)
		if err != nil {
			return nil, "", err
		}
		return &u.identity, iam.EntityTypeUser, nil
	case strings.HasPrefix(id, string(ids.Group)):
		g, err := groups.GetBy(tx, account, "unique", id)
		if err != nil {
			return nil, "", err
		}
		return &g.identity, iam.EntityTypeGroup, nil
	}
	r, err := roles.GetBy(tx, account, "unique", id)
	if err != nil {
		return nil, "", err
	}
	return &r.identity, iam.EntityTypeRole, nil
}
