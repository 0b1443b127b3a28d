package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/iam"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/sigv4"
	"pintail/internal/userpool/srp"
)

const (
	password = "Passw0rd!Example"
	users    = 128 // who sign in during a load
)

// site is what a server holds before it is put under load: a user pool with
// confirmed users, an app, and a guest of an identity pool who may report to it.
type site struct {
	*server
	pool, client, app string
	guest             caller
	users             []user
}

// user is somebody who signs in, with what their client computes only once.
type user struct {
	name  string
	srp   *srp.Client
	token string // access token
	size  int    // of GetUser's answer, bytes
}

// prepare makes a site through the server's public interface.
func prepare(s *server) (*site, error) {
	c, err := dial(s.address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	t := &site{server: s}
	for _, step := range []func(*conn) error{t.makePool, t.makeClient, t.makeUsers, t.makeApp, t.makeGuest} {
		if err := step(c); err != nil {
			return nil, fmt.Errorf("setting up: %w", err)
		}
	}
	return t, nil
}

// moveTo makes the site that of a server which was started again on its folder.
func (t *site) moveTo(s *server) { t.server, t.guest.address = s, s.address }

func (t *site) makePool(c *conn) error {
	var out struct{ UserPool struct{ Id string } }
	in := cognitoidp.CreateUserPoolRequest{PoolName: "bench", AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{cognitoidp.VerifiedAttributeTypeEmail}}
	err := c.ask(t.root.request(cognitoidp.CreateUserPool.Operation, in), &out)
	t.pool = out.UserPool.Id
	return err
}

func (t *site) makeClient(c *conn) error {
	var out struct{ UserPoolClient struct{ ClientId string } }
	in := cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: t.pool, ClientName: "bench",
		ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{
			cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth, cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	}
	err := c.ask(t.root.request(cognitoidp.CreateUserPoolClient.Operation, in), &out)
	t.client = out.UserPoolClient.ClientId
	return err
}

// makeUsers signs users up, confirms them and signs them in.
func (t *site) makeUsers(c *conn) error {
	_, poolName, _ := strings.Cut(t.pool, "_")
	for n := range users {
		u := user{name: fmt.Sprintf("user-%04d", n), srp: srp.NewClient(poolName, password)}
		if _, err := c.do(t.signUp(u.name)); err != nil {
			return err
		}
		in := cognitoidp.AdminConfirmSignUpRequest{UserPoolId: t.pool, Username: u.name}
		if _, err := c.do(t.root.request(cognitoidp.AdminConfirmSignUp.Operation, in)); err != nil {
			return err
		}
		result, err := tokens(c, t.passwordSignIn(u.name))
		if err != nil {
			return err
		}
		u.token = result.AccessToken
		who, err := c.do(t.getUser(u))
		if err != nil {
			return err
		}
		u.size = len(who)
		t.users = append(t.users, u)
	}
	return nil
}

func (t *site) makeApp(c *conn) error {
	var out struct{ Id string }
	err := c.ask(t.root.request(pinpoint.CreateApp.Operation, pinpoint.CreateApplicationRequest{Name: "bench"}), &out)
	t.app = out.Id
	return err
}

// makeGuest makes an identity pool whose guests may report to the app and do
// nothing else, and becomes one of them.
func (t *site) makeGuest(c *conn) error {
	var pool struct{ IdentityPoolId string }
	err := c.ask(t.root.request(cognitoidentity.CreateIdentityPool.Operation, cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: "bench", AllowUnauthenticatedIdentities: new(true),
	}), &pool)
	if err != nil {
		return err
	}
	_, err = c.do(t.root.request(iam.CreateRole.Operation, url.Values{"RoleName": {"guest"}, "AssumeRolePolicyDocument": {fmt.Sprintf(trust, pool.IdentityPoolId)}}))
	if err != nil {
		return err
	}
	_, err = c.do(t.root.request(iam.PutRolePolicy.Operation, url.Values{
		"RoleName": {"guest"}, "PolicyName": {"report"}, "PolicyDocument": {fmt.Sprintf(allow, t.app)},
	}))
	if err != nil {
		return err
	}
	_, err = c.do(t.root.request(cognitoidentity.SetIdentityPoolRoles.Operation, cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: pool.IdentityPoolId, Roles: map[string]string{"unauthenticated": "arn:aws:iam::" + t.Account + ":role/guest"},
	}))
	if err != nil {
		return err
	}
	return t.becomeGuest(c, pool.IdentityPoolId)
}

// The policies of the guest role, as Amplify writes them.
const (
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"%s"},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"unauthenticated"}}}]}`
	allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":["mobiletargeting:PutEvents","mobiletargeting:UpdateEndpoint"],"Resource":["arn:aws:mobiletargeting:*:*:apps/%s*"]}]}`
)

func (t *site) becomeGuest(c *conn, pool string) error {
	var identity struct{ IdentityId string }
	if err := c.ask(t.anyone().request(cognitoidentity.GetId.Operation, cognitoidentity.GetIdInput{IdentityPoolId: pool}), &identity); err != nil {
		return err
	}
	var out struct {
		Credentials struct{ AccessKeyId, SecretKey, SessionToken string }
	}
	in := cognitoidentity.GetCredentialsForIdentityInput{IdentityId: identity.IdentityId}
	if err := c.ask(t.anyone().request(cognitoidentity.GetCredentialsForIdentity.Operation, in), &out); err != nil {
		return err
	}
	if out.Credentials.SessionToken == "" {
		return errors.New("the guest got no session token")
	}
	t.guest = caller{t.address, t.Region, sigv4.Credentials{
		AccessKeyID: out.Credentials.AccessKeyId, Secret: out.Credentials.SecretKey, Token: out.Credentials.SessionToken,
	}}
	return nil
}
