package access_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"

	"pintail/internal/config"
	"pintail/internal/idp/idptest"
	"pintail/internal/testkit"
)

// outsideOffice is an office that reaches issuers on this machine.
func outsideOffice(t *testing.T) *office {
	t.Helper()
	s := testkit.Start(t, func(c *config.Config) { c.StandIns.Fetch.AllowLoopback = true })
	return &office{T: t, Client: s.IAM(s.RootKeys()), server: s, ctx: testkit.Context(t)}
}

// openID makes a provider of the account that trusts one client, and a role that trusts the
// provider's user ada.
func (o *office) openID(url string) (role *string) {
	o.Helper()
	made, err := o.CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url, ClientIDList: []string{"app-1"}})
	o.must(err)
	_, host, _ := strings.Cut(url, "://")
	return o.role("open-"+strings.NewReplacer(":", "-", ".", "-").Replace(host), webTrust(*made.OpenIDConnectProviderArn, `{"`+host+`:aud":"app-1","`+host+`:sub":"ada"}`),
		statement("Allow", "mobiletargeting:GetApps"))
}

// An issuer is the provider that was registered only if it is spelled like it, the scheme
// included; nobody is asked for the keys of another one.
func TestIssuerLookAlikes(t *testing.T) {
	t.Parallel()
	o := outsideOffice(t)
	p := idptest.NewOIDC(t, nil)
	role := o.openID(p.Issuer())
	secure := o.openID("https://127.0.0.1")
	host := strings.TrimPrefix(p.Issuer(), "http://")
	of := func(issuer string) string {
		claims := p.Claims("app-1", "ada")
		claims["iss"] = issuer
		return p.Sign(claims, nil)
	}
	const unknown = "No OpenIDConnect provider found in your account for "
	for _, issuer := range []string{
		"https://" + host, "HTTP://" + host, "ftp://" + host, "http://eve@" + host, "http://" + host + "//", "http://" + host + "/tenant",
		"http://" + host + ".example.org", "http://" + strings.Replace(host, "127.0.0.1", "localhost", 1), "http://" + strings.Replace(host, "127.0.0.1", "127.1", 1),
	} {
		_, err := o.byWeb(role, of(issuer), "")
		wantError(t, err, "InvalidIdentityToken", unknown+issuer)
	}
	_, err := o.byWeb(secure, of("http://127.0.0.1"), "")
	wantError(t, err, "InvalidIdentityToken", unknown+"http://127.0.0.1")
	if n := p.AskedAtAll(); n != 0 {
		t.Errorf("the provider was asked %d times", n)
	}
	out, err := o.byWeb(role, of(p.Issuer()), "")
	o.must(err)
	o.must(o.listsApps(keysOf(out.Credentials)))
}

