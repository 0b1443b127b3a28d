package userpool_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const resourceNotFound = "ResourceNotFoundException"

func TestGroup(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		created, err := w.CreateGroup(t.Context(), &idp.CreateGroupInput{
			UserPoolId: p.Id, GroupName: aws.String("editors"), Description: aws.String("They write."), Precedence: aws.Int32(0),
		})
		if err != nil {
			t.Fatal(err)
		}
		want := &types.GroupType{
			UserPoolId: p.Id, GroupName: aws.String("editors"), Description: aws.String("They write."), Precedence: aws.Int32(0),
			CreationDate: aws.Time(w.clock.Now()), LastModifiedDate: aws.Time(w.clock.Now()),
		}
		if diff := cmp.Diff(want, created.Group, unexported); diff != "" {
			t.Error("created:", diff)
		}

		const role = "arn:aws:iam::123456789012:role/editor"
		updated, err := w.UpdateGroup(t.Context(), &idp.UpdateGroupInput{UserPoolId: p.Id, GroupName: aws.String("editors"), RoleArn: aws.String(role)})
		if err != nil {
			t.Fatal(err)
		}
		want.RoleArn, want.LastModifiedDate = aws.String(role), aws.Time(w.clock.Now())
		if diff := cmp.Diff(want, updated.Group, unexported); diff != "" {
			t.Error("updated:", diff)
		}
		found, err := w.GetGroup(t.Context(), &idp.GetGroupInput{UserPoolId: p.Id, GroupName: aws.String("editors")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, found.Group, unexported); diff != "" {
			t.Error("found:", diff)
		}
		if _, err := w.DeleteGroup(t.Context(), &idp.DeleteGroupInput{UserPoolId: p.Id, GroupName: aws.String("editors")}); err != nil {
			t.Fatal(err)
		}
		_, err = w.GetGroup(t.Context(), &idp.GetGroupInput{UserPoolId: p.Id, GroupName: aws.String("editors")})
		wants(t, err, resourceNotFound, "Group not found.")
	})
}

func TestListGroups(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p, other := w.pool(), w.pool()
	for _, name := range []string{"c", "a", "b"} {
		w.group(p, name)
	}
	w.group(other, "z")
	var listed []string
	everyPage(t, idp.NewListGroupsPaginator(w.Client, &idp.ListGroupsInput{UserPoolId: p.Id, Limit: aws.Int32(2)}), func(page *idp.ListGroupsOutput) {
		listed = append(listed, groupNames(page.Groups)...)
	})
	if want := []string{"a", "b", "c"}; !slices.Equal(listed, want) {
		t.Errorf("listed %v, want %v", listed, want)
	}
}

func TestGroupRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.member(w.app(p), "ada")
	w.group(p, "editors")
	nowhere, nobody, nothing := aws.String("us-east-1_Nowhere00"), aws.String("nobody"), aws.String("nothing")
	noPool, editors := "User pool us-east-1_Nowhere00 does not exist.", aws.String("editors")
	tests := []struct {
		name          string
		call          func() error
		code, message string
	}{
		{"create twice", func() error {
			return does(t, w.CreateGroup, &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: editors})
		}, "GroupExistsException", "A group with the name already exists."},
		{"create nowhere", func() error {
			return does(t, w.CreateGroup, &idp.CreateGroupInput{UserPoolId: nowhere, GroupName: editors})
		}, resourceNotFound, noPool},
		{"negative precedence", func() error {
			return does(t, w.CreateGroup, &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: nothing, Precedence: aws.Int32(-1)})
		}, invalidParameter, "1 validation error detected: Value '-1' at 'precedence' failed to satisfy constraint: Member must have value greater than or equal to 0"},
		{"update", func() error {
			return does(t, w.UpdateGroup, &idp.UpdateGroupInput{UserPoolId: p.Id, GroupName: nothing})
		}, resourceNotFound, "Group not found."},
		{"delete", func() error {
			return does(t, w.DeleteGroup, &idp.DeleteGroupInput{UserPoolId: p.Id, GroupName: nothing})
		}, resourceNotFound, "Group not found."},
		{"list nowhere", func() error {
			return does(t, w.ListGroups, &idp.ListGroupsInput{UserPoolId: nowhere})
		}, resourceNotFound, noPool},
		{"list after a made-up token", func() error {
			return does(t, w.ListGroups, &idp.ListGroupsInput{UserPoolId: p.Id, NextToken: aws.String("x")})
		}, invalidParameter, "Invalid pagination token."},
		{"add nobody", func() error {
			return does(t, w.AdminAddUserToGroup, &idp.AdminAddUserToGroupInput{UserPoolId: p.Id, GroupName: editors, Username: nobody})
		}, "UserNotFoundException", "User does not exist."},
		{"add to nothing", func() error {
			return does(t, w.AdminAddUserToGroup, &idp.AdminAddUserToGroupInput{UserPoolId: p.Id, GroupName: nothing, Username: aws.String("ada")})
		}, resourceNotFound, "Group not found."},
		{"remove nobody", func() error {
			return does(t, w.AdminRemoveUserFromGroup, &idp.AdminRemoveUserFromGroupInput{UserPoolId: p.Id, GroupName: editors, Username: nobody})
		}, "UserNotFoundException", "User does not exist."},
		{"groups of nobody", func() error {
			return does(t, w.AdminListGroupsForUser, &idp.AdminListGroupsForUserInput{UserPoolId: p.Id, Username: nobody})
		}, "UserNotFoundException", "User does not exist."},
		{"members of nothing", func() error {
			return does(t, w.ListUsersInGroup, &idp.ListUsersInGroupInput{UserPoolId: p.Id, GroupName: nothing})
		}, resourceNotFound, "Group not found."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wants(t, test.call(), test.code, test.message) })
	}
}

