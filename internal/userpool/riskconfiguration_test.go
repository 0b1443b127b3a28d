package userpool_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// protected switches threat protection on.
func protected(in *idp.CreateUserPoolInput) {
	in.UserPoolTier = "PLUS"
	in.UserPoolAddOns = &types.UserPoolAddOnsType{AdvancedSecurityMode: "ENFORCED"}
}

// plainly compares what the SDK made of an answer.
var plainly = cmpopts.IgnoreUnexported(
	types.RiskConfigurationType{}, types.CompromisedCredentialsRiskConfigurationType{}, types.CompromisedCredentialsActionsType{},
	types.AccountTakeoverRiskConfigurationType{}, types.AccountTakeoverActionsType{}, types.AccountTakeoverActionType{},
	types.NotifyConfigurationType{}, types.NotifyEmailType{}, types.RiskExceptionConfigurationType{},
	types.AuthEventType{}, types.ChallengeResponseType{}, types.EventContextDataType{}, types.EventRiskType{}, types.EventFeedbackType{},
)

// risks describes a pool's risk configuration, or with a client the client's.
func (w *world) risks(pool *types.UserPoolType, clientID *string) *types.RiskConfigurationType {
	w.t.Helper()
	out, err := w.DescribeRiskConfiguration(w.t.Context(), &idp.DescribeRiskConfigurationInput{UserPoolId: pool.Id, ClientId: clientID})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.RiskConfiguration
}

func block(events ...types.EventFilterType) *types.CompromisedCredentialsRiskConfigurationType {
	return &types.CompromisedCredentialsRiskConfigurationType{
		EventFilter: events, Actions: &types.CompromisedCredentialsActionsType{EventAction: "BLOCK"},
	}
}

func TestRiskConfiguration(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(protected)
		app := w.app(p)
		if diff := cmp.Diff(&types.RiskConfigurationType{UserPoolId: p.Id}, w.risks(p, nil), plainly); diff != "" {
			t.Error("before there is one:", diff)
		}
		want := &types.RiskConfigurationType{
			UserPoolId: p.Id, CompromisedCredentialsRiskConfiguration: block("SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP"),
			AccountTakeoverRiskConfiguration: &types.AccountTakeoverRiskConfigurationType{
				Actions: &types.AccountTakeoverActionsType{HighAction: &types.AccountTakeoverActionType{EventAction: "BLOCK", Notify: true}},
				NotifyConfiguration: &types.NotifyConfigurationType{
					SourceArn:  aws.String("arn:aws:ses:us-east-1:123456789012:identity/example.org"),
					BlockEmail: &types.NotifyEmailType{Subject: aws.String("Was it you?"), TextBody: aws.String("From {ip-address}")},
				},
			},
			RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{BlockedIPRangeList: []string{"192.0.2.0/24", "2001:db8::/32"}},
		}
		set := func(clientID *string) *types.RiskConfigurationType {
			t.Helper()
			out, err := w.SetRiskConfiguration(t.Context(), &idp.SetRiskConfigurationInput{
				UserPoolId: p.Id, ClientId: clientID, CompromisedCredentialsRiskConfiguration: block(),
				AccountTakeoverRiskConfiguration: want.AccountTakeoverRiskConfiguration, RiskExceptionConfiguration: want.RiskExceptionConfiguration,
			})
			if err != nil {
				t.Fatal(err)
			}
			return out.RiskConfiguration
		}
		undated := cmpopts.IgnoreFields(types.RiskConfigurationType{}, "LastModifiedDate")
		answered := set(nil)
		if diff := cmp.Diff(want, answered, plainly, undated); diff != "" {
			t.Error("answer:", diff)
		}
		if diff := cmp.Diff(answered, w.risks(p, nil), plainly); diff != "" || answered.LastModifiedDate == nil {
			t.Error("described:", diff)
		}
		if got := w.risks(p, app.ClientId); got.RiskExceptionConfiguration != nil {
			t.Errorf("the client has the pool's configuration for its own: %+v", got)
		}
		if got := set(app.ClientId); aws.ToString(got.ClientId) != *app.ClientId {
			t.Errorf("ClientId is %v", got.ClientId)
		}
		// Nothing takes it away again: the client's, and not the pool's.
		if _, err := w.SetRiskConfiguration(t.Context(), &idp.SetRiskConfigurationInput{UserPoolId: p.Id, ClientId: app.ClientId}); err != nil {
			t.Fatal(err)
		}
		empty := &types.RiskConfigurationType{UserPoolId: p.Id, ClientId: app.ClientId}
		if diff := cmp.Diff(empty, w.risks(p, app.ClientId), plainly); diff != "" {
			t.Error("after the client's was taken away:", diff)
		}
		if diff := cmp.Diff(answered, w.risks(p, nil), plainly); diff != "" {
			t.Error("the pool's:", diff)
		}
	})
}

func TestRiskConfigurationRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	guarded, plain := w.pool(protected), w.pool()
	other := w.app(plain)
	notify := &types.AccountTakeoverActionType{EventAction: "NO_ACTION", Notify: true}
	tests := []struct {
		name          string
		in            idp.SetRiskConfigurationInput
		code, message string
	}{
		{"no threat protection", idp.SetRiskConfigurationInput{UserPoolId: plain.Id}, "UserPoolAddOnNotEnabledException",
			"Threat protection is not enabled for the user pool: set AdvancedSecurityMode to AUDIT or ENFORCED."},
		{"no pool", idp.SetRiskConfigurationInput{UserPoolId: aws.String("us-east-1_Nowhere")}, "ResourceNotFoundException",
			"User pool us-east-1_Nowhere does not exist."},
		{"another pool's client", idp.SetRiskConfigurationInput{UserPoolId: guarded.Id, ClientId: other.ClientId}, "ResourceNotFoundException",
			"User pool client " + *other.ClientId + " does not exist."},
		{"no range", idp.SetRiskConfigurationInput{UserPoolId: guarded.Id, RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{
			SkippedIPRangeList: []string{"192.0.2.1"}}}, invalidParameter, "Invalid IP address range 192.0.2.1. Use CIDR notation, such as 192.0.2.0/24."},
		{"too many ranges", idp.SetRiskConfigurationInput{UserPoolId: guarded.Id, RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{
			BlockedIPRangeList: strings.Split(strings.Repeat("192.0.2.0/24 ", 201), " ")[:201]}}, invalidParameter,
			"1 validation error detected: Value at 'riskExceptionConfiguration.blockedIPRangeList' failed to satisfy constraint: Member must have length less than or equal to 200"},
		{"notifies by nothing", idp.SetRiskConfigurationInput{UserPoolId: guarded.Id, AccountTakeoverRiskConfiguration: &types.AccountTakeoverRiskConfigurationType{
			Actions: &types.AccountTakeoverActionsType{LowAction: notify}}}, invalidParameter, "NotifyConfiguration is required when an action notifies."},
		{"empty mail", idp.SetRiskConfigurationInput{UserPoolId: guarded.Id, AccountTakeoverRiskConfiguration: &types.AccountTakeoverRiskConfigurationType{
			Actions: &types.AccountTakeoverActionsType{LowAction: notify}, NotifyConfiguration: &types.NotifyConfigurationType{
				SourceArn: aws.String("arn:aws:ses:us-east-1:123456789012:identity/example.org"), MfaEmail: &types.NotifyEmailType{Subject: aws.String("x")}}}},
			invalidParameter, "A notification e-mail needs HtmlBody or TextBody."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.SetRiskConfiguration(t.Context(), &test.in)
			wants(t, err, test.code, test.message)
		})
	}
	_, err := w.DescribeRiskConfiguration(t.Context(), &idp.DescribeRiskConfigurationInput{UserPoolId: plain.Id})
	wants(t, err, "UserPoolAddOnNotEnabledException", tests[0].message)
	_, err = w.DescribeRiskConfiguration(t.Context(), &idp.DescribeRiskConfigurationInput{UserPoolId: guarded.Id, ClientId: other.ClientId})
	wants(t, err, "ResourceNotFoundException", tests[2].message)
}
