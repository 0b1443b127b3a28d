package userpool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// adminUpdateUserAttributes implements AdminUpdateUserAttributes: all of the
// attributes, or none. What clients may write does not bind administrators, and they
// can vouch for an address, which then takes effect at once.
func (s *Service) adminUpdateUserAttributes(ctx context.Context, c *wire.Call, in *cognitoidp.AdminUpdateUserAttributesRequest) (*cognitoidp.AdminUpdateUserAttributesResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := p.checkAdminUpdate(in.UserAttributes); err != nil {
		return nil, err
	}
	up := newAdminUpdate(lastOfEach(in.UserAttributes))
	n, err := s.updateNotice(ctx, caller{c, "", in.ClientMetadata}, p, up.plain, func() (*user, error) { return s.find(ctx, p, in.Username) })
	if err != nil {
		return nil, err
	}
	return nil, s.rewrite(ctx, p, in.Username, func(tx store.Tx, u *user) error {
		for _, a := range up.plain {
			if _, err := s.change(tx, p, u, a, n, c); err != nil {
				return err
			}
		}
		u.touch(c.Time)
		return up.vouch(u)
	})
}

// rewrite lets an administrator's call change the attributes of a user.
func (s *Service) rewrite(ctx context.Context, p *pool, username string, change func(tx store.Tx, u *user) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		u, err := p.userNamed(tx, username)
		if err != nil {
			return err
		}
		return unlessTaken(p.modify(tx, u, func() error { return change(tx, u) }))
	})
}

// checkAdminUpdate holds an administrator's update against the schema.
func (p *pool) checkAdminUpdate(given []cognitoidp.AttributeType) error {
	if err := p.checkGiven(given); err != nil {
		return err
	}
	for _, a := range given {
		switch {
		case !p.schema.mutable(a.Name):
			return invalid("Attribute cannot be updated.")
		case a.Value == "" && p.schema.required(a.Name):
			return errRequired(a.Name)
		}
	}
	return nil
}

// adminUpdate is an update in parts: addresses that the administrator vouches for and
// what they say of addresses, and all the rest.
type adminUpdate struct {
	plain   []cognitoidp.AttributeType
	vouched []cognitoidp.AttributeType
	flags   map[string]string
}

func newAdminUpdate(given []cognitoidp.AttributeType) adminUpdate {
	up := adminUpdate{flags: make(map[string]string)}
	for _, a := range given {
		if a.Name == attrEmailVerified || a.Name == attrPhoneVerified {
			up.flags[a.Name] = a.Value
		}
	}
	for _, a := range given {
		switch flag := verifiedFlag(a.Name); {
		case a.Name == attrEmailVerified || a.Name == attrPhoneVerified:
		case flag != "" && up.flags[flag] == "true" && a.Value != "":
			up.vouched = append(up.vouched, a)
		default:
			up.plain = append(up.plain, a)
		}
	}
	return up
}

// vouch gives the user the addresses that the administrator vouches for, and marks
// addresses as verified or not. What is said of an address that waits until it is
// verified does not concern the one before.
func (up adminUpdate) vouch(u *user) error {
	for _, a := range up.vouched {
		delete(u.Pending, a.Name)
		if u.Attributes[a.Name] != a.Value {
			delete(u.Codes, string(forAttribute(a.Name)))
		}
		u.set(a.Name, a.Value)
	}
	for _, name := range []string{attrEmail, attrPhone} {
		given := func(a cognitoidp.AttributeType) bool { return a.Name == name }
		if u.Pending[name] != "" && slices.ContainsFunc(up.plain, given) {
			continue
		}
		if err := u.vouch(name, up.flags); err != nil {
			return err
		}
	}
	return nil
}
