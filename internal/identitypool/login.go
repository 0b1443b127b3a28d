package identitypool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/userpool"
	"pintail/internal/wire"
)

// Answers to tokens, in the words that clients know.
const (
	unsupportedProvider = "Token is not from a supported provider of this identity pool."
	notPublicProvider   = "Please provide a valid public provider."
	tokenExpired        = "Invalid login token. Token expired: %d >= %d"
	badSignature        = "Invalid login token. Couldn't verify signed token."
	badIssuer           = "Invalid login token. Issuer doesn't match providerName"
	notAToken           = "Invalid login token. Not a valid OpenId Connect identity token."
	noCognitoToken      = "Invalid login token. Can't pass in a Cognito token."
	tokenInactive       = "Token is inactive"
)

// verify checks every token of a call's Logins; one bad token refuses the call.
func (s *Service) verify(ctx context.Context, c *wire.Call, p *pool, tokens map[string]string) ([]login, error) {
	var logins []login
	providers := make([]string, 0, len(tokens))
	for provider := range tokens {
		providers = append(providers, provider)
	}
	slices.Sort(providers)
	for _, provider := range providers {
		l, err := s.verifyLogin(ctx, c, p, provider, tokens[provider])
		if err != nil {
			return nil, err
		}
		logins = append(logins, l)
	}
	return logins, nil
}

// verifyLogin checks one token. A provider is a user pool of this server: the
// token's issuer without scheme (Amplify JS), or AWS's name of the pool
// whatever the issuer is (Amplify Android and Swift).
func (s *Service) verifyLogin(ctx context.Context, c *wire.Call, p *pool, provider, token string) (login, error) {
	refuse := func(message string) (login, error) {
		return login{}, cognitoidentity.NotAuthorizedException.New(message)
	}
	if provider == "cognito-identity.amazonaws.com" || provider == p.DeveloperProviderName {
		return refuse(noCognitoToken)
	}
	poolID := provider[strings.LastIndexByte(provider, '/')+1:]
	if !strings.Contains(provider, "/") || !strings.Contains(poolID, "_") {
		return login{}, cognitoidentity.InvalidParameterException.New(notPublicProvider)
	}
	if strings.Count(token, ".") != 2 {
		return refuse(notAToken)
	}
	verified, err := s.userPools.VerifyIDToken(ctx, poolID, token)
	switch {
	case errors.Is(err, userpool.ErrIDTokenExpired):
		return refuse(fmt.Sprintf(tokenExpired, c.Time.Unix(), verified.Expires.Unix()))
	case errors.Is(err, userpool.ErrIDToken):
		c.Note("login", err.Error())
		return refuse(badSignature)
	case err != nil:
		return login{}, err
	}
	region, _, _ := strings.Cut(poolID, "_")
	awsName := "cognito-idp." + region + ".amazonaws.com/" + poolID
	_, issuer, _ := strings.Cut(verified.Issuer, "://")
	if provider != awsName && provider != issuer {
		return refuse(badIssuer)
	}
	for _, configured := range p.CognitoIdentityProviders {
		if configured.ClientId != verified.ClientID || configured.ProviderName != awsName && configured.ProviderName != issuer {
			continue
		}
		if isTrue(configured.ServerSideTokenCheck) {
			active, err := s.userPools.SignedIn(ctx, verified)
			if err != nil {
				return login{}, err
			}
			if !active {
				return refuse(tokenInactive)
			}
		}
		// The AWS name is the stable one: an issuer changes with the server's URL.
		return login{Provider: awsName, Subject: verified.Subject}, nil
	}
	return refuse(unsupportedProvider)
}
