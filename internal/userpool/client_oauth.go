package userpool

import (
	"net/url"
	"slices"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// selfScope is the scope that the operations of a signed-in user need. A sign-in
// through the API always gives it.
const selfScope = "aws.cognito.signin.user.admin"

var standardScopes = []string{"phone", "email", "openid", "profile", selfScope}

// checkOAuth checks the settings of the hosted sign-in pages and token endpoint.
func checkOAuth(tx store.Tx, p *pool, in *cognitoidp.CreateUserPoolClientRequest) error {
	if err := checkProviders(tx, p, in.SupportedIdentityProviders); err != nil {
		return err
	}
	if err := checkOAuthFlows(in); err != nil {
		return err
	}
	for _, scope := range in.AllowedOAuthScopes {
		known, err := p.offersScope(tx, scope)
		if err != nil {
			return err
		}
		if !known {
			return cognitoidp.ScopeDoesNotExistException.Newf("Invalid scope requested: %s", scope)
		}
	}
	for _, address := range slices.Concat(in.CallbackURLs, in.LogoutURLs) {
		if !redirectable(address) {
			return invalid("%s is not a redirect URI: use https, http for localhost, or an app's own scheme, and no fragment.", address)
		}
	}
	if in.DefaultRedirectURI != "" && !slices.Contains(in.CallbackURLs, in.DefaultRedirectURI) {
		return invalid("DefaultRedirectURI must be one of the CallbackURLs.")
	}
	return nil
}

// localProvider is how app clients call the pool's own users.
const localProvider = "COGNITO"

// checkProviders refuses providers that the pool does not have.
func checkProviders(tx store.Tx, p *pool, names []string) error {
	for _, name := range names {
		if name == localProvider {
			continue
		}
		return invalid("The provider %s does not exist for User Pool %s.", name, p.Id)
	}
	return nil
}

func checkOAuthFlows(in *cognitoidp.CreateUserPoolClientRequest) error {
	if len(in.AllowedOAuthFlows) > 0 && !isTrue(in.AllowedOAuthFlowsUserPoolClient) {
		return invalid("AllowedOAuthFlowsUserPoolClient must be true to use AllowedOAuthFlows.")
	}
	if !slices.Contains(in.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials) {
		return nil
	}
	if len(in.AllowedOAuthFlows) > 1 {
		return cognitoidp.InvalidOAuthFlowException.New("client_credentials flow can not be selected along with code flow or implicit flow.")
	}
	if !isTrue(in.GenerateSecret) && in.ClientSecret == "" {
		return cognitoidp.InvalidOAuthFlowException.New("client_credentials flow can not be selected if client does not have a client secret.")
	}
	return nil
}

// redirectable tells whether a browser may be sent to an address.
func redirectable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Fragment != "" || strings.Contains(address, "#") {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Host != ""
	case "http":
		return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	}
	return !slices.Contains([]string{"javascript", "data", "vbscript", "file"}, u.Scheme)
}
