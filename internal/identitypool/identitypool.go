// Package identitypool is Cognito identity pools: it gives every visitor of an
// app an identity, guest or signed in, and temporary AWS credentials for it.
//
// The enhanced flow is GetId, then GetCredentialsForIdentity: the pool picks
// the role and the room asks package access for a session of it, under the
// role's own trust policy. The classic flow is GetId, GetOpenIdToken, and then
// the caller's own AssumeRoleWithWebIdentity. Tokens of this server's user pools
// are verified by the user pools room; no token is trusted before.
package identitypool

import (
	"context"

	"pintail/internal/access"
	"pintail/internal/clock"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/userpool"
	"pintail/internal/wire"
)

// UserPools verifies the ID tokens of this server's user pools.
// userpool.Service implements it.
type UserPools interface {
	// VerifyIDToken returns what a pool's ID token says, or an error that is
	// userpool.ErrIDToken or userpool.ErrIDTokenExpired.
	VerifyIDToken(ctx context.Context, poolID, token string) (userpool.Claims, error)
	// SignedIn tells whether the sign-in behind a token still holds.
	SignedIn(ctx context.Context, c userpool.Claims) (bool, error)
}

// Config is what the room is made of.
type Config struct {
	DB        store.DB
	Master    *keys.MasterKey
	Clock     *clock.Clock
	Access    *access.Service
	UserPools UserPools
	Account   string
}

// Service is the room.
type Service struct {
	db        store.DB
	clock     *clock.Clock
	access    *access.Service
	userPools UserPools
	account   string
	tokens    *store.Tokens
	keys      openIDKeys
	// allowed judges a further action of the running request's caller.
	allowed func(ctx context.Context, c *wire.Call, action, resource string, extra map[string]string) error
}

// New returns the room over a directory.
func New(c Config) *Service {
	return &Service{
		db: c.DB, clock: c.Clock, access: c.Access, userPools: c.UserPools, account: c.Account,
		tokens: store.NewTokens(c.Master.Sealer("identity pool page token").MAC("key")),
		keys:   openIDKeys{db: c.DB, seal: c.Master.Sealer("identity pool signing key")},
	}
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind { return []store.Kind{pools, identities, homes, links, signingKeys} }

// Routes names every operation that the room answers.
func (s *Service) Routes(r *wire.Router) {
	s.allowed = r.Allowed
	wire.Handle(r, cognitoidentity.CreateIdentityPool, s.createIdentityPool)
	wire.Handle(r, cognitoidentity.DescribeIdentityPool, s.describeIdentityPool)
	wire.Handle(r, cognitoidentity.UpdateIdentityPool, s.updateIdentityPool)
	wire.Handle(r, cognitoidentity.DeleteIdentityPool, s.deleteIdentityPool)
	wire.Handle(r, cognitoidentity.ListIdentityPools, s.listIdentityPools)
	wire.Handle(r, cognitoidentity.SetIdentityPoolRoles, s.setIdentityPoolRoles)
	wire.Handle(r, cognitoidentity.GetIdentityPoolRoles, s.getIdentityPoolRoles)
	wire.Handle(r, cognitoidentity.GetId, s.getID)
	wire.Handle(r, cognitoidentity.GetCredentialsForIdentity, s.getCredentialsForIdentity)
	wire.Handle(r, cognitoidentity.GetOpenIdToken, s.getOpenIDToken)
	wire.Handle(r, cognitoidentity.DescribeIdentity, s.describeIdentity)
	s.discovery(r)
}
