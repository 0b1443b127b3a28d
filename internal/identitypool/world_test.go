package identitypool_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/config"
	"pintail/internal/testkit"
	"pintail/internal/testkit/pgtest"
)

// world is a running server with a project, and the two who call it: its owner, and
// whoever comes by.
type world struct {
	*testkit.Server
	t            *testing.T
	ctx          context.Context
	p            testkit.Project
	root, anyone *cognitoidentity.Client
}

// boot starts a world on the embedded stores.
func boot(t *testing.T, change ...func(*config.Config)) *world {
	t.Helper()
	s := testkit.Start(t, change...)
	return &world{Server: s, t: t, ctx: testkit.Context(t), p: s.NewProject(t), root: s.Identity(s.RootKeys()), anyone: s.Identity(testkit.Keys{})}
}

// onEveryEngine runs a test in a world of each engine.
func onEveryEngine(t *testing.T, test func(w *world)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(boot(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(boot(t, func(c *config.Config) { c.DatabaseURL = pgtest.Database(t) }))
	})
}

const developer = "login.shop"

// update changes the identity pool, whose user pool stays.
func (w *world) update(change func(*cognitoidentity.UpdateIdentityPoolInput)) {
	w.t.Helper()
	in := cognitoidentity.UpdateIdentityPoolInput{
		IdentityPoolId: &w.p.IdentityPool, IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{w.provider(w.p, false)},
	}
	change(&in)
	_, err := w.root.UpdateIdentityPool(w.ctx, &in)
	must(w.t, err)
}

func (w *world) provider(p testkit.Project, check bool) idtypes.CognitoIdentityProvider {
	return idtypes.CognitoIdentityProvider{ProviderName: aws.String(awsName(p)), ClientId: &p.Client, ServerSideTokenCheck: &check}
}

// secondPool adds another user pool to the identity pool.
func (w *world) secondPool() testkit.Project {
	w.t.Helper()
	idp := w.IDP(w.RootKeys())
	pool, err := idp.CreateUserPool(w.ctx, &cognitoidentityprovider.CreateUserPoolInput{PoolName: aws.String("staff")})
	must(w.t, err)
	client, err := idp.CreateUserPoolClient(w.ctx, &cognitoidentityprovider.CreateUserPoolClientInput{UserPoolId: pool.UserPool.Id, ClientName: aws.String("web")})
	must(w.t, err)
	second := w.p
	second.UserPool, second.Client = *pool.UserPool.Id, *client.UserPoolClient.ClientId
	w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) {
		in.DeveloperProviderName = aws.String(developer)
		in.CognitoIdentityProviders = append(in.CognitoIdentityProviders, w.provider(second, false))
	})
	return second
}

// developers lets the pool have developer identities.
func (w *world) developers() {
	w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) { in.DeveloperProviderName = aws.String(developer) })
}

// logins puts the tokens of several logins together.
func logins(all ...map[string]string) map[string]string {
	together := map[string]string{}
	for _, l := range all {
		maps.Copy(together, l)
	}
	return together
}

// user makes a user of a user pool and returns the login.
func (w *world) user(p testkit.Project, name string) map[string]string {
	w.t.Helper()
	return map[string]string{awsName(p): member(w.t, w.Server, p, name).ID}
}

func (w *world) getID(logins map[string]string) (string, error) {
	out, err := w.anyone.GetId(w.ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &w.p.IdentityPool, Logins: logins})
	if err != nil {
		return "", err
	}
	return *out.IdentityId, nil
}

// id is getID for a call that must succeed.
func (w *world) id(logins map[string]string) string {
	w.t.Helper()
	id, err := w.getID(logins)
	must(w.t, err)
	return id
}

// enter asks for credentials, and returns whose they are.
func (w *world) enter(id string, logins map[string]string) (string, testkit.Keys, error) {
	out, err := w.anyone.GetCredentialsForIdentity(w.ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &id, Logins: logins})
	if err != nil {
		return "", testkit.Keys{}, err
	}
	c := out.Credentials
	return *out.IdentityId, testkit.Keys{ID: *c.AccessKeyId, Secret: *c.SecretKey, Token: *c.SessionToken}, nil
}

// enters checks that a visitor gets credentials for an identity.
func (w *world) enters(id string, logins map[string]string, want string) {
	w.t.Helper()
	if got, _, err := w.enter(id, logins); err != nil || got != want {
		w.t.Errorf("credentials of %s, %v; want those of %s", got, err, want)
	}
}

// refused checks that a visitor gets none.
func (w *world) refused(id string, logins map[string]string, code, message string) {
	w.t.Helper()
	_, _, err := w.enter(id, logins)
	wantError(w.t, err, code, message)
}

// role tells which role credentials are of.
func (w *world) role(keys testkit.Keys) string {
	w.t.Helper()
	who, err := w.STS(keys).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	must(w.t, err)
	parts := strings.Split(*who.Arn, "/")
	if len(parts) != 3 || parts[2] != "CognitoIdentityCredentials" {
		w.t.Fatalf("a session %s", *who.Arn)
	}
	return parts[1]
}

// describe returns the providers of an identity's logins.
func (w *world) describe(id string) []string {
	w.t.Helper()
	d, err := w.root.DescribeIdentity(w.ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: &id})
	must(w.t, err)
	return d.Logins
}

// vouch asks for a developer identity's token as the app's back end.
func (w *world) vouch(id, user string, others ...map[string]string) (string, map[string]string, error) {
	in := cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &w.p.IdentityPool, Logins: logins(append(others, map[string]string{developer: user})...),
	}
	if id != "" {
		in.IdentityId = &id
	}
	out, err := w.root.GetOpenIdTokenForDeveloperIdentity(w.ctx, &in)
	if err != nil {
		return "", nil, err
	}
	return *out.IdentityId, map[string]string{"cognito-identity.amazonaws.com": *out.Token}, nil
}

// vouched is vouch for a call that must succeed.
func (w *world) vouched(id, user string, others ...map[string]string) (string, map[string]string) {
	w.t.Helper()
	id, token, err := w.vouch(id, user, others...)
	must(w.t, err)
	return id, token
}

// claimsOf reads a token, which is the test's own affair to verify.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	var claims map[string]any
	must(t, json.Unmarshal(text, &claims))
	return claims
}

// nobody signs nothing.
func (w *world) nobody() testkit.Keys { return testkit.Keys{} }
