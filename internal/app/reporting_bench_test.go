package app_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/testkit"
)

// BenchmarkReportedSignIn is a sign-in by password over the wire: of a client that reports
// nothing, and of one that reports it and shares the address.
func BenchmarkReportedSignIn(b *testing.B) {
	s := testkit.Start(b)
	ctx, root := context.Background(), s.IDP(s.RootKeys())
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	app, err := s.Pinpoint(s.RootKeys()).CreateApp(ctx, &pinpoint.CreateAppInput{CreateApplicationRequest: &pptypes.CreateApplicationRequest{Name: aws.String("shop")}})
	check(err)
	pool, err := root.CreateUserPool(ctx, &idp.CreateUserPoolInput{PoolName: aws.String("people")})
	check(err)
	_, err = root.AdminCreateUser(ctx, &idp.AdminCreateUserInput{
		UserPoolId: pool.UserPool.Id, Username: aws.String("ada"), MessageAction: "SUPPRESS",
		UserAttributes: append(attribute("email", "ada@example.org"), attribute("email_verified", "true")...),
	})
	check(err)
	_, err = root.AdminSetUserPassword(ctx, &idp.AdminSetUserPasswordInput{UserPoolId: pool.UserPool.Id, Username: aws.String("ada"), Password: aws.String(password), Permanent: true})
	check(err)
	for name, a := range map[string]*types.AnalyticsConfigurationType{
		"plain": nil, "reported": {ApplicationArn: app.ApplicationResponse.Arn, UserDataShared: true},
	} {
		client, err := root.CreateUserPoolClient(ctx, &idp.CreateUserPoolClientInput{
			UserPoolId: pool.UserPool.Id, ClientName: &name, AnalyticsConfiguration: a,
			ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		})
		check(err)
		in := &idp.InitiateAuthInput{
			ClientId: client.UserPoolClient.ClientId, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AnalyticsMetadata: at("phone"),
			AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password},
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := root.InitiateAuth(ctx, in)
				check(err)
			}
		})
	}
}
