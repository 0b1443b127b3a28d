package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/app"
	"pintail/internal/idp/idptest"
	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

// asOwner gets one of the owner's paths.
func asOwner(t *testing.T, s *testkit.Server, path string, query url.Values) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path+"?"+query.Encode(), nil)
	must(t, err)
	root := s.RootKeys()
	sigv4.Sign(r, nil, sigv4.Credentials{AccessKeyID: root.ID, Secret: root.Secret}, testkit.Region, app.SigningName, time.Now())
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", path, answer.StatusCode, text)
	}
	return text
}

// member is a member of a record as JSON has it, by its path.
func member(record map[string]any, path string) any {
	var v any = record
	for _, name := range strings.Split(path, ".") {
		members, _ := v.(map[string]any)
		v = members[name]
	}
	return v
}

// newest is the last record of an operation, as JSON.
func newest(t *testing.T, s *testkit.Server, name string) map[string]any {
	t.Helper()
	var page struct{ Records []map[string]any }
	must(t, json.Unmarshal(asOwner(t, s, "/_pintail/audit", url.Values{"name": {name}, "limit": {"1"}}), &page))
	if len(page.Records) != 1 {
		t.Fatalf("no record of %s", name)
	}
	return page.Records[0]
}

func wantMembers(t *testing.T, record map[string]any, want map[string]any) {
	t.Helper()
	for path, value := range want {
		if got := member(record, path); got != value {
			t.Errorf("%v: %s is %v, want %v", record["eventName"], path, got, value)
		}
	}
}

// user makes a user with a policy and a key.
func user(t *testing.T, s *testkit.Server, name, document string) testkit.Keys {
	t.Helper()
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &name})
	must(t, err)
	_, err = client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &document})
	must(t, err)
	made, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	must(t, err)
	return testkit.Keys{ID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey}
}

