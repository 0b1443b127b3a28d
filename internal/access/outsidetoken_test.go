package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/config"
	"pintail/internal/idp/idptest"
	"pintail/internal/testkit"
)

// byWeb asks for a role by a provider's token.
func (o *office) byWeb(role *string, token, provider string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: role, RoleSessionName: aws.String("visit"), WebIdentityToken: &token}
	if provider != "" {
		in.ProviderId = &provider
	}
	return o.server.STS(testkit.Keys{}).AssumeRoleWithWebIdentity(o.ctx, in)
}

func webTrust(provider, conditions string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},
		"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Condition":{"StringEquals":` + conditions + `}}]}`)
}

// Roles can trust OpenID Connect providers of the account, Google, Facebook and Amazon, and
// say for which app and whom.
func TestOutsideTokens(t *testing.T) {
	t.Parallel()
	issuer, google := idptest.NewOIDC(t, nil), idptest.NewOIDC(t, nil)
	facebook, amazon := idptest.NewFacebook(t), idptest.NewAmazon(t)
	s := testkit.Start(t, func(c *config.Config) {
		c.StandIns.Google, c.StandIns.Facebook, c.StandIns.Amazon = google.Issuer(), facebook.URL, amazon.URL
		c.StandIns.Fetch.AllowLoopback = true
	})
	o := &office{T: t, Client: s.IAM(s.RootKeys()), server: s, ctx: testkit.Context(t)}
	made, err := o.CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String(issuer.Issuer()), ClientIDList: []string{"app-1"}})
	o.must(err)
	host := strings.TrimPrefix(issuer.Issuer(), "http://")
	look := statement("Allow", "mobiletargeting:GetApps")
	byTeam := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"mobiletargeting:GetApps","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"engines","` + host + `:sub":"ada"}}}]}`)
	facebook.AddToken("fb-token", idptest.FacebookToken{AppID: "7346", UserID: "1000"})
	amazon.AddToken("lwa-token", idptest.AmazonToken{ClientID: "amzn1.app", UserID: "amzn1.account.A", SecondsLeft: 3000})

	openRole := o.role("open", webTrust(*made.OpenIDConnectProviderArn, `{"`+host+`:aud":"app-1","`+host+`:sub":"ada"}`), byTeam)
	claims := issuer.Claims("app-1", "ada")
	claims["https://aws.amazon.com/tags"] = map[string]any{"principal_tags": map[string]any{"team": []string{"engines"}}}
	out, err := o.byWeb(openRole, issuer.Sign(claims, nil), "")
	o.must(err)
	if *out.Provider != *made.OpenIDConnectProviderArn || *out.Audience != "app-1" || *out.SubjectFromWebIdentityToken != "ada" {
		t.Errorf("%+v", out)
	}
	o.must(o.listsApps(keysOf(out.Credentials)))
	_, err = o.byWeb(openRole, issuer.Token("app-1", "eve"), "")
	wantError(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	_, err = o.byWeb(openRole, issuer.Token("app-2", "ada"), "")
	wantError(t, err, "InvalidIdentityToken", "Incorrect token audience")
	old := issuer.Claims("app-1", "ada")
	old["iat"], old["exp"] = time.Now().Add(-2*time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	_, err = o.byWeb(openRole, issuer.Sign(old, nil), "")
	wantError(t, err, "ExpiredTokenException", "")
	stranger := idptest.NewOIDC(t, nil)
	_, err = o.byWeb(openRole, stranger.Token("app-1", "ada"), "")
	wantError(t, err, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+stranger.Issuer())

	for _, test := range []struct{ name, provider, conditions, token, id string }{
		{"google", "accounts.google.com", `{"accounts.google.com:aud":"app-1","accounts.google.com:sub":"ada"}`, google.Token("app-1", "ada"), ""},
		{"facebook", "graph.facebook.com", `{"graph.facebook.com:app_id":"7346","graph.facebook.com:id":"1000"}`, "fb-token", "graph.facebook.com"},
		{"amazon", "www.amazon.com", `{"www.amazon.com:app_id":"amzn1.app","www.amazon.com:user_id":"amzn1.account.A"}`, "lwa-token", "www.amazon.com"},
	} {
		out, err := o.byWeb(o.role(test.name, webTrust(test.provider, test.conditions), look), test.token, test.id)
		o.must(err)
		if *out.Provider != test.provider {
			t.Errorf("%s: %+v", test.name, out)
		}
		o.must(o.listsApps(keysOf(out.Credentials)))
		strict := o.role(test.name+"-other", webTrust(test.provider, strings.ReplaceAll(test.conditions, "a", "b")), look)
		if _, err := o.byWeb(strict, test.token, test.id); err == nil {
			t.Errorf("%s: a role for another app is taken", test.name)
		}
	}
	_, err = o.byWeb(openRole, "fb-unknown", "graph.facebook.com")
	wantError(t, err, "IDPRejectedClaim", "")
	facebook.Fail(idptest.Broken)
	_, err = o.byWeb(openRole, "fb-token", "graph.facebook.com")
	wantError(t, err, "IDPCommunicationError", "")
}
