package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// adminCreateUser implements AdminCreateUser: it keeps a user with a temporary
// password and invites them.
func (s *Service) adminCreateUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminCreateUserRequest) (*cognitoidp.AdminCreateUserResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	by := caller{c, "", in.ClientMetadata}
	if in.MessageAction == cognitoidp.MessageActionTypeResend {
		return s.inviteAgain(ctx, by, p, in)
	}
	u, err := p.invitee(in, c)
	if err != nil {
		return nil, err
	}
	if err := s.preSignUp(ctx, by, p, u, trigger.PreSignUpAdminCreateUser, in.UserAttributes, in.ValidationData); err != nil {
		return nil, err
	}
	i := invitation{}
	if !u.confirmed() {
		if i, err = s.invitation(ctx, by, p, u, in); err != nil {
			return nil, err
		}
		u.setPassword(p, i.sealed, c.Time)
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if err := s.storeInvitee(tx, p, u, isTrue(in.ForceAliasCreation)); err != nil {
			return err
		}
		return s.invite(tx, p, u, i)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminCreateUserResponse{User: new(p.listed(u, everything))}, nil
}

// invitee checks what is given of a new user and returns the user. Somebody who can
// sign in by a one-time password needs no other, and is confirmed (Cognito API
// reference, AdminCreateUser).
func (p *pool) invitee(in *cognitoidp.AdminCreateUserRequest, c *wire.Call) (*user, error) {
	given := make(map[string]string)
	for _, a := range in.UserAttributes {
		given[a.Name] = a.Value
	}
	username, err := p.nameNewUser(in.Username, given)
	if err != nil {
		return nil, err
	}
	if in.TemporaryPassword != "" {
		if err := checkPassword(p.Policies.PasswordPolicy, in.TemporaryPassword); err != nil {
			return nil, err
		}
	}
	if err := p.checkGiven(in.UserAttributes); err != nil {
		return nil, err
	}
	u := newUser(username, given, c.Time)
	for _, name := range []string{attrEmail, attrPhone} {
		if err := u.vouch(name, given); err != nil {
			return nil, err
		}
	}
	u.Status = cognitoidp.UserStatusTypeForceChangePassword
	if in.TemporaryPassword == "" && p.doesWithoutPassword(given) {
		u.Status = cognitoidp.UserStatusTypeConfirmed
	}
	return u, nil
}

// checkGiven holds what an administrator gives against the schema.
func (p *pool) checkGiven(given []cognitoidp.AttributeType) error {
	if err := p.schema.checkAttributes(given); err != nil {
		return err
	}
	for _, a := range given {
		if a.Name == attrSub || a.Name == attrIdentities {
			return invalid("Cannot modify the non-mutable attribute %s", a.Name)
		}
	}
	return nil
}

// vouch marks an address as verified, or not, as an administrator says, if they do.
func (u *user) vouch(name string, given map[string]string) error {
	flag := verifiedFlag(name)
	value, said := given[flag]
	switch {
	case !said:
		return nil
	case u.Attributes[name] != "":
		u.Attributes[flag] = or(value, "false")
		return nil
	case value == "true":
		return invalid("The attribute %s is required to set %s to true.", name, flag)
	}
	delete(u.Attributes, flag)
	return nil
}

// doesWithoutPassword tells whether a user with these attributes can sign in by a
// one-time password.
func (p *pool) doesWithoutPassword(given map[string]string) bool {
	return p.sendsOTP(func(address string) bool { return given[address] != "" })
}

// storeInvitee stores a user whom an administrator makes. By force, they get a verified
// address that is somebody else's alias; the username of a pool whose users are named
// by their address stays with whoever has it.
func (s *Service) storeInvitee(tx store.Tx, p *pool, u *user, force bool) error {
	if err := s.checkNew(tx, p, u); err != nil {
		if errors.Is(err, cognitoidp.UsernameExistsException.New("")) {
			err = cognitoidp.UsernameExistsException.New("User account already exists")
		}
		return err
	}
	return errNameTaken(p.insert(tx, u, force && !p.namedByAddress())) // AdminCreateUser declares no AliasExistsException
}
