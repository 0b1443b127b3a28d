package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestAccountAlias(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	list := func() string {
		t.Helper()
		out, err := o.ListAccountAliases(o.ctx, &iam.ListAccountAliasesInput{})
		o.must(err)
		return strings.Join(out.AccountAliases, " ")
	}
	for _, alias := range []string{"engines", "engines-2"} {
		_, err := o.CreateAccountAlias(o.ctx, &iam.CreateAccountAliasInput{AccountAlias: &alias})
		o.must(err)
		if list() != alias {
			t.Errorf("%s became %s", alias, list())
		}
	}
	for _, bad := range []string{"A-b", "a--b", "-a", "ab"} {
		_, err := o.CreateAccountAlias(o.ctx, &iam.CreateAccountAliasInput{AccountAlias: &bad})
		wantError(t, err, "ValidationError", "accountAlias")
	}
	_, err := o.DeleteAccountAlias(o.ctx, &iam.DeleteAccountAliasInput{AccountAlias: aws.String("engines")})
	wantError(t, err, "NoSuchEntity", "")
	_, err = o.DeleteAccountAlias(o.ctx, &iam.DeleteAccountAliasInput{AccountAlias: aws.String("engines-2")})
	o.must(err)
	if list() != "" {
		t.Errorf("deleted, and still %s", list())
	}
}

func TestAccountSummary(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.user("ada")
	o.user("bob")
	o.policy("p", statement("Allow", "a:b"))
	out, err := o.GetAccountSummary(o.ctx, &iam.GetAccountSummaryInput{})
	o.must(err)
	for name, want := range map[string]int32{"Users": 2, "Groups": 0, "Policies": 1, "UsersQuota": 5000, "AccountAccessKeysPresent": 1, "Providers": 0} {
		if got, ok := out.SummaryMap[name]; !ok || got != want {
			t.Errorf("%s is %d", name, got)
		}
	}
}

func TestAccountAuthorizationDetails(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"ada", "bob"} {
		o.user(name)
	}
	_, err := o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("team")})
	o.must(err)
	_, err = o.AddUserToGroup(o.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("team"), UserName: aws.String("ada")})
	o.must(err)
	arn := o.policy("p", statement("Allow", "a:b"))
	_, err = o.AttachGroupPolicy(o.ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("team"), PolicyArn: arn})
	o.must(err)
	_, err = o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: aws.String("arn:aws:iam::aws:policy/IAMReadOnlyAccess")})
	o.must(err)
	_, err = o.PutUserPermissionsBoundary(o.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("ada"), PermissionsBoundary: arn})
	o.must(err)
	o.role("worker", aws.String(trustNobody), statement("Allow", "c:d"))
	walk := func(filter ...types.EntityType) (seen []string) {
		t.Helper()
		in := &iam.GetAccountAuthorizationDetailsInput{Filter: filter, MaxItems: aws.Int32(2)}
		for pages := iam.NewGetAccountAuthorizationDetailsPaginator(o.Client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(o.ctx)
			o.must(err)
			for _, u := range page.UserDetailList {
				bound := ""
				if u.PermissionsBoundary != nil {
					bound = *u.PermissionsBoundary.PermissionsBoundaryArn
				}
				seen = append(seen, fmt.Sprintln("user", *u.UserName, u.GroupList, len(u.AttachedManagedPolicies), bound == *arn))
			}
			for _, g := range page.GroupDetailList {
				seen = append(seen, fmt.Sprintln("group", *g.GroupName, *g.AttachedManagedPolicies[0].PolicyName))
			}
			for _, r := range page.RoleDetailList {
				seen = append(seen, fmt.Sprintln("role", *r.RoleName, *r.RolePolicyList[0].PolicyName))
			}
			for _, p := range page.Policies {
				seen = append(seen, fmt.Sprintln("policy", *p.PolicyName, *p.AttachmentCount, *p.PermissionsBoundaryUsageCount, len(p.PolicyVersionList)))
			}
		}
		for i := range seen {
			seen[i] = strings.TrimSpace(seen[i])
		}
		return seen
	}
	all := []string{"user ada [team] 1 true", "user bob [] 0 false", "group team p", "role worker work", "policy p 1 1 1", "policy IAMReadOnlyAccess 1 0 1"}
	got := walk()
	if !slices.Equal(got, all) {
		t.Errorf("got  %q\nwant %q", got, all)
	}
	if got := walk("Role", "LocalManagedPolicy"); len(got) != 2 {
		t.Errorf("filtered: %q", got)
	}
}

// Policies of IAM can look at the tags that a request gives and at those that are there.
func TestIAMConditionKeys(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	keys := o.user("ada")
	look := o.policy("look", statement("Allow", "a:b"))
	_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"engines","iam:PermissionsBoundary":"` + *look + `"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}},
		{"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"engines"}}},
		{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"` + *look + `"}}},
		{"Effect":"Allow","Action":"iam:DetachUserPolicy","Resource":"*"}]}`)})
	o.must(err)
	mine := o.server.IAM(keys)
	create := func(name string, boundary *string, tags ...string) error {
		in := &iam.CreateUserInput{UserName: &name, PermissionsBoundary: boundary}
		for i := 0; i < len(tags); i += 2 {
			in.Tags = append(in.Tags, types.Tag{Key: &tags[i], Value: &tags[i+1]})
		}
		_, err := mine.CreateUser(o.ctx, in)
		return err
	}
	wantError(t, create("bob", look), "AccessDenied", "")
	wantError(t, create("bob", look, "team", "brakes"), "AccessDenied", "")
	wantError(t, create("bob", look, "team", "engines", "cost", "1"), "AccessDenied", "")
	wantError(t, create("bob", nil, "team", "engines"), "AccessDenied", "")
	o.must(create("bob", look, "team", "engines"))
	o.user("eve")
	attach := func(arn *string) error {
		_, err := mine.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("bob"), PolicyArn: arn})
		return err
	}
	wantError(t, attach(aws.String("arn:aws:iam::aws:policy/AdministratorAccess")), "AccessDenied", "")
	o.must(attach(look))
	_, err = mine.DetachUserPolicy(o.ctx, &iam.DetachUserPolicyInput{UserName: aws.String("bob"), PolicyArn: look})
	o.must(err)
	_, err = mine.DeleteUser(o.ctx, &iam.DeleteUserInput{UserName: aws.String("eve")})
	wantError(t, err, "AccessDenied", "")
	_, err = mine.DeleteUser(o.ctx, &iam.DeleteUserInput{UserName: aws.String("bob")})
	o.must(err)
}
