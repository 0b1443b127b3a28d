package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/userpool/srp"
)

// Project is what an Amplify app needs: a user pool and client, an identity
// pool with a role for guests and one for users, and a Pinpoint application.
type Project struct {
	App, UserPool, Client, IdentityPool string
}

// NewProject makes a project as its owner would.
func (s *Server) NewProject(t testing.TB) Project {
	t.Helper()
	ctx, root := Context(t), s.RootKeys()
	app, err := s.Pinpoint(root).CreateApp(ctx, &pinpoint.CreateAppInput{CreateApplicationRequest: &pptypes.CreateApplicationRequest{Name: aws.String("shop")}})
	must(t, err)
	pool, err := s.IDP(root).CreateUserPool(ctx, &cognitoidentityprovider.CreateUserPoolInput{
		PoolName: aws.String("shop"), AutoVerifiedAttributes: []idptypes.VerifiedAttributeType{"email"},
	})
	must(t, err)
	client, err := s.IDP(root).CreateUserPoolClient(ctx, &cognitoidentityprovider.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("web"),
	})
	must(t, err)
	identities, err := s.Identity(root).CreateIdentityPool(ctx, &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{{
			ProviderName: aws.String("cognito-idp." + Region + ".amazonaws.com/" + *pool.UserPool.Id), ClientId: client.UserPoolClient.ClientId,
		}},
	})
	must(t, err)
	p := Project{
		App: *app.ApplicationResponse.Id, UserPool: *pool.UserPool.Id,
		Client: *client.UserPoolClient.ClientId, IdentityPool: *identities.IdentityPoolId,
	}
	roles := map[string]string{}
	for _, kind := range []string{"unauthenticated", "authenticated"} {
		roles[kind] = s.appRole(t, p, "shop-"+kind, kind)
	}
	_, err = s.Identity(root).SetIdentityPoolRoles(ctx, &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &p.IdentityPool, Roles: roles})
	must(t, err)
	return p
}

// appRole makes a role that may do what an app does to its own application, and
// nothing else.
func (s *Server) appRole(t testing.TB, p Project, name, kind string) string {
	t.Helper()
	ctx, client := Context(t), s.IAM(s.RootKeys())
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + p.IdentityPool + `"},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"` + kind + `"}}}]}`
	role, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(t, err)
	mine := "arn:aws:mobiletargeting:*:" + Account + ":apps/" + p.App
	allow := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["mobiletargeting:UpdateEndpoint","mobiletargeting:PutEvents"],
		"Resource":["` + mine + `/endpoints/*","` + mine + `/events"]}]}`
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("analytics"), PolicyDocument: &allow})
	must(t, err)
	return *role.Role.Arn
}

// Tokens are what a sign-in gives.
type Tokens struct{ ID, Access, Refresh string }

// SignIn signs a user in by SRP, with the client's arithmetic done here.
func (s *Server) SignIn(ctx context.Context, p Project, username, password string) (Tokens, error) {
	idp := s.IDP(Keys{})
	client := srp.NewClient(poolName(p.UserPool), password)
	begun, err := idp.InitiateAuth(ctx, &cognitoidentityprovider.InitiateAuthInput{
		ClientId: &p.Client, AuthFlow: idptypes.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": username, "SRP_A": client.PublicHex()},
	})
	if err != nil {
		return Tokens{}, err
	}
	asked := begun.ChallengeParameters
	stamp, signature, err := client.Answer(srp.Challenge{
		UserID: asked["USER_ID_FOR_SRP"], Salt: asked["SALT"], SRPB: asked["SRP_B"], SecretBlock: asked["SECRET_BLOCK"],
	}, time.Now())
	if err != nil {
		return Tokens{}, err
	}
	done, err := idp.RespondToAuthChallenge(ctx, &cognitoidentityprovider.RespondToAuthChallengeInput{
		ClientId: &p.Client, ChallengeName: idptypes.ChallengeNameTypePasswordVerifier, Session: begun.Session,
		ChallengeResponses: map[string]string{
			"USERNAME": asked["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
			"TIMESTAMP": stamp, "PASSWORD_CLAIM_SIGNATURE": signature,
		},
	})
	if err != nil {
		return Tokens{}, err
	}
	r := done.AuthenticationResult
	return Tokens{ID: *r.IdToken, Access: *r.AccessToken, Refresh: *r.RefreshToken}, nil
}

// Visitor returns an identity and its AWS credentials: a guest's without
// tokens, else the user's. id is the identity so far, "" for a new one.
func (s *Server) Visitor(ctx context.Context, p Project, id string, tokens Tokens) (string, Keys, error) {
	anyone := s.Identity(Keys{})
	var logins map[string]string
	if tokens.ID != "" {
		logins = map[string]string{"cognito-idp." + Region + ".amazonaws.com/" + p.UserPool: tokens.ID}
	}
	if id == "" {
		made, err := anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &p.IdentityPool, Logins: logins})
		if err != nil {
			return "", Keys{}, err
		}
		id = *made.IdentityId
	}
	got, err := anyone.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &id, Logins: logins})
	if err != nil {
		return "", Keys{}, err
	}
	c := got.Credentials
	return *got.IdentityId, Keys{ID: *c.AccessKeyId, Secret: *c.SecretKey, Token: *c.SessionToken}, nil
}

// poolName is the part of a pool's id that SRP uses.
func poolName(id string) string { return id[len(Region)+1:] }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