// A record tells who asked, from where, for what, on what and what became of it, under
// CloudTrail's names (CloudTrail user guide, "CloudTrail record contents" and "userIdentity
// element").
func TestAuditSaysWho(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx := testkit.Context(t)
	ada := user(t, s, "ada", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)
	root := s.IAM(s.RootKeys())
	const arn = "arn:aws:iam::123456789012:role/clerks/clerk"
	made, err := root.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("clerk"), Path: aws.String("/clerks/"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"agreed"}}}]}`)})
	must(t, err)
	assume := func(external string) (*sts.AssumeRoleOutput, error) {
		return s.STS(ada).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(arn), RoleSessionName: aws.String("shift"), ExternalId: &external})
	}
	if _, err := assume("guessed"); err == nil {
		t.Fatal("a guessed external id is taken")
	}
	denied := newest(t, s, "AssumeRole")
	wantMembers(t, denied, map[string]any{
		"userIdentity.type": "IAMUser", "userIdentity.userName": "ada", "userIdentity.arn": "arn:aws:iam::123456789012:user/ada",
		"userIdentity.accountId": "123456789012", "userIdentity.accessKeyId": ada.ID, "sourceIPAddress": "127.0.0.1", "awsRegion": testkit.Region,
		"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "errorCode": "AccessDenied", "recipientAccountId": "123456789012",
		"eventType": "AwsApiCall", "managementEvent": true, "eventCategory": "Management", "responseElements": nil,
	})
	if why, _ := member(denied, "additionalEventData.reason").(string); !strings.Contains(why, "sts:ExternalId") {
		t.Errorf("the reason is %q", why)
	}
	for _, name := range []string{"eventVersion", "eventTime", "userAgent", "requestID", "eventID", "requestParameters"} {
		if denied[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	wantResource(t, denied, arn)
	wantMembers(t, denied, map[string]any{"requestParameters.roleArn": arn, "requestParameters.roleSessionName": "shift", "requestParameters.externalId": "guessed"})

	out, err := assume("agreed")
	must(t, err)
	c := out.Credentials
	session := testkit.Keys{ID: *c.AccessKeyId, Secret: *c.SecretAccessKey, Token: *c.SessionToken}
	if _, err := s.IAM(session).GetUser(ctx, &iam.GetUserInput{UserName: aws.String("ada")}); err == nil {
		t.Fatal("a role without policies gets a user")
	}
	record := newest(t, s, "GetUser")
	wantMembers(t, record, map[string]any{
		"userIdentity.type": "AssumedRole", "userIdentity.arn": "arn:aws:sts::123456789012:assumed-role/clerk/shift", "userIdentity.principalId": *out.AssumedRoleUser.AssumedRoleId,
		"userIdentity.sessionContext.sessionIssuer.type": "Role", "userIdentity.sessionContext.sessionIssuer.arn": arn,
		"userIdentity.sessionContext.sessionIssuer.userName": "clerk", "userIdentity.sessionContext.sessionIssuer.principalId": *made.Role.RoleId, "readOnly": true,
	})
	wantResource(t, record, "arn:aws:iam::123456789012:user/ada")
}

func wantResource(t *testing.T, record map[string]any, arn string) {
	t.Helper()
	list, _ := record["resources"].([]any)
	if !slices.ContainsFunc(list, func(r any) bool { return member(r.(map[string]any), "ARN") == arn }) {
		t.Errorf("%v: resources %v, want %s", record["eventName"], list, arn)
	}
}

// Of a call that a token or an assertion makes, the record tells whom that speaks for, and
// only once it is believed.
func TestAuditOfBearers(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	ctx := testkit.Context(t)
	_, err := s.Identity(s.RootKeys()).UpdateIdentityPool(ctx, &cognitoidentity.UpdateIdentityPoolInput{
		IdentityPoolId: &p.IdentityPool, IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: true, AllowClassicFlow: aws.Bool(true),
	})
	must(t, err)
	id, err := s.Identity(testkit.Keys{}).GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &p.IdentityPool})
	must(t, err)
	token, err := s.Identity(testkit.Keys{}).GetOpenIdToken(ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: id.IdentityId})
	must(t, err)
	const role = "arn:aws:iam::123456789012:role/shop-unauthenticated"
	_, err = assumeWithToken(ctx, s, role, *token.Token)
	must(t, err)
	record := newest(t, s, "AssumeRoleWithWebIdentity")
	wantMembers(t, record, map[string]any{
		"userIdentity.type": "WebIdentityUser", "userIdentity.identityProvider": "cognito-identity.amazonaws.com", "userIdentity.userName": *id.IdentityId,
		"userIdentity.principalId": "cognito-identity.amazonaws.com:" + p.IdentityPool + ":" + *id.IdentityId, "errorCode": nil,
	})
	wantResource(t, record, role)

	changed := (*token.Token)[:len(*token.Token)-8] + "AAAAAAAA"
	if _, err := assumeWithToken(ctx, s, role, changed); err == nil {
		t.Fatal("a changed token is taken")
	}
	wantMembers(t, newest(t, s, "AssumeRoleWithWebIdentity"), map[string]any{
		"userIdentity.type": "WebIdentityUser", "userIdentity.userName": nil, "userIdentity.principalId": nil, "errorCode": "InvalidIdentityToken",
	})

	provider := idptest.NewSAML(t, s.Clock)
	made, err := s.IAM(s.RootKeys()).CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("office"), SAMLMetadataDocument: aws.String(provider.Metadata())})
	must(t, err)
	const attributes = "https://aws.amazon.com/SAML/Attributes/"
	assertion := provider.Respond(idptest.SAMLResponse{
		Audience: "urn:amazon:webservices", Recipient: "https://signin.aws.amazon.com/saml", NameID: "ada",
		Attributes: []idptest.SAMLAttribute{{Name: attributes + "Role", Values: []string{role + "," + *made.SAMLProviderArn}}, {Name: attributes + "RoleSessionName", Values: []string{"ada"}}},
	})
	_, err = s.STS(testkit.Keys{}).AssumeRoleWithSAML(ctx, &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String(role), PrincipalArn: made.SAMLProviderArn, SAMLAssertion: &assertion})
	if err == nil {
		t.Fatal("a role that trusts an identity pool takes an assertion")
	}
	record = newest(t, s, "AssumeRoleWithSAML")
	wantMembers(t, record, map[string]any{"userIdentity.type": "SAMLUser", "userIdentity.userName": "ada", "errorCode": "AccessDenied"})
	if provider, _ := member(record, "userIdentity.identityProvider").(string); member(record, "userIdentity.principalId") != provider+":ada" || len(provider) != 28 { // a SHA-1 in base64
		t.Errorf("identity %v", record["userIdentity"])
	}
}

// No record has a secret: neither what callers prove themselves by, nor what they set.
func TestAuditHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	ctx := testkit.Context(t)
	signUp(t, s, p, "ada")
	idp := s.IDP(s.RootKeys())
	const secret = "Marked-Secret-1"
	_, err := idp.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{UserPoolId: &p.UserPool, Username: aws.String("ada"), Password: aws.String(secret), Permanent: true})
	must(t, err)
	refusals := []error{}
	note := func(err error) { refusals = append(refusals, err) }
	_, err = idp.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &p.UserPool, ClientId: &p.Client, AuthFlow: idptypes.AuthFlowTypeAdminUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": secret},
	})
	note(err)
	_, err = idp.CreateIdentityProvider(ctx, &cognitoidentityprovider.CreateIdentityProviderInput{
		UserPoolId: &p.UserPool, ProviderName: aws.String("Google"), ProviderType: idptypes.IdentityProviderTypeTypeGoogle,
		ProviderDetails: map[string]string{"client_id": "app", "client_secret": secret, "authorize_scopes": "openid"},
	})
	must(t, err)
	sign := s.STS(testkit.Keys{})
	_, err = sign.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/x"), RoleSessionName: aws.String("visit"), WebIdentityToken: aws.String("a.b." + secret)})
	note(err)
	_, err = sign.AssumeRoleWithSAML(ctx, &sts.AssumeRoleWithSAMLInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/x"), PrincipalArn: aws.String("arn:aws:iam::123456789012:saml-provider/x"), SAMLAssertion: aws.String(secret),
	})
	note(err)
	_, err = s.Identity(s.RootKeys()).GetOpenIdTokenForDeveloperIdentity(ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &p.IdentityPool, Logins: map[string]string{"graph.facebook.com": secret, "none": "x"},
	})
	note(err)
	for i, err := range refusals[1:] {
		if err == nil {
			t.Errorf("call %d was meant to be refused", i+1)
		}
	}
	text := string(asOwner(t, s, "/_pintail/audit", url.Values{"limit": {"1000"}}))
	for _, name := range []string{"AdminSetUserPassword", "AdminInitiateAuth", "CreateIdentityProvider", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetOpenIdTokenForDeveloperIdentity"} {
		if !strings.Contains(text, `"eventName":"`+name+`"`) {
			t.Errorf("no record of %s", name)
		}
	}
	for at := strings.Index(text, secret); at >= 0; at = -1 {
		t.Errorf("a secret is kept: ...%s", text[max(0, at-300):at+len(secret)])
	}
	if root := s.RootKeys(); strings.Contains(text, root.Secret) {
		t.Error("the root user's secret key is kept")
	}
}
