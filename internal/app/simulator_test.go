package app_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"pintail/internal/app"
	"pintail/internal/gen/model"
	"pintail/internal/testkit"
)

// mixed allows and denies by wildcards, by NotAction, by a variable and by conditions.
const mixed = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"},
	{"Effect":"Deny","Action":["cognito-idp:Delete*","mobiletargeting:*App"],"Resource":"*"},
	{"Effect":"Allow","Action":"iam:*","Resource":["arn:aws:iam::123456789012:role/*","arn:aws:iam::123456789012:group/thin?"]},
	{"Effect":"Allow","Action":"iam:*User*","Resource":"arn:aws:iam::123456789012:user/${aws:username}"},
	{"Effect":"Allow","Action":"iam:List*","Resource":"*","Condition":{"StringLike":{"aws:username":"th*"}}},
	{"Effect":"Deny","Action":"cognito-identity:Tag*","Resource":"*","Condition":{"StringNotEquals":{"aws:username":"somebody"}}}]}`

// Of every operation, the simulators, pintail explain and the gate say the same.
func TestSimulatorsAgreeWithTheGate(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	keys := user(t, s, "thing", mixed) // the name that requests of newAction give
	who := somebody{keys: keys, arn: "arn:aws:iam::123456789012:user/thing"}
	allowed, denied := 0, 0
	for _, service := range app.Services() {
		for _, op := range service.Operations {
			if op.Auth != model.SigV4 || judgedElsewhere[op.Action] || changesThing[op.Action] {
				continue
			}
			a := newAction(t, op, p.App)
			if len(a.resources) == 0 || !a.built(t, s) {
				continue
			}
			principal, custom := a.simulated(t, s, who.arn)
			let, explained := a.try(t, s, keys), a.explained(t, s, who)
			if let != principal || let != custom || let != explained {
				t.Errorf("%s on %s: gate %v, SimulatePrincipalPolicy %v, SimulateCustomPolicy %v, explain %v", op.Action, a.resources, let, principal, custom, explained)
			}
			if let {
				allowed++
			} else {
				denied++
			}
		}
	}
	if allowed < 50 || denied < 50 {
		t.Errorf("%d allowed, %d denied", allowed, denied)
	}
}

// changesThing are operations that would change the user or what it may do.
var changesThing = map[string]bool{
	"iam:UpdateUser": true, "iam:DeleteUser": true, "iam:DeleteUserPolicy": true, "iam:PutUserPolicy": true, "iam:DeleteAccessKey": true, "iam:UpdateAccessKey": true,
	"iam:PutUserPermissionsBoundary": true, "iam:AttachUserPolicy": true,
}

// simulated tells what the two simulators say of the action.
func (a *action) simulated(t *testing.T, s *testkit.Server, who string) (principal, custom bool) {
	t.Helper()
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	keys := []types.ContextEntry{{ContextKeyName: aws.String("aws:username"), ContextKeyValues: []string{"thing"}, ContextKeyType: types.ContextKeyTypeEnumString}}
	byPrincipal, err := client.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: &who, ActionNames: []string{a.op.Action}, ResourceArns: a.resources, ContextEntries: keys,
	})
	must(t, err)
	byText, err := client.SimulateCustomPolicy(ctx, &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{mixed}, ActionNames: []string{a.op.Action}, ResourceArns: a.resources, ContextEntries: keys,
	})
	must(t, err)
	return allAllowed(t, a, byPrincipal.EvaluationResults), allAllowed(t, a, byText.EvaluationResults)
}

func allAllowed(t *testing.T, a *action, results []types.EvaluationResult) bool {
	t.Helper()
	if len(results) != 1 || !strings.EqualFold(*results[0].EvalActionName, a.op.Action) {
		t.Fatalf("%s: results %+v", a.op.Action, results)
	}
	return results[0].EvalDecision == types.PolicyEvaluationDecisionTypeAllowed
}
