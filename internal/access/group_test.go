package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made, err := o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("Team"), Path: aws.String("/a/")})
	o.must(err)
	if g := made.Group; *g.Arn != "arn:aws:iam::123456789012:group/a/Team" || !strings.HasPrefix(*g.GroupId, "AGPA") {
		t.Errorf("group %+v", g)
	}
	_, err = o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("team")})
	wantError(t, err, "EntityAlreadyExists", "Group with name team already exists.")
	add := func(group, user string) error {
		_, err := o.AddUserToGroup(o.ctx, &iam.AddUserToGroupInput{GroupName: &group, UserName: &user})
		return err
	}
	for _, name := range []string{"ada", "bob", "eve"} {
		o.user(name)
		o.must(add("team", name))
		o.must(add("team", name)) // twice is once
	}
	wantError(t, add("nobodies", "ada"), "NoSuchEntity", "The group with name nobodies cannot be found.")
	wantError(t, add("team", "nobody"), "NoSuchEntity", "The user with name nobody cannot be found.")
	members := 0
	for pages := iam.NewGetGroupPaginator(o.Client, &iam.GetGroupInput{GroupName: aws.String("team"), MaxItems: aws.Int32(2)}); pages.HasMorePages(); {
		page, err := pages.NextPage(o.ctx)
		o.must(err)
		members += len(page.Users)
	}
	if members != 3 {
		t.Errorf("%d members", members)
	}
	for i := range 9 {
		name := fmt.Sprint("g", i)
		_, err := o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: &name})
		o.must(err)
		o.must(add(name, "ada"))
	}
	_, err = o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("one-more")})
	o.must(err)
	wantError(t, add("one-more", "ada"), "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10")
	in := 0
	for pages := iam.NewListGroupsForUserPaginator(o.Client, &iam.ListGroupsForUserInput{UserName: aws.String("ada"), MaxItems: aws.Int32(4)}); pages.HasMorePages(); {
		page, err := pages.NextPage(o.ctx)
		o.must(err)
		in += len(page.Groups)
	}
	all, err := o.ListGroups(o.ctx, &iam.ListGroupsInput{PathPrefix: aws.String("/a/")})
	o.must(err)
	if in != 10 || len(all.Groups) != 1 || *all.Groups[0].GroupName != "Team" {
		t.Errorf("in %d groups, under /a/ %+v", in, all.Groups)
	}

	_, err = o.UpdateGroup(o.ctx, &iam.UpdateGroupInput{GroupName: aws.String("team"), NewGroupName: aws.String("Crew")})
	o.must(err)
	_, err = o.DeleteUser(o.ctx, &iam.DeleteUserInput{UserName: aws.String("bob")})
	wantError(t, err, "DeleteConflict", "must delete access keys first")
	_, err = o.DeleteGroup(o.ctx, &iam.DeleteGroupInput{GroupName: aws.String("crew")})
	wantError(t, err, "DeleteConflict", "must remove users from group first")
	for _, name := range []string{"ada", "bob", "eve"} {
		_, err = o.RemoveUserFromGroup(o.ctx, &iam.RemoveUserFromGroupInput{GroupName: aws.String("crew"), UserName: &name})
		o.must(err)
	}
	_, err = o.RemoveUserFromGroup(o.ctx, &iam.RemoveUserFromGroupInput{GroupName: aws.String("crew"), UserName: aws.String("ada")})
	wantError(t, err, "NoSuchEntity", "")
	_, err = o.DeleteGroup(o.ctx, &iam.DeleteGroupInput{GroupName: aws.String("crew")})
	o.must(err)
	_, err = o.GetGroup(o.ctx, &iam.GetGroupInput{GroupName: aws.String("crew")})
	wantError(t, err, "NoSuchEntity", "")
}
