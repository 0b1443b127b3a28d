package userpool_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

func TestClientDefaults(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	created, err := w.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: p.Id, ClientName: aws.String("bare")})
	if err != nil {
		t.Fatal(err)
	}
	cl := created.UserPoolClient
	if !regexp.MustCompile(`^[a-z0-9]{26}$`).MatchString(*cl.ClientId) {
		t.Errorf("id %q", *cl.ClientId)
	}
	want := &types.UserPoolClientType{
		UserPoolId: p.Id, ClientName: aws.String("bare"), ClientId: cl.ClientId, RefreshTokenValidity: 30,
		AllowedOAuthFlowsUserPoolClient: aws.Bool(false), EnableTokenRevocation: aws.Bool(true),
		EnablePropagateAdditionalUserContextData: aws.Bool(false), AuthSessionValidity: aws.Int32(3),
		CreationDate: aws.Time(w.clock.Now()), LastModifiedDate: aws.Time(w.clock.Now()),
	}
	if diff := cmp.Diff(want, cl, unexported); diff != "" {
		t.Error(diff)
	}
	described, err := w.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: cl.ClientId})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cl, described.UserPoolClient, unexported); diff != "" {
		t.Error("described differs from created:", diff)
	}
}

func TestClientSecret(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	cl := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
	if !regexp.MustCompile(`^[a-z0-9]{52}$`).MatchString(*cl.ClientSecret) {
		t.Fatalf("secret of %d characters", len(*cl.ClientSecret))
	}
	described, err := w.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: cl.ClientId})
	if err != nil || *described.UserPoolClient.ClientSecret != *cl.ClientSecret {
		t.Errorf("described secret differs: %v", err)
	}
}

func TestClientRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: aws.String("name"), Required: aws.Bool(true)}}
	})
	flows := func(list ...types.ExplicitAuthFlowsType) func(*idp.CreateUserPoolClientInput) {
		return func(in *idp.CreateUserPoolClientInput) { in.ExplicitAuthFlows = list }
	}
	tests := []struct {
		name          string
		change        func(*idp.CreateUserPoolClientInput)
		code, message string
	}{
		{"old and new flow names", flows("ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"),
			invalidParameter, "ExplicitAuthFlows cannot mix values that begin with ALLOW_ with those that do not."},
		{"rotation and refresh flow", func(in *idp.CreateUserPoolClientInput) {
			in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_REFRESH_TOKEN_AUTH"}
			in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: "ENABLED"}
		}, invalidParameter, "ALLOW_REFRESH_TOKEN_AUTH cannot be combined with refresh token rotation."},
		{"short access token", func(in *idp.CreateUserPoolClientInput) {
			in.AccessTokenValidity, in.TokenValidityUnits = aws.Int32(4), &types.TokenValidityUnitsType{AccessToken: "minutes"}
		}, invalidParameter, "Invalid range for token validity."},
		{"long id token", func(in *idp.CreateUserPoolClientInput) { in.IdTokenValidity = aws.Int32(25) },
			invalidParameter, "Invalid range for token validity."},
		{"more nanoseconds than can be counted", func(in *idp.CreateUserPoolClientInput) { in.RefreshTokenValidity = 213_505 }, // days
			invalidParameter, "Invalid range for token validity."},
		{"refresh shorter than access", func(in *idp.CreateUserPoolClientInput) {
			in.RefreshTokenValidity, in.AccessTokenValidity = 60, aws.Int32(2)
			in.TokenValidityUnits = &types.TokenValidityUnitsType{RefreshToken: "minutes"}
		}, invalidParameter, "Invalid range for token validity."},
		{"unknown attribute to read", func(in *idp.CreateUserPoolClientInput) { in.ReadAttributes = []string{"custom:x"} },
			invalidParameter, "Invalid read attributes specified while creating a client"},
		{"flag to write", func(in *idp.CreateUserPoolClientInput) { in.WriteAttributes = []string{"name", "email_verified"} },
			invalidParameter, "Invalid write attributes specified while creating a client"},
		{"without the required", func(in *idp.CreateUserPoolClientInput) { in.WriteAttributes = []string{"email"} },
			invalidParameter, "Invalid write attributes specified while creating a client"},
		{"unknown provider", func(in *idp.CreateUserPoolClientInput) { in.SupportedIdentityProviders = []string{"COGNITO", "Google"} },
			invalidParameter, "The provider Google does not exist for User Pool " + *p.Id + "."},
		{"unknown scope", func(in *idp.CreateUserPoolClientInput) { in.AllowedOAuthScopes = []string{"openid", "shop/read"} },
			"ScopeDoesNotExistException", "Invalid scope requested: shop/read"},
		{"client credentials with another", func(in *idp.CreateUserPoolClientInput) {
			in.AllowedOAuthFlows = []types.OAuthFlowType{"code", "client_credentials"}
		}, "InvalidOAuthFlowException", "client_credentials flow can not be selected along with code flow or implicit flow."},
		{"client credentials with a user's scope", func(in *idp.CreateUserPoolClientInput) {
			in.GenerateSecret, in.AllowedOAuthFlows, in.AllowedOAuthScopes = true, []types.OAuthFlowType{"client_credentials"}, []string{"openid"}
		}, "InvalidOAuthFlowException", "openid is not supported with client_credentials flow"},
		{"OAuth without flows", func(in *idp.CreateUserPoolClientInput) {
			in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthScopes = true, []string{"openid"}
		}, invalidParameter, "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		{"OAuth without scopes", func(in *idp.CreateUserPoolClientInput) {
			in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = true, []types.OAuthFlowType{"code"}
		}, invalidParameter, "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		{"nowhere to come back", func(in *idp.CreateUserPoolClientInput) { in.AllowedOAuthFlows = []types.OAuthFlowType{"implicit"} },
			"InvalidOAuthFlowException", "CallbackUrls can not be empty when code flow or implicit flow is selected"},
		{"plain http callback", func(in *idp.CreateUserPoolClientInput) { in.CallbackURLs = []string{"http://example.org/"} },
			invalidParameter, "http://example.org/ is not a redirect URI: use https, http for localhost, or an app's own scheme, and no fragment."},
		{"default redirect", func(in *idp.CreateUserPoolClientInput) {
			in.CallbackURLs, in.DefaultRedirectURI = []string{"http://localhost:3000/", "myapp://in"}, aws.String("https://example.org/")
		}, invalidParameter, "DefaultRedirectURI must be one of the CallbackURLs."},
		{"analytics by half", func(in *idp.CreateUserPoolClientInput) {
			in.AnalyticsConfiguration = &types.AnalyticsConfigurationType{ApplicationId: aws.String("0123456789abcdef0123456789abcdef")}
		}, invalidParameter, "AnalyticsConfiguration needs either ApplicationArn, or ApplicationId, RoleArn and ExternalId."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := &idp.CreateUserPoolClientInput{UserPoolId: p.Id, ClientName: aws.String("refused")}
			test.change(in)
			_, err := w.CreateUserPoolClient(t.Context(), in)
			wants(t, err, test.code, test.message)
		})
	}
	_, err := w.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: aws.String("us-east-1_Nowhere00"), ClientName: aws.String("x")})
	wants(t, err, "ResourceNotFoundException", "User pool us-east-1_Nowhere00 does not exist.")
}

func TestListAndDeleteClients(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		var created []string
		for range 3 {
			created = append(created, *w.app(p).ClientId)
		}
		slices.Sort(created)
		var listed []string
		everyPage(t, idp.NewListUserPoolClientsPaginator(w.Client, &idp.ListUserPoolClientsInput{UserPoolId: p.Id, MaxResults: aws.Int32(2)}), func(page *idp.ListUserPoolClientsOutput) {
			for _, cl := range page.UserPoolClients {
				listed = append(listed, *cl.ClientId)
			}
		})
		if !slices.Equal(listed, created) {
			t.Errorf("listed %v, want %v", listed, created)
		}
		gone := &created[0]
		if _, err := w.DeleteUserPoolClient(t.Context(), &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: gone}); err != nil {
			t.Fatal(err)
		}
		absent := "User pool client " + *gone + " does not exist."
		_, err := w.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: gone})
		wants(t, err, "ResourceNotFoundException", absent)
		_, err = w.DeleteUserPoolClient(t.Context(), &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: gone})
		wants(t, err, "ResourceNotFoundException", absent)
		_, err = w.SignUp(t.Context(), &idp.SignUpInput{ClientId: gone, Username: aws.String("ada"), Password: aws.String(password)})
		wants(t, err, "ResourceNotFoundException", absent)
	})
}
