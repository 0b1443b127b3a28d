package access_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

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
