package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/config"
	"pintail/internal/testkit"
)

// guest makes an identity pool with a guest role and returns its ids.
func guest(t *testing.T, s *testkit.Server) (poolID, roleARN, identityID string) {
	t.Helper()
	ctx := testkit.Context(t)
	pool, err := s.Identity(s.RootKeys()).CreateIdentityPool(ctx, &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: true, AllowClassicFlow: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + *pool.IdentityPoolId + `"},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"unauthenticated"}}}]}`
	role, err := s.IAM(s.RootKeys()).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("shop-guest"), AssumeRolePolicyDocument: aws.String(trust)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Identity(s.RootKeys()).SetIdentityPoolRoles(ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: pool.IdentityPoolId, Roles: map[string]string{"unauthenticated": *role.Role.Arn},
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Identity(testkit.Keys{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: pool.IdentityPoolId})
	if err != nil {
		t.Fatal(err)
	}
	return *pool.IdentityPoolId, *role.Role.Arn, *id.IdentityId
}

func TestGetCallerIdentity(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx := testkit.Context(t)
	who, err := s.STS(s.RootKeys()).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != "arn:aws:iam::123456789012:root" || *who.Account != testkit.Account || *who.UserId != testkit.Account {
		t.Errorf("root is %s %s %s", *who.Arn, *who.Account, *who.UserId)
	}
	wrong := s.RootKeys()
	wrong.Secret = "no" + wrong.Secret[2:]
	_, err = s.STS(wrong).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantError(t, err, "SignatureDoesNotMatch", "The request signature we calculated does not match")
	_, err = s.STS(testkit.Keys{ID: "AKIAUNKNOWN123456789", Secret: "x"}).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx := testkit.Context(t)
	poolID, roleARN, identityID := guest(t, s)
	token, err := s.Identity(testkit.Keys{}).GetOpenIdToken(ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: &identityID})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(token, role string, seconds int32) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return s.STS(testkit.Keys{}).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("web"), WebIdentityToken: &token, DurationSeconds: &seconds,
		})
	}
	got, err := ask(*token.Token, roleARN, 900)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Audience != poolID || *got.SubjectFromWebIdentityToken != identityID || *got.Provider != "cognito-identity.amazonaws.com" {
		t.Errorf("answer %+v", got)
	}
	session := testkit.Keys{ID: *got.Credentials.AccessKeyId, Secret: *got.Credentials.SecretAccessKey, Token: *got.Credentials.SessionToken}
	who, err := s.STS(session).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != "arn:aws:sts::123456789012:assumed-role/shop-guest/web" || !strings.HasSuffix(*who.UserId, ":web") {
		t.Errorf("the session is %s %s", *who.Arn, *who.UserId)
	}

	refusals := []struct {
		name, token, role string
		seconds           int32
		code, message     string
	}{
		{"another role", *token.Token, roleARN + "x", 900, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"longer than the role allows", *token.Token, roleARN, 7200, "ValidationError", "MaxSessionDuration"},
		{"a changed token", (*token.Token)[:len(*token.Token)-8] + "AAAAAAAA", roleARN, 900, "InvalidIdentityToken", ""},
		{"no token of ours", "a.b.c4444", roleARN, 900, "InvalidIdentityToken", "is not a valid JWT"},
	}
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			_, err := ask(r.token, r.role, r.seconds)
			wantError(t, err, r.code, r.message)
		})
	}
	s.Clock.Advance(11 * time.Minute)
	_, err = ask(*token.Token, roleARN, 900)
	wantError(t, err, "ExpiredTokenException", "")
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx := testkit.Context(t)
	_, _, identityID := guest(t, s)
	got, err := s.Identity(testkit.Keys{}).GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &identityID})
	if err != nil {
		t.Fatal(err)
	}
	session := testkit.Keys{ID: *got.Credentials.AccessKeyId, Secret: *got.Credentials.SecretKey, Token: *got.Credentials.SessionToken}
	if _, err := s.STS(session).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		t.Fatal(err)
	}
	without := session
	without.Token = ""
	_, err = s.STS(without).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantError(t, err, "InvalidClientTokenId", "")
}

func TestDeveloperMode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, func(c *config.Config) { c.Dev = true })
	ctx := testkit.Context(t)
	who, err := s.STS(testkit.Keys{ID: "test", Secret: "test"}).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != "arn:aws:iam::123456789012:root" {
		t.Errorf("an unknown key is %s", *who.Arn)
	}
	known := s.RootKeys()
	known.Secret = "wrong"
	_, err = s.STS(known).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantError(t, err, "SignatureDoesNotMatch", "")
}
