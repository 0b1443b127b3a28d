package userpool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const logGroup = "arn:aws:logs:us-east-1:123456789012:log-group:shop"

func toLogGroup(source types.EventSourceName, level types.LogLevel) types.LogConfigurationType {
	return types.LogConfigurationType{
		EventSource: source, LogLevel: level, CloudWatchLogsConfiguration: &types.CloudWatchLogsConfigurationType{LogGroupArn: aws.String(logGroup)},
	}
}

func TestLogDeliveryConfiguration(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(protected)
		got := func() []types.LogConfigurationType {
			t.Helper()
			out, err := w.GetLogDeliveryConfiguration(t.Context(), &idp.GetLogDeliveryConfigurationInput{UserPoolId: p.Id})
			if err != nil {
				t.Fatal(err)
			}
			if *out.LogDeliveryConfiguration.UserPoolId != *p.Id {
				t.Errorf("UserPoolId is %s", *out.LogDeliveryConfiguration.UserPoolId)
			}
			return out.LogDeliveryConfiguration.LogConfigurations
		}
		set := func(list ...types.LogConfigurationType) []types.LogConfigurationType {
			t.Helper()
			out, err := w.SetLogDeliveryConfiguration(t.Context(), &idp.SetLogDeliveryConfigurationInput{UserPoolId: p.Id, LogConfigurations: list})
			if err != nil {
				t.Fatal(err)
			}
			return out.LogDeliveryConfiguration.LogConfigurations
		}
		same := func(about string, want, have []types.LogConfigurationType) {
			t.Helper()
			plain := cmpopts.IgnoreUnexported(types.LogConfigurationType{}, types.CloudWatchLogsConfigurationType{}, types.S3ConfigurationType{})
			if diff := cmp.Diff(want, have, plain); diff != "" {
				t.Errorf("%s: %s", about, diff)
			}
		}
		none := []types.LogConfigurationType{}
		same("before", none, got())
		want := []types.LogConfigurationType{
			toLogGroup("userNotification", "ERROR"),
			{EventSource: "userAuthEvents", LogLevel: "INFO", S3Configuration: &types.S3ConfigurationType{BucketArn: aws.String("arn:aws:s3:::shop-logs")}},
		}
		same("answer", want, set(want...))
		same("kept", want, got())
		same("answer to nothing", none, set(none...))
		same("nothing kept", none, got())
	})
}

func TestLogDeliveryRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	plus, plain := w.pool(protected), w.pool()
	toBucket := types.LogConfigurationType{
		EventSource: "userNotification", LogLevel: "ERROR", S3Configuration: &types.S3ConfigurationType{BucketArn: aws.String("arn:aws:s3:::shop-logs")},
	}
	both := toLogGroup("userAuthEvents", "INFO")
	both.S3Configuration = toBucket.S3Configuration
	tests := []struct {
		name          string
		pool          *string
		list          []types.LogConfigurationType
		code, message string
	}{
		{"no pool", aws.String("us-east-1_Nowhere"), nil, "ResourceNotFoundException", "User pool us-east-1_Nowhere does not exist."},
		{"tier", plain.Id, []types.LogConfigurationType{toLogGroup("userAuthEvents", "INFO")}, "FeatureUnavailableInTierException",
			"Logs of userAuthEvents need the feature plan PLUS."},
		{"level", plus.Id, []types.LogConfigurationType{toLogGroup("userNotification", "INFO")}, invalidParameter,
			"The log level for userNotification must be ERROR."},
		{"level of events", plus.Id, []types.LogConfigurationType{toLogGroup("userAuthEvents", "ERROR")}, invalidParameter,
			"The log level for userAuthEvents must be INFO."},
		{"twice", plus.Id, []types.LogConfigurationType{toLogGroup("userAuthEvents", "INFO"), toLogGroup("userAuthEvents", "INFO")}, invalidParameter,
			"There is more than one log configuration for userAuthEvents."},
		{"nowhere", plus.Id, []types.LogConfigurationType{{EventSource: "userAuthEvents", LogLevel: "INFO"}}, invalidParameter,
			"A log configuration for userAuthEvents needs one destination."},
		{"two places", plus.Id, []types.LogConfigurationType{both}, invalidParameter, "A log configuration for userAuthEvents needs one destination."},
		{"the wrong place", plus.Id, []types.LogConfigurationType{toBucket}, invalidParameter,
			"Logs of userNotification can only be sent to CloudWatch Logs."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list := test.list
			if list == nil {
				list = []types.LogConfigurationType{}
			}
			_, err := w.SetLogDeliveryConfiguration(t.Context(), &idp.SetLogDeliveryConfigurationInput{UserPoolId: test.pool, LogConfigurations: list})
			wants(t, err, test.code, test.message)
		})
	}
	_, err := w.GetLogDeliveryConfiguration(t.Context(), &idp.GetLogDeliveryConfigurationInput{UserPoolId: aws.String("us-east-1_Nowhere")})
	wants(t, err, "ResourceNotFoundException", tests[0].message)
}
