package app_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"

	"pintail/internal/testkit"
)

// trustUserPools is a trust policy that wants an external id.
func trustUserPools(externalID string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cognito-idp.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"sts:ExternalId":"` + externalID + `","aws:SourceAccount":"` + testkit.Account + `"},
		"ArnLike":{"aws:SourceArn":"arn:aws:cognito-idp:*:` + testkit.Account + `:userpool/*"}}}]}`
}

// mayReport is a policy that lets a role report to a project.
func mayReport(arn string, actions ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"` + arn + `/*"}]}`
}

// role makes a role, with leave to report to the project.
func (r *reporter) role(name, trust string) (arn string) {
	r.Helper()
	client := r.s.IAM(r.s.RootKeys())
	out, err := client.CreateRole(testkit.Context(r), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(r.T, err)
	r.allow(name, mayReport(r.arn, "mobiletargeting:UpdateEndpoint", "mobiletargeting:PutEvents"))
	return *out.Role.Arn
}

func (r *reporter) allow(role, document string) {
	r.Helper()
	must(r.T, does(r, r.s.IAM(r.s.RootKeys()).PutRolePolicy, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("reports"), PolicyDocument: &document}))
}

func byID(app, role, externalID string) *types.AnalyticsConfigurationType {
	return &types.AnalyticsConfigurationType{ApplicationId: &app, RoleArn: &role, ExternalId: &externalID}
}

// refuses checks that a configuration is refused with a text, for new clients and for old
// ones.
func (r *reporter) refuses(pool string, a *types.AnalyticsConfigurationType, text string) {
	r.Helper()
	_, err := r.configure(pool, a)
	wantRefusal(r.T, err, text)
	if pool == r.pool {
		err := does(r, r.UpdateUserPoolClient, &idp.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: &r.client, AnalyticsConfiguration: a})
		wantRefusal(r.T, err, text)
	}
}

func wantRefusal(t *testing.T, err error, text string) {
	t.Helper()
	wantCode(t, err, "InvalidParameterException")
	if err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("refused with %v, want %q", err, text)
	}
}

func TestAnalyticsConfigurations(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	good := r.role("reports", trustUserPools("shop-1"))
	forLambda := r.role("lambda", strings.Replace(trustUserPools("shop-1"), "cognito-idp", "lambda", 1))
	const needs = "AnalyticsConfiguration needs either ApplicationArn, or ApplicationId, RoleArn and ExternalId."
	const alone = "ApplicationArn cannot be combined with ApplicationId, RoleArn or ExternalId."
	untrusted := func(role string) string {
		return "The role " + role + " does not exist, or does not trust cognito-idp.amazonaws.com with this ExternalId."
	}
	missing := strings.Repeat("0", 32)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{}, needs)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{ApplicationId: &r.app, RoleArn: &good}, needs)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{ApplicationId: &r.app, ExternalId: aws.String("shop-1")}, needs)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{ApplicationArn: &r.arn, ApplicationId: &r.app}, alone)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{ApplicationArn: &r.arn, RoleArn: &good}, alone)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{ApplicationArn: &r.arn, ExternalId: aws.String("shop-1")}, alone)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{ApplicationArn: aws.String(r.arn + "/campaigns/1")}, "ApplicationArn is not the ARN of a Pinpoint application.")
	elsewhere := strings.Replace(r.arn, testkit.Account, "999999999999", 1)
	r.refuses(r.pool, &types.AnalyticsConfigurationType{ApplicationArn: &elsewhere}, "The Pinpoint project "+elsewhere+" does not exist.")
	r.refuses(r.pool, byID(missing, good, "shop-1"), "The Pinpoint project "+missing+" does not exist.")

	// A role that does not exist is refused like one that does not trust: that of another
	// account, of another service, for another pool, or with another external id.
	other := r.role("other-pool", strings.Replace(trustUserPools("shop-1"), "userpool/*", "userpool/us-east-1_Another01", 1))
	for _, role := range []string{good + "s", strings.Replace(good, testkit.Account, "999999999999", 1), forLambda, other} {
		r.refuses(r.pool, byID(r.app, role, "shop-1"), untrusted(role))
	}
	r.refuses(r.pool, byID(r.app, good, "shop-2"), untrusted(good))
	r.newClient(byID(r.app, good, "shop-1"))

	// Several clients may report to one project.
	for range 2 {
		r.newClient(&types.AnalyticsConfigurationType{ApplicationArn: &r.arn})
	}
}