func TestMemberships(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		app := w.app(p)
		for _, name := range []string{"ada", "grace", "mary"} {
			w.member(app, name)
			w.group(p, "of-"+name)
		}
		w.group(p, "all")
		for range 2 { // the second time changes nothing
			w.join(p, "ada", "all")
			w.join(p, "grace", "all")
			w.join(p, "mary", "all")
			w.join(p, "ada", "of-ada")
		}
		if got, want := w.groupsOf(p, "ada"), []string{"all", "of-ada"}; !slices.Equal(got, want) {
			t.Errorf("ada is in %q, want %q", got, want)
		}
		if got, want := w.membersOf(p, "all"), []string{"ada", "grace", "mary"}; !slices.Equal(got, want) {
			t.Errorf("members %q, want %q", got, want)
		}
		for range 2 {
			w.leave(p, "ada", "all")
		}
		if got, want := w.groupsOf(p, "ada"), []string{"of-ada"}; !slices.Equal(got, want) {
			t.Errorf("ada is in %q, want %q", got, want)
		}
		if got, want := w.membersOf(p, "all"), []string{"grace", "mary"}; !slices.Equal(got, want) {
			t.Errorf("members %q, want %q", got, want)
		}

		// A deleted group leaves its members alone, and a new one of its name has none.
		if _, err := w.DeleteGroup(t.Context(), &idp.DeleteGroupInput{UserPoolId: p.Id, GroupName: aws.String("all")}); err != nil {
			t.Fatal(err)
		}
		if got := w.groupsOf(p, "grace"); len(got) != 0 {
			t.Errorf("grace is still in %q", got)
		}
		w.group(p, "all")
		if got := w.membersOf(p, "all"); len(got) != 0 {
			t.Errorf("the new group has %q", got)
		}
		w.join(p, "grace", "all")
		if got, want := w.groupsOf(p, "grace"), []string{"all"}; !slices.Equal(got, want) {
			t.Errorf("grace is in %q, want %q", got, want)
		}
	})
}

func TestMembershipLimit(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.member(w.app(p), "ada")
	const most = 100
	together(most+1, func(i int) {
		in := &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: aws.String(fmt.Sprint("group", i))}
		if _, err := w.CreateGroup(t.Context(), in); err != nil {
			t.Error(err)
		}
	})
	for i := range most {
		w.join(p, "ada", fmt.Sprint("group", i))
	}
	_, err := w.AdminAddUserToGroup(t.Context(), &idp.AdminAddUserToGroupInput{UserPoolId: p.Id, GroupName: aws.String("group100"), Username: aws.String("ada")})
	wants(t, err, invalidParameter, "A user can be in at most 100 groups.")
	if got := w.groupsOf(p, "ada"); len(got) != most || slices.Contains(got, "group100") {
		t.Errorf("in %d groups: %q", len(got), got)
	}
	w.leave(p, "ada", "group0")
	w.join(p, "ada", "group100")
}

