package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/config"
	"pintail/internal/testkit"
)

// contact waits until a user's endpoint of a channel has a state, such as "ACTIVE
// ada@example.org", "" for none, and returns it.
func (r *reporter) contact(sub, channel, state string) pptypes.EndpointResponse {
	r.Helper()
	var e pptypes.EndpointResponse
	r.eventually("the "+channel+" endpoint is "+state, func() bool {
		var ok bool
		if e, ok = r.endpoints(sub)[channel]; !ok {
			return state == ""
		}
		return aws.ToString(e.EndpointStatus)+" "+aws.ToString(e.Address) == state
	})
	return e
}

// tokensOf signs somebody in and returns the access token.
func (r *reporter) tokensOf(username string) *string {
	r.Helper()
	out, err := r.signIn(username, password, "device-of-"+username)
	must(r.T, err)
	return out.AuthenticationResult.AccessToken
}

func attribute(name, value string) []types.AttributeType {
	return []types.AttributeType{{Name: &name, Value: &value}}
}

// A verified address is an endpoint of its own, one for each channel, for as long as it is
// verified and the user's.
func TestSharedAddresses(t *testing.T) {
	t.Parallel()
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReporter(t, func(c *config.Config) { engine(t, c) })
			sub := r.signUp("ada", "device-of-ada")
			r.settle()
			if got := r.endpoints(sub); len(got) != 1 || got[""].Address != nil {
				t.Errorf("before the address is verified there is %+v", got)
			}
			r.confirm("ada")
			first := r.contact(sub, "EMAIL", "ACTIVE ada@example.org")
			if *first.OptOut != "NONE" || owner(&first) != sub || *first.Id == "device-of-ada" || *first.Id == sub {
				t.Errorf("the address is %+v", first)
			}

			// Signing in again changes nothing, and whoever opted out stays out.
			must(t, does(t, r.pinpoint.UpdateEndpoint, &pinpoint.UpdateEndpointInput{
				ApplicationId: &r.app, EndpointId: first.Id, EndpointRequest: &pptypes.EndpointRequest{OptOut: aws.String("ALL")},
			}))
			token := r.tokensOf("ada")
			r.settle()

			// An address that is not verified yet is nobody's to write to, and the old one is over.
			must(t, does(t, r.UpdateUserAttributes, &idp.UpdateUserAttributesInput{AccessToken: token, UserAttributes: attribute("email", "countess@example.org")}))
			r.contact(sub, "EMAIL", "INACTIVE ada@example.org")
			must(t, does(t, r.VerifyUserAttribute, &idp.VerifyUserAttributeInput{
				AccessToken: token, AttributeName: aws.String("email"), Code: aws.String(r.code("countess@example.org")),
			}))
			moved := r.contact(sub, "EMAIL", "ACTIVE countess@example.org")
			if *moved.Id != *first.Id || *moved.OptOut != "ALL" || *moved.CohortId != *first.CohortId {
				t.Errorf("the address moved to %+v from %+v", moved, first)
			}

			// What an administrator vouches for is shared when the user next comes.
			admin := func(list ...types.AttributeType) {
				t.Helper()
				must(t, does(t, r.AdminUpdateUserAttributes, &idp.AdminUpdateUserAttributesInput{UserPoolId: &r.pool, Username: aws.String("ada"), UserAttributes: list}))
			}
			verified := attribute("phone_number_verified", "true")[0]
			admin(attribute("phone_number", "+12065550100")[0], verified)
			r.settle()
			if _, early := r.endpoints(sub)["SMS"]; early {
				t.Error("the phone number is shared by no client")
			}
			r.tokensOf("ada")
			phone := r.contact(sub, "SMS", "ACTIVE +12065550100")
			admin(attribute("phone_number", "+12065550199")[0], verified)
			if again := r.contact(sub, "SMS", "ACTIVE +12065550199"); *again.Id != *phone.Id || *again.Id == *first.Id {
				t.Errorf("the phone number is %+v, was %+v", again, phone)
			}
			must(t, does(t, r.DeleteUserAttributes, &idp.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: []string{"phone_number"}}))
			r.contact(sub, "SMS", "")
			r.contact(sub, "EMAIL", "ACTIVE countess@example.org")

			// Somebody who leaves leaves no address behind, though no client shares any more.
			must(t, does(t, r.UpdateUserPoolClient, &idp.UpdateUserPoolClientInput{UserPoolId: &r.pool, ClientId: &r.client, ExplicitAuthFlows: everyFlow}))
			must(t, does(t, r.DeleteUser, &idp.DeleteUserInput{AccessToken: token}))
			r.contact(sub, "EMAIL", "")
			if r.endpoint("device-of-ada") == nil {
				t.Error("the device is gone, too")
			}
		})
	}
}