// Nobody may hand a role to user pools who could not hand it to anything.
func TestRoleOfReportsIsPassed(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	role := r.role("reports", trustUserPools("shop-1"))
	root := r.s.IAM(r.s.RootKeys())
	must(t, does(t, root.CreateUser, &iam.CreateUserInput{UserName: aws.String("clerk")}))
	made, err := root.CreateAccessKey(testkit.Context(t), &iam.CreateAccessKeyInput{UserName: aws.String("clerk")})
	must(t, err)
	clerk := r.s.IDP(testkit.Keys{ID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey})
	allow := func(statement string) {
		t.Helper()
		document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-idp:*","Resource":"*"}` + statement + `]}`
		must(t, does(t, root.PutUserPolicy, &iam.PutUserPolicyInput{UserName: aws.String("clerk"), PolicyName: aws.String("p"), PolicyDocument: &document}))
	}
	in := &idp.CreateUserPoolClientInput{UserPoolId: &r.pool, ClientName: aws.String("web"), AnalyticsConfiguration: byID(r.app, role, "shop-1")}
	allow("")
	wantCode(t, does(t, clerk.CreateUserPoolClient, in), "AccessDeniedException")
	allow(`,{"Effect":"Allow","Action":"iam:PassRole","Resource":"` + role + `","Condition":{"StringEquals":{"iam:PassedToService":"cognito-idp.amazonaws.com"}}}`)
	must(t, does(t, clerk.CreateUserPoolClient, in))
}

// What the owner takes from the role, the reports lose at once; the sign-ins do not notice,
// and the log tells.
func TestRoleIsAskedForEveryReport(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	role := r.role("reports", trustUserPools("shop-1"))
	r.client = r.newClient(byID(r.app, role, "shop-1"))
	r.member("ada")
	iamClient := r.s.IAM(r.s.RootKeys())
	refused := r.outcomes()["refused"]
	signIn := func(endpoint string) {
		t.Helper()
		_, err := r.signIn("ada", password, endpoint)
		must(t, err)
	}
	taken := func(endpoint string) {
		t.Helper()
		r.s.Clock.Advance(2_000_000_000) // what was read of the role is old by then
		signIn(endpoint)
		r.eventually("the sign-in is reported", func() bool { return r.endpoint(endpoint) != nil })
	}
	lost := func(endpoint string) {
		t.Helper()
		signIn(endpoint)
		refused++
		r.eventually("the report is refused", func() bool { return r.outcomes()["refused"] == refused })
	}
	taken("first")
	r.allow("reports", mayReport(r.arn, "mobiletargeting:UpdateEndpoint"))
	lost("no events")
	r.allow("reports", mayReport(r.arn, "mobiletargeting:PutEvents"))
	lost("no endpoints")
	r.allow("reports", mayReport(strings.Replace(r.arn, r.app, strings.Repeat("0", 32), 1), "mobiletargeting:*"))
	lost("another project")
	detach := func() {
		t.Helper()
		must(t, does(t, iamClient.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: aws.String("reports"), PolicyName: aws.String("reports")}))
	}
	detach()
	lost("detached")
	if text := r.log.String(); !strings.Contains(text, "what an app client reports to Pinpoint is not recorded") || !strings.Contains(text, role) || !strings.Contains(text, r.client) {
		t.Errorf("the log says\n%s", text)
	}
	r.allow("reports", mayReport(r.arn, "mobiletargeting:*"))
	taken("second")
	trust := trustUserPools("shop-2")
	must(t, does(t, iamClient.UpdateAssumeRolePolicy, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("reports"), PolicyDocument: &trust}))
	lost("another external id")
	detach()
	must(t, does(t, iamClient.DeleteRole, &iam.DeleteRoleInput{RoleName: aws.String("reports")}))
	lost("no role")
	if got := r.counts(); got["sign_in"] != 2 || len(got) != 1 {
		t.Errorf("events %v", got)
	}
	for _, id := range []string{"no events", "no endpoints", "another project", "detached", "another external id", "no role"} {
		if r.endpoint(id) != nil {
			t.Errorf("the endpoint %q was made", id)
		}
	}
	if n := strings.Count(r.log.String(), "is not recorded"); n != 1 {
		t.Errorf("the log tells %d times within a minute", n)
	}
}