// A provider has one spelling for the policies that say who may make it.
func TestDeniedProviderInAnotherSpelling(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	keys := o.user("ada")
	_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:CreateOpenIDConnectProvider","Resource":"*"},
		{"Effect":"Deny","Action":"iam:CreateOpenIDConnectProvider","Resource":"arn:aws:iam::123456789012:oidc-provider/login.example.org"}]}`)})
	o.must(err)
	create := func(url string) error {
		_, err := o.server.IAM(keys).CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url})
		return err
	}
	for _, url := range []string{"https://login.example.org", "https://LOGIN.example.org", "https://login.example.org/", "HTTPS://login.example.org"} {
		wantError(t, create(url), "AccessDenied", "oidc-provider/login.example.org with an explicit deny")
	}
	o.must(create("https://other.example.org"))
}

// encoded is a part of a token.
func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// Tokens that are signed by nothing, by a public key, by a key that they bring along or for
// another provider's role open no role; internal/idp has more of their kind.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	o := outsideOffice(t)
	p, evil := idptest.NewOIDC(t, nil), idptest.NewOIDC(t, nil)
	role := o.openID(p.Issuer())
	claims := idptest.Part(t, p.Claims("app-1", "ada"))
	public, err := x509.MarshalPKIXPublicKey(p.PublicKey(0))
	o.must(err)
	byPublicKey := func(secret []byte) string {
		signed := encoded(`{"alg":"HS256","kid":"key-1"}`) + "." + claims
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	keys, eves := evil.Issuer()+"/keys", strings.Split(p.Token("app-1", "eve"), ".")
	for name, token := range map[string]string{
		"none":                 encoded(`{"alg":"none","kid":"key-1"}`) + "." + claims + ".",
		"HMAC by PKIX":         byPublicKey(public),
		"HMAC by PEM":          byPublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		"jku":                  evil.Sign(p.Claims("app-1", "ada"), map[string]any{"jku": keys}),
		"jku without kid":      evil.Sign(p.Claims("app-1", "ada"), map[string]any{"jku": keys, "kid": nil}),
		"x5u":                  evil.Sign(p.Claims("app-1", "ada"), map[string]any{"x5u": keys}),
		"jwk":                  evil.Sign(p.Claims("app-1", "ada"), map[string]any{"jwk": jose.JSONWebKey{Key: evil.PublicKey(0), KeyID: "key-1"}}),
		"another's signature":  evil.Sign(p.Claims("app-1", "ada"), nil),
		"claims after signing": eves[0] + "." + claims + "." + eves[2],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.byWeb(role, token, "")
			wantError(t, err, "InvalidIdentityToken", "")
		})
	}
	if n := evil.AskedAtAll(); n != 0 {
		t.Errorf("what a token names was asked %d times", n)
	}
	// A good token of one provider, for the role of another that trusts a user of that name.
	theirs := o.openID(evil.Issuer())
	_, err = o.byWeb(theirs, p.Token("app-1", "ada"), "")
	wantError(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	_, err = o.byWeb(role, p.Token("app-1", "ada"), "")
	o.must(err)
}

// Whatever a provider calls its user, or tags them with, stands in policies for itself: a
// wildcard or a variable in it matches nothing else.
func TestWildcardsInTokens(t *testing.T) {
	t.Parallel()
	o := outsideOffice(t)
	p := idptest.NewOIDC(t, nil)
	made, err := o.CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String(p.Issuer()), ClientIDList: []string{"app-1"}})
	o.must(err)
	host := strings.TrimPrefix(p.Issuer(), "http://")
	for _, name := range []string{"ada", "team-ada"} {
		o.user(name)
	}
	const users = "arn:aws:iam::123456789012:user/"
	role := o.role("self", webTrust(*made.OpenIDConnectProviderArn, `{"`+host+`:aud":"app-1"}`), aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser",
		"Resource":["`+users+`${`+host+`:sub}","`+users+`team-${aws:PrincipalTag/team}"]}]}`))
	gets := func(sub, team, name string) error {
		t.Helper()
		claims := p.Claims("app-1", sub)
		claims["https://aws.amazon.com/tags"] = map[string]any{"principal_tags": map[string]any{"team": []string{team}}}
		out, err := o.byWeb(role, p.Sign(claims, nil), "")
		if err != nil {
			return err
		}
		_, err = o.server.IAM(keysOf(out.Credentials)).GetUser(o.ctx, &iam.GetUserInput{UserName: &name})
		return err
	}
	o.must(gets("ada", "none", "ada"))
	o.must(gets("none", "ada", "team-ada"))
	for _, wild := range []string{"*", "a*", "???", "${*}", "${aws:PrincipalTag/team}", "ada*", "a?a"} {
		wantError(t, gets(wild, "none", "ada"), "AccessDenied", "iam:GetUser")
	}
	for _, wild := range []string{"*", "a*", "???", "${*}", "${" + host + ":sub}", "a?a"} {
		if err := gets("ada", wild, "team-ada"); err == nil {
			t.Errorf("the tag %s gets team-ada", wild)
		}
	}
}

// An assertion that was wrapped, that brings entities or that another role used already is
// not taken; internal/idp has more of their kind.
func TestForgedAssertions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := idptest.NewSAML(t, o.server.Clock)
	provider := o.samlProvider("Office", p)
	trust := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + *provider + `"},"Action":"sts:AssumeRoleWithSAML"}]}`)
	clerk, admin := o.role("clerk", trust, statement("Allow", "a:b")), o.role("admin", trust, statement("Allow", "*"))
	says := func(roles ...*string) idptest.SAMLResponse {
		var values []string
		for _, r := range roles {
			values = append(values, *r+","+*provider)
		}
		return idptest.SAMLResponse{
			Audience: "urn:amazon:webservices", Recipient: "https://signin.aws.amazon.com/saml", NameID: "ada",
			Attributes: []idptest.SAMLAttribute{{Name: samlAttributes + "Role", Values: values}, {Name: samlAttributes + "RoleSessionName", Values: []string{"ada"}}},
		}
	}
	ask := func(role *string, assertion string) error {
		_, err := o.server.STS(testkit.Keys{}).AssumeRoleWithSAML(o.ctx, &sts.AssumeRoleWithSAMLInput{RoleArn: role, PrincipalArn: provider, SAMLAssertion: &assertion})
		return err
	}
	const refusal = "InvalidIdentityToken"
	wrapped := p.Element(says(clerk))
	signed := wrapped.FindElement("./Assertion")
	forged := signed.Copy()
	forged.CreateAttr("ID", "_forged")
	forged.FindElement(".//AttributeValue").SetText(*admin + "," + *provider)
	forged.RemoveChild(forged.FindElement("./Signature"))
	wrapped.InsertChildAt(signed.Index(), forged)
	wantError(t, ask(admin, idptest.Encode(t, wrapped)), refusal, "")

	changed := p.Element(says(clerk))
	changed.FindElement(".//AttributeValue").SetText(*admin + "," + *provider)
	wantError(t, ask(admin, idptest.Encode(t, changed)), refusal, "Response signature invalid")
	unsigned := says(admin)
	unsigned.Sign = idptest.SignNothing
	wantError(t, ask(admin, p.Respond(unsigned)), refusal, "")

	text, err := base64.StdEncoding.DecodeString(p.Respond(says(clerk)))
	o.must(err)
	laughs := `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	wantError(t, ask(clerk, base64.StdEncoding.EncodeToString(append([]byte(laughs), text...))), refusal, "")

	both := p.Respond(says(clerk, admin))
	o.must(ask(clerk, both))
	wantError(t, ask(admin, both), refusal, "")
}
