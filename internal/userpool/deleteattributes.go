package userpool

import (
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// deleteUserAttributes implements DeleteUserAttributes. It is an update with empty
// values, to which the same rules apply.
func (s *Service) deleteUserAttributes(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserAttributesRequest) (*cognitoidp.DeleteUserAttributesResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	emptied := emptied(in.UserAttributeNames)
	if err := b.checkUpdate(emptied); err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		return b.pool.through(b.client).modify(tx, u, func() error { return s.empty(tx, b.pool, u, emptied, c) })
	})
}

// adminDeleteUserAttributes implements AdminDeleteUserAttributes.
func (s *Service) adminDeleteUserAttributes(ctx context.Context, c *wire.Call, in *cognitoidp.AdminDeleteUserAttributesRequest) (*cognitoidp.AdminDeleteUserAttributesResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	emptied := emptied(in.UserAttributeNames)
	if err := p.checkAdminUpdate(emptied); err != nil {
		return nil, err
	}
	for _, a := range emptied {
		if managed(a.Name) { // the flags go with their addresses only
			return nil, invalid("Cannot modify the non-mutable attribute %s", a.Name)
		}
	}
	return nil, s.rewrite(ctx, p, in.Username, func(tx store.Tx, u *user) error { return s.empty(tx, p, u, emptied, c) })
}

func emptied(names []string) []cognitoidp.AttributeType {
	list := make([]cognitoidp.AttributeType, len(names))
	for i, name := range names {
		list[i].Name = name
	}
	return list
}

// empty takes attributes from a user. No message goes out for that.
func (s *Service) empty(tx store.Tx, p *pool, u *user, emptied []cognitoidp.AttributeType, c *wire.Call) error {
	for _, a := range emptied {
		if _, err := s.change(tx, p, u, a, notice{}, c); err != nil {
			return err
		}
	}
	u.touch(c.Time)
	return nil
}
