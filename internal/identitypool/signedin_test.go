package identitypool_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/testkit"
)

const password = "Correct-Horse-1"

// member signs a new user up, confirms and signs in.
func member(t testing.TB, s *testkit.Server, p testkit.Project, name string) testkit.Tokens {
	t.Helper()
	ctx := testkit.Context(t)
	_, err := s.IDP(testkit.Keys{}).SignUp(ctx, &cognitoidentityprovider.SignUpInput{ClientId: &p.Client, Username: &name, Password: aws.String(password)})
	must(t, err)
	_, err = s.IDP(s.RootKeys()).AdminConfirmSignUp(ctx, &cognitoidentityprovider.AdminConfirmSignUpInput{UserPoolId: &p.UserPool, Username: &name})
	must(t, err)
	tokens, err := s.SignIn(ctx, p, name, password)
	must(t, err)
	return tokens
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func awsName(p testkit.Project) string {
	return "cognito-idp." + testkit.Region + ".amazonaws.com/" + p.UserPool
}

func TestGuestBecomesUser(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, p := testkit.Context(t), s.NewProject(t)
	ada := member(t, s, p, "ada")

	guest, _, err := s.Visitor(ctx, p, "", testkit.Tokens{})
	must(t, err)
	user, keys, err := s.Visitor(ctx, p, guest, ada)
	must(t, err)
	if user != guest {
		t.Errorf("the guest %s became %s", guest, user)
	}
	who, err := s.STS(keys).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(t, err)
	if !strings.Contains(*who.Arn, "assumed-role/shop-authenticated/") {
		t.Errorf("signed in as %s", *who.Arn)
	}
	_, _, err = s.Visitor(ctx, p, guest, testkit.Tokens{})
	wantError(t, err, "NotAuthorizedException", "Access to Identity '"+guest+"' is forbidden.")

	// On another device the same person is a guest first, and then herself again.
	second, _, err := s.Visitor(ctx, p, "", testkit.Tokens{})
	must(t, err)
	merged, _, err := s.Visitor(ctx, p, second, ada)
	must(t, err)
	if merged != user {
		t.Errorf("the second guest was merged into %s, want %s", merged, user)
	}
	again, _, err := s.Visitor(ctx, p, second, ada)
	must(t, err)
	if again != user {
		t.Errorf("the merged identity now gives %s", again)
	}
	_, _, err = s.Visitor(ctx, p, second, testkit.Tokens{})
	wantError(t, err, "NotAuthorizedException", "is forbidden")

	direct, _, err := s.Visitor(ctx, p, "", ada)
	must(t, err)
	if direct != user {
		t.Errorf("GetId with the login gives %s", direct)
	}
	d, err := s.Identity(s.RootKeys()).DescribeIdentity(ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: &user})
	must(t, err)
	if len(d.Logins) != 1 || d.Logins[0] != awsName(p) {
		t.Errorf("logins %v", d.Logins)
	}
}

func TestStrangersTokens(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, p := testkit.Context(t), s.NewProject(t)
	ada, bob := member(t, s, p, "ada"), member(t, s, p, "bob")
	_, _, err := s.Visitor(ctx, p, "", ada)
	must(t, err)
	identity, _, err := s.Visitor(ctx, p, "", bob)
	must(t, err)

	ask := func(provider, token string) error {
		_, err := s.Identity(testkit.Keys{}).GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{
			IdentityId: &identity, Logins: map[string]string{provider: token},
		})
		return err
	}
	must(t, ask(awsName(p), bob.ID))
	must(t, ask(strings.TrimPrefix(s.URL(), "http://")+"/"+p.UserPool, bob.ID)) // the issuer, as Amplify JS names it
	for name, test := range map[string]struct {
		provider, token, message string
	}{
		"another person's token": {awsName(p), ada.ID, "Logins don't match."},
		"an access token":        {awsName(p), bob.Access, "Invalid login token."},
		"a changed token":        {awsName(p), bob.ID[:len(bob.ID)-6] + "AAAAAA", "Couldn't verify signed token."},
		"no token":               {awsName(p), "nonsense", "Not a valid OpenId Connect identity token."},
		"another issuer's name":  {"auth.example.org/" + p.UserPool, bob.ID, "Issuer doesn't match providerName"},
		"a pool that is not":     {"cognito-idp.us-east-1.amazonaws.com/us-east-1_aaaaaaaaa", bob.ID, "Couldn't verify signed token."},
		"our own kind of token":  {"cognito-identity.amazonaws.com", bob.ID, "Issuer doesn't match providerName"},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, ask(test.provider, test.token), "NotAuthorizedException", test.message)
		})
	}
}

