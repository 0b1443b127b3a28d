package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

// signUp implements SignUp: it keeps an unconfirmed user and sends the code that
// confirms them.
func (s *Service) signUp(ctx context.Context, c *wire.Call, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	cl, p, err := s.client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	c.Note("pool", p.Id)
	if err := cl.checkSecretHash(in.SecretHash, in.Username); err != nil {
		return nil, err
	}
	if isTrue(p.AdminCreateUserConfig.AllowAdminCreateUserOnly) {
		return nil, cognitoidp.NotAuthorizedException.New("SignUp is not permitted for this user pool")
	}
	u, err := p.applicant(cl, in, c)
	if err != nil {
		return nil, err
	}
	// Outside of the transaction, which may run more than once.
	u.Verifier, err = s.sealVerifier(p, u.Sub, srp.NewVerifier(p.identity(u.Username), in.Password))
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.SignUpResponse{UserConfirmed: new(false), UserSub: u.Sub}
	err = s.update(ctx, func(tx store.Tx) (err error) {
		out.CodeDeliveryDetails, err = s.register(tx, p, u, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// applicant checks what a new user brings, in Cognito's order, and returns the user.
func (p *pool) applicant(cl *client, in *cognitoidp.SignUpRequest, c *wire.Call) (*user, error) {
	given := make(map[string]string)
	for _, a := range in.UserAttributes {
		given[a.Name] = a.Value
	}
	username, err := p.nameNewUser(in.Username, given)
	if err != nil {
		return nil, err
	}
	if in.Password == "" {
		return nil, invalid("1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null")
	}
	if err := checkPassword(p.Policies.PasswordPolicy, in.Password); err != nil {
		return nil, err
	}
	if err := p.schema.checkAttributes(in.UserAttributes); err != nil {
		return nil, err
	}
	if err := p.schema.missingAttributes(given); err != nil {
		return nil, err
	}
	for _, a := range in.UserAttributes {
		if !cl.writes(a.Name) {
			return nil, errUnauthorizedWrite()
		}
	}
	return newUser(username, given, c.Time), nil
}

// nameNewUser checks the name under which somebody signs up and returns the
// username that they get: the same, or "" for a generated one where users are
// named by their address, which then becomes an attribute.
func (p *pool) nameNewUser(name string, given map[string]string) (string, error) {
	if p.namedByAddress() {
		return "", p.takeAddress(name, given)
	}
	if p.isAlias(attrEmail) && isEmail(name) {
		return "", invalid("Username cannot be of email format, since user pool is configured for email alias.")
	}
	if p.isAlias(attrPhone) && isPhone(name) {
		return "", invalid("Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	if p.isAlias(attrPreferredUsername) && given[attrPreferredUsername] != "" {
		return "", invalid("preferred_username can only be set once the user is confirmed, since it is an alias in this user pool.")
	}
	return name, nil
}

// takeAddress copies the address that somebody signs up under to its attribute.
func (p *pool) takeAddress(name string, given map[string]string) error {
	email, phone := p.isUsernameAttribute(attrEmail), p.isUsernameAttribute(attrPhone)
	attribute := ""
	switch {
	case email && isEmail(name):
		attribute = attrEmail
	case phone && isPhone(name):
		attribute = attrPhone
	case email && phone:
		return invalid("Username should be either an email or a phone number.")
	case email:
		return invalid("Username should be an email.")
	default:
		return invalid("Username should be a phone number.")
	}
	if other := given[attribute]; other != "" && p.fold(other) != p.fold(name) {
		return invalid("The username and the attribute %s must be the same.", attribute)
	}
	given[attribute] = name
	return nil
}

// register stores a new user and sends the first code.
func (s *Service) register(tx store.Tx, p *pool, u *user, c *wire.Call) (details *cognitoidp.CodeDeliveryDetailsType, err error) {
	if _, err := pools.Get(tx, s.account, p.Id); err != nil {
		if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
			return nil, errNoPool(p.Id)
		}
		return nil, err
	}
	switch _, err := p.resolve(tx, u.Username); {
	case err == nil:
		return nil, cognitoidp.UsernameExistsException.New("User already exists")
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	if attribute, to := p.signUpDestination(u); to != "" {
		if details, err = s.sendCode(tx, p, u, forSignUp, reasonSignUp, attribute, to, c.Time); err != nil {
			return nil, err
		}
	}
	err = p.moveAliases(tx, u.key(p), nil, p.activeAliases(u), false)
	if taken, ok := errors.AsType[*takenError](err); ok {
		return nil, cognitoidp.UsernameExistsException.Newf("An account with the given %s already exists.", taken.kind)
	}
	if err != nil {
		return nil, err
	}
	return details, users.Insert(tx, p.Id, u.key(p), u)
}
