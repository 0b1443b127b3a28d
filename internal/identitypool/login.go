package identitypool

import (
	"context"
	"slices"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/wire"
)

// Answers to tokens, in the words that clients know.
const (
	unsupportedProvider = "Token is not from a supported provider of this identity pool."
	notPublicProvider   = "Please provide a valid public provider."
	tokenExpired        = "Invalid login token. Token expired: %d >= %d"
	tokenOver           = "Invalid login token. Token is expired."
	badSignature        = "Invalid login token. Couldn't verify signed token."
	badIssuer           = "Invalid login token. Issuer doesn't match providerName"
	notAToken           = "Invalid login token. Not a valid OpenId Connect identity token."
	noCognitoToken      = "Invalid login token. Can't pass in a Cognito token."
	tokenInactive       = "Token is inactive"
)

func refused(format string, args ...any) error {
	return cognitoidentity.NotAuthorizedException.Newf(format, args...)
}

// proof is a login whose token was verified, with what that says.
type proof struct {
	login
	method string   // how it was shown, as the amr claim has it
	mapped []string // the provider's names in role mappings
	tagged []string // the provider's names in maps of principal tags
	claims map[string]any
	roles  []string // that a SAML provider lets the bearer have
}

func loginsOf(proofs []proof) []login {
	logins := make([]login, len(proofs))
	for i, p := range proofs {
		logins[i] = p.login
	}
	return logins
}

// shown is one login of a call's Logins, with the pool that is to take it.
type shown struct {
	*wire.Call
	pool     *pool
	provider string // the key of Logins
	token    string
}

// verifier judges the logins of one kind of provider. It returns NotAuthorizedException for
// what the provider, or the pool's configuration, does not vouch for.
type verifier interface {
	verify(ctx context.Context, l shown) (proof, error)
}

// verifierOf chooses by the key of Logins. It also returns the name that the provider has
// in logins.
func (s *Service) verifierOf(p *pool, provider string) (verifier, string, error) {
	switch {
	case provider == access.CognitoIdentity:
		return nil, "", refused(noCognitoToken)
	case provider == p.DeveloperProviderName: // which only a signed call may speak for
	case slices.Contains(socialProviders, provider):
		return socialLogins{s}, provider, nil
	case samlARN.MatchString(provider):
		return samlLogins{s}, provider, nil
	case p.trustsOpenID(provider) != "":
		return openIDLogins{s}, provider, nil
	case userPoolID(provider) != "":
		return userPoolLogins{s}, userPoolName(userPoolID(provider)), nil
	}
	return nil, "", invalid(notPublicProvider)
}

// providerName returns the name that a provider has in logins.
func (s *Service) providerName(p *pool, provider string) (string, error) {
	_, name, err := s.verifierOf(p, provider)
	return name, err
}

// verify checks every token of a call's Logins; one bad token refuses the call. Proofs are
// in the order of the providers' names, each provider once: a user pool has two names.
func (s *Service) verify(ctx context.Context, c *wire.Call, p *pool, tokens map[string]string) ([]proof, error) {
	var proofs []proof
	for _, provider := range sortedKeys(tokens) {
		v, _, err := s.verifierOf(p, provider)
		if err != nil {
			return nil, err
		}
		next, err := v.verify(ctx, shown{Call: c, pool: p, provider: provider, token: tokens[provider]})
		if err != nil {
			return nil, err
		}
		twin := slices.IndexFunc(proofs, func(have proof) bool { return have.Provider == next.Provider })
		switch {
		case twin < 0:
			proofs = append(proofs, next)
		case proofs[twin].login != next.login:
			return nil, conflict("The logins are of two users of one provider.")
		}
	}
	return proofs, nil
}

// withoutSAML refuses SAML providers, which take part in the enhanced flow only.
func withoutSAML(tokens map[string]string) error {
	for provider := range tokens {
		if samlARN.MatchString(provider) {
			return invalid(notPublicProvider)
		}
	}
	return nil
}
