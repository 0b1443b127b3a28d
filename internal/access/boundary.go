package access

import (
	"context"
	"errors"

	"pintail/internal/gen/iam"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// A permissions boundary is a managed policy that limits what the policies of a user or a
// role can grant.

// setBoundary makes a policy the boundary of an identity, in place of another one. "" is
// no policy and changes nothing.
func (s *Service) setBoundary(tx store.Tx, i *identity, arn string) error {
	if arn == "" {
		return nil
	}
	m, err := s.attachable(tx, arn)
	if err != nil {
		return err
	}
	a := &attachment{Policy: m.ID, ARN: m.ARN, Identity: i.ID, Boundary: true}
	return attachments.Put(tx, s.account.String(), a.key(), a)
}

// boundaryOf returns the boundary of an identity as IAM shows it, nil if there is none.
func (s *Service) boundaryOf(tx store.Tx, i *identity) (*iam.AttachedPermissionsBoundary, error) {
	a, err := attachments.Get(tx, s.account.String(), (&attachment{Identity: i.ID, Boundary: true}).key())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return boundary(a.ARN), nil
}

func boundary(arn string) *iam.AttachedPermissionsBoundary {
	if arn == "" {
		return nil
	}
	return &iam.AttachedPermissionsBoundary{
		PermissionsBoundaryType: iam.PermissionsBoundaryAttachmentTypePermissionsBoundaryPolicy, PermissionsBoundaryArn: arn,
	}
}

// putBoundary sets the boundary of an identity.
func putBoundary[T any](ctx context.Context, s *Service, k *kind[T], name, arn string) error {
	return s.update(ctx, func(tx store.Tx) error {
		item, err := k.find(tx, s.account.String(), name)
		if err != nil {
			return err
		}
		if err := k.identity(item).modifiable(); err != nil {
			return err
		}
		return s.setBoundary(tx, k.identity(item), arn)
	})
}

// deleteBoundary removes the boundary of an identity.
func deleteBoundary[T any](ctx context.Context, s *Service, k *kind[T], name string) error {
	return s.update(ctx, func(tx store.Tx) error {
		item, err := k.find(tx, s.account.String(), name)
		if err != nil {
			return err
		}
		i := k.identity(item)
		if err := i.modifiable(); err != nil {
			return err
		}
		err = attachments.Delete(tx, s.account.String(), (&attachment{Identity: i.ID, Boundary: true}).key())
		if errors.Is(err, store.ErrNotFound) {
			return iam.NoSuchEntityException.Newf("%s does not have a permissions boundary.", i.Name)
		}
		return err
	})
}

// putUserPermissionsBoundary implements PutUserPermissionsBoundary.
func (s *Service) putUserPermissionsBoundary(ctx context.Context, _ *wire.Call, in *iam.PutUserPermissionsBoundaryRequest) (*emptyAnswer, error) {
	return nil, putBoundary(ctx, s, users, in.UserName, in.PermissionsBoundary)
}

// putRolePermissionsBoundary implements PutRolePermissionsBoundary.
func (s *Service) putRolePermissionsBoundary(ctx context.Context, _ *wire.Call, in *iam.PutRolePermissionsBoundaryRequest) (*emptyAnswer, error) {
	return nil, putBoundary(ctx, s, roles, in.RoleName, in.PermissionsBoundary)
}

// deleteUserPermissionsBoundary implements DeleteUserPermissionsBoundary.
func (s *Service) deleteUserPermissionsBoundary(ctx context.Context, _ *wire.Call, in *iam.DeleteUserPermissionsBoundaryRequest) (*emptyAnswer, error) {
	return nil, deleteBoundary(ctx, s, users, in.UserName)
}

// deleteRolePermissionsBoundary implements DeleteRolePermissionsBoundary.
func (s *Service) deleteRolePermissionsBoundary(ctx context.Context, _ *wire.Call, in *iam.DeleteRolePermissionsBoundaryRequest) (*emptyAnswer, error) {
	return nil, deleteBoundary(ctx, s, roles, in.RoleName)
}
