package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestSimulateCustomPolicy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const document = `{"Version": "2012-10-17",
 "Statement": [
  {"Effect": "Allow", "Action": "mobiletargeting:*", "Resource": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/${aws:PrincipalTag/app}/*"},
  {"Effect": "Deny", "Action": "mobiletargeting:Delete*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
 ]}`
	app := func(name string) string {
		return "arn:aws:mobiletargeting:us-east-1:123456789012:apps/" + name + "/endpoints/1"
	}
	entry := func(key, value string) types.ContextEntry {
		return types.ContextEntry{ContextKeyName: &key, ContextKeyValues: []string{value}, ContextKeyType: "string"}
	}
	in := &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{document}, ActionNames: []string{"mobiletargeting:GetEndpoint", "mobiletargeting:DeleteEndpoint", "s3:GetObject"},
		ResourceArns: []string{app("a"), app("b")}, ContextEntries: []types.ContextEntry{entry("aws:PrincipalTag/app", "a"), entry("aws:SecureTransport", "false")}, MaxItems: aws.Int32(2),
	}
	var got []string
	for pages := iam.NewSimulateCustomPolicyPaginator(o.Client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(o.ctx)
		o.must(err)
		for _, r := range page.EvaluationResults {
			var each []string
			for _, s := range r.ResourceSpecificResults {
				each = append(each, string(s.EvalResourceDecision))
			}
			got = append(got, fmt.Sprintln(*r.EvalActionName, r.EvalDecision, each, r.MissingContextValues))
		}
	}
	want := "mobiletargeting:GetEndpoint implicitDeny [allowed implicitDeny] []\n" +
		"mobiletargeting:DeleteEndpoint explicitDeny [explicitDeny explicitDeny] []\n" +
		"s3:GetObject implicitDeny [implicitDeny implicitDeny] []\n"
	if strings.Join(got, "") != want {
		t.Errorf("got\n%swant\n%s", strings.Join(got, ""), want)
	}

	one, err := o.SimulateCustomPolicy(o.ctx, &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{document}, ActionNames: []string{"mobiletargeting:DeleteEndpoint"}, ResourceArns: []string{app("a")}, ContextEntries: []types.ContextEntry{entry("AWS:principaltag/APP", "a")},
		PermissionsBoundaryPolicyInputList: []string{*statement("Allow", "s3:*")},
	})
	o.must(err)
	r := one.EvaluationResults[0]
	if r.EvalDecision != "implicitDeny" || len(r.MatchedStatements) != 0 || r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary || fmt.Sprint(r.MissingContextValues) != "[aws:SecureTransport]" {
		t.Errorf("%+v", r)
	}
	one, err = o.SimulateCustomPolicy(o.ctx, &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{document}, ActionNames: []string{"mobiletargeting:GetEndpoint"}, ResourceArns: []string{app("a")}, ContextEntries: []types.ContextEntry{entry("aws:PrincipalTag/app", "a")},
	})
	o.must(err)
	matched := one.EvaluationResults[0].MatchedStatements
	if len(matched) != 1 || *matched[0].SourcePolicyId != "PolicyInputList.1" || matched[0].StartPosition.Line != 3 || matched[0].StartPosition.Column != 3 || matched[0].EndPosition.Line != 3 {
		t.Errorf("%+v", matched)
	}

	_, err = o.SimulateCustomPolicy(o.ctx, &iam.SimulateCustomPolicyInput{PolicyInputList: []string{"{}"}, ActionNames: []string{"a:b"}})
	wantError(t, err, "InvalidInput", "PolicyInputList.1")
	_, err = o.SimulateCustomPolicy(o.ctx, &iam.SimulateCustomPolicyInput{PolicyInputList: []string{document}, ActionNames: []string{"a:b"}, ResourcePolicy: statement("Allow", "a:b")})
	wantError(t, err, "InvalidInput", "CallerArn is required")
	keys, err := o.GetContextKeysForCustomPolicy(o.ctx, &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{document}})
	o.must(err)
	if fmt.Sprint(keys.ContextKeyNames) != "[aws:SecureTransport aws:principaltag/app]" {
		t.Errorf("keys %v", keys.ContextKeyNames)
	}
}

// The simulator says of a user, a group and a role what the gate says.
func TestSimulatePrincipalPolicy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	keys := o.user("ada")
	_, err := o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("team")})
	o.must(err)
	_, err = o.AddUserToGroup(o.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("team"), UserName: aws.String("ada")})
	o.must(err)
	simulate := func(arn string, more ...string) types.EvaluationResult {
		t.Helper()
		out, err := o.SimulatePrincipalPolicy(o.ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: &arn, ActionNames: []string{"mobiletargeting:GetApps"}, PolicyInputList: more,
			ContextEntries: []types.ContextEntry{{ContextKeyName: aws.String("aws:username"), ContextKeyValues: []string{"ada"}, ContextKeyType: "string"}},
		})
		o.must(err)
		return out.EvaluationResults[0]
	}
	const ada, team = "arn:aws:iam::123456789012:user/ada", "arn:aws:iam::123456789012:group/team"
	agree := func() {
		t.Helper()
		if said := simulate(ada).EvalDecision == "allowed"; said != (o.listsApps(keys) == nil) {
			t.Errorf("the simulator says %v", said)
		}
	}
	agree()
	if simulate(ada, *statement("Allow", "mobiletargeting:*")).EvalDecision != "allowed" {
		t.Error("a further policy is not taken in")
	}
	look := o.policy("look", statement("Allow", "mobiletargeting:Get*"))
	_, err = o.AttachGroupPolicy(o.ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("team"), PolicyArn: look})
	o.must(err)
	agree()
	if r := simulate(team); r.EvalDecision != "allowed" || *r.MatchedStatements[0].SourcePolicyId != *look {
		t.Errorf("the group: %+v", r)
	}
	_, err = o.PutUserPermissionsBoundary(o.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("ada"), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/IAMReadOnlyAccess")})
	o.must(err)
	agree()
	if r := simulate(ada); r.PermissionsBoundaryDecisionDetail == nil || r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary {
		t.Errorf("bounded: %+v", r)
	}
	names, err := o.GetContextKeysForPrincipalPolicy(o.ctx, &iam.GetContextKeysForPrincipalPolicyInput{
		PolicySourceArn: aws.String(ada), PolicyInputList: []string{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"aws:SourceIp":"1"}}}]}`},
	})
	o.must(err)
	if fmt.Sprint(names.ContextKeyNames) != "[aws:SourceIp]" {
		t.Errorf("keys %v", names.ContextKeyNames)
	}
	for arn, code := range map[string]string{"arn:aws:iam::123456789012:user/nobody": "NoSuchEntity", "arn:aws:iam::123456789012:user/x/ada": "NoSuchEntity", "arn:aws:iam::123456789012:policy/look": "InvalidInput"} {
		_, err := o.SimulatePrincipalPolicy(o.ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &arn, ActionNames: []string{"a:b"}})
		wantError(t, err, code, "")
	}
}
