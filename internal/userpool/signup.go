package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// signUp implements SignUp: it keeps a user and sends the code that confirms them,
// unless the pool's PreSignUp trigger vouches for them.
func (s *Service) signUp(ctx context.Context, c *wire.Call, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	cl, p, err := s.callOf(ctx, c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if isTrue(p.AdminCreateUserConfig.AllowAdminCreateUserOnly) {
		return nil, cognitoidp.NotAuthorizedException.New("SignUp is not permitted for this user pool")
	}
	u, err := p.applicant(cl, in, c)
	if err != nil {
		return nil, err
	}
	by := caller{c, cl.ClientId, in.ClientMetadata}
	if err := s.preSignUp(ctx, by, p, u, trigger.PreSignUpSignUp, in.UserAttributes, in.ValidationData); err != nil {
		return nil, err
	}
	if err := s.checkBreached(ctx, p, cl.ClientId, cognitoidp.EventFilterTypeSignUp, in.Password); err != nil {
		return nil, err
	}
	// Outside of the transaction, which may run more than once.
	sealed, err := s.sealedPassword(p, u, in.Password)
	if err != nil {
		return nil, err
	}
	u.setPassword(p, sealed, c.Time)
	details, err := s.enrol(ctx, by, p.through(cl), u)
	if err != nil {
		return nil, err
	}
	s.noteEvent(ctx, c, p, u, authEvent{Type: cognitoidp.EventTypeSignUp, Response: cognitoidp.EventResponseTypePass, From: sourceOf(c, cl, in.UserContextData), ClientID: cl.ClientId})
	s.report(c, p, cl, in.AnalyticsMetadata, u, eventSignUp)
	out := &cognitoidp.SignUpResponse{UserConfirmed: new(u.confirmed()), UserSub: u.Sub, CodeDeliveryDetails: details}
	if out.Session, err = s.signUpSession(cl, p, u, in.Username, c); err != nil || !u.confirmed() {
		return out, err
	}
	return out, s.postConfirmation(ctx, by, p, u, trigger.PostConfirmationConfirmSignUp)
}

// enrol stores a new user. The details tell where the first code went, if one was sent.
func (s *Service) enrol(ctx context.Context, by caller, p *pool, u *user) (details *cognitoidp.CodeDeliveryDetailsType, err error) {
	_, to := p.signUpDestination(u)
	var n notice
	if !u.confirmed() && to != "" {
		if n, err = s.notice(ctx, by, p, onSignUp, func() (*user, error) { return u, nil }); err != nil {
			return nil, err
		}
	}
	err = s.update(ctx, func(tx store.Tx) (err error) {
		details, err = s.register(tx, p, u, n, by.Call)
		return err
	})
	return details, err
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
	if in.Password == "" && !p.signsUpWithoutPassword(given) {
		return nil, invalid("1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null")
	}
	if in.Password != "" {
		if err := checkPassword(p.Policies.PasswordPolicy, in.Password); err != nil {
			return nil, err
		}
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

// signsUpWithoutPassword tells whether somebody with these attributes can sign in by
// a one-time password, and so needs no other (Cognito API reference, SignUp).
func (p *pool) signsUpWithoutPassword(given map[string]string) bool {
	return p.sendsOTP(func(address string) bool { return given[address] != "" && p.autoVerifies(address) })
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
		return invalid("User %s should be empty or same as username, since username attribute is %[1]s", attribute)
	}
	given[attribute] = name
	return nil
}

// register stores a new user and sends the first code.
func (s *Service) register(tx store.Tx, p *pool, u *user, n notice, c *wire.Call) (details *cognitoidp.CodeDeliveryDetailsType, err error) {
	if err := s.checkNew(tx, p, u); err != nil {
		return nil, err
	}
	if attribute, to := p.signUpDestination(u); to != "" && !u.confirmed() {
		if details, err = s.sendCode(tx, p, u, forSignUp, n, attribute, to, c.Time); err != nil {
			return nil, err
		}
	}
	if err := p.insert(tx, u, false); err != nil {
		return nil, errNameTaken(err)
	}
	return details, p.noteAddresses(tx, u, addressStates{}) // which a PreSignUp function can vouch for
}

// checkNew refuses a user whose pool is gone or whose username is somebody's.
func (s *Service) checkNew(tx store.Tx, p *pool, u *user) error {
	if _, err := pools.Get(tx, s.account, p.Id); err != nil {
		if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
			return errNoPool(p.Id)
		}
		return err
	}
	switch _, err := p.resolve(tx, u.Username); {
	case err == nil:
		return cognitoidp.UsernameExistsException.New("User already exists")
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return nil
}

// errNameTaken refuses a new user one of whose names is somebody else's.
func errNameTaken(err error) error {
	if taken, ok := errors.AsType[*takenError](err); ok {
		return cognitoidp.UsernameExistsException.Newf("An account with the given %s already exists.", taken.kind)
	}
	return err
}
