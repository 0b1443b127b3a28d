package identitypool

import (
	"context"
	"errors"
	"slices"
	"strings"

	"pintail/internal/userpool"
)

// userPoolLogins verifies ID tokens of this server's user pools. Their provider may be
// named by the token's issuer without scheme (Amplify for JavaScript), or by AWS's name of
// the pool, whatever the issuer is (Amplify for Android and Swift).
type userPoolLogins struct{ *Service }

func (s userPoolLogins) verify(ctx context.Context, l shown) (proof, error) {
	if strings.Count(l.token, ".") != 2 {
		return proof{}, refused(notAToken)
	}
	id := userPoolID(l.provider)
	token, err := s.userPools.VerifyIDToken(ctx, id, l.token)
	switch {
	case errors.Is(err, userpool.ErrIDTokenExpired):
		return proof{}, refused(tokenExpired, l.Time.Unix(), token.Expires.Unix())
	case errors.Is(err, userpool.ErrIDToken):
		l.Note("login", err.Error())
		return proof{}, refused(badSignature)
	case err != nil:
		return proof{}, err
	}
	name := userPoolName(id)
	_, issuer, _ := strings.Cut(token.Issuer, "://")
	if l.provider != name && l.provider != issuer {
		return proof{}, refused(badIssuer)
	}
	trusted, checked := l.pool.trustsClient(token.ClientID, name, issuer)
	if !trusted {
		return proof{}, refused(unsupportedProvider)
	}
	if checked {
		active, err := s.userPools.SignedIn(ctx, token)
		if err != nil {
			return proof{}, err
		}
		if !active {
			return proof{}, refused(tokenInactive)
		}
	}
	// The AWS name is the stable one: an issuer changes with the server's URL.
	who := login{Provider: name, Subject: token.Subject}
	return proof{
		login: who, method: userPoolMethod(who),
		mapped: []string{name + ":" + token.ClientID, issuer + ":" + token.ClientID},
		tagged: []string{name, issuer, name + ":" + token.ClientID},
		claims: token.All,
	}, nil
}

// trustsClient tells whether the pool trusts a user pool's client, under one of the user
// pool's names, and whether its tokens need a look at the user too.
func (p *pool) trustsClient(client string, names ...string) (trusted, checked bool) {
	for _, of := range p.CognitoIdentityProviders {
		if of.ClientId == client && slices.Contains(names, of.ProviderName) {
			trusted = true
			checked = checked || isTrue(of.ServerSideTokenCheck)
		}
	}
	return trusted, checked
}
