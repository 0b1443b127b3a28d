package userpool

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

func TestGroupClaims(t *testing.T) {
	t.Parallel()
	group := func(name, role string, precedence ...int32) *cognitoidp.GroupType {
		g := &cognitoidp.GroupType{GroupName: name, RoleArn: role}
		if len(precedence) > 0 {
			g.Precedence = &precedence[0]
		}
		return g
	}
	tests := []struct {
		name   string
		groups []*cognitoidp.GroupType
		want   groupClaims
	}{
		{"none", nil, groupClaims{}},
		{"without roles", []*cognitoidp.GroupType{group("b", ""), group("a", ""), group("c", "", 7), group("d", "", 0)},
			groupClaims{Names: []string{"d", "c", "a", "b"}}},
		{"lowest precedence", []*cognitoidp.GroupType{group("a", "reader", 5), group("b", "owner", 0), group("c", "guest")},
			groupClaims{[]string{"b", "a", "c"}, []string{"owner", "reader", "guest"}, "owner"}},
		{"first group has no role", []*cognitoidp.GroupType{group("a", "reader", 5), group("b", "", 0)},
			groupClaims{[]string{"b", "a"}, []string{"reader"}, "reader"}},
		{"tie of one role", []*cognitoidp.GroupType{group("a", "owner", 1), group("b", "owner", 1)},
			groupClaims{[]string{"a", "b"}, []string{"owner"}, "owner"}},
		{"tie of two roles", []*cognitoidp.GroupType{group("a", "owner", 1), group("b", "reader", 1)},
			groupClaims{[]string{"a", "b"}, []string{"owner", "reader"}, ""}},
		{"tie of two roles, one twice", []*cognitoidp.GroupType{group("a", "owner", 1), group("b", "reader", 1), group("c", "owner", 1)},
			groupClaims{[]string{"a", "b", "c"}, []string{"owner", "reader"}, ""}},
		{"tie further down", []*cognitoidp.GroupType{group("a", "reader", 2), group("b", "guest", 2), group("c", "owner", 1)},
			groupClaims{[]string{"c", "a", "b"}, []string{"owner", "reader", "guest"}, "owner"}},
		{"tie without precedence", []*cognitoidp.GroupType{group("a", "owner"), group("b", "reader")},
			groupClaims{[]string{"a", "b"}, []string{"owner", "reader"}, ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, newGroupClaims(test.groups)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// join puts ada into new groups.
func (r *room) join(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		c := operation{cognitoidp.CreateGroup.Operation}.call()
		if _, err := r.createGroup(t.Context(), c, &cognitoidp.CreateGroupRequest{UserPoolId: r.pool.Id, GroupName: name}); err != nil {
			t.Fatal(err)
		}
		in := &cognitoidp.AdminAddUserToGroupRequest{UserPoolId: r.pool.Id, GroupName: name, Username: "ada"}
		if _, err := r.adminAddUserToGroup(t.Context(), c, in); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGroupsOf(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.join(t, "b", "a")
	err := r.db.View(t.Context(), func(tx store.Tx) error {
		u, err := users.Get(tx, r.pool.Id, "ada")
		if err != nil {
			return err
		}
		got, err := r.pool.groupsOf(tx, u)
		if diff := cmp.Diff(groupClaims{Names: []string{"a", "b"}}, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRemoveMemberships(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.join(t, "a", "b", "c")
	err := r.db.Update(t.Context(), func(tx store.Tx) error {
		u, err := users.Get(tx, r.pool.Id, "ada")
		if err != nil {
			return err
		}
		if err := removeMemberships(tx, r.pool.Id, u); err != nil {
			return err
		}
		n, err := memberships.Count(tx, r.pool.Id)
		if n != 0 {
			t.Errorf("%d memberships are left", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeleteLargeGroup deletes a group of more members than leave it in one transaction.
func TestDeleteLargeGroup(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.join(t, "all")
	err := r.db.Update(context.Background(), func(tx store.Tx) error {
		for i := range memberBatch + 1 {
			u := newUser(fmt.Sprint("user", i), nil, noon)
			if err := users.Insert(tx, r.pool.Id, u.Username, u); err != nil {
				return err
			}
			if err := r.pool.join(tx, u, "all"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := operation{cognitoidp.DeleteGroup.Operation}.call()
	if _, err := r.deleteGroup(t.Context(), c, &cognitoidp.DeleteGroupRequest{UserPoolId: r.pool.Id, GroupName: "all"}); err != nil {
		t.Fatal(err)
	}
	err = r.db.View(t.Context(), func(tx store.Tx) error {
		n, err := memberships.Count(tx, r.pool.Id)
		if n != 0 {
			t.Errorf("%d memberships are left", n)
		}
		for u, err := range users.All(tx, r.pool.Id, store.Query{}) {
			if err != nil {
				return err
			}
			if u.Groups != 0 {
				t.Errorf("%s is in %d groups", u.Username, u.Groups)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