func TestProviderNotConfigured(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, p := testkit.Context(t), s.NewProject(t)
	ada := member(t, s, p, "ada")
	configure := func(provider ...idtypes.CognitoIdentityProvider) {
		t.Helper()
		_, err := s.Identity(s.RootKeys()).UpdateIdentityPool(ctx, &cognitoidentity.UpdateIdentityPoolInput{
			IdentityPoolId: &p.IdentityPool, IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: false, CognitoIdentityProviders: provider,
		})
		must(t, err)
	}
	configure(idtypes.CognitoIdentityProvider{ProviderName: aws.String(awsName(p)), ClientId: aws.String("another")})
	_, _, err := s.Visitor(ctx, p, "", ada)
	wantError(t, err, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
	_, _, err = s.Visitor(ctx, p, "", testkit.Tokens{})
	wantError(t, err, "NotAuthorizedException", "Unauthenticated access is not supported")

	// With ServerSideTokenCheck, signing out everywhere ends the token's use here too.
	configure(idtypes.CognitoIdentityProvider{ProviderName: aws.String(awsName(p)), ClientId: &p.Client, ServerSideTokenCheck: aws.Bool(true)})
	identity, _, err := s.Visitor(ctx, p, "", ada)
	must(t, err)
	_, err = s.IDP(testkit.Keys{}).GlobalSignOut(ctx, &cognitoidentityprovider.GlobalSignOutInput{AccessToken: &ada.Access})
	must(t, err)
	_, _, err = s.Visitor(ctx, p, identity, ada)
	wantError(t, err, "NotAuthorizedException", "Token is inactive")
}

func TestRolesOfAPool(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, p := testkit.Context(t), s.NewProject(t)
	root := s.Identity(s.RootKeys())
	got, err := root.GetIdentityPoolRoles(ctx, &cognitoidentity.GetIdentityPoolRolesInput{IdentityPoolId: &p.IdentityPool})
	must(t, err)
	if got.Roles["authenticated"] != "arn:aws:iam::"+testkit.Account+":role/shop-authenticated" || len(got.Roles) != 2 {
		t.Errorf("roles %v", got.Roles)
	}
	set := func(client *cognitoidentity.Client, in cognitoidentity.SetIdentityPoolRolesInput) error {
		in.IdentityPoolId = &p.IdentityPool
		_, err := client.SetIdentityPoolRoles(ctx, &in)
		return err
	}
	wantError(t, set(root, cognitoidentity.SetIdentityPoolRolesInput{Roles: map[string]string{"admin": got.Roles["authenticated"]}}),
		"InvalidParameterException", "(un)?authenticated")
	// Whoever may set a pool's roles must also be allowed to pass them on.
	_, err = s.IAM(s.RootKeys()).PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String("shop-unauthenticated"), PolicyName: aws.String("roles"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-identity:SetIdentityPoolRoles","Resource":"*"}]}`),
	})
	must(t, err)
	_, guest, err := s.Visitor(ctx, p, "", testkit.Tokens{})
	must(t, err)
	wantError(t, set(s.Identity(guest), cognitoidentity.SetIdentityPoolRolesInput{Roles: got.Roles}), "AccessDeniedException", "iam:PassRole")
}