// Only a client that shares shares; and it takes no endpoint in the call to do so.
func TestWhoShares(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	sharing := r.client
	private := r.newClient(&types.AnalyticsConfigurationType{ApplicationArn: &r.arn})
	r.client = private
	sub := r.member("ada")
	_, err := r.signIn("ada", password, "laptop")
	must(t, err)
	r.settle()
	if got := r.endpoints(sub); len(got) != 1 || got["EMAIL"].Id != nil {
		t.Errorf("without sharing there is %+v", got)
	}
	r.client = sharing
	must(t, does(t, r.InitiateAuth, &idp.InitiateAuthInput{
		ClientId: &r.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password},
	}))
	r.contact(sub, "EMAIL", "ACTIVE ada@example.org")

	// Where the role is gone nothing new is shared, and what is over is taken back all the same.
	role := r.role("reports", trustUserPools("shop-1"))
	a := byID(r.app, role, "shop-1")
	a.UserDataShared = true
	must(t, does(t, r.UpdateUserPoolClient, &idp.UpdateUserPoolClientInput{UserPoolId: &r.pool, ClientId: &r.client, ExplicitAuthFlows: everyFlow, AnalyticsConfiguration: a}))
	r.allow("reports", mayReport(r.arn, "mobiletargeting:PutEvents"))
	change := func(address string) {
		t.Helper()
		must(t, does(t, r.AdminUpdateUserAttributes, &idp.AdminUpdateUserAttributesInput{
			UserPoolId: &r.pool, Username: aws.String("ada"), UserAttributes: append(attribute("email", address), attribute("email_verified", "true")...),
		}))
	}
	change("countess@example.org")
	r.contact(sub, "EMAIL", "INACTIVE ada@example.org")
	r.allow("reports", mayReport(r.arn, "mobiletargeting:UpdateEndpoint"))
	change("lovelace@example.org")
	r.contact(sub, "EMAIL", "ACTIVE lovelace@example.org")
	must(t, does(t, r.AdminDeleteUser, &idp.AdminDeleteUserInput{UserPoolId: &r.pool, Username: aws.String("ada")}))
	r.contact(sub, "EMAIL", "")
}

// An alias that somebody else proves is theirs, and their endpoint is the one to write to.
func TestSharedAddressThatMoves(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	pool, err := r.CreateUserPool(testkit.Context(t), &idp.CreateUserPoolInput{
		PoolName: aws.String("aliases"), AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}, AliasAttributes: []types.AliasAttributeType{"email"},
	})
	must(t, err)
	r.pool = *pool.UserPool.Id
	r.client = r.newClient(&types.AnalyticsConfigurationType{ApplicationArn: &r.arn, UserDataShared: true})
	ada := r.member("ada")
	r.contact(ada, "EMAIL", "ACTIVE ada@example.org")
	out, err := r.SignUp(testkit.Context(t), &idp.SignUpInput{
		ClientId: &r.client, Username: aws.String("eve"), Password: aws.String(password), UserAttributes: attribute("email", "ada@example.org"),
	})
	must(t, err)
	must(t, does(t, r.ConfirmSignUp, &idp.ConfirmSignUpInput{
		ClientId: &r.client, Username: aws.String("eve"), ConfirmationCode: aws.String(r.code("ada@example.org")), ForceAliasCreation: true,
	}))
	r.contact(*out.UserSub, "EMAIL", "ACTIVE ada@example.org")
	r.contact(ada, "EMAIL", "INACTIVE ada@example.org")
}

// A pool's function can vouch for the address of somebody who signs up.
func TestAddressThatAFunctionVouchesFor(t *testing.T) {
	t.Parallel()
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event map[string]any
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		event["response"] = map[string]bool{"autoConfirmUser": true, "autoVerifyEmail": true}
		if err := json.NewEncoder(w).Encode(event); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(function.Close)
	const arn = "arn:aws:lambda:us-east-1:123456789012:function:vouch"
	triggers := filepath.Join(t.TempDir(), "triggers.json")
	must(t, os.WriteFile(triggers, []byte(`{"triggers":{"`+arn+`":{"webhook":{"url":"`+function.URL+`","secret":"0123456789abcdef"}}}}`), 0o600))
	r := newReporter(t, func(c *config.Config) { c.Triggers = triggers })
	must(t, does(t, r.UpdateUserPool, &idp.UpdateUserPoolInput{UserPoolId: &r.pool, LambdaConfig: &types.LambdaConfigType{PreSignUp: aws.String(arn)}}))
	sub := r.signUp("ada", "laptop")
	r.contact(sub, "EMAIL", "ACTIVE ada@example.org")
	r.eventually("the sign-up is counted", func() bool { return r.counts()["sign_up"] == 1 })
}
