package identitypool

import (
	"context"
	"errors"
	"strings"
	"time"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// A developer identity is a user whom the app's own back end knows: the back end asks, with
// credentials, for a token that says so (Cognito developer guide, "Developer-authenticated
// identities").

// Limits of developer identities.
const (
	developerTokenFor = 15 * time.Minute
	maxDeveloperUser  = 1024 // characters of a user's identifier
)

// getOpenIDTokenForDeveloperIdentity implements GetOpenIdTokenForDeveloperIdentity.
func (s *Service) getOpenIDTokenForDeveloperIdentity(ctx context.Context, c *wire.Call, in *cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput) (*cognitoidentity.GetOpenIdTokenForDeveloperIdentityResponse, error) {
	p, err := s.viewPool(ctx, c, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	if err := checkTagKeys(in.PrincipalTags); err != nil {
		return nil, err
	}
	proofs, err := s.developerProofs(ctx, c, p, in.Logins)
	if err != nil {
		return nil, err
	}
	i, err := s.register(ctx, c, p, in.IdentityId, loginsOf(proofs))
	if err != nil {
		return nil, err
	}
	lasts := developerTokenFor
	if in.TokenDuration != nil {
		lasts = time.Duration(*in.TokenDuration) * time.Second
	}
	token, err := s.openIDToken(ctx, c, access.WebIdentity{
		Audience: p.IdentityPoolId, Subject: i.ID, AMR: methods(proofs), Tags: in.PrincipalTags,
	}, lasts)
	return &cognitoidentity.GetOpenIdTokenForDeveloperIdentityResponse{IdentityId: i.ID, Token: token}, err
}

// developerProofs takes the caller's word for its own user, which comes first, and
// verifies the other logins.
func (s *Service) developerProofs(ctx context.Context, c *wire.Call, p *pool, logins map[string]string) ([]proof, error) {
	user, ok := logins[p.DeveloperProviderName]
	if !ok || p.DeveloperProviderName == "" {
		return nil, invalid("Please provide a valid developer provider.")
	}
	if user == "" || len([]rune(user)) > maxDeveloperUser || strings.ContainsRune(user, 0) {
		return nil, invalid("A developer user identifier has 1 to %d characters.", maxDeveloperUser)
	}
	others := map[string]string{}
	for provider, token := range logins {
		if provider != p.DeveloperProviderName {
			others[provider] = token
		}
	}
	if err := withoutSAML(others); err != nil {
		return nil, err
	}
	proofs, err := s.verify(ctx, c, p, others)
	if unreachable, ok := errors.AsType[*model.Error](err); ok && unreachable.Type == cognitoidentity.ExternalServiceException {
		// The one operation that takes logins and does not declare it.
		return nil, cognitoidentity.InternalErrorException.New(unreachable.Message)
	}
	if err != nil {
		return nil, err
	}
	own := login{Provider: p.DeveloperProviderName, Subject: user, Kind: developerLogin}
	return append([]proof{{login: own, method: developerMethod(p.IdentityPoolId, own)}}, proofs...), nil
}

// register gives logins, of which the developer's is the first, an identity: the one that
// the call names, or the one that they have, or a new one.
func (s *Service) register(ctx context.Context, c *wire.Call, p *pool, id string, logins []login) (i *identity, err error) {
	if id == "" {
		if i, err = s.known(ctx, p.IdentityPoolId, logins); i != nil || err != nil {
			return i, err
		}
		return s.identify(ctx, c, p.IdentityPoolId, logins)
	}
	err = s.db.Update(ctx, func(tx store.Tx) error {
		named, err := findIn(tx, p.IdentityPoolId, id)
		if err != nil {
			return err
		}
		now, err := successor(tx, p.IdentityPoolId, named)
		if err != nil {
			return err
		}
		all, err := owners(tx, p.IdentityPoolId, logins)
		if err != nil {
			return err
		}
		has, err := owner(tx, p.IdentityPoolId, logins[0])
		switch {
		case err != nil:
			return err
		case has != nil && has.ID != now.ID:
			return cognitoidentity.DeveloperUserAlreadyRegisteredException.New("The developer user identifier is already registered with another identity.")
		case has == nil && !named.live():
			return forbidden(id)
		}
		if !contains(all, now) {
			all = append(all, now)
		}
		i, err = unite(tx, c, p.IdentityPoolId, all, logins)
		return err
	})
	return i, err
}

// byDeveloperToken takes an OpenID token that a back end asked for as its bearer's login.
// It is a developer identity's only: the tokens of GetOpenIdToken, a guest's above all,
// must not become anything else by being shown here.
func (s *Service) byDeveloperToken(ctx context.Context, c *wire.Call, id, token string) (*bearer, error) {
	i, p, err := s.stored(ctx, id)
	if err != nil {
		return nil, err
	}
	claims, err := s.readOpenID(ctx, token)
	switch {
	case err != nil:
		c.Note("login", err.Error())
		return nil, claims.refusal(c, err)
	case claims.Audience != p.IdentityPoolId:
		return nil, refused(unsupportedProvider)
	case claims.Subject != id:
		return nil, refused(unknownLogins)
	case i.ID != id:
		return nil, forbidden(id)
	case !claims.ofDeveloper(p):
		return nil, refused(noCognitoToken)
	}
	if err := stands(i, p, claims); err != nil {
		return nil, refused(unknownLogins)
	}
	return &bearer{pool: p, identity: i, WebIdentity: claims.identity()}, nil
}
