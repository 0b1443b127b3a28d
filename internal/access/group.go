package access

import (
	"context"
	"errors"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// group is an IAM group at rest.
type group struct{ identity }

var groups = &kind[group]{
	Collection: store.NewCollection("iam_group", store.Unique("unique", func(g *group) string { return g.ID })),
	noun:       "group", ids: ids.Group, most: 300, quota: "GroupsPerAccount", inline: 5120,
	identity: func(g *group) *identity { return &g.identity },
}

// membership says that a user is in a group.
type membership struct{ Group, User string } // their unique ids

var memberships = store.NewCollection("iam_membership",
	store.Index("group", func(m *membership) string { return m.Group }),
	store.Index("user", func(m *membership) string { return m.User }))

func (m *membership) key() string { return m.Group + " " + m.User }

// maxGroups is in how many groups a user can be.
const maxGroups = 10

// createGroup implements CreateGroup.
func (s *Service) createGroup(ctx context.Context, c *wire.Call, in *iam.CreateGroupRequest) (*iam.CreateGroupResponse, error) {
	g := &group{s.newIdentity(c, groups.noun, groups.ids, in.GroupName, in.Path, nil)}
	err := s.update(ctx, func(tx store.Tx) error { return groups.add(tx, s.account.String(), g) })
	return &iam.CreateGroupResponse{Group: g.describe()}, err
}

// getGroup implements GetGroup: the group and a page of its users.
func (s *Service) getGroup(ctx context.Context, _ *wire.Call, in *iam.GetGroupRequest) (*iam.GetGroupResponse, error) {
	out := new(iam.GetGroupResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		g, err := groups.find(tx, s.account.String(), in.GroupName)
		if err != nil {
			return err
		}
		p, err := s.page(in.Marker, in.MaxItems, "GetGroup", g.ID)
		if err != nil {
			return err
		}
		out.Group, out.Users = g.describe(), []iam.User{}
		query := store.Query{Index: "group", Match: store.Equal(g.ID), After: p.after}
		for m, err := range memberships.All(tx, s.account.String(), query) {
			if err != nil {
				return err
			}
			if !p.take(store.Cursor{Value: m.Group, ID: m.key()}) {
				break
			}
			u, err := s.userByID(tx, m.User)
			if err != nil {
				return err
			}
			out.Users = append(out.Users, *u.describe())
		}
		out.IsTruncated, out.Marker = p.end()
		return nil
	})
	return out, err
}

// listGroups implements ListGroups.
func (s *Service) listGroups(ctx context.Context, _ *wire.Call, in *iam.ListGroupsRequest) (*iam.ListGroupsResponse, error) {
	p, err := s.page(in.Marker, in.MaxItems, "ListGroups", in.PathPrefix)
	if err != nil {
		return nil, err
	}
	out := new(iam.ListGroupsResponse)
	out.Groups, err = list(ctx, s, groups, in.PathPrefix, p, func(g *group) iam.Group { return *g.describe() })
	out.IsTruncated, out.Marker = p.end()
	return out, err
}

// updateGroup implements UpdateGroup. Members and policies stay.
func (s *Service) updateGroup(ctx context.Context, _ *wire.Call, in *iam.UpdateGroupRequest) (*emptyAnswer, error) {
	return nil, rename(ctx, s, groups, in.GroupName, in.NewGroupName, in.NewPath)
}

// deleteGroup implements DeleteGroup: its users have to leave first.
func (s *Service) deleteGroup(ctx context.Context, _ *wire.Call, in *iam.DeleteGroupRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		g, err := groups.find(tx, s.account.String(), in.GroupName)
		if err != nil {
			return err
		}
		members, _, err := memberships.List(tx, s.account.String(), store.Query{Index: "group", Match: store.Equal(g.ID), Limit: 1})
		if err != nil {
			return err
		}
		if len(members) > 0 {
			return iam.DeleteConflictException.New("Cannot delete entity, must remove users from group first.")
		}
		if err := s.clearPolicies(tx, &g.identity); err != nil {
			return err
		}
		return groups.Delete(tx, s.account.String(), g.key())
	})
}

// member finds the group and the user of a membership by their names.
func (s *Service) member(tx store.Tx, groupName, userName string) (*membership, error) {
	g, err := groups.find(tx, s.account.String(), groupName)
	if err != nil {
		return nil, err
	}
	u, err := users.find(tx, s.account.String(), userName)
	if err != nil {
		return nil, err
	}
	return &membership{Group: g.ID, User: u.ID}, nil
}

// addUserToGroup implements AddUserToGroup. Who is in the group already stays in it.
func (s *Service) addUserToGroup(ctx context.Context, _ *wire.Call, in *iam.AddUserToGroupRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		m, err := s.member(tx, in.GroupName, in.UserName)
		if err != nil {
			return err
		}
		have, err := groupsOf(tx, s.account.String(), m.User)
		if err != nil {
			return err
		}
		for _, id := range have {
			if id == m.Group {
				return nil
			}
		}
		if len(have) >= maxGroups {
			return iam.LimitExceededException.Newf("Cannot exceed quota for GroupsPerUser: %d", maxGroups)
		}
		return memberships.Insert(tx, s.account.String(), m.key(), m)
	})
}

// removeUserFromGroup implements RemoveUserFromGroup.
func (s *Service) removeUserFromGroup(ctx context.Context, _ *wire.Call, in *iam.RemoveUserFromGroupRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		m, err := s.member(tx, in.GroupName, in.UserName)
		if err != nil {
			return err
		}
		err = memberships.Delete(tx, s.account.String(), m.key())
		if errors.Is(err, store.ErrNotFound) {
			return iam.NoSuchEntityException.Newf("The user with name %s is not in the group with name %s.", in.UserName, in.GroupName)
		}
		return err
	})
}

// groupsOf returns the unique ids of a user's groups.
func groupsOf(tx store.Tx, account, userID string) (list []string, err error) {
	found, _, err := memberships.List(tx, account, store.Query{Index: "user", Match: store.Equal(userID), Limit: maxGroups + 1})
	for _, m := range found {
		list = append(list, m.Group)
	}
	return list, err
}

// listGroupsForUser implements ListGroupsForUser.
func (s *Service) listGroupsForUser(ctx context.Context, _ *wire.Call, in *iam.ListGroupsForUserRequest) (*iam.ListGroupsForUserResponse, error) {
	out := new(iam.ListGroupsForUserResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		u, err := users.find(tx, s.account.String(), in.UserName)
		if err != nil {
			return err
		}
		p, err := s.page(in.Marker, in.MaxItems, "ListGroupsForUser", u.ID)
		if err != nil {
			return err
		}
		list, err := groupsOf(tx, s.account.String(), u.ID)
		if err != nil {
			return err
		}
		var all []*group
		for _, id := range list {
			g, err := groups.GetBy(tx, s.account.String(), "unique", id)
			if err != nil {
				return err
			}
			all = append(all, g)
		}
		out.Groups = takeNamed(p, all, func(g *group) string { return g.ID }, func(g *group) iam.Group { return *g.describe() })
		out.IsTruncated, out.Marker = p.end()
		return nil
	})
	return out, err
}

// describe is the group as IAM shows it.
func (g *group) describe() *iam.Group {
	return &iam.Group{Path: g.Path, GroupName: g.Name, GroupId: g.ID, Arn: g.ARN, CreateDate: g.Created}
}
