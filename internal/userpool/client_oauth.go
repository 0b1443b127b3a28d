package userpool

import (
	"errors"
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

// Names of the pool itself among identity providers: in the settings of app clients,
// and of users.
const (
	localProvider = "COGNITO"
	localUser     = "Cognito"
)

// checkProviders refuses providers that the pool does not have.
func checkProviders(tx store.Tx, p *pool, names []string) error {
	for _, name := range names {
		if name == localProvider {
			continue
		}
		_, err := providers.Get(tx, p.Id, name)
		if errors.Is(err, store.ErrNotFound) {
			return invalid("The provider %s does not exist for User Pool %s.", name, p.Id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkOAuthFlows refuses flows without what they need. Flows can also be chosen for a
// client that may not use them yet.
func checkOAuthFlows(in *cognitoidp.CreateUserPoolClientRequest) error {
	if isTrue(in.AllowedOAuthFlowsUserPoolClient) && (len(in.AllowedOAuthFlows) == 0 || len(in.AllowedOAuthScopes) == 0) {
		return invalid("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	}
	if slices.Contains(in.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials) {
		return checkClientCredentials(in)
	}
	if len(in.AllowedOAuthFlows) > 0 && len(in.CallbackURLs) == 0 {
		return cognitoidp.InvalidOAuthFlowException.New("CallbackUrls can not be empty when code flow or implicit flow is selected")
	}
	return nil
}

// checkClientCredentials refuses the flow in which a client speaks for itself, and so
// for no user, beside anything that is a user's.
func checkClientCredentials(in *cognitoidp.CreateUserPoolClientRequest) error {
	if len(in.AllowedOAuthFlows) > 1 {
		return cognitoidp.InvalidOAuthFlowException.New("client_credentials flow can not be selected along with code flow or implicit flow.")
	}
	if !isTrue(in.GenerateSecret) && in.ClientSecret == "" {
		return cognitoidp.InvalidOAuthFlowException.New("client_credentials flow can not be selected if client does not have a client secret.")
	}
	for _, scope := range in.AllowedOAuthScopes {
		if slices.Contains(standardScopes, scope) {
			return cognitoidp.InvalidOAuthFlowException.Newf("%s is not supported with client_credentials flow", scope)
		}
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
		return slices.Contains(loopbacks, u.Hostname())
	}
	return !slices.Contains([]string{"javascript", "data", "vbscript", "file"}, u.Scheme)
}
