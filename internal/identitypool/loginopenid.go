package identitypool

import (
	"context"
	"strings"

	"pintail/internal/idp"
)

// openIDLogins verifies ID tokens of the OpenID Connect providers that the account keeps in
// IAM and that a pool names by their ARNs. Their logins are named by the issuer without
// scheme.
type openIDLogins struct{ *Service }

func (s openIDLogins) verify(ctx context.Context, l shown) (proof, error) {
	arn := l.pool.trustsOpenID(l.provider)
	known, err := s.access.OpenIDProvider(ctx, arn)
	if err != nil {
		return proof{}, err
	}
	if known == nil { // deleted, or of another account
		return proof{}, refused(unsupportedProvider)
	}
	issuer, err := idp.UnverifiedIssuer(l.token)
	if err != nil {
		return proof{}, judged(l, err)
	}
	// IAM keeps issuers without a slash at the end, which some of them have.
	if strings.TrimSuffix(issuer, "/") != known.Issuer {
		return proof{}, refused(badIssuer)
	}
	who, err := s.providers.OIDC(ctx, idp.OIDCProvider{Issuer: issuer, Clients: idp.Clients{IDs: known.ClientIDs}}, l.token)
	if err != nil {
		return proof{}, judged(l, err)
	}
	shown := login{Provider: l.provider, Subject: who.Subject, Kind: openIDLogin}
	return proof{
		login: shown, method: openIDMethod(arn, shown), mapped: []string{arn}, tagged: []string{arn, l.provider}, claims: who.Claims,
	}, nil
}

// trustsOpenID returns the ARN under which a pool trusts an OpenID Connect issuer, "" if
// it does not.
func (p *pool) trustsOpenID(issuer string) string {
	for _, arn := range p.OpenIdConnectProviderARNs {
		if _, where, _ := strings.Cut(arn, ":oidc-provider/"); where == issuer {
			return arn
		}
	}
	return ""
}
