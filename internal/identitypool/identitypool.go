// Package identitypool is Cognito identity pools: it gives every visitor of an
// app an identity, guest or signed in, and temporary AWS credentials for it.
//
// The enhanced flow is GetId, then GetCredentialsForIdentity: the pool picks
// the role (rolechoice.go) and the room asks package access for a session of it,
// under the role's own trust policy. The classic flow is GetId, GetOpenIdToken, and
// then the caller's own AssumeRoleWithWebIdentity. A back end that knows its users
// itself asks for their OpenID tokens (developer.go), which stand for a login in the
// one flow and are shown to STS in the other.
//
// Every login is a token that one verifier judges (login.go): the user pools room
// those of this server's user pools, package idp those of everybody else. No token
// is trusted before. A login belongs to one identity of a pool (link.go): what a
// call brings together becomes one identity, and the others are disabled.
package identitypool

import (
	"context"

	"pintail/internal/access"
	"pintail/internal/clock"
	"pintail/internal/fresh"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/idp"
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
	Providers *idp.Validator
	Account   string
}

// Service is the room.
type Service struct {
	db        store.DB
	clock     *clock.Clock
	access    *access.Service
	userPools UserPools
	providers *idp.Validator
	account   string
	tokens    *store.Tokens
	keys      openIDKeys
	pools     *fresh.Cache[string, *pool]
	// allowed judges a further action of the running request's caller.
	allowed func(ctx context.Context, c *wire.Call, action, resource string, extra map[string]string) error
}

// New returns the room over a directory.
func New(c Config) *Service {
	return &Service{
		db: c.DB, clock: c.Clock, access: c.Access, userPools: c.UserPools, providers: c.Providers, account: c.Account,
		tokens: store.NewTokens(c.Master.Sealer("identity pool page token").MAC("key")),
		keys:   newOpenIDKeys(c),
		pools:  fresh.New[string, *pool](c.Clock.Now),
	}
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind { return []store.Kind{pools, identities, homes, links, signingKeys} }

// Forget makes the room read everything anew, after the directory was reset.
func (s *Service) Forget() {
	s.pools.Reset()
	s.keys.known.Reset()
}

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
	wire.Handle(r, cognitoidentity.SetPrincipalTagAttributeMap, s.setPrincipalTagAttributeMap)
	wire.Handle(r, cognitoidentity.GetPrincipalTagAttributeMap, s.getPrincipalTagAttributeMap)
	wire.Handle(r, cognitoidentity.TagResource, s.tagResource)
	wire.Handle(r, cognitoidentity.UntagResource, s.untagResource)
	wire.Handle(r, cognitoidentity.ListTagsForResource, s.listTagsForResource)

	wire.Handle(r, cognitoidentity.GetId, s.getID)
	wire.Handle(r, cognitoidentity.GetCredentialsForIdentity, s.getCredentialsForIdentity)
	wire.Handle(r, cognitoidentity.GetOpenIdToken, s.getOpenIDToken)
	wire.Handle(r, cognitoidentity.UnlinkIdentity, s.unlinkIdentity)

	wire.Handle(r, cognitoidentity.ListIdentities, s.listIdentities)
	wire.Handle(r, cognitoidentity.DescribeIdentity, s.describeIdentity,
		inPool(s, func(in *cognitoidentity.DescribeIdentityInput) []string { return []string{in.IdentityId} }))
	wire.Handle(r, cognitoidentity.DeleteIdentities, s.deleteIdentities,
		inPool(s, func(in *cognitoidentity.DeleteIdentitiesInput) []string { return in.IdentityIdsToDelete }))

	wire.Handle(r, cognitoidentity.GetOpenIdTokenForDeveloperIdentity, s.getOpenIDTokenForDeveloperIdentity)
	wire.Handle(r, cognitoidentity.LookupDeveloperIdentity, s.lookupDeveloperIdentity)
	wire.Handle(r, cognitoidentity.MergeDeveloperIdentities, s.mergeDeveloperIdentities)
	wire.Handle(r, cognitoidentity.UnlinkDeveloperIdentity, s.unlinkDeveloperIdentity)
	s.discovery(r)
}
