package identitypool_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"pintail/internal/config"
	"pintail/internal/idp/idptest"
)

// outside are other people's providers, as stand-ins on this machine.
type outside struct {
	google, apple, issuer *idptest.OIDC
	facebook              *idptest.Facebook
	amazon                *idptest.Amazon
}

const (
	facebookApp = "7346241598935552"
	amazonApp   = "amzn1.application-oa2-client.1"
)

// bootOutside starts a world whose pool trusts all of them.
func bootOutside(t *testing.T) (*world, outside) {
	t.Helper()
	o := outside{
		google: idptest.NewOIDC(t, nil), apple: idptest.NewOIDC(t, nil), issuer: idptest.NewOIDC(t, nil),
		facebook: idptest.NewFacebook(t), amazon: idptest.NewAmazon(t),
	}
	w := boot(t, func(c *config.Config) {
		c.StandIns.Google, c.StandIns.Apple, c.StandIns.Facebook, c.StandIns.Amazon = o.google.Issuer(), o.apple.Issuer(), o.facebook.URL, o.amazon.URL
		c.StandIns.Fetch.AllowLoopback = true
	})
	o.facebook.AddToken("facebook-token", idptest.FacebookToken{AppID: facebookApp, UserID: "1000"})
	o.amazon.AddToken("amazon-token", idptest.AmazonToken{ClientID: amazonApp, UserID: "amzn1.account.A", SecondsLeft: 3000})
	_, err := w.IAM(w.RootKeys()).CreateOpenIDConnectProvider(w.ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String(o.issuer.Issuer()), ClientIDList: []string{"web", "phone"}, ThumbprintList: []string{strings.Repeat("a", 40)},
	})
	must(t, err)
	w.trustOutside(o)
	return w, o
}

func (w *world) trustOutside(o outside) {
	w.t.Helper()
	w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) {
		in.SupportedLoginProviders = map[string]string{
			"accounts.google.com": "google-app", "appleid.apple.com": "com.example.shop", "graph.facebook.com": facebookApp, "www.amazon.com": amazonApp,
		}
		in.OpenIdConnectProviderARNs = []string{o.issuerARN()}
		in.AllowClassicFlow = new(true)
	})
}

func (o outside) issuerName() string { return strings.TrimPrefix(o.issuer.Issuer(), "http://") }
func (o outside) issuerARN() string {
	return "arn:aws:iam::123456789012:oidc-provider/" + o.issuerName()
}

func TestProvidersOutside(t *testing.T) {
	t.Parallel()
	w, o := bootOutside(t)
	for provider, test := range map[string]struct{ token, method string }{
		"accounts.google.com": {o.google.Token("google-app", "g-1"), "accounts.google.com:google-app:g-1"},
		"appleid.apple.com":   {o.apple.Token("com.example.shop", "a-1"), "appleid.apple.com:com.example.shop:a-1"},
		"graph.facebook.com":  {"facebook-token", "graph.facebook.com:" + facebookApp + ":1000"},
		"www.amazon.com":      {"amazon-token", "www.amazon.com:" + amazonApp + ":amzn1.account.A"},
		o.issuerName():        {o.issuer.Token("phone", "o-1"), o.issuerARN() + ":OIDC:o-1"},
	} {
		shown := map[string]string{provider: test.token}
		guest := w.id(nil)
		id, keys, err := w.enter(guest, shown)
		if err != nil {
			t.Errorf("%s: %v", provider, err)
			continue
		}
		if role := w.role(keys); id != guest || role != "shop-authenticated" {
			t.Errorf("%s: the guest %s is %s as %s", provider, guest, id, role)
		}
		if again := w.id(shown); again != id {
			t.Errorf("%s: GetId gives %s, want %s", provider, again, id)
		}
		if got := w.describe(id); len(got) != 1 || got[0] != provider {
			t.Errorf("%s: logins %v", provider, got)
		}
		token, err := w.openID(id, shown)
		must(t, err)
		amr, _ := claimsOf(t, token)["amr"].([]any)
		if len(amr) != 3 || amr[1] != provider || amr[2] != test.method {
			t.Errorf("%s: amr %v", provider, amr)
		}
		if _, err := w.assume(token); err != nil {
			t.Errorf("%s: %v", provider, err)
		}
		must(t, w.unlink(id, shown, provider))
		if _, err := w.assume(token); err == nil {
			t.Errorf("%s: an unlinked login's token is taken", provider)
		}
	}
}

