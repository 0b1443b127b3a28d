package access_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
)

func TestServiceLinkedRole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const service, name = "email.cognito-idp.amazonaws.com", "AWSServiceRoleForAmazonCognitoIdpEmailService"
	create := func(client *iam.Client, service string) (*iam.CreateServiceLinkedRoleOutput, error) {
		return client.CreateServiceLinkedRole(o.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &service})
	}
	// A power user may make the roles of Cognito, and of nothing else.
	keys := o.user("ada")
	_, err := o.AttachUserPolicy(o.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ada"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonCognitoPowerUser")})
	o.must(err)
	mine := o.server.IAM(keys)
	_, err = create(mine, "lambda.amazonaws.com")
	wantError(t, err, "AccessDenied", "")
	_, err = create(o.Client, "lambda.amazonaws.com")
	wantError(t, err, "InvalidInput", "")
	made, err := create(mine, service)
	o.must(err)
	r := made.Role
	if *r.Arn != "arn:aws:iam::123456789012:role/aws-service-role/"+service+"/"+name || *r.MaxSessionDuration != 3600 {
		t.Errorf("role %+v", r)
	}
	_, err = create(mine, service)
	wantError(t, err, "InvalidInput", "Service role name "+name+" has been taken in this account, please try a different suffix.")
	_, err = o.CreateServiceLinkedRole(o.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String(service), CustomSuffix: aws.String("two")})
	wantError(t, err, "InvalidInput", "Custom suffix is not allowed for "+service)
	attached, err := o.ListAttachedRolePolicies(o.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r.RoleName})
	o.must(err)
	if len(attached.AttachedPolicies) != 1 || *attached.AttachedPolicies[0].PolicyName != "AmazonCognitoIdpEmailServiceRolePolicy" {
		t.Errorf("attached %+v", attached.AttachedPolicies)
	}

	// It belongs to the service.
	for what, call := range map[string]func() error{
		"delete": func() error {
			_, err := o.DeleteRole(o.ctx, &iam.DeleteRoleInput{RoleName: r.RoleName})
			return err
		},
		"trust": func() error {
			_, err := o.UpdateAssumeRolePolicy(o.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: r.RoleName, PolicyDocument: aws.String(trustNobody)})
			return err
		},
		"put": func() error {
			_, err := o.PutRolePolicy(o.ctx, &iam.PutRolePolicyInput{RoleName: r.RoleName, PolicyName: aws.String("p"), PolicyDocument: statement("Allow", "*")})
			return err
		},
		"attach": func() error {
			_, err := o.AttachRolePolicy(o.ctx, &iam.AttachRolePolicyInput{RoleName: r.RoleName, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
			return err
		},
		"bound": func() error {
			_, err := o.PutRolePermissionsBoundary(o.ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: r.RoleName, PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
			return err
		},
	} {
		t.Run(what, func(t *testing.T) { wantError(t, call(), "UnmodifiableEntity", "only modifiable by AWS") })
	}
	_, err = o.UpdateRoleDescription(o.ctx, &iam.UpdateRoleDescriptionInput{RoleName: r.RoleName, Description: aws.String("for mail")})
	o.must(err)
	_, err = o.CreateRole(o.ctx, &iam.CreateRoleInput{RoleName: aws.String("fake"), Path: aws.String("/aws-service-role/x/"), AssumeRolePolicyDocument: aws.String(trustNobody)})
	wantError(t, err, "InvalidInput", "")

	gone, err := mine.DeleteServiceLinkedRole(o.ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: r.RoleName})
	o.must(err)
	if !strings.HasPrefix(*gone.DeletionTaskId, "task/aws-service-role/"+service+"/"+name+"/") {
		t.Errorf("task %s", *gone.DeletionTaskId)
	}
	status, err := o.GetServiceLinkedRoleDeletionStatus(o.ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: gone.DeletionTaskId})
	o.must(err)
	if status.Status != "SUCCEEDED" {
		t.Errorf("status %s", status.Status)
	}
	_, err = o.GetServiceLinkedRoleDeletionStatus(o.ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: aws.String("task/aws-service-role/x/y/z")})
	wantError(t, err, "NoSuchEntity", "")
	_, err = o.GetRole(o.ctx, &iam.GetRoleInput{RoleName: r.RoleName})
	wantError(t, err, "NoSuchEntity", "")
}

// The role of user pools is made when somebody who may switches analytics on, and lets the
// client's application be reported to.
func TestRoleOfAnalytics(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	keys := o.user("ada")
	allow := func(actions ...string) {
		t.Helper()
		_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("p"), PolicyDocument: statement("Allow", actions...)})
		o.must(err)
	}
	allow("cognito-idp:*")
	mine := o.server.IDP(keys)
	pool, err := mine.CreateUserPool(o.ctx, &cognitoidentityprovider.CreateUserPoolInput{PoolName: aws.String("shop")})
	o.must(err)
	project, err := o.server.Pinpoint(o.server.RootKeys()).CreateApp(o.ctx, &pinpoint.CreateAppInput{CreateApplicationRequest: &pptypes.CreateApplicationRequest{Name: aws.String("shop")}})
	o.must(err)
	app := *project.ApplicationResponse.Arn
	const role = "arn:aws:iam::123456789012:role/aws-service-role/cognito-idp.amazonaws.com/AWSServiceRoleForAmazonCognitoIdp"
	create := func(arn string) (*cognitoidentityprovider.CreateUserPoolClientOutput, error) {
		return mine.CreateUserPoolClient(o.ctx, &cognitoidentityprovider.CreateUserPoolClientInput{
			UserPoolId: pool.UserPool.Id, ClientName: aws.String("web"), AnalyticsConfiguration: &idptypes.AnalyticsConfigurationType{ApplicationArn: &arn},
		})
	}
	_, err = create(app)
	wantError(t, err, "AccessDeniedException", "not authorized to perform: iam:CreateServiceLinkedRole on resource: "+role)
	_, err = create("arn:aws:mobiletargeting:us-east-1:123456789012:campaigns/1")
	wantError(t, err, "InvalidParameterException", "ApplicationArn")
	allow("cognito-idp:*", "iam:CreateServiceLinkedRole")
	made, err := create(app)
	o.must(err)
	if got := aws.ToString(made.UserPoolClient.AnalyticsConfiguration.RoleArn); got != role {
		t.Errorf("reports by %s", got)
	}
	allow("cognito-idp:*") // the role is there now
	_, err = mine.UpdateUserPoolClient(o.ctx, &cognitoidentityprovider.UpdateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientId: made.UserPoolClient.ClientId, AnalyticsConfiguration: made.UserPoolClient.AnalyticsConfiguration,
	})
	o.must(err)
	policies, err := o.ListRolePolicies(o.ctx, &iam.ListRolePoliciesInput{RoleName: aws.String("AWSServiceRoleForAmazonCognitoIdp")})
	o.must(err)
	if len(policies.PolicyNames) != 1 || policies.PolicyNames[0] != "Pinpoint_"+*project.ApplicationResponse.Id {
		t.Errorf("policies %v", policies.PolicyNames)
	}
}
