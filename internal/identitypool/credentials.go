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
	// credentialsFor is how long credentials last. Amplify keeps them for fifty
	// minutes whatever their expiry says.
	credentialsFor = time.Hour

	badConfiguration = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
)

// bearer is whom a call speaks for.
type bearer struct {
	pool     *pool
	identity *identity
	proofs   []proof // none for a guest
	access.WebIdentity
}

// getCredentialsForIdentity implements GetCredentialsForIdentity, the enhanced
// flow: the pool names the role and its trust policy must allow the identity.
func (s *Service) getCredentialsForIdentity(ctx context.Context, c *wire.Call, in *cognitoidentity.GetCredentialsForIdentityInput) (*cognitoidentity.GetCredentialsForIdentityResponse, error) {
	b, err := s.enhanced(ctx, c, in)
	if err != nil {
		return nil, err
	}
	role, err := choice{b.pool, b.AMR, b.proofs, in.CustomRoleArn}.role()
	if err != nil {
		return nil, err
	}
	assumption := access.Assumption{RoleARN: role, SessionName: "CognitoIdentityCredentials", Lifetime: credentialsFor}
	if b.AMR[0] == unauthenticated {
		assumption.Policies = access.UnauthenticatedSessionPolicies()
	}
	granted, err := s.access.AssumeWithWebIdentity(ctx, c, b.WebIdentity, assumption)
	if errors.Is(err, access.ErrNotTrusted) || errors.Is(err, access.ErrTooLong) {
		return nil, cognitoidentity.InvalidIdentityPoolConfigurationException.New(badConfiguration)
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidentity.GetCredentialsForIdentityResponse{
		IdentityId: b.identity.ID,
		Credentials: &cognitoidentity.Credentials{
			AccessKeyId: granted.AccessKeyID, SecretKey: granted.Secret,
			SessionToken: granted.Token, Expiration: granted.Expires,
		},
	}, nil
}

// enhanced finds out whom a call for credentials speaks for. Back ends that know their
// users themselves give out OpenID tokens, which stand here for any login.
func (s *Service) enhanced(ctx context.Context, c *wire.Call, in *cognitoidentity.GetCredentialsForIdentityInput) (*bearer, error) {
	token, ok := in.Logins[access.CognitoIdentity]
	switch {
	case ok && len(in.Logins) > 1:
		return nil, invalid("A token of %s stands for all logins.", access.CognitoIdentity)
	case ok:
		return s.byDeveloperToken(ctx, c, in.IdentityId, token)
	}
	i, p, err := s.stored(ctx, in.IdentityId)
	if err != nil {
		return nil, err
	}
	return s.authenticate(ctx, c, p, i, in.IdentityId, in.Logins)
}

// authenticate finds out whom a call speaks for: it verifies the logins and
// resolves the identity, which writes only when something changes. The call named an
// identity, which is i or was replaced by it.
func (s *Service) authenticate(ctx context.Context, c *wire.Call, p *pool, i *identity, id string, tokens map[string]string) (*bearer, error) {
	proofs, err := s.verify(ctx, c, p, tokens)
	if err != nil {
		return nil, err
	}
	if len(proofs) == 0 {
		err = admit(i, p, id)
	} else {
		i, err = s.settle(ctx, c, p.IdentityPoolId, id, i, loginsOf(proofs))
	}
	if err != nil {
		return nil, err
	}
	tags, err := principalTags(p, proofs)
	return &bearer{pool: p, identity: i, proofs: proofs, WebIdentity: access.WebIdentity{
		Provider: access.CognitoIdentity, Audience: p.IdentityPoolId, Subject: i.ID, AMR: methods(proofs), Tags: tags,
	}}, err
}

// stored reads an identity that a call names, or the one that has taken its place, and its
// pool.
func (s *Service) stored(ctx context.Context, id string) (i *identity, p *pool, err error) {
	var poolID string
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		if i, poolID, err = find(tx, id); err != nil {
			return err
		}
		i, err = successor(tx, poolID, i)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	p, err = s.pool(ctx, poolID)
	return i, p, err
}

// admit lets a guest in, who shows nothing but the identity's id.
func admit(i *identity, p *pool, id string) error {
	switch {
	case i.ID != id || !i.guest():
		return forbidden(id)
	case !p.guests():
		return refused(noGuests)
	}
	return nil
}

// settle resolves the identity of verified logins. Most often it has them all already, and
// nothing is written.
func (s *Service) settle(ctx context.Context, c *wire.Call, poolID, id string, i *identity, logins []login) (*identity, error) {
	if i.hasAll(logins) {
		return i, nil
	}
	err := s.db.Update(ctx, func(tx store.Tx) (err error) {
		i, err = resolve(tx, c, poolID, id, logins)
		return err
	})
	return i, err
}
