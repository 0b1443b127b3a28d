package access_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/testkit"
)

// office is a server and its IAM as the root user sees it.
type office struct {
	*testing.T
	*iam.Client
	server *testkit.Server
	ctx    context.Context
}

func newOffice(t *testing.T) *office {
	t.Helper()
	s := testkit.Start(t)
	return &office{T: t, Client: s.IAM(s.RootKeys()), server: s, ctx: testkit.Context(t)}
}

// must fails the test if a call did.
func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// user makes a user and an access key of theirs.
func (o *office) user(name string) testkit.Keys {
	o.Helper()
	_, err := o.CreateUser(o.ctx, &iam.CreateUserInput{UserName: &name})
	o.must(err)
	return o.key(name)
}

func (o *office) key(name string) testkit.Keys {
	o.Helper()
	made, err := o.CreateAccessKey(o.ctx, &iam.CreateAccessKeyInput{UserName: &name})
	o.must(err)
	return testkit.Keys{ID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey}
}

// statement is a policy that allows actions on everything, or denies them.
func statement(effect string, actions ...string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`)
}

// policy makes a managed policy and returns its ARN.
func (o *office) policy(name string, document *string) *string {
	o.Helper()
	made, err := o.CreatePolicy(o.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: document})
	o.must(err)
	return made.Policy.Arn
}

// listsApps asks for something with a user's keys.
func (o *office) listsApps(keys testkit.Keys) error {
	_, err := o.server.Pinpoint(keys).GetApps(o.ctx, &pinpoint.GetAppsInput{})
	return err
}

func TestUserLife(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made, err := o.CreateUser(o.ctx, &iam.CreateUserInput{
		UserName: aws.String("Ada"), Path: aws.String("/team/"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("engines")}},
	})
	o.must(err)
	u := made.User
	if *u.Arn != "arn:aws:iam::123456789012:user/team/Ada" || !strings.HasPrefix(*u.UserId, "AIDA") || len(*u.UserId) != 21 || len(u.Tags) != 1 {
		t.Errorf("user %+v", u)
	}
	_, err = o.CreateUser(o.ctx, &iam.CreateUserInput{UserName: aws.String("ADA")})
	wantError(t, err, "EntityAlreadyExists", "User with name ADA already exists.")
	got, err := o.GetUser(o.ctx, &iam.GetUserInput{UserName: aws.String("ada")})
	o.must(err)
	if *got.User.UserId != *u.UserId || *got.User.UserName != "Ada" || !got.User.CreateDate.Equal(*u.CreateDate) || *got.User.Tags[0].Value != "engines" {
		t.Errorf("user came back as %+v", got.User)
	}
	_, err = o.GetUser(o.ctx, &iam.GetUserInput{UserName: aws.String("nobody")})
	wantError(t, err, "NoSuchEntity", "The user with name nobody cannot be found.")

	keys := o.key("ada")
	_, err = o.UpdateUser(o.ctx, &iam.UpdateUserInput{UserName: aws.String("ada"), NewUserName: aws.String("Countess"), NewPath: aws.String("/")})
	o.must(err)
	who, err := o.server.STS(keys).GetCallerIdentity(o.ctx, &sts.GetCallerIdentityInput{})
	o.must(err)
	if *who.Arn != "arn:aws:iam::123456789012:user/Countess" || *who.UserId != *u.UserId {
		t.Errorf("after the new name the key is that of %s %s", *who.Arn, *who.UserId)
	}
	o.user("bob")
	_, err = o.UpdateUser(o.ctx, &iam.UpdateUserInput{UserName: aws.String("Countess"), NewUserName: aws.String("BOB")})
	wantError(t, err, "EntityAlreadyExists", "User with name BOB already exists.")

	_, err = o.DeleteUser(o.ctx, &iam.DeleteUserInput{UserName: aws.String("Countess")})
	wantError(t, err, "DeleteConflict", "must delete access keys first")
	_, err = o.DeleteAccessKey(o.ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("Countess"), AccessKeyId: &keys.ID})
	o.must(err)
	_, err = o.DeleteUser(o.ctx, &iam.DeleteUserInput{UserName: aws.String("Countess")})
	o.must(err)
	_, err = o.GetUser(o.ctx, &iam.GetUserInput{UserName: aws.String("Countess")})
	wantError(t, err, "NoSuchEntity", "")
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 5 {
		_, err := o.CreateUser(o.ctx, &iam.CreateUserInput{UserName: aws.String(fmt.Sprint("u", i)), Path: aws.String([]string{"/a/", "/b/"}[i%2])})
		o.must(err)
	}
	list := func(prefix string) (names []string) {
		pages := iam.NewListUsersPaginator(o.Client, &iam.ListUsersInput{PathPrefix: &prefix, MaxItems: aws.Int32(2)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(o.ctx)
			o.must(err)
			for _, u := range page.Users {
				names = append(names, *u.UserName)
			}
		}
		return names
	}
	if got := fmt.Sprint(list("/a/"), list("/")); got != "[u0 u2 u4] [u0 u1 u2 u3 u4]" {
		t.Errorf("listed %s", got)
	}
	page, err := o.ListUsers(o.ctx, &iam.ListUsersInput{MaxItems: aws.Int32(2)})
	o.must(err)
	_, err = o.ListUsers(o.ctx, &iam.ListUsersInput{MaxItems: aws.Int32(2), PathPrefix: aws.String("/b/"), Marker: page.Marker})
	wantError(t, err, "ValidationError", "Invalid Marker.")
}

// A user may do what the policies say, as they are now.
func TestUserPermissions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	keys := o.user("ada")
	const refusal = "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: mobiletargeting:GetApps"
	refused := func() {
		t.Helper()
		wantError(t, o.listsApps(keys), "AccessDeniedException", refusal)
	}
	refused()
	_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("look"), PolicyDocument: statement("Allow", "mobiletargeting:Get*")})
	o.must(err)
	o.must(o.listsApps(keys))
	_, err = o.DeleteUserPolicy(o.ctx, &iam.DeleteUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("look")})
	o.must(err)
	refused()

	// By a group, and until they leave it.
	_, err = o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("lookers")})
	o.must(err)
	_, err = o.AttachGroupPolicy(o.ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("lookers"), PolicyArn: o.policy("look", statement("Allow", "mobiletargeting:*"))})
	o.must(err)
	_, err = o.AddUserToGroup(o.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("lookers"), UserName: aws.String("ada")})
	o.must(err)
	o.must(o.listsApps(keys))

	// Not beyond the boundary.
	_, err = o.PutUserPermissionsBoundary(o.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("ada"), PermissionsBoundary: o.policy("bound", statement("Allow", "iam:*"))})
	o.must(err)
	wantError(t, o.listsApps(keys), "AccessDeniedException", refusal+" on resource: arn:aws:mobiletargeting:us-east-1:123456789012:apps because no permissions boundary allows the mobiletargeting:GetApps action")
	_, err = o.DeleteUserPermissionsBoundary(o.ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: aws.String("ada")})
	o.must(err)
	o.must(o.listsApps(keys))

	// Never against a Deny.
	_, err = o.PutGroupPolicy(o.ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("lookers"), PolicyName: aws.String("no"), PolicyDocument: statement("Deny", "mobiletargeting:GetApps")})
	o.must(err)
	wantError(t, o.listsApps(keys), "AccessDeniedException", refusal+" on resource: arn:aws:mobiletargeting:us-east-1:123456789012:apps with an explicit deny in an identity-based policy")
	_, err = o.DeleteGroupPolicy(o.ctx, &iam.DeleteGroupPolicyInput{GroupName: aws.String("lookers"), PolicyName: aws.String("no")})
	o.must(err)
	o.must(o.listsApps(keys))
	_, err = o.RemoveUserFromGroup(o.ctx, &iam.RemoveUserFromGroupInput{GroupName: aws.String("lookers"), UserName: aws.String("ada")})
	o.must(err)
	refused()
}

// Policies can speak of the user: by name and by tag.
func TestPolicyVariablesOfAUser(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	keys := o.user("ada")
	o.user("bob")
	_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("self"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::123456789012:user/${aws:username}"},
		{"Effect":"Allow","Action":"mobiletargeting:GetApps","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"engines"}}}]}`)})
	o.must(err)
	mine := o.server.IAM(keys)
	got, err := mine.GetUser(o.ctx, &iam.GetUserInput{})
	o.must(err)
	if *got.User.UserName != "ada" {
		t.Errorf("I am %s", *got.User.UserName)
	}
	_, err = mine.GetUser(o.ctx, &iam.GetUserInput{UserName: aws.String("bob")})
	wantError(t, err, "AccessDenied", "not authorized to perform: iam:GetUser on resource: arn:aws:iam::123456789012:user/bob")
	wantError(t, o.listsApps(keys), "AccessDeniedException", "")
	_, err = o.TagUser(o.ctx, &iam.TagUserInput{UserName: aws.String("ada"), Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("engines")}}})
	o.must(err)
	o.must(o.listsApps(keys))
	_, err = o.UntagUser(o.ctx, &iam.UntagUserInput{UserName: aws.String("ada"), TagKeys: []string{"team"}})
	o.must(err)
	wantError(t, o.listsApps(keys), "AccessDeniedException", "")
}
