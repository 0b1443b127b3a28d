package identitypool_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"pintail/internal/testkit"
)

func wantError(t testing.TB, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want %s", err, code)
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		t.Errorf("error %s %q, want %s %q", e.ErrorCode(), e.ErrorMessage(), code, message)
	}
}

// newPool makes an identity pool.
func newPool(t *testing.T, s *testkit.Server, guests bool, providers ...idtypes.CognitoIdentityProvider) string {
	t.Helper()
	pool, err := s.Identity(s.RootKeys()).CreateIdentityPool(testkit.Context(t), &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: guests, CognitoIdentityProviders: providers,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *pool.IdentityPoolId
}

// newRole makes a role that one kind of visitor of a pool may assume.
func newRole(t *testing.T, s *testkit.Server, name, poolID, amr, policy string) string {
	t.Helper()
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + poolID + `"},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"` + amr + `"}}}]}`
	role, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("app"), PolicyDocument: &policy})
	if err != nil {
		t.Fatal(err)
	}
	return *role.Role.Arn
}

func setRoles(t *testing.T, s *testkit.Server, poolID string, roles map[string]string) {
	t.Helper()
	_, err := s.Identity(s.RootKeys()).SetIdentityPoolRoles(testkit.Context(t), &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: &poolID, Roles: roles,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// allowIAM allows what no guest may do, whatever its role says, and one thing
// that it may.
const allowIAM = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:ListRoles","cognito-identity:DescribeIdentityPool"],"Resource":"*"}]}`

func TestGuest(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, anyone := testkit.Context(t), s.Identity(testkit.Keys{})
	poolID := newPool(t, s, true)
	setRoles(t, s, poolID, map[string]string{"unauthenticated": newRole(t, s, "guest", poolID, "unauthenticated", allowIAM)})

	first, err := anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &poolID})
	if err != nil {
		t.Fatal(err)
	}
	second, err := anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &poolID})
	if err != nil {
		t.Fatal(err)
	}
	if *first.IdentityId == *second.IdentityId || !strings.HasPrefix(*first.IdentityId, testkit.Region+":") {
		t.Errorf("identities %s and %s", *first.IdentityId, *second.IdentityId)
	}
	before := time.Now()
	got, err := anyone.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: first.IdentityId})
	if err != nil {
		t.Fatal(err)
	}
	if *got.IdentityId != *first.IdentityId || !strings.HasPrefix(*got.Credentials.AccessKeyId, "ASIA") {
		t.Errorf("credentials %+v", got)
	}
	if left := got.Credentials.Expiration.Sub(before); left < 59*time.Minute || left > 61*time.Minute {
		t.Errorf("the credentials last %s, want an hour", left)
	}
	session := testkit.Keys{ID: *got.Credentials.AccessKeyId, Secret: *got.Credentials.SecretKey, Token: *got.Credentials.SessionToken}
	if _, err := s.Identity(session).DescribeIdentityPool(ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &poolID}); err != nil {
		t.Errorf("what role and guest scope both allow is refused: %v", err)
	}
	_, err = s.IAM(session).ListRoles(ctx, &iam.ListRolesInput{})
	wantError(t, err, "AccessDenied", "because no session policy allows the iam:ListRoles action")
	_, err = s.Identity(session).ListIdentityPools(ctx, &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(5)})
	wantError(t, err, "AccessDeniedException", "is not authorized to perform: cognito-identity:ListIdentityPools")
}

func TestChangedRoleTakesEffect(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, anyone := testkit.Context(t), s.Identity(testkit.Keys{})
	poolID := newPool(t, s, true)
	setRoles(t, s, poolID, map[string]string{"unauthenticated": newRole(t, s, "guest", poolID, "unauthenticated", allowIAM)})
	id, err := anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &poolID})
	if err != nil {
		t.Fatal(err)
	}
	got, err := anyone.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId})
	if err != nil {
		t.Fatal(err)
	}
	session := s.Identity(testkit.Keys{ID: *got.Credentials.AccessKeyId, Secret: *got.Credentials.SecretKey, Token: *got.Credentials.SessionToken})
	describe := func() error {
		_, err := session.DescribeIdentityPool(ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &poolID})
		return err
	}
	if err := describe(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.IAM(s.RootKeys()).DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("guest"), PolicyName: aws.String("app")}); err != nil {
		t.Fatal(err)
	}
	wantError(t, describe(), "AccessDeniedException", "no identity-based policy")
}

func TestPoolWithoutGuests(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, anyone := testkit.Context(t), s.Identity(testkit.Keys{})
	poolID := newPool(t, s, false)
	_, err := anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &poolID})
	wantError(t, err, "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
	_, err = anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: aws.String("us-east-1:11111111-2222-3333-4444-555555555555")})
	wantError(t, err, "ResourceNotFoundException", "IdentityPool 'us-east-1:11111111-2222-3333-4444-555555555555' not found.")
	_, err = anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: aws.String("nonsense")})
	wantError(t, err, "InvalidParameterException", "failed to satisfy constraint: Member must satisfy regular expression pattern")
	_, err = anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &poolID, Logins: map[string]string{"example.org": "a.b.c"}})
	wantError(t, err, "InvalidParameterException", "Please provide a valid public provider.")
}

func TestRolesThatDoNotTrust(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, anyone := testkit.Context(t), s.Identity(testkit.Keys{})
	poolID, other := newPool(t, s, true), newPool(t, s, true)
	id, err := anyone.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &poolID})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() error {
		_, err := anyone.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId})
		return err
	}
	const want = "Check assigned IAM roles for this pool."
	wantError(t, ask(), "InvalidIdentityPoolConfigurationException", want)
	setRoles(t, s, poolID, map[string]string{"unauthenticated": newRole(t, s, "of-other", other, "unauthenticated", allowIAM)})
	wantError(t, ask(), "InvalidIdentityPoolConfigurationException", want)
	setRoles(t, s, poolID, map[string]string{"unauthenticated": newRole(t, s, "signed-in", poolID, "authenticated", allowIAM)})
	wantError(t, ask(), "InvalidIdentityPoolConfigurationException", want)
}

func TestPools(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, root := testkit.Context(t), s.Identity(s.RootKeys())
	made := map[string]bool{}
	for range 5 {
		made[newPool(t, s, true)] = true
	}
	pages := cognitoidentity.NewListIdentityPoolsPaginator(root, &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.IdentityPools {
			if !made[*p.IdentityPoolId] {
				t.Errorf("listed %s twice, or never made", *p.IdentityPoolId)
			}
			delete(made, *p.IdentityPoolId)
		}
	}
	if len(made) != 0 {
		t.Errorf("not listed: %v", made)
	}
	poolID := newPool(t, s, true)
	id, err := s.Identity(testkit.Keys{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &poolID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := root.DeleteIdentityPool(ctx, &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: &poolID}); err != nil {
		t.Fatal(err)
	}
	_, err = root.DescribeIdentity(ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: id.IdentityId})
	wantError(t, err, "ResourceNotFoundException", "not found")
	_, err = root.DescribeIdentityPool(ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &poolID})
	wantError(t, err, "ResourceNotFoundException", "not found")
}