func TestTokensOfProvidersOutside(t *testing.T) {
	t.Parallel()
	w, o := bootOutside(t)
	o.facebook.AddToken("other-app", idptest.FacebookToken{AppID: "1", UserID: "1000"})
	o.facebook.AddToken("expired", idptest.FacebookToken{AppID: facebookApp, UserID: "1000", Expired: true})
	o.amazon.AddToken("other-app", idptest.AmazonToken{ClientID: "amzn1.application-oa2-client.2", UserID: "amzn1.account.A", SecondsLeft: 3000})
	past := o.issuer.Claims("web", "o-1")
	past["iat"], past["exp"] = time.Now().Add(-2*time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	secure := o.issuer.Claims("web", "o-1")
	secure["iss"] = "https://" + o.issuerName()
	thief := idptest.NewOIDC(t, nil)
	const unsupported = "Token is not from a supported provider of this identity pool."
	for name, test := range map[string]struct{ provider, token, message string }{
		"Google's for another app":      {"accounts.google.com", o.google.Token("other", "g-1"), unsupported},
		"Google's shown as Apple's":     {"appleid.apple.com", o.google.Token("com.example.shop", "g-1"), "Issuer doesn't match providerName"},
		"Facebook's for another app":    {"graph.facebook.com", "other-app", unsupported},
		"Facebook's, expired":           {"graph.facebook.com", "expired", "Invalid login token. Token is expired."},
		"unknown to Facebook":           {"graph.facebook.com", "made-up", "Couldn't verify signed token."},
		"Amazon's for another app":      {"www.amazon.com", "other-app", unsupported},
		"an issuer's for another app":   {o.issuerName(), o.issuer.Token("other", "o-1"), unsupported},
		"an issuer's, expired":          {o.issuerName(), o.issuer.Sign(past, nil), "Invalid login token. Token expired: "},
		"another issuer's":              {o.issuerName(), o.google.Token("web", "o-1"), "Issuer doesn't match providerName"},
		"an issuer's in another scheme": {o.issuerName(), o.issuer.Sign(secure, nil), "Issuer doesn't match providerName"},
		"by a key that it names":        {o.issuerName(), thief.Sign(o.issuer.Claims("web", "o-1"), map[string]any{"jku": thief.Issuer() + "/keys"}), "Couldn't verify signed token."},
		"no token":                      {o.issuerName(), "nonsense", "Not a valid OpenId Connect identity token."},
		"Twitter's":                     {"api.twitter.com", "token;secret", unsupported},
		"one under the issuer's scheme": {"accounts.google.com", o.issuer.Token("google-app", "g-1"), "Issuer doesn't match providerName"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.getID(map[string]string{test.provider: test.token})
			wantError(t, err, "NotAuthorizedException", test.message)
		})
	}
	if n := thief.AskedAtAll(); n != 0 {
		t.Errorf("what a token names was asked %d times", n)
	}
	_, err := w.getID(map[string]string{"https://" + o.issuerName(): o.issuer.Token("web", "o-1")})
	wantError(t, err, "InvalidParameterException", "Please provide a valid public provider.")
	o.facebook.Fail(idptest.Broken)
	_, err = w.getID(map[string]string{"graph.facebook.com": "facebook-token"})
	wantError(t, err, "ExternalServiceException", "graph.facebook.com cannot be reached")

	// A provider that IAM, or the pool, trusts no more.
	shown := map[string]string{o.issuerName(): o.issuer.Token("web", "o-1")}
	id := w.id(shown)
	_, err = w.IAM(w.RootKeys()).DeleteOpenIDConnectProvider(w.ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(o.issuerARN())})
	must(t, err)
	w.refused(id, shown, "NotAuthorizedException", unsupported)
	google := map[string]string{"accounts.google.com": o.google.Token("google-app", "g-1")}
	id = w.id(google)
	w.update(func(*cognitoidentity.UpdateIdentityPoolInput) {})
	w.refused(id, google, "NotAuthorizedException", unsupported)
}

// Rules and tags see the claims of any provider, under the names of its own.
func TestRolesAndTagsOfProvidersOutside(t *testing.T) {
	t.Parallel()
	w, o := bootOutside(t)
	roles := w.newRoles("crew", "facebook")
	rules := func(claim, value, role string) idtypes.RoleMapping {
		return idtypes.RoleMapping{
			Type: idtypes.RoleMappingTypeRules, AmbiguousRoleResolution: idtypes.AmbiguousRoleResolutionTypeDeny,
			RulesConfiguration: &idtypes.RulesConfigurationType{Rules: []idtypes.MappingRule{
				{Claim: &claim, MatchType: idtypes.MappingRuleMatchTypeEquals, Value: &value, RoleARN: aws.String(roles[role])},
			}},
		}
	}
	_, err := w.root.SetIdentityPoolRoles(w.ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: &w.p.IdentityPool, Roles: w.defaults(), RoleMappings: map[string]idtypes.RoleMapping{
			o.issuerARN(): rules("groups", "crew", "crew"), "graph.facebook.com": rules("aud", facebookApp, "facebook"),
		},
	})
	must(t, err)
	claims := o.issuer.Claims("web", "o-1")
	claims["groups"] = []string{"all", "crew"}
	w.wantRole("a claim of several values", map[string]string{o.issuerName(): o.issuer.Sign(claims, nil)}, "", "crew")
	w.wantRole("none of the values", map[string]string{o.issuerName(): o.issuer.Token("web", "o-2")}, "", "")
	w.wantRole("the app", map[string]string{"graph.facebook.com": "facebook-token"}, "", "facebook")
	w.wantRole("another provider", map[string]string{"www.amazon.com": "amazon-token"}, "", "shop-authenticated")

	_, err = w.root.SetPrincipalTagAttributeMap(w.ctx, &cognitoidentity.SetPrincipalTagAttributeMapInput{
		IdentityPoolId: &w.p.IdentityPool, IdentityProviderName: aws.String(o.issuerARN()), PrincipalTags: map[string]string{"team": "team"},
	})
	must(t, err)
	claims = o.issuer.Claims("web", "o-3")
	claims["team"] = "blue"
	shown := map[string]string{o.issuerName(): o.issuer.Sign(claims, nil)}
	token, err := w.openID(w.id(shown), shown)
	must(t, err)
	if tags, _ := claimsOf(t, token)["https://aws.amazon.com/tags"].(map[string]any); tags == nil {
		t.Error("the token has no tags")
	}
}
