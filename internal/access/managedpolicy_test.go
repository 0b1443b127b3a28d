package access_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestManagedPolicy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	document := statement("Allow", "mobiletargeting:GetApps")
	made, err := o.CreatePolicy(o.ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String("Look"), Path: aws.String("/team/"), PolicyDocument: document, Description: aws.String("to look"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("engines")}},
	})
	o.must(err)
	p := made.Policy
	if *p.Arn != "arn:aws:iam::123456789012:policy/team/Look" || !strings.HasPrefix(*p.PolicyId, "ANPA") || *p.DefaultVersionId != "v1" ||
		*p.AttachmentCount != 0 || *p.PermissionsBoundaryUsageCount != 0 || !p.IsAttachable || p.Description != nil {
		t.Errorf("policy %+v", p)
	}
	_, err = o.CreatePolicy(o.ctx, &iam.CreatePolicyInput{PolicyName: aws.String("LOOK"), PolicyDocument: document})
	wantError(t, err, "EntityAlreadyExists", "A policy called LOOK already exists. Duplicate names are not allowed.")
	_, err = o.CreatePolicy(o.ctx, &iam.CreatePolicyInput{PolicyName: aws.String("Bad"), PolicyDocument: aws.String(`{"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*"}]}`)})
	wantError(t, err, "MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.")
	got, err := o.GetPolicy(o.ctx, &iam.GetPolicyInput{PolicyArn: p.Arn})
	o.must(err)
	if *got.Policy.Description != "to look" || *got.Policy.Tags[0].Key != "team" {
		t.Errorf("policy came back as %+v", got.Policy)
	}
	for arn, want := range map[string]string{"arn:aws:iam::123456789012:policy/Look": "NoSuchEntity", "Look, please, by name": "ValidationError"} {
		_, err = o.GetPolicy(o.ctx, &iam.GetPolicyInput{PolicyArn: &arn})
		wantError(t, err, want, "")
	}

	version := func(effect string, asDefault bool) *types.PolicyVersion {
		t.Helper()
		out, err := o.CreatePolicyVersion(o.ctx, &iam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: statement(effect, "mobiletargeting:GetApps"), SetAsDefault: asDefault})
		o.must(err)
		return out.PolicyVersion
	}
	keys := o.user("ada")
	_, err = o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: p.Arn})
	o.must(err)
	o.must(o.listsApps(keys))
	if v := version("Deny", false); *v.VersionId != "v2" || v.IsDefaultVersion {
		t.Errorf("version %+v", v)
	}
	o.must(o.listsApps(keys))
	_, err = o.SetDefaultPolicyVersion(o.ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v2")})
	o.must(err)
	wantError(t, o.listsApps(keys), "AccessDeniedException", "with an explicit deny")
	version("Allow", true)
	o.must(o.listsApps(keys))
	for range 2 {
		version("Deny", false)
	}
	_, err = o.CreatePolicyVersion(o.ctx, &iam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: document})
	wantError(t, err, "LimitExceeded", "A managed policy can have up to 5 versions.")
	_, err = o.DeletePolicyVersion(o.ctx, &iam.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v3")})
	wantError(t, err, "DeleteConflict", "Cannot delete the default version of a policy.")
	_, err = o.DeletePolicyVersion(o.ctx, &iam.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v5")})
	o.must(err)
	if v := version("Deny", false); *v.VersionId != "v6" { // a number is never used again
		t.Errorf("version %s", *v.VersionId)
	}
	var ids []string
	for pages := iam.NewListPolicyVersionsPaginator(o.Client, &iam.ListPolicyVersionsInput{PolicyArn: p.Arn, MaxItems: aws.Int32(2)}); pages.HasMorePages(); {
		page, err := pages.NextPage(o.ctx)
		o.must(err)
		for _, v := range page.Versions {
			ids = append(ids, fmt.Sprint(*v.VersionId, v.IsDefaultVersion))
		}
	}
	if got := strings.Join(ids, " "); got != "v6false v4false v3true v2false v1false" {
		t.Errorf("versions %s", got)
	}
	v, err := o.GetPolicyVersion(o.ctx, &iam.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v1")})
	o.must(err)
	if text, err := url.PathUnescape(*v.PolicyVersion.Document); err != nil || text != *document {
		t.Errorf("document %q", *v.PolicyVersion.Document)
	}
	_, err = o.DeletePolicy(o.ctx, &iam.DeletePolicyInput{PolicyArn: p.Arn})
	wantError(t, err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	_, err = o.DetachUserPolicy(o.ctx, &iam.DetachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: p.Arn})
	o.must(err)
	_, err = o.DeletePolicy(o.ctx, &iam.DeletePolicyInput{PolicyArn: p.Arn})
	wantError(t, err, "DeleteConflict", "This policy has more than one version.")
	for _, id := range []string{"v1", "v2", "v4", "v6"} {
		_, err = o.DeletePolicyVersion(o.ctx, &iam.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: &id})
		o.must(err)
	}
	_, err = o.DeletePolicy(o.ctx, &iam.DeletePolicyInput{PolicyArn: p.Arn})
	o.must(err)
	wantError(t, o.listsApps(keys), "AccessDeniedException", "")
}

// AWS's own policies are there, can be attached, and cannot be changed.
func TestAWSManagedPolicies(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const power, service = "arn:aws:iam::aws:policy/AmazonCognitoPowerUser", "arn:aws:iam::aws:policy/aws-service-role/AmazonCognitoIdpServiceRolePolicy"
	list := func(scope types.PolicyScopeType, attached bool) (arns []string) {
		t.Helper()
		in := &iam.ListPoliciesInput{Scope: scope, OnlyAttached: attached, MaxItems: aws.Int32(3)}
		for pages := iam.NewListPoliciesPaginator(o.Client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(o.ctx)
			o.must(err)
			for _, p := range page.Policies {
				arns = append(arns, *p.Arn)
			}
		}
		return arns
	}
	mine := *o.policy("mine", statement("Allow", "a:b"))
	if got := list("AWS", false); !slices.Contains(got, power) || !slices.Contains(got, service) || slices.Contains(got, mine) {
		t.Errorf("AWS's: %v", got)
	}
	if got := list("Local", false); len(got) != 1 || got[0] != mine {
		t.Errorf("mine: %v", got)
	}
	keys := o.user("ada")
	_, err := o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	o.must(err)
	o.must(o.listsApps(keys))
	if got := list("All", true); len(got) != 1 || got[0] != "arn:aws:iam::aws:policy/AdministratorAccess" {
		t.Errorf("attached: %v", got)
	}
	_, err = o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: aws.String(service)})
	wantError(t, err, "PolicyNotAttachable", "")
	_, err = o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: aws.String("arn:aws:iam::aws:policy/Nonesuch")})
	wantError(t, err, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/Nonesuch does not exist or is not attachable.")
	_, err = o.CreatePolicyVersion(o.ctx, &iam.CreatePolicyVersionInput{PolicyArn: aws.String(power), PolicyDocument: statement("Allow", "*")})
	wantError(t, err, "AccessDenied", "")
	_, err = o.DeletePolicy(o.ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(power)})
	wantError(t, err, "AccessDenied", "")
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.user("ada")
	_, err := o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("team")})
	o.must(err)
	_, err = o.CreateRole(o.ctx, &iam.CreateRoleInput{RoleName: aws.String("worker"), AssumeRolePolicyDocument: aws.String(trustNobody)})
	o.must(err)
	arn := o.policy("p0", statement("Allow", "a:b"))
	for range 2 { // twice is once
		_, err = o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: arn})
		o.must(err)
	}
	_, err = o.AttachGroupPolicy(o.ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("team"), PolicyArn: arn})
	o.must(err)
	_, err = o.AttachRolePolicy(o.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: arn})
	o.must(err)
	_, err = o.PutRolePermissionsBoundary(o.ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("worker"), PermissionsBoundary: arn})
	o.must(err)
	p, err := o.GetPolicy(o.ctx, &iam.GetPolicyInput{PolicyArn: arn})
	o.must(err)
	if *p.Policy.AttachmentCount != 3 || *p.Policy.PermissionsBoundaryUsageCount != 1 {
		t.Errorf("%d attachments, %d boundaries", *p.Policy.AttachmentCount, *p.Policy.PermissionsBoundaryUsageCount)
	}
	r, err := o.GetRole(o.ctx, &iam.GetRoleInput{RoleName: aws.String("worker")})
	o.must(err)
	if b := r.Role.PermissionsBoundary; b == nil || *b.PermissionsBoundaryArn != *arn {
		t.Errorf("boundary %+v", b)
	}
	entities := func(in iam.ListEntitiesForPolicyInput) string {
		t.Helper()
		in.PolicyArn, in.MaxItems = arn, aws.Int32(1)
		var names []string
		for pages := iam.NewListEntitiesForPolicyPaginator(o.Client, &in); pages.HasMorePages(); {
			page, err := pages.NextPage(o.ctx)
			o.must(err)
			for _, g := range page.PolicyGroups {
				names = append(names, *g.GroupName)
			}
			for _, u := range page.PolicyUsers {
				names = append(names, *u.UserName)
			}
			for _, r := range page.PolicyRoles {
				names = append(names, *r.RoleName)
			}
		}
		return strings.Join(names, " ")
	}
	for want, in := range map[string]iam.ListEntitiesForPolicyInput{
		"team ada worker worker": {},
		"ada":                    {EntityFilter: "User"},
		"worker":                 {PolicyUsageFilter: "PermissionsBoundary"},
		"team ada worker":        {PolicyUsageFilter: "PermissionsPolicy"},
	} {
		if got := entities(in); got != want {
			t.Errorf("%+v: %q, want %q", in, got, want)
		}
	}

	for i := range 10 {
		_, err = o.AttachGroupPolicy(o.ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("team"), PolicyArn: o.policy(fmt.Sprint("q", i), statement("Allow", "a:b"))})
	}
	wantError(t, err, "LimitExceeded", "Cannot exceed quota for PoliciesPerGroup: 10")
	var attached int
	for pages := iam.NewListAttachedGroupPoliciesPaginator(o.Client, &iam.ListAttachedGroupPoliciesInput{GroupName: aws.String("team"), MaxItems: aws.Int32(3)}); pages.HasMorePages(); {
		page, err := pages.NextPage(o.ctx)
		o.must(err)
		attached += len(page.AttachedPolicies)
	}
	if attached != 10 {
		t.Errorf("%d listed", attached)
	}
	_, err = o.DeleteGroup(o.ctx, &iam.DeleteGroupInput{GroupName: aws.String("team")})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	_, err = o.DetachRolePolicy(o.ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: arn})
	o.must(err)
	_, err = o.DetachRolePolicy(o.ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: arn})
	wantError(t, err, "NoSuchEntity", "was not found")
	_, err = o.DeleteRole(o.ctx, &iam.DeleteRoleInput{RoleName: aws.String("worker")}) // its boundary goes with it
	o.must(err)
	if p, err = o.GetPolicy(o.ctx, &iam.GetPolicyInput{PolicyArn: arn}); err != nil || *p.Policy.PermissionsBoundaryUsageCount != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}
