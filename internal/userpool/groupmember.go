package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// membership is that a user is in a group. The pool owns it. The user is named by
// what is never used again, so that nobody gets the groups of an earlier user of the
// same name.
type membership struct {
	Group string
	Sub   string
	User  string // id of the user's document
}

var memberships = store.NewCollection("user_pool_membership",
	store.Index("sub", func(m *membership) string { return m.Sub }),
	store.Index("group", func(m *membership) string { return m.Group }))

func membershipID(sub, group string) string { return sub + "/" + group }

const (
	// maxGroupsOfUser is how many groups a user can be in (Cognito developer guide,
	// "Quotas in Amazon Cognito").
	maxGroupsOfUser = 100
	// memberBatch is how many members leave a group in one transaction.
	memberBatch = 500
)

// adminAddUserToGroup implements AdminAddUserToGroup. Who is in the group already
// stays there.
func (s *Service) adminAddUserToGroup(ctx context.Context, c *wire.Call, in *cognitoidp.AdminAddUserToGroupRequest) (*model.Empty, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := s.candidate(tx, c, p, in.Username, in.GroupName)
		if err != nil {
			return err
		}
		return p.join(tx, u, in.GroupName)
	})
}

// adminRemoveUserFromGroup implements AdminRemoveUserFromGroup. Who is not in the
// group stays out.
func (s *Service) adminRemoveUserFromGroup(ctx context.Context, c *wire.Call, in *cognitoidp.AdminRemoveUserFromGroupRequest) (*model.Empty, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := s.candidate(tx, c, p, in.Username, in.GroupName)
		if err != nil {
			return err
		}
		err = memberships.Delete(tx, p.Id, membershipID(u.Sub, in.GroupName))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		u.Groups--
		return users.Put(tx, p.Id, u.key(p), u)
	})
}

// candidate returns the user whom a call names together with a group.
func (s *Service) candidate(tx store.Tx, c *wire.Call, p *pool, username, group string) (*user, error) {
	if _, err := s.group(tx, c, p.Id, group); err != nil {
		return nil, err
	}
	return p.userNamed(tx, username)
}

// join puts a user into a group that exists, unless they are in it.
func (p *pool) join(tx store.Tx, u *user, group string) error {
	m := &membership{Group: group, Sub: u.Sub, User: u.key(p)}
	err := memberships.Insert(tx, p.Id, membershipID(u.Sub, group), m)
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	if err != nil {
		return err
	}
	if u.Groups++; u.Groups > maxGroupsOfUser {
		return invalid("A user can be in at most %d groups.", maxGroupsOfUser)
	}
	return users.Put(tx, p.Id, u.key(p), u)
}

// adminListGroupsForUser implements AdminListGroupsForUser.
func (s *Service) adminListGroupsForUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminListGroupsForUserRequest) (*cognitoidp.AdminListGroupsForUserResponse, error) {
	const walk = "AdminListGroupsForUser"
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.AdminListGroupsForUserResponse{Groups: []cognitoidp.GroupType{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		u, err := p.userNamed(tx, in.Username)
		if err != nil {
			return err
		}
		after, err := s.pages.Open(in.NextToken, p.Id, walk, u.Sub)
		if err != nil {
			return errPageToken()
		}
		found, next, err := p.groupsPage(tx, u, store.Query{After: after, Limit: pageSize(in.Limit)})
		for _, group := range found {
			out.Groups = append(out.Groups, *group)
		}
		out.NextToken = s.pages.Seal(next, p.Id, walk, u.Sub)
		return err
	})
	return out, err
}

// groupsPage returns a page of the groups that a user is in, by name.
func (p *pool) groupsPage(tx store.Tx, u *user, q store.Query) ([]*cognitoidp.GroupType, store.Cursor, error) {
	if u.Groups == 0 {
		return nil, store.Cursor{}, nil
	}
	q.Index, q.Match = "sub", store.Equal(u.Sub)
	page, next, err := memberships.List(tx, p.Id, q)
	if err != nil {
		return nil, next, err
	}
	found := make([]*cognitoidp.GroupType, len(page))
	for i, m := range page {
		if found[i], err = groups.Get(tx, p.Id, m.Group); err != nil {
			return nil, next, err
		}
	}
	return found, next, nil
}

// listUsersInGroup implements ListUsersInGroup.
func (s *Service) listUsersInGroup(ctx context.Context, c *wire.Call, in *cognitoidp.ListUsersInGroupRequest) (*cognitoidp.ListUsersInGroupResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	walk := []string{"ListUsersInGroup", in.GroupName}
	q := store.Query{Index: "group", Match: store.Equal(in.GroupName), Limit: pageSize(in.Limit)}
	if q.After, err = s.pages.Open(in.NextToken, p.Id, walk...); err != nil {
		return nil, errPageToken()
	}
	out := &cognitoidp.ListUsersInGroupResponse{Users: []cognitoidp.UserType{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		if _, err := s.group(tx, c, p.Id, in.GroupName); err != nil {
			return err
		}
		page, next, err := memberships.List(tx, p.Id, q)
		if err != nil {
			return err
		}
		for _, m := range page {
			u, err := users.Get(tx, p.Id, m.User)
			if err != nil {
				return err
			}
			out.Users = append(out.Users, p.listed(u, everything))
		}
		out.NextToken = s.pages.Seal(next, p.Id, walk...)
		return nil
	})
	return out, err
}

// removeMembers lets a batch of members leave a group, and tells whether there are more.
func removeMembers(tx store.Tx, poolID, group string) (more bool, err error) {
	q := store.Query{Index: "group", Match: store.Equal(group), Limit: memberBatch}
	page, next, err := memberships.List(tx, poolID, q)
	if err != nil {
		return false, err
	}
	for _, m := range page {
		_, err := users.Modify(tx, poolID, m.User, func(u *user) error {
			u.Groups--
			return nil
		})
		if err != nil {
			return false, err
		}
		if err := memberships.Delete(tx, poolID, membershipID(m.Sub, m.Group)); err != nil {
			return false, err
		}
	}
	return next != (store.Cursor{}), nil
}

// removeMemberships takes a user who is about to be deleted out of all groups.
func removeMemberships(tx store.Tx, poolID string, u *user) error {
	if u.Groups == 0 {
		return nil
	}
	q := store.Query{Index: "sub", Match: store.Equal(u.Sub)}
	for m, err := range memberships.All(tx, poolID, q) {
		if err != nil {
			return err
		}
		if err := memberships.Delete(tx, poolID, membershipID(m.Sub, m.Group)); err != nil {
			return err
		}
	}
	return nil
}
