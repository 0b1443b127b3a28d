package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/config"
	"pintail/internal/store/postgres"
	"pintail/internal/testkit"
	"pintail/internal/testkit/pgtest"
	"pintail/internal/userpool"
)

// Users of other identity providers are not reported, however they come in and whoever
// tries; nor are their addresses shared.
func TestFederatedUsersAreNotReported(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	s := testkit.Start(t, func(c *config.Config) { c.DatabaseURL = database })
	ctx, root, points := testkit.Context(t), s.IDP(s.RootKeys()), s.Pinpoint(s.RootKeys())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	app, err := points.CreateApp(ctx, &pinpoint.CreateAppInput{CreateApplicationRequest: &pptypes.CreateApplicationRequest{Name: aws.String("shop")}})
	must(err)
	pool, err := root.CreateUserPool(ctx, &idp.CreateUserPoolInput{PoolName: aws.String("people")})
	must(err)
	client, err := root.CreateUserPoolClient(ctx, &idp.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("web"), ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		AnalyticsConfiguration: &types.AnalyticsConfigurationType{ApplicationArn: app.ApplicationResponse.Arn, UserDataShared: true},
	})
	must(err)
	for _, name := range []string{"facebook_1", "ada"} {
		_, err := root.AdminCreateUser(ctx, &idp.AdminCreateUserInput{
			UserPoolId: pool.UserPool.Id, Username: &name, MessageAction: "SUPPRESS", UserAttributes: attrs("email", name+"@example.org", "email_verified", "true"),
		})
		must(err)
		_, err = root.AdminSetUserPassword(ctx, &idp.AdminSetUserPasswordInput{UserPoolId: pool.UserPool.Id, Username: &name, Password: aws.String(password), Permanent: true})
		must(err)
	}
	db, err := postgres.Open(ctx, database, userpool.Collections()...)
	must(err)
	defer db.Close()
	must(userpool.Federate(ctx, db, *pool.UserPool.Id, "facebook_1"))

	signIn := func(name, password string) error {
		_, err := root.InitiateAuth(ctx, &idp.InitiateAuthInput{
			ClientId: client.UserPoolClient.ClientId, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password}, AnalyticsMetadata: &types.AnalyticsMetadataType{AnalyticsEndpointId: &name},
		})
		return err
	}
	must(signIn("facebook_1", password))
	wants(t, signIn("facebook_1", "Wrong-Horse-1"), "NotAuthorizedException", "Incorrect username or password.")
	must(signIn("ada", password)) // whose reports come after those of the others

	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		done, err := s.Activity(ctx, *app.ApplicationResponse.Id)
		must(err)
		if len(done.Events) > 0 {
			if len(done.Events) != 1 || done.Events[0].Type != "_userauth.sign_in" || done.Events[0].Count != 1 {
				t.Errorf("events %+v", done.Events)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is reported")
		}
	}
	_, err = points.GetEndpoint(ctx, &pinpoint.GetEndpointInput{ApplicationId: app.ApplicationResponse.Id, EndpointId: aws.String("facebook_1")})
	wants(t, err, "NotFoundException", `No endpoint with the id "facebook_1" was found.`)
}
