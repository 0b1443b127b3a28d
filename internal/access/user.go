package access

import (
	"context"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// user is an IAM user at rest. Its groups are memberships, its access keys are found by
// its id.
type user struct{ identity }

var users = &kind[user]{
	Collection: store.NewCollection("iam_user", store.Unique("unique", func(u *user) string { return u.ID })),
	noun:       "user", ids: ids.User, most: 5000, quota: "UsersPerAccount", inline: 2048,
	identity: func(u *user) *identity { return &u.identity },
}

// createUser implements CreateUser.
func (s *Service) createUser(ctx context.Context, c *wire.Call, in *iam.CreateUserRequest) (*iam.CreateUserResponse, error) {
	tags, err := newTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	u := &user{s.newIdentity(c, users.noun, users.ids, in.UserName, in.Path, tags)}
	err = s.update(ctx, func(tx store.Tx) error {
		if err := users.add(tx, s.account.String(), u); err != nil {
			return err
		}
		return s.setBoundary(tx, &u.identity, in.PermissionsBoundary)
	})
	if err != nil {
		return nil, err
	}
	shown := u.describe()
	shown.Tags, shown.PermissionsBoundary = u.Tags, boundary(in.PermissionsBoundary)
	return &iam.CreateUserResponse{User: shown}, nil
}

// callersName is the name of the user that an operation is about: who calls, where the
// operation names nobody.
func callersName(c *wire.Call, name string) (string, error) {
	if name != "" {
		return name, nil
	}
	if c.Caller != nil && c.Caller.Type == policy.User {
		return lastSegment(c.Caller.ARN), nil
	}
	return "", wire.ValidationError.New("Must specify userName when calling with non-User credentials")
}

// getUser implements GetUser. The root user is told about itself.
func (s *Service) getUser(ctx context.Context, c *wire.Call, in *iam.GetUserRequest) (*iam.GetUserResponse, error) {
	if in.UserName == "" && c.Caller.Type == policy.Root {
		return &iam.GetUserResponse{User: &iam.User{UserId: c.Caller.ID, Arn: c.Caller.ARN, Path: "/"}}, nil
	}
	name, err := callersName(c, in.UserName)
	if err != nil {
		return nil, err
	}
	var shown *iam.User
	err = s.db.View(ctx, func(tx store.Tx) error {
		u, err := users.find(tx, s.account.String(), name)
		if err != nil {
			return err
		}
		shown = u.describe()
		shown.Tags = u.Tags
		shown.PermissionsBoundary, err = s.boundaryOf(tx, &u.identity)
		return err
	})
	return &iam.GetUserResponse{User: shown}, err
}

// listUsers implements ListUsers.
func (s *Service) listUsers(ctx context.Context, _ *wire.Call, in *iam.ListUsersRequest) (*iam.ListUsersResponse, error) {
	p, err := s.page(in.Marker, in.MaxItems, "ListUsers", in.PathPrefix)
	if err != nil {
		return nil, err
	}
	out := new(iam.ListUsersResponse)
	out.Users, err = list(ctx, s, users, in.PathPrefix, p, func(u *user) iam.User { return *u.describe() })
	out.IsTruncated, out.Marker = p.end()
	return out, err
}

// updateUser implements UpdateUser. Keys, groups and policies stay.
func (s *Service) updateUser(ctx context.Context, _ *wire.Call, in *iam.UpdateUserRequest) (*emptyAnswer, error) {
	return nil, rename(ctx, s, users, in.UserName, in.NewUserName, in.NewPath)
}

// deleteUser implements DeleteUser: whatever belongs to the user has to go first.
func (s *Service) deleteUser(ctx context.Context, _ *wire.Call, in *iam.DeleteUserRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := users.find(tx, s.account.String(), in.UserName)
		if err != nil {
			return err
		}
		keys, _, err := accessKeys.List(tx, directory, keysOf(u.ID, 1))
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			return iam.DeleteConflictException.New("Cannot delete entity, must delete access keys first.")
		}
		groups, err := groupsOf(tx, s.account.String(), u.ID)
		if err != nil {
			return err
		}
		if len(groups) > 0 {
			return iam.DeleteConflictException.New("Cannot delete entity, must remove users from group first.")
		}
		if err := s.clearPolicies(tx, &u.identity); err != nil {
			return err
		}
		return users.Delete(tx, s.account.String(), u.key())
	})
}

// userByID returns the user with a unique id, or store.ErrNotFound.
func (s *Service) userByID(tx store.Tx, id string) (*user, error) {
	return users.GetBy(tx, s.account.String(), "unique", id)
}

// describe is the user as IAM shows it in lists.
func (u *user) describe() *iam.User {
	return &iam.User{Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: u.ARN, CreateDate: u.Created}
}