// The service-linked role can be taken away, too.
func TestServiceLinkedRoleIsAsked(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	r.member("ada")
	_, err := r.signIn("ada", password, "first")
	must(t, err)
	r.settle()
	must(t, does(t, r.s.IAM(r.s.RootKeys()).DeleteServiceLinkedRole, &iam.DeleteServiceLinkedRoleInput{RoleName: aws.String("AWSServiceRoleForAmazonCognitoIdp")}))
	before := r.outcomes()["refused"]
	_, err = r.signIn("ada", password, "second")
	must(t, err)
	r.eventually("the report is refused", func() bool { return r.outcomes()["refused"] > before })
	if r.endpoint("first") == nil || r.endpoint("second") != nil {
		t.Error("the first endpoint is not there, or the second one is")
	}
}

// The regions of user pools and projects have to go together.
func TestAnalyticsRegions(t *testing.T) {
	t.Parallel()
	r := newReporter(t)
	role := r.role("reports", trustUserPools("shop-1"))
	arn := func(arn string) *types.AnalyticsConfigurationType {
		return &types.AnalyticsConfigurationType{ApplicationArn: &arn}
	}
	london := r.newPool("eu-west-2")
	_, londonApp := r.project("eu-west-2")
	frankfurt := r.newPool("eu-central-1")
	frankfurtID, frankfurtApp := r.project("eu-central-1")
	stockholm := r.newPool("eu-north-1")
	stockholmID, stockholmApp := r.project("eu-north-1")
	milan := r.newPool("eu-south-1")

	r.refuses(london, arn(londonApp), "User pools in eu-west-2 can report to Pinpoint projects in us-east-1, and ApplicationArn names one in eu-west-2.")
	r.refuses(frankfurt, arn(londonApp), "User pools in eu-central-1 can report to Pinpoint projects in us-east-1 or eu-central-1, and ApplicationArn names one in eu-west-2.")
	r.refuses(frankfurt, byID(frankfurtID, role, "shop-1"), "The Pinpoint project "+frankfurtID+" is in eu-central-1. User pools in eu-central-1 report to it by ApplicationArn only.")
	r.refuses(stockholm, arn(r.arn), "User pools in eu-north-1 can report to Pinpoint projects in eu-north-1, and ApplicationArn names one in us-east-1.")
	r.refuses(stockholm, byID(r.app, role, "shop-1"), "User pools in eu-north-1 can report to Pinpoint projects in eu-north-1, and "+r.app+" is in us-east-1.")
	r.refuses(milan, arn(r.arn), "User pools in eu-south-1 cannot report to Amazon Pinpoint, which is not available there.")
	r.refuses(milan, byID(r.app, role, "shop-1"), "User pools in eu-south-1 cannot report to Amazon Pinpoint, which is not available there.")
	// An ARN whose region is not the project's is nobody's.
	wrong := strings.Replace(frankfurtApp, "eu-central-1", "us-east-1", 1)
	r.refuses(frankfurt, arn(wrong), "The Pinpoint project "+wrong+" does not exist.")

	for _, allowed := range []struct {
		pool string
		a    *types.AnalyticsConfigurationType
	}{
		{london, arn(r.arn)}, {london, byID(r.app, role, "shop-1")}, {frankfurt, arn(r.arn)}, {frankfurt, arn(frankfurtApp)},
		{frankfurt, byID(r.app, role, "shop-1")}, {stockholm, arn(stockholmApp)}, {stockholm, byID(stockholmID, role, "shop-1")},
	} {
		_, err := r.configure(allowed.pool, allowed.a)
		must(t, err)
	}

	// A pool in London reports to a project in Virginia.
	client, err := r.configure(london, arn(r.arn))
	must(t, err)
	must(t, does(t, r.s.IDP(testkit.Keys{}).SignUp, &idp.SignUpInput{
		ClientId: &client, Username: aws.String("ada"), Password: aws.String(password), AnalyticsMetadata: at("tablet"),
	}))
	r.eventually("the sign-up is reported", func() bool { return r.endpoint("tablet") != nil })
	r.eventually("the sign-up is counted", func() bool { return r.counts()["sign_up"] == 1 })
	must(t, does(t, r.pinpoint.DeleteApp, &pinpoint.DeleteAppInput{ApplicationId: &r.app}))
	r.refuses(london, arn(r.arn), "The Pinpoint project "+r.arn+" does not exist.")
}
