package access

import (
	"context"
	"fmt"
	"slices"

	"pintail/internal/gen/iam"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// details collects one page of the account's users, groups, roles and policies, in this
// order, each with everything that it holds.
type details struct {
	*Service
	tx     store.Tx
	page   *page
	filter []iam.EntityType
	out    *iam.GetAccountAuthorizationDetailsResponse
}

// getAccountAuthorizationDetails implements GetAccountAuthorizationDetails.
func (s *Service) getAccountAuthorizationDetails(ctx context.Context, _ *wire.Call, in *iam.GetAccountAuthorizationDetailsRequest) (*iam.GetAccountAuthorizationDetailsResponse, error) {
	p, err := s.page(in.Marker, in.MaxItems, "GetAccountAuthorizationDetails", fmt.Sprint(in.Filter))
	if err != nil {
		return nil, err
	}
	out := &iam.GetAccountAuthorizationDetailsResponse{
		UserDetailList: []iam.UserDetail{}, GroupDetailList: []iam.GroupDetail{}, RoleDetailList: []iam.RoleDetail{}, Policies: []iam.ManagedPolicyDetail{},
	}
	err = s.db.View(ctx, func(tx store.Tx) error {
		d := &details{s, tx, p, in.Filter, out}
		for _, add := range []func() error{d.users, d.groups, d.roles, d.policies} {
			if err := add(); err != nil {
				return err
			}
		}
		return nil
	})
	out.IsTruncated, out.Marker = p.end()
	return out, err
}

// wants tells whether the list is about a type of entities.
func (d *details) wants(e iam.EntityType) bool {
	return !d.page.full && (len(d.filter) == 0 || slices.Contains(d.filter, e))
}

// each hands every identity of a kind that is on the page to show. The rank puts the kinds
// into their order.
func each[T any](d *details, k *kind[T], rank string, show func(*T) error) error {
	for item, err := range k.All(d.tx, d.account.String(), store.Query{}) {
		if err != nil {
			return err
		}
		place := rank + " " + k.identity(item).key()
		if place <= d.page.after.ID {
			continue
		}
		if !d.page.take(store.Cursor{ID: place}) {
			return nil
		}
		if err := show(item); err != nil {
			return err
		}
	}
	return nil
}

// held returns what is attached to an identity, and its boundary.
func (d *details) held(i *identity) (attached []iam.AttachedPolicy, bound *iam.AttachedPermissionsBoundary, err error) {
	have, err := d.attachmentsOf(d.tx, i.ID)
	attached = []iam.AttachedPolicy{}
	for _, a := range have {
		if a.Boundary {
			bound = boundary(a.ARN)
			continue
		}
		attached = append(attached, iam.AttachedPolicy{PolicyName: lastSegment(a.ARN), PolicyArn: a.ARN})
	}
	return attached, bound, err
}

// inlineDetails are the inline policies as this operation shows them.
func (i *identity) inlineDetails() []iam.PolicyDetail {
	list := []iam.PolicyDetail{}
	for _, p := range i.Policies {
		list = append(list, iam.PolicyDetail{PolicyName: p.Name, PolicyDocument: percentEncoded(p.Document)})
	}
	return list
}

func (d *details) users() error {
	if !d.wants(iam.EntityTypeUser) {
		return nil
	}
	return each(d, users, "1", func(u *user) error {
		attached, bound, err := d.held(&u.identity)
		if err != nil {
			return err
		}
		in, err := groupsOf(d.tx, d.account.String(), u.ID)
		if err != nil {
			return err
		}
		names := []string{}
		for _, id := range in {
			g, err := groups.GetBy(d.tx, d.account.String(), "unique", id)
			if err != nil {
				return err
			}
			names = append(names, g.Name)
		}
		d.out.UserDetailList = append(d.out.UserDetailList, iam.UserDetail{
			Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: u.ARN, CreateDate: u.Created, UserPolicyList: u.inlineDetails(),
			GroupList: names, AttachedManagedPolicies: attached, PermissionsBoundary: bound, Tags: u.Tags,
		})
		return nil
	})
}

func (d *details) groups() error {
	if !d.wants(iam.EntityTypeGroup) {
		return nil
	}
	return each(d, groups, "2", func(g *group) error {
		attached, _, err := d.held(&g.identity)
		d.out.GroupDetailList = append(d.out.GroupDetailList, iam.GroupDetail{
			Path: g.Path, GroupName: g.Name, GroupId: g.ID, Arn: g.ARN, CreateDate: g.Created, GroupPolicyList: g.inlineDetails(), AttachedManagedPolicies: attached,
		})
		return err
	})
}

func (d *details) roles() error {
	if !d.wants(iam.EntityTypeRole) {
		return nil
	}
	return each(d, roles, "3", func(r *role) error {
		attached, bound, err := d.held(&r.identity)
		d.out.RoleDetailList = append(d.out.RoleDetailList, iam.RoleDetail{
			Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN, CreateDate: r.Created, AssumeRolePolicyDocument: percentEncoded(r.Trust),
			InstanceProfileList: []iam.InstanceProfile{}, RolePolicyList: r.inlineDetails(), AttachedManagedPolicies: attached, PermissionsBoundary: bound,
			Tags: r.Tags, RoleLastUsed: new(iam.RoleLastUsed),
		})
		return err
	})
}

// policies adds the account's managed policies, and those of AWS's that are in use.
func (d *details) policies() error {
	all, err := d.allPolicies(d.tx, iam.PolicyScopeTypeAll)
	if err != nil {
		return err
	}
	for _, m := range all {
		entity := iam.EntityTypeLocalManagedPolicy
		if m.aws() {
			entity = iam.EntityTypeAWSManagedPolicy
		}
		place := "4 " + m.ARN
		if !d.wants(entity) || place <= d.page.after.ID {
			continue
		}
		attached, bounding, err := d.uses(d.tx, m.ID)
		if err != nil {
			return err
		}
		if m.aws() && attached+bounding == 0 {
			continue
		}
		if !d.page.take(store.Cursor{ID: place}) {
			return nil
		}
		d.out.Policies = append(d.out.Policies, m.detail(attached, bounding))
	}
	return nil
}

// detail is a policy with all its versions.
func (m *managedPolicy) detail(attached, bounding int) iam.ManagedPolicyDetail {
	versions := []iam.PolicyVersion{}
	for _, v := range m.Versions {
		shown := m.describeVersion(&v)
		shown.Document = percentEncoded(v.Document)
		versions = append(versions, *shown)
	}
	return iam.ManagedPolicyDetail{
		PolicyName: m.Name, PolicyId: m.ID, Arn: m.ARN, Path: m.Path, DefaultVersionId: m.Default, AttachmentCount: new(int32(attached)),
		PermissionsBoundaryUsageCount: new(int32(bounding)), IsAttachable: new(true), Description: m.Description, CreateDate: m.Created, UpdateDate: m.Updated,
		PolicyVersionList: versions,
	}
}
