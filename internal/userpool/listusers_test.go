package userpool_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/go-cmp/cmp"
)

// list returns the usernames that a filter finds, page after page.
func (w *world) list(pool, filter *string, limit int32) (names []string, pages int) {
	w.t.Helper()
	in := &idp.ListUsersInput{UserPoolId: pool, Filter: filter, Limit: &limit}
	for p := idp.NewListUsersPaginator(w.Client, in); p.HasMorePages(); pages++ {
		page, err := p.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, u := range page.Users {
			names = append(names, *u.Username)
		}
	}
	return names, pages
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		app := w.app(p)
		for i, given := range []string{"Zoe", "Ada", `Q"uote`, "Adam", "Ådne"} {
			name := fmt.Sprintf("user%d", i)
			w.signUp(app, name, "email", name+"@example.org", "given_name", given, "phone_number", fmt.Sprintf("+4917000%d", i))
		}
		w.confirm(app, "user1", "user1@example.org")
		sub := *w.signUp(app, "Other").UserSub

		everybody := []string{"Other", "user0", "user1", "user2", "user3", "user4"}
		if names, pages := w.list(p.Id, nil, 4); !slices.Equal(names, everybody) || pages != 2 {
			t.Errorf("%v on %d pages", names, pages)
		}
		tests := []struct {
			filter string
			want   []string
		}{
			{`username = "user3"`, []string{"user3"}},
			{`username ^= "user"`, everybody[1:]},
			{`username ^= "USER"`, nil},
			{`email="user2@example.org"`, []string{"user2"}},
			{`email ^= "user"`, everybody[1:]},
			{`given_name ^= "Ada"`, []string{"user1", "user3"}},
			{`given_name = "Ada"`, []string{"user1"}},
			{`given_name = "Q\"uote"`, []string{"user2"}},
			{` given_name   ^=   "Å" `, []string{"user4"}},
			{`given_name ^= ""`, []string{"user1", "user3", "user2", "user0", "user4"}}, // in the order of the names
			{`given_name = ""`, nil},
			{`phone_number = "+49170004"`, []string{"user4"}},
			{`cognito:user_status = "confirmed"`, []string{"user1"}},
			{`cognito:user_status ^= "UNCONF"`, []string{"Other", "user0", "user2", "user3", "user4"}},
			{`status = "Enabled"`, everybody},
			{`status = "enabled"`, nil},
			{`status = "Disabled"`, nil},
			{`sub = "` + sub + `"`, []string{"Other"}},
			{`sub ^= "` + sub[:20] + `"`, []string{"Other"}},
		}
		for _, test := range tests {
			if names, _ := w.list(p.Id, &test.filter, 2); !slices.Equal(names, test.want) {
				t.Errorf("%s: %v, want %v", test.filter, names, test.want)
			}
		}
	})
}

func TestListUsersAnswer(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom)
	app := w.app(p)
	w.member(app, "ada", "name", "Ada", "custom:tier", "gold")
	out, err := w.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, AttributesToGet: []string{"email", "custom:tier"}})
	if err != nil || len(out.Users) != 1 || out.PaginationToken != nil {
		t.Fatalf("%+v %v", out, err)
	}
	u := out.Users[0]
	if diff := cmp.Diff(map[string]string{"email": "ada@example.org", "custom:tier": "gold"}, values(u.Attributes)); diff != "" {
		t.Error(diff)
	}
	if u.UserStatus != "CONFIRMED" || !u.Enabled || u.UserCreateDate.IsZero() || u.UserLastModifiedDate.Before(*u.UserCreateDate) {
		t.Errorf("user %+v", u)
	}
	out, err = w.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, AttributesToGet: []string{}})
	if err != nil || len(out.Users) != 1 || len(out.Users[0].Attributes) != 0 {
		t.Errorf("asked for no attributes: %+v %v", out, err)
	}
	_, err = w.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, AttributesToGet: []string{"custom:x"}})
	wants(t, err, invalidParameter, "One or more requested attributes do not exist.")
	_, err = w.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, Limit: aws.Int32(61)})
	wants(t, err, invalidParameter, "1 validation error detected: Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60")
}

func TestListUsersRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p, other := w.pool(), w.pool()
	for _, app := range []string{*p.Id, *other.Id} {
		q := *p
		q.Id = &app
		cl := w.app(&q)
		w.signUp(cl, "ada")
		w.signUp(cl, "bob")
	}
	for filter, message := range map[string]string{
		`custom:tier = "x"`:  "Invalid search attribute: custom:tier",
		`nickname = "x"`:     "Invalid search attribute: nickname",
		`email`:              "Error while parsing filter.",
		`email = x`:          "Error while parsing filter.",
		`email ~= "x"`:       "Error while parsing filter.",
		`email = "x`:         "Error while parsing filter.",
		`email = "x" or "y"`: "Error while parsing filter.",
		`email = "\x"`:       "Error while parsing filter.",
		`= "x"`:              "Error while parsing filter.",
	} {
		_, err := w.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, Filter: &filter})
		wants(t, err, invalidParameter, message)
	}
	// A page token is good for its own list only.
	first, err := w.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, Limit: aws.Int32(1)})
	if err != nil || first.PaginationToken == nil {
		t.Fatal(first, err)
	}
	for name, in := range map[string]*idp.ListUsersInput{
		"another pool":   {UserPoolId: other.Id, PaginationToken: first.PaginationToken},
		"another filter": {UserPoolId: p.Id, PaginationToken: first.PaginationToken, Filter: aws.String(`status = "Enabled"`)},
		"made up":        {UserPoolId: p.Id, PaginationToken: aws.String("abc")},
	} {
		_, err := w.ListUsers(t.Context(), in)
		t.Run(name, func(t *testing.T) { wants(t, err, invalidParameter, "Invalid pagination token.") })
	}
}
