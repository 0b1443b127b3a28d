package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
)

// A pool's UserMigration trigger is asked about people that the pool does not know,
// when they show a password in clear or say that they forgot it. Whom it knows becomes
// a user of the pool on the spot (Cognito developer guide, "Migrate user Lambda
// trigger").

// migrateAtSignIn returns a user who was made because the trigger accepted the
// password. It is nil when the pool knows the user itself, or nobody does.
func (a *attempt) migrateAtSignIn(ctx context.Context, name, password string) (*user, error) {
	if a.pool.LambdaConfig.UserMigration == "" {
		return nil, nil
	}
	if u, err := a.find(ctx, a.pool, name); u != nil || err != nil {
		return nil, err
	}
	// Not the turns of passwords: the function may hang, and users who are known do not
	// wait for it.
	defer a.migrating.take(a.pool.Id, a.pool.fold(name))()
	if u, err := a.find(ctx, a.pool, name); u != nil || err != nil { // come in meanwhile
		return nil, err
	}
	if a.unknownLocked(name) { // the other directory's passwords are not to be guessed either
		return nil, errLocked()
	}
	by := caller{a.call, a.client.ClientId, nil}
	u, err := a.migrate(ctx, by, a.pool, name, trigger.UserMigrationAuthentication, trigger.UserMigrationRequest{
		Password: password, ValidationData: a.metadata,
	})
	if refused, ok := errors.AsType[*refusedMigration](err); ok {
		a.unknowns.use(a.pool.unknown(name), a.call.Time, func(n *attempts) { n.fail(a.call.Time) })
		return nil, refused.error
	}
	return u, err
}

// migrateForgotten is migrateAtSignIn for somebody who forgot the password.
func (s *Service) migrateForgotten(ctx context.Context, by caller, p *pool, name string) (*user, error) {
	if p.LambdaConfig.UserMigration == "" {
		return nil, nil
	}
	if u, err := s.find(ctx, p, name); u != nil || err != nil {
		return nil, err
	}
	if err := s.countUnknown(p, name, "UserMigration", maxResets, by.Time); err != nil { // the call itself counts too
		return nil, err
	}
	u, err := s.migrate(ctx, by, p, name, trigger.UserMigrationForgotPassword, trigger.UserMigrationRequest{ClientMetadata: by.metadata})
	if refused, ok := errors.AsType[*refusedMigration](err); ok {
		return nil, refused.error
	}
	return u, err
}

// refusedMigration is what the trigger said against somebody.
type refusedMigration struct{ error }

// migrate asks the trigger about a name and stores the user that it describes. It
// returns nil when the trigger knows nobody.
func (s *Service) migrate(ctx context.Context, by caller, p *pool, name string, source trigger.Source, request trigger.UserMigrationRequest) (*user, error) {
	e := &trigger.UserMigrationEvent{Header: by.header(p, source, name), Request: request}
	if err := trigger.Call(ctx, s.triggers, trigger.UserMigration, p.LambdaConfig.UserMigration, e); err != nil {
		return nil, &refusedMigration{err}
	}
	if len(e.Response.UserAttributes) == 0 {
		return nil, nil
	}
	u, err := p.migrant(by, name, e.Response)
	if err != nil {
		return nil, err
	}
	if request.Password != "" && u.confirmed() {
		sealed, err := s.sealedPassword(p, u, request.Password)
		if err != nil {
			return nil, err
		}
		u.setPassword(p, sealed, by.Time)
	}
	return u, s.storeMigrant(ctx, by, p, u, bool(e.Response.ForceAliasCreation))
}

// migrant makes the user that the trigger describes. Its answer must hold the name
// that was typed where users are named by their address.
func (p *pool) migrant(by caller, name string, r trigger.UserMigrationResponse) (*user, error) {
	given := make(map[string]string)
	for attribute, value := range r.UserAttributes {
		switch {
		case attribute == "username" || attribute == attrSub || value == "":
			continue
		case p.schema.check(attribute, value) != nil:
			return nil, errLambdaOutput()
		}
		given[attribute] = value
	}
	username, err := p.nameNewUser(name, given)
	if err != nil {
		return nil, errLambdaOutput()
	}
	u := newUser(username, given, by.Time)
	for _, flag := range []string{attrEmailVerified, attrPhoneVerified} {
		if given[flag] != "" {
			u.Attributes[flag] = given[flag]
		}
	}
	u.MFA.SMS = bool(r.EnableSMSMFA)
	switch status := cognitoidp.UserStatusType(r.FinalUserStatus); status {
	case cognitoidp.UserStatusTypeConfirmed:
		u.Status = status
	case "", cognitoidp.UserStatusTypeResetRequired:
		u.Status = cognitoidp.UserStatusTypeResetRequired
	default:
		return nil, errLambdaOutput()
	}
	return u, nil
}

// storeMigrant stores a migrated user and, unless the trigger holds it back, sends no
// message: the user knows the password.
func (s *Service) storeMigrant(ctx context.Context, by caller, p *pool, u *user, force bool) error {
	return s.update(ctx, func(tx store.Tx) error {
		err := s.checkNew(tx, p, u)
		if errors.Is(err, cognitoidp.UsernameExistsException.New("")) { // come in meanwhile
			return errIncorrect()
		}
		if err != nil {
			return err
		}
		err = p.insert(tx, u, force && !p.namedByAddress())
		if _, taken := errors.AsType[*takenError](err); taken {
			return errIncorrect()
		}
		return err
	})
}
