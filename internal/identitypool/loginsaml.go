package identitypool

import (
	"context"
	"slices"

	"pintail/internal/idp"
)

// samlLogins verifies the responses of SAML providers that the account keeps in IAM and
// that a pool names by their ARNs, as which logins name them too. An app gets the response
// as AWS's sign-in page would, so it is made for that (Cognito developer guide, "SAML
// identity providers").
type samlLogins struct{ *Service }

const (
	samlAudience  = "urn:amazon:webservices"
	samlRecipient = "https://signin.aws.amazon.com/saml"
)

func (s samlLogins) verify(ctx context.Context, l shown) (proof, error) {
	if !slices.Contains(l.pool.SamlProviderARNs, l.provider) {
		return proof{}, refused(unsupportedProvider)
	}
	metadata, err := s.access.SAMLProvider(ctx, l.provider)
	if err != nil {
		return proof{}, err
	}
	if metadata == nil { // deleted, or of another account
		return proof{}, refused(unsupportedProvider)
	}
	assertion, err := s.providers.SAML(ctx, idp.SAMLProvider{
		Metadata: metadata, Audiences: []string{samlAudience, samlRecipient},
		Recipients: []string{samlRecipient, "https://" + regionOf(l.pool.IdentityPoolId) + ".signin.aws.amazon.com/saml"},
		Holder:     l.pool.IdentityPoolId, // GetId and GetCredentialsForIdentity both get it
	}, l.token)
	if err != nil {
		return proof{}, judged(l, err)
	}
	roles, err := assertion.Roles()
	if err != nil {
		return proof{}, judged(l, err)
	}
	shown := login{Provider: l.provider, Subject: assertion.NameID.Value, Kind: samlLogin}
	p := proof{
		login: shown, method: samlMethod(shown), mapped: []string{l.provider}, tagged: []string{l.provider}, claims: samlClaims(assertion),
	}
	for _, role := range roles {
		if role.ProviderARN == l.provider {
			p.roles = append(p.roles, role.RoleARN)
		}
	}
	return p, nil
}

// samlNameID is the subject's name among an assertion's attributes.
const samlNameID = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"

// samlClaims are an assertion's attributes, and what it says itself, which no attribute
// can stand for.
func samlClaims(a *idp.Assertion) map[string]any {
	claims := map[string]any{}
	for _, attribute := range a.Attributes {
		values := make([]any, len(attribute.Values))
		for n, value := range attribute.Values {
			values[n] = value
		}
		claims[attribute.Name] = values
	}
	claims["iss"], claims["sub"], claims["aud"], claims[samlNameID] = a.Issuer, a.NameID.Value, a.Recipient, a.NameID.Value
	return claims
}
