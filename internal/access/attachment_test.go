package access_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// pathPolicy makes a managed policy on a path and returns its ARN.
func (o *office) pathPolicy(path, name string) *string {
	o.Helper()
	made, err := o.CreatePolicy(o.ctx, &iam.CreatePolicyInput{PolicyName: &name, Path: &path, PolicyDocument: statement("Allow", "a:b")})
	o.must(err)
	return made.Policy.Arn
}

func names(list []types.AttachedPolicy) (out []string) {
	for _, p := range list {
		out = append(out, *p.PolicyName)
	}
	slices.Sort(out) // AWS promises no order
	return out
}

// What is attached to a user is listed without the boundary, by path and in pages.
func TestListAttachedUserPolicies(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.user("ada")
	for _, p := range []struct{ path, name string }{{"/a/", "p0"}, {"/b/", "p1"}, {"/a/", "p2"}} {
		_, err := o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: o.pathPolicy(p.path, p.name)})
		o.must(err)
	}
	_, err := o.PutUserPermissionsBoundary(o.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("ada"), PermissionsBoundary: o.pathPolicy("/a/", "bound")})
	o.must(err)
	list := func(prefix string) (all []types.AttachedPolicy) {
		t.Helper()
		in := &iam.ListAttachedUserPoliciesInput{UserName: aws.String("ada"), PathPrefix: &prefix, MaxItems: aws.Int32(1)}
		for pages := iam.NewListAttachedUserPoliciesPaginator(o.Client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(o.ctx)
			o.must(err)
			if len(page.AttachedPolicies) > 1 {
				t.Errorf("%d on a page of one", len(page.AttachedPolicies))
			}
			all = append(all, page.AttachedPolicies...)
		}
		return all
	}
	if got := names(list("/")); !slices.Equal(got, []string{"p0", "p1", "p2"}) {
		t.Errorf("attached %v", got)
	}
	if got := names(list("/a/")); !slices.Equal(got, []string{"p0", "p2"}) {
		t.Errorf("under /a/ %v", got)
	}
	if got := list("/b/"); len(got) != 1 || *got[0].PolicyArn != "arn:aws:iam::123456789012:policy/b/p1" {
		t.Errorf("under /b/ %+v", got)
	}
	_, err = o.ListAttachedUserPolicies(o.ctx, &iam.ListAttachedUserPoliciesInput{UserName: aws.String("nobody")})
	wantError(t, err, "NoSuchEntity", "The user with name nobody cannot be found.")
	_, err = o.ListAttachedUserPolicies(o.ctx, &iam.ListAttachedUserPoliciesInput{UserName: aws.String("ada"), Marker: aws.String("forged")})
	wantError(t, err, "ValidationError", "Invalid Marker.")
}

// A policy that is detached from a group counts no more, and a group with none can go.
func TestDetachGroupPolicy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	keys := o.user("ada")
	_, err := o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("team")})
	o.must(err)
	_, err = o.AddUserToGroup(o.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("team"), UserName: aws.String("ada")})
	o.must(err)
	look := o.policy("look", statement("Allow", "mobiletargeting:GetApps"))
	_, err = o.AttachGroupPolicy(o.ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("team"), PolicyArn: look})
	o.must(err)
	o.must(o.listsApps(keys))
	detach := func(group string, arn *string) error {
		_, err := o.DetachGroupPolicy(o.ctx, &iam.DetachGroupPolicyInput{GroupName: &group, PolicyArn: arn})
		return err
	}
	wantError(t, detach("nobodies", look), "NoSuchEntity", "The group with name nobodies cannot be found.")
	wantError(t, detach("team", aws.String("arn:aws:iam::123456789012:policy/nonesuch")), "NoSuchEntity", "Policy arn:aws:iam::123456789012:policy/nonesuch was not found.")
	o.must(detach("team", look))
	wantError(t, o.listsApps(keys), "AccessDeniedException", "mobiletargeting:GetApps")
	wantError(t, detach("team", look), "NoSuchEntity", "Policy "+*look+" was not found.")
	left, err := o.ListAttachedGroupPolicies(o.ctx, &iam.ListAttachedGroupPoliciesInput{GroupName: aws.String("team")})
	o.must(err)
	if len(left.AttachedPolicies) != 0 || left.IsTruncated {
		t.Errorf("still attached: %+v", left.AttachedPolicies)
	}
	_, err = o.DeletePolicy(o.ctx, &iam.DeletePolicyInput{PolicyArn: look})
	o.must(err)
}

// A role's boundary limits its sessions until it is taken away.
func TestDeleteRolePermissionsBoundary(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.user("ada")
	o.mayAssume("ada")
	role := o.role("worker", trusting(accountRoot, `"sts:AssumeRole"`, ""), statement("Allow", "mobiletargeting:GetApps"))
	_, err := o.PutRolePermissionsBoundary(o.ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("worker"), PermissionsBoundary: o.policy("bound", statement("Allow", "iam:*"))})
	o.must(err)
	out, err := o.assume(ada, role)
	o.must(err)
	session := keysOf(out.Credentials)
	wantError(t, o.listsApps(session), "AccessDeniedException", "because no permissions boundary allows the mobiletargeting:GetApps action")
	remove := func(name string) error {
		_, err := o.DeleteRolePermissionsBoundary(o.ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &name})
		return err
	}
	o.must(remove("worker"))
	o.must(o.listsApps(session))
	got, err := o.GetRole(o.ctx, &iam.GetRoleInput{RoleName: aws.String("worker")})
	o.must(err)
	if got.Role.PermissionsBoundary != nil {
		t.Errorf("boundary %+v", got.Role.PermissionsBoundary)
	}
	wantError(t, remove("worker"), "NoSuchEntity", "")
	wantError(t, remove("nobody"), "NoSuchEntity", "The role with name nobody cannot be found.")
}

// Terraform asks for these before it deletes a role.
func TestListInstanceProfilesForRole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.role("worker", aws.String(trustNobody), statement("Allow", "a:b"))
	got, err := o.ListInstanceProfilesForRole(o.ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: aws.String("worker")})
	o.must(err)
	if len(got.InstanceProfiles) != 0 || got.IsTruncated || got.Marker != nil {
		t.Errorf("%+v", got)
	}
	_, err = o.ListInstanceProfilesForRole(o.ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: aws.String("nobody")})
	wantError(t, err, "NoSuchEntity", "The role with name nobody cannot be found.")
}
