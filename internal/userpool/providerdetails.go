package userpool

import (
	"maps"
	"net/url"
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// Details of identity providers that are secret. A private key is never shown again.
const (
	detailClientSecret = "client_secret"
	detailPrivateKey   = "private_key"
)

var secretDetails = []string{detailClientSecret, detailPrivateKey}

// mappedUsername is the key of an attribute mapping that is no attribute: the claim
// which tells a provider's users apart.
const mappedUsername = "username"

// providerKind is what identity providers of one type have in common (Cognito API
// reference, CreateIdentityProvider).
type providerKind struct {
	required []string // details
	missing  string   // the refusal of a provider without them
	check    func(details map[string]string) error
	// added are the details that Cognito adds. Ones that were given stay, but for
	// those that follow from others.
	added   func(details map[string]string) map[string]string
	derived []string
	// username is the claim that tells users apart; empty for SAML, whose NameID does.
	username string
}

const (
	missingSocial = "clientId, clientSecret and authorizeScopes are all required idp details."
	missingApple  = "clientId, privateKey, teamId, and keyId are all required idp details."
	missingOIDC   = "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details."
)

var requiredSocial = []string{"client_id", detailClientSecret, "authorize_scopes"}

// providerKinds are the types that users can sign in with.
var providerKinds = map[cognitoidp.IdentityProviderTypeType]*providerKind{
	cognitoidp.IdentityProviderTypeTypeOidc: {
		required: []string{"client_id", "authorize_scopes", "oidc_issuer", "attributes_request_method"}, missing: missingOIDC,
		check: checkOIDC, added: always(map[string]string{"attributes_url_add_attributes": "false"}), username: attrSub,
	},
	cognitoidp.IdentityProviderTypeTypeSaml: {check: checkSAML, added: samlEndpoints, derived: []string{detailSSO, detailSLO}},
	cognitoidp.IdentityProviderTypeTypeGoogle: {
		required: requiredSocial, missing: missingSocial, username: attrSub,
		added: always(map[string]string{
			"attributes_url": "https://people.googleapis.com/v1/people/me?personFields=", "attributes_url_add_attributes": "true",
			"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "oidc_issuer": "https://accounts.google.com",
			"token_request_method": "POST", "token_url": "https://www.googleapis.com/oauth2/v4/token",
		}),
	},
	cognitoidp.IdentityProviderTypeTypeFacebook: {
		required: requiredSocial, missing: missingSocial, username: "id", added: facebookEndpoints,
	},
	cognitoidp.IdentityProviderTypeTypeLoginWithAmazon: {
		required: requiredSocial, missing: missingSocial, username: "user_id",
		added: always(map[string]string{
			"attributes_url": "https://api.amazon.com/user/profile", "attributes_url_add_attributes": "false",
			"authorize_url": "https://www.amazon.com/ap/oa", "token_request_method": "POST", "token_url": "https://api.amazon.com/auth/o2/token",
		}),
	},
	cognitoidp.IdentityProviderTypeTypeSignInWithApple: {
		required: []string{"client_id", detailPrivateKey, "team_id", "key_id"}, missing: missingApple, username: attrSub,
		added: always(map[string]string{
			"attributes_url_add_attributes": "false", "authorize_url": "https://appleid.apple.com/auth/authorize",
			"oidc_issuer": "https://appleid.apple.com", "token_request_method": "POST", "token_url": "https://appleid.apple.com/auth/token",
		}),
	},
}

func always(details map[string]string) func(map[string]string) map[string]string {
	return func(map[string]string) map[string]string { return details }
}

// defaultFacebookVersion is the version of Facebook's API where none is asked for.
const defaultFacebookVersion = "v17.0"

func facebookEndpoints(details map[string]string) map[string]string {
	graph := "https://graph.facebook.com/" + or(details["api_version"], defaultFacebookVersion)
	return map[string]string{
		"api_version": defaultFacebookVersion, "attributes_url": graph + "/me?fields=", "attributes_url_add_attributes": "true",
		"authorize_url":        "https://www.facebook.com/" + or(details["api_version"], defaultFacebookVersion) + "/dialog/oauth",
		"token_request_method": "GET", "token_url": graph + "/oauth/access_token",
	}
}

// isSocial tells whether providers of a type all have one name: the type's.
func isSocial(t cognitoidp.IdentityProviderTypeType) bool {
	return t != cognitoidp.IdentityProviderTypeTypeOidc && t != cognitoidp.IdentityProviderTypeTypeSaml
}

// kindOfProvider returns the kind of a provider, whose name must fit its type.
func kindOfProvider(p *cognitoidp.IdentityProviderType) (*providerKind, error) {
	named := cognitoidp.IdentityProviderTypeType(p.ProviderName)
	_, reserved := providerKinds[named]
	reserved = reserved && isSocial(named) || p.ProviderName == localProvider || p.ProviderName == localUser
	if isSocial(p.ProviderType) && named != p.ProviderType || !isSocial(p.ProviderType) && reserved {
		return nil, invalid("Provider %s cannot be of type %s.", p.ProviderName, p.ProviderType)
	}
	return providerKinds[p.ProviderType], nil
}

// complete checks a provider's details and returns them with those that are added.
func (k *providerKind) complete(given map[string]string) (map[string]string, error) {
	for _, name := range k.required {
		if given[name] == "" {
			return nil, invalid("%s", k.missing)
		}
	}
	if k.check != nil {
		if err := k.check(given); err != nil {
			return nil, err
		}
	}
	details := maps.Clone(given)
	for _, name := range k.derived {
		delete(details, name)
	}
	for name, value := range k.added(given) {
		if details[name] == "" {
			details[name] = value
		}
	}
	return details, nil
}

// mapping checks an attribute mapping and adds the claim that tells users apart.
func (k *providerKind) mapping(pool *poolRecord, given map[string]string) (map[string]string, error) {
	schema := newSchema(pool.Settings.SchemaAttributes)
	for name, claim := range given {
		if name != mappedUsername && (!schema.has(name) || name == attrSub || name == attrIdentities) {
			return nil, invalid("Attribute mapping: the user pool has no attribute %s to write to.", name)
		}
		if claim == "" {
			return nil, invalid("Attribute mapping: %s needs the name of a claim.", name)
		}
	}
	if k.username == "" || given[mappedUsername] != "" {
		return given, nil
	}
	mapping := map[string]string{mappedUsername: k.username}
	maps.Copy(mapping, given)
	return mapping, nil
}

// checkOIDC checks the details of an OpenID Connect provider. The endpoints beside
// the issuer are for providers that do not publish them.
func checkOIDC(details map[string]string) error {
	if method := details["attributes_request_method"]; method != "GET" && method != "POST" {
		return invalid("1 validation error detected: Value '%s' at 'attributesRequestMethod' failed to satisfy constraint: Member must satisfy enum value set: [POST, GET]", method)
	}
	for _, name := range []string{"oidc_issuer", "authorize_url", "token_url", "attributes_url", "jwks_uri"} {
		if address := details[name]; address != "" && !isSecureURL(address) {
			return invalid("OIDC endpoint must start with https://")
		}
	}
	return nil
}

// loopbacks are the hosts that are this machine: what is said to them needs no TLS.
var loopbacks = []string{"localhost", "127.0.0.1", "::1"}

// isSecureURL tells whether an address can be asked over TLS, or is on this machine.
func isSecureURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && slices.Contains(loopbacks, u.Hostname())
}
