package userpool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// groups are kept as they are described. The pool owns a group, and its id is its name.
var groups = store.NewCollection[cognitoidp.GroupType]("user_pool_group")

// createGroup implements CreateGroup.
func (s *Service) createGroup(ctx context.Context, c *wire.Call, in *cognitoidp.CreateGroupRequest) (*cognitoidp.CreateGroupResponse, error) {
	now := c.Time.Truncate(time.Millisecond)
	group := &cognitoidp.GroupType{
		GroupName: in.GroupName, UserPoolId: in.UserPoolId, Description: in.Description,
		RoleArn: in.RoleArn, Precedence: in.Precedence, CreationDate: now, LastModifiedDate: now,
	}
	err := s.update(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		if err := checkRoom(tx, groups, in.UserPoolId, maxGroups, "groups"); err != nil {
			return err
		}
		err := groups.Insert(tx, in.UserPoolId, group.GroupName, group)
		if errors.Is(err, store.ErrExists) {
			return cognitoidp.GroupExistsException.New("A group with the name already exists.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateGroupResponse{Group: group}, nil
}

// group reads a group of a pool of the call's region inside a transaction.
func (s *Service) group(tx store.Tx, c *wire.Call, poolID, name string) (*cognitoidp.GroupType, error) {
	if _, err := s.poolRecord(tx, c, poolID); err != nil {
		return nil, err
	}
	group, err := groups.Get(tx, poolID, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNoGroup()
	}
	return group, err
}

func errNoGroup() error { return cognitoidp.ResourceNotFoundException.New("Group not found.") }

// getGroup implements GetGroup.
func (s *Service) getGroup(ctx context.Context, c *wire.Call, in *cognitoidp.GetGroupRequest) (*cognitoidp.GetGroupResponse, error) {
	out := new(cognitoidp.GetGroupResponse)
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		out.Group, err = s.group(tx, c, in.UserPoolId, in.GroupName)
		return err
	})
	return out, err
}

// updateGroup implements UpdateGroup: what the request does not name stays.
func (s *Service) updateGroup(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateGroupRequest) (*cognitoidp.UpdateGroupResponse, error) {
	out := new(cognitoidp.UpdateGroupResponse)
	err := s.update(ctx, func(tx store.Tx) error {
		group, err := s.group(tx, c, in.UserPoolId, in.GroupName)
		if err != nil {
			return err
		}
		if in.Description != "" {
			group.Description = in.Description
		}
		if in.RoleArn != "" {
			group.RoleArn = in.RoleArn
		}
		if in.Precedence != nil {
			group.Precedence = in.Precedence
		}
		group.LastModifiedDate = c.Time.Truncate(time.Millisecond)
		out.Group = group
		return groups.Put(tx, in.UserPoolId, in.GroupName, group)
	})
	return out, err
}

// deleteGroup implements DeleteGroup. Its members leave it first, a batch in a
// transaction, so that a large group does not hold everybody up; the last batch and
// the group go together. A deletion that was cut short ends when it is repeated.
func (s *Service) deleteGroup(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteGroupRequest) (*model.Empty, error) {
	for {
		more := false
		err := s.update(ctx, func(tx store.Tx) error {
			if _, err := s.group(tx, c, in.UserPoolId, in.GroupName); err != nil {
				return err
			}
			var err error
			if more, err = removeMembers(tx, in.UserPoolId, in.GroupName); err != nil || more {
				return err
			}
			return groups.Delete(tx, in.UserPoolId, in.GroupName)
		})
		if err != nil || !more {
			return nil, err
		}
	}
}

// listGroups implements ListGroups.
func (s *Service) listGroups(ctx context.Context, c *wire.Call, in *cognitoidp.ListGroupsRequest) (out *cognitoidp.ListGroupsResponse, err error) {
	out = &cognitoidp.ListGroupsResponse{Groups: []cognitoidp.GroupType{}}
	out.NextToken, err = listPage(ctx, s, c, groups, in.UserPoolId, in.NextToken, pageSize(in.Limit), func(group *cognitoidp.GroupType) {
		out.Groups = append(out.Groups, *group)
	})
	return out, err
}