// group creates a group of that name.
func (w *world) group(p *types.UserPoolType, name string, change ...func(*idp.CreateGroupInput)) {
	w.t.Helper()
	in := &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: &name}
	for _, f := range change {
		f(in)
	}
	if _, err := w.CreateGroup(w.t.Context(), in); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) join(p *types.UserPoolType, username, group string) {
	w.t.Helper()
	_, err := w.AdminAddUserToGroup(w.t.Context(), &idp.AdminAddUserToGroupInput{UserPoolId: p.Id, Username: &username, GroupName: &group})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) leave(p *types.UserPoolType, username, group string) {
	w.t.Helper()
	_, err := w.AdminRemoveUserFromGroup(w.t.Context(), &idp.AdminRemoveUserFromGroupInput{UserPoolId: p.Id, Username: &username, GroupName: &group})
	if err != nil {
		w.t.Fatal(err)
	}
}

// groupsOf lists a user's groups, in small pages.
func (w *world) groupsOf(p *types.UserPoolType, username string) (names []string) {
	w.t.Helper()
	everyPage(w.t, idp.NewAdminListGroupsForUserPaginator(w.Client, &idp.AdminListGroupsForUserInput{UserPoolId: p.Id, Username: &username, Limit: aws.Int32(1)}), func(page *idp.AdminListGroupsForUserOutput) {
		names = append(names, groupNames(page.Groups)...)
	})
	return names
}

// membersOf lists a group's users, in small pages, and sorts them.
func (w *world) membersOf(p *types.UserPoolType, group string) (names []string) {
	w.t.Helper()
	everyPage(w.t, idp.NewListUsersInGroupPaginator(w.Client, &idp.ListUsersInGroupInput{UserPoolId: p.Id, GroupName: &group, Limit: aws.Int32(2)}), func(page *idp.ListUsersInGroupOutput) {
		for _, u := range page.Users {
			names = append(names, *u.Username)
		}
	})
	slices.Sort(names)
	return names
}

func groupNames(groups []types.GroupType) (names []string) {
	for _, g := range groups {
		names = append(names, *g.GroupName)
	}
	return names
}

// TestGroupsInTokens reads a member's groups out of their tokens, which change with
// the next token and not before.
func TestGroupsInTokens(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	const writer, reader = "arn:aws:iam::123456789012:role/writer", "arn:aws:iam::123456789012:role/reader"
	as := func(role string, precedence int32) func(*idp.CreateGroupInput) {
		return func(in *idp.CreateGroupInput) { in.RoleArn, in.Precedence = &role, &precedence }
	}
	w.group(p, "readers", as(reader, 2))
	w.group(p, "writers", as(writer, 1))
	w.group(p, "anybody")
	for _, name := range []string{"anybody", "readers", "writers"} {
		w.join(p, "ada", name)
	}
	tokens := w.signIn(app, "ada")
	id, _ := w.claimsOf(p.Id, tokens.IdToken)
	access, _ := w.claimsOf(p.Id, tokens.AccessToken)
	names := []any{"writers", "readers", "anybody"}
	if diff := cmp.Diff(names, id["cognito:groups"]); diff != "" {
		t.Error("ID token:", diff)
	}
	if diff := cmp.Diff(names, access["cognito:groups"]); diff != "" {
		t.Error("access token:", diff)
	}
	if diff := cmp.Diff([]any{writer, reader}, id["cognito:roles"]); diff != "" {
		t.Error(diff)
	}
	if id["cognito:preferred_role"] != writer || access["cognito:roles"] != nil || access["cognito:preferred_role"] != nil {
		t.Errorf("preferred role %v, access token %v", id["cognito:preferred_role"], access)
	}

	w.leave(p, "ada", "writers")
	refreshed, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{
		AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: app.ClientId, AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken},
	})
	if err != nil {
		t.Fatal(err)
	}
	id, _ = w.claimsOf(p.Id, refreshed.AuthenticationResult.IdToken)
	if diff := cmp.Diff([]any{"readers", "anybody"}, id["cognito:groups"]); diff != "" {
		t.Error("refreshed:", diff)
	}
	if id["cognito:preferred_role"] != reader {
		t.Errorf("refreshed: preferred role %v", id["cognito:preferred_role"])
	}

	w.leave(p, "ada", "readers")
	w.leave(p, "ada", "anybody")
	id, _ = w.claimsOf(p.Id, w.signIn(app, "ada").IdToken)
	if groups, ok := id["cognito:groups"]; ok {
		t.Errorf("groups %v, want no claim", groups)
	}
}
