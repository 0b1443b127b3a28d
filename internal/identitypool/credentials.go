package identitypool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/store"
	"pintail/internal/wire"
)

const (
	authenticated   = "authenticated"
	unauthenticated = "unauthenticated"

	// credentialsFor is how long credentials last. Amplify keeps them for fifty
	// minutes whatever their expiry says.
	credentialsFor = time.Hour

	badConfiguration = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
)

// getCredentialsForIdentity implements GetCredentialsForIdentity, the enhanced
// flow: the pool names the role and its trust policy must allow the identity.
func (s *Service) getCredentialsForIdentity(ctx context.Context, c *wire.Call, in *cognitoidentity.GetCredentialsForIdentityInput) (*cognitoidentity.GetCredentialsForIdentityResponse, error) {
	i, p, who, err := s.authenticate(ctx, c, in.IdentityId, in.Logins)
	if err != nil {
		return nil, err
	}
	kind := who.AMR[0]
	role := p.Roles[kind]
	if in.CustomRoleArn != "" && in.CustomRoleArn != role {
		return nil, cognitoidentity.NotAuthorizedException.New("The token does not allow the custom role.")
	}
	assumption := access.Assumption{RoleARN: role, SessionName: "CognitoIdentityCredentials", Lifetime: credentialsFor}
	if kind == unauthenticated {
		assumption.Policies = access.UnauthenticatedSessionPolicies()
	}
	granted, err := s.access.AssumeWithWebIdentity(ctx, c, who, assumption)
	if errors.Is(err, access.ErrNotTrusted) || errors.Is(err, access.ErrTooLong) {
		return nil, cognitoidentity.InvalidIdentityPoolConfigurationException.New(badConfiguration)
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidentity.GetCredentialsForIdentityResponse{
		IdentityId: i.ID,
		Credentials: &cognitoidentity.Credentials{
			AccessKeyId: granted.AccessKeyID, SecretKey: granted.Secret,
			SessionToken: granted.Token, Expiration: granted.Expires,
		},
	}, nil
}

// authenticate finds out whom a call speaks for: it verifies the logins and
// resolves the identity, which writes only when something changes.
func (s *Service) authenticate(ctx context.Context, c *wire.Call, id string, tokens map[string]string) (*identity, *pool, access.WebIdentity, error) {
	var who access.WebIdentity
	var p *pool
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		_, p, err = s.find(tx, id)
		return err
	})
	if err != nil {
		return nil, nil, who, err
	}
	logins, err := s.verify(ctx, c, p, tokens)
	if err != nil {
		return nil, nil, who, err
	}
	i, p, ok, err := s.settled(ctx, c, id, logins)
	if err == nil && !ok {
		err = s.db.Update(ctx, func(tx store.Tx) (err error) {
			i, p, err = s.resolve(tx, c, id, logins)
			return err
		})
	}
	if err != nil {
		return nil, nil, who, err
	}
	who = access.WebIdentity{
		Provider: access.CognitoIdentity, Audience: p.IdentityPoolId, Subject: i.ID, AMR: methods(logins),
	}
	return i, p, who, nil
}

// methods is the amr claim: how the bearer was authenticated, by which provider
// and as whom.
func methods(logins []login) []string {
	if len(logins) == 0 {
		return []string{unauthenticated}
	}
	amr := []string{authenticated}
	for _, l := range logins {
		amr = append(amr, l.Provider, l.Provider+":CognitoSignIn:"+l.Subject)
	}
	return amr
}
