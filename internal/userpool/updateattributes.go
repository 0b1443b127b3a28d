package userpool

import (
	"context"
	"errors"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// updateUserAttributes implements UpdateUserAttributes: all of the attributes, or
// none. A changed address gets a code where the pool verifies it.
func (s *Service) updateUserAttributes(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateUserAttributesRequest) (*cognitoidp.UpdateUserAttributesResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := b.checkUpdate(in.UserAttributes); err != nil {
		return nil, err
	}
	given := lastOfEach(in.UserAttributes)
	n, err := s.updateNotice(ctx, caller{c, b.client.ClientId, in.ClientMetadata}, b.pool, given, func() (*user, error) { return s.bearing(ctx, c, b) })
	if err != nil {
		return nil, err
	}
	var sent []cognitoidp.CodeDeliveryDetailsType
	err = s.update(ctx, func(tx store.Tx) error {
		sent = []cognitoidp.CodeDeliveryDetailsType{}
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		err = b.pool.through(b.client).modify(tx, u, func() error {
			for _, a := range given {
				details, err := s.change(tx, b.pool, u, a, n, c)
				if err != nil {
					return err
				}
				if details != nil {
					sent = append(sent, *details)
				}
			}
			u.touch(c.Time)
			return nil
		})
		return unlessTaken(err)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserAttributesResponse{CodeDeliveryDetailsList: sent}, nil
}

// lastOfEach returns what is said last of each attribute, so that no address gets a code
// that the next one makes void.
func lastOfEach(given []cognitoidp.AttributeType) (last []cognitoidp.AttributeType) {
	said := make(map[string]bool, len(given))
	for _, a := range slices.Backward(given) {
		if !said[a.Name] {
			said[a.Name], last = true, append(last, a)
		}
	}
	slices.Reverse(last)
	return last
}

// updateNotice prepares the message for an update of attributes, if one of them is an
// address that the pool verifies.
func (s *Service) updateNotice(ctx context.Context, by caller, p *pool, given []cognitoidp.AttributeType, whom func() (*user, error)) (notice, error) {
	for _, a := range given {
		if p.autoVerifies(a.Name) && a.Value != "" {
			return s.notice(ctx, by, p, onUpdate, func() (*user, error) {
				u, err := whom()
				if u == nil || err != nil {
					return nil, err
				}
				for _, a := range given { // the message is about what is new
					u.set(a.Name, a.Value)
				}
				return u, nil
			})
		}
	}
	return notice{}, nil
}

// unlessTaken lets an error through that is no *takenError; that one it turns into the
// refusal of a change.
func unlessTaken(err error) error {
	if taken, ok := errors.AsType[*takenError](err); ok {
		return errAliasTaken(taken.kind)
	}
	return err
}

func errAliasTaken(kind string) error {
	return cognitoidp.AliasExistsException.Newf("An account with the given %s already exists.", kind)
}

// checkUpdate holds an update against the schema and against what the client may do.
func (b *bearer) checkUpdate(given []cognitoidp.AttributeType) error {
	if err := b.pool.schema.checkAttributes(given); err != nil {
		return err
	}
	for _, a := range given {
		switch {
		case managed(a.Name):
			return invalid("Cannot modify the non-mutable attribute %s", a.Name)
		case !b.client.writes(a.Name):
			return errUnauthorizedWrite()
		case !b.pool.schema.mutable(a.Name):
			return invalid("Attribute cannot be updated.")
		case a.Value == "" && b.pool.schema.required(a.Name):
			return errRequired(a.Name)
		}
	}
	return nil
}

// change gives a user one attribute. The details tell of a code, if one was sent.
func (s *Service) change(tx store.Tx, p *pool, u *user, a cognitoidp.AttributeType, n notice, c *wire.Call) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if a.Name == attrPreferredUsername && p.isAlias(a.Name) {
		if err := p.checkPreferredUsername(tx, u, a.Value); err != nil {
			return nil, err
		}
	}
	flag := verifiedFlag(a.Name)
	if flag == "" {
		u.set(a.Name, a.Value)
		return nil, nil
	}
	return s.changeAddress(tx, p, u, a, n, c)
}

// checkPreferredUsername refuses a value that means somebody else already, be it by
// their username, their sub or another alias.
func (p *pool) checkPreferredUsername(tx store.Tx, u *user, value string) error {
	if value == "" {
		return nil
	}
	other, err := p.resolve(tx, value)
	if err == nil && other.Sub != u.Sub {
		return errAliasTaken(attrPreferredUsername)
	}
	return unlessAbsent(err)
}

// changeAddress gives a user another email or phone_number: at once and unverified,
// or once it is verified, as the pool's settings say (Cognito developer guide,
// "Verifying updates to email addresses and phone numbers").
func (s *Service) changeAddress(tx store.Tx, p *pool, u *user, a cognitoidp.AttributeType, n notice, c *wire.Call) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if a.Value == "" && p.isUsernameAttribute(a.Name) {
		return nil, invalid("The attribute %s is a username of this user pool and cannot be deleted.", a.Name)
	}
	delete(u.Pending, a.Name)
	if a.Value == u.Attributes[a.Name] {
		return nil, nil
	}
	delete(u.Codes, string(forAttribute(a.Name)))
	if a.Value == "" {
		u.set(a.Name, "")
		return nil, nil
	}
	if !p.verifiesFirst(a.Name) {
		u.set(a.Name, a.Value)
	} else {
		if err := p.checkFree(tx, u, a); err != nil {
			return nil, err
		}
		if u.Pending == nil {
			u.Pending = make(map[string]string)
		}
		u.Pending[a.Name] = a.Value
	}
	if !p.autoVerifies(a.Name) {
		return nil, nil
	}
	return s.sendCode(tx, p, u, forAttribute(a.Name), n, a.Name, a.Value, c.Time)
}

// verifiesFirst tells whether a new email or phone_number waits until it is verified.
func (p *pool) verifiesFirst(name string) bool {
	settings := p.UserAttributeUpdateSettings
	return settings != nil && slices.Contains(settings.AttributesRequireVerificationBeforeUpdate, cognitoidp.VerifiedAttributeType(name))
}

// checkFree refuses a pending username that somebody has, before a code is sent.
func (p *pool) checkFree(tx store.Tx, u *user, a cognitoidp.AttributeType) error {
	if !p.isUsernameAttribute(a.Name) {
		return nil
	}
	holder, err := aliases.Get(tx, p.Id, p.aliasID(a.Name, a.Value))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && holder.User != u.key(p) {
		return errAliasTaken(a.Name)
	}
	return err
}
