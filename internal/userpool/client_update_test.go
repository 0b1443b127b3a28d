package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// describedClient returns an app client as DescribeUserPoolClient shows it.
func (w *world) describedClient(app *types.UserPoolClientType) *types.UserPoolClientType {
	w.t.Helper()
	out, err := w.DescribeUserPoolClient(w.t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: app.UserPoolId, ClientId: app.ClientId})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserPoolClient
}

// Every setting comes back as it was sent, and what is left out is reset; the
// client's id, its name and its secret stay.
func TestUpdateClient(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		made := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret, in.ExplicitAuthFlows = true, nil })
		w.clock.Advance(time.Minute)
		in := &idp.UpdateUserPoolClientInput{
			UserPoolId: p.Id, ClientId: made.ClientId, ClientName: aws.String("renamed"),
			RefreshTokenValidity: 10, AccessTokenValidity: aws.Int32(20), IdTokenValidity: aws.Int32(2),
			TokenValidityUnits:              &types.TokenValidityUnitsType{AccessToken: "minutes", IdToken: "hours", RefreshToken: "days"},
			ReadAttributes:                  []string{"email", "name"},
			WriteAttributes:                 []string{"name"},
			ExplicitAuthFlows:               []types.ExplicitAuthFlowsType{"ALLOW_USER_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"},
			SupportedIdentityProviders:      []string{"COGNITO"},
			CallbackURLs:                    []string{"https://shop.example/in"},
			LogoutURLs:                      []string{"https://shop.example/out"},
			DefaultRedirectURI:              aws.String("https://shop.example/in"),
			AllowedOAuthFlows:               []types.OAuthFlowType{"code"},
			AllowedOAuthScopes:              []string{"openid"},
			AllowedOAuthFlowsUserPoolClient: true,
			AnalyticsConfiguration:          &types.AnalyticsConfigurationType{ApplicationArn: aws.String("arn:aws:mobiletargeting:us-east-1:123456789012:apps/0")},
			PreventUserExistenceErrors:      "ENABLED",
			EnableTokenRevocation:           aws.Bool(false),
			AuthSessionValidity:             aws.Int32(9),
			RefreshTokenRotation:            &types.RefreshTokenRotationType{Feature: "ENABLED", RetryGracePeriodSeconds: aws.Int32(7)},
		}
		out, err := w.UpdateUserPoolClient(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		want := &types.UserPoolClientType{
			UserPoolId: p.Id, ClientId: made.ClientId, ClientName: in.ClientName, ClientSecret: made.ClientSecret, CreationDate: made.CreationDate,
			LastModifiedDate: out.UserPoolClient.LastModifiedDate, RefreshTokenValidity: 10, AccessTokenValidity: in.AccessTokenValidity,
			IdTokenValidity: in.IdTokenValidity, TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes,
			WriteAttributes: in.WriteAttributes, ExplicitAuthFlows: in.ExplicitAuthFlows, SupportedIdentityProviders: in.SupportedIdentityProviders,
			CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows,
			AllowedOAuthScopes: in.AllowedOAuthScopes, AllowedOAuthFlowsUserPoolClient: aws.Bool(true), AnalyticsConfiguration: in.AnalyticsConfiguration,
			PreventUserExistenceErrors: "ENABLED", EnableTokenRevocation: aws.Bool(false), EnablePropagateAdditionalUserContextData: aws.Bool(false),
			AuthSessionValidity: in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
		}
		if diff := differences(t, want, out.UserPoolClient); diff != "" {
			t.Error("as updated:", diff)
		}
		if diff := differences(t, want, w.describedClient(made)); diff != "" {
			t.Error("as described:", diff)
		}
		if !out.UserPoolClient.LastModifiedDate.After(*made.LastModifiedDate) {
			t.Error("not modified since it was made")
		}
		bare, err := w.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: made.ClientId})
		if err != nil {
			t.Fatal(err)
		}
		reset := *made
		reset.ClientName, reset.LastModifiedDate = in.ClientName, bare.UserPoolClient.LastModifiedDate
		if diff := differences(t, reset, bare.UserPoolClient); diff != "" {
			t.Error("after an update of nothing:", diff)
		}
	})
}

// A change rules the next call of a person.
func TestUpdatedClientRules(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	w.signIn(app, "ada")
	if _, err := w.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId}); err != nil {
		t.Fatal(err)
	}
	_, err := w.byPassword(app, "ada", password)
	wants(t, err, invalidParameter, "USER_PASSWORD_AUTH flow not enabled for this client")
}

func TestUpdateClientRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p, other := w.pool(), w.pool()
	lite := w.pool(func(in *idp.CreateUserPoolInput) { in.UserPoolTier = "LITE" })
	public, cheap := w.app(p), w.app(lite)
	tests := []struct {
		name          string
		in            idp.UpdateUserPoolClientInput
		code, message string
	}{
		{"no such client", idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: aws.String("nobody")},
			"ResourceNotFoundException", "User pool client nobody does not exist."},
		{"another pool's client", idp.UpdateUserPoolClientInput{UserPoolId: other.Id, ClientId: public.ClientId},
			"ResourceNotFoundException", "User pool client " + *public.ClientId + " does not exist."},
		{"no such pool", idp.UpdateUserPoolClientInput{UserPoolId: aws.String("us-east-1_Nowhere00"), ClientId: public.ClientId},
			"ResourceNotFoundException", "User pool us-east-1_Nowhere00 does not exist."},
		{"tokens too short", idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: public.ClientId, IdTokenValidity: aws.Int32(60),
			TokenValidityUnits: &types.TokenValidityUnitsType{IdToken: "seconds"}}, invalidParameter, "Invalid range for token validity."},
		{"client credentials without a secret", idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: public.ClientId,
			AllowedOAuthFlows: []types.OAuthFlowType{"client_credentials"}},
			"InvalidOAuthFlowException", "client_credentials flow can not be selected if client does not have a client secret."},
		{"flag to write", idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: public.ClientId, WriteAttributes: []string{"email_verified"}},
			invalidParameter, "Invalid write attributes specified while updating a client"},
		{"unknown attribute to read", idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: public.ClientId, ReadAttributes: []string{"custom:x"}},
			invalidParameter, "Invalid read attributes specified while updating a client"},
		{"choice in LITE", idp.UpdateUserPoolClientInput{UserPoolId: lite.Id, ClientId: cheap.ClientId, ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_AUTH"}},
			"FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Choice-Based Sign-In"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.UpdateUserPoolClient(t.Context(), &test.in)
			wants(t, err, test.code, test.message)
		})
	}
	if diff := differences(t, public, w.describedClient(public)); diff != "" {
		t.Error("a refused update changed the client:", diff)
	}
}
