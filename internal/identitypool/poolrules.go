package identitypool

import (
	"regexp"
	"slices"
	"strings"

	"pintail/internal/access"
	"pintail/internal/gen/cognitoidentity"
)

// maxUserPools is how many user pools' clients an identity pool can trust (Amazon Cognito
// quotas).
const maxUserPools = 50

// socialProviders are the keys of SupportedLoginProviders.
var socialProviders = []string{
	"accounts.google.com", "api.twitter.com", "appleid.apple.com", "graph.facebook.com", "www.amazon.com", "www.digits.com",
}

var (
	openIDARN = regexp.MustCompile(`^arn:[\w-]+:iam::\d{12}:oidc-provider/\S+$`)
	samlARN   = regexp.MustCompile(`^arn:[\w-]+:iam::\d{12}:saml-provider/[\w._-]+$`)
)

func invalid(format string, args ...any) error {
	return cognitoidentity.InvalidParameterException.Newf(format, args...)
}

// checkPool refuses settings that no pool can have, beside those that the model's
// constraints refuse.
func checkPool(p *cognitoidentity.IdentityPool) error {
	for name := range p.SupportedLoginProviders {
		if !slices.Contains(socialProviders, name) {
			return invalid(notPublicProvider)
		}
	}
	name := p.DeveloperProviderName
	if name == access.CognitoIdentity || slices.Contains(socialProviders, name) {
		return invalid("The developer provider name %s is that of a public provider.", name)
	}
	for _, arn := range p.OpenIdConnectProviderARNs {
		if !openIDARN.MatchString(arn) {
			return invalid("%s is not the ARN of an OpenID Connect provider.", arn)
		}
	}
	for _, arn := range p.SamlProviderARNs {
		if !samlARN.MatchString(arn) {
			return invalid("%s is not the ARN of a SAML provider.", arn)
		}
	}
	if err := checkUserPools(p.CognitoIdentityProviders); err != nil {
		return err
	}
	return checkTags(p.IdentityPoolTags)
}

func checkUserPools(list []cognitoidentity.CognitoIdentityProvider) error {
	if len(list) > maxUserPools {
		return cognitoidentity.LimitExceededException.Newf("An identity pool can have at most %d user pool providers.", maxUserPools)
	}
	for _, of := range list {
		if userPoolID(of.ProviderName) == "" || of.ClientId == "" {
			return invalid("A user pool provider needs the name cognito-idp.REGION.amazonaws.com/POOL and a client id.")
		}
	}
	return nil
}

// userPoolID returns the user pool that a provider's name names, "" if it is no user pool's.
func userPoolID(provider string) string {
	at := strings.LastIndexByte(provider, '/')
	if at < 1 || !userPoolForm.MatchString(provider[at+1:]) {
		return ""
	}
	return provider[at+1:]
}

var userPoolForm = regexp.MustCompile(`^[\w-]+_[0-9A-Za-z]+$`)

// userPoolName is the name of a user pool as a provider, whatever its issuer is.
func userPoolName(id string) string {
	region, _, _ := strings.Cut(id, "_")
	return "cognito-idp." + region + ".amazonaws.com/" + id
}
