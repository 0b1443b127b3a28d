package trigger_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/userpool/trigger"
)

const (
	arn    = "arn:aws:lambda:us-east-1:123456789012:function:hook"
	secret = "a secret of the receiver"
)

// hook is a webhook that the test plays: it answers each call with what the
// function returns.
func hook(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body []byte)) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("the event cannot be read: %v", err)
		}
		answer(w, r, body)
	}))
	t.Cleanup(server.Close)
	return server
}

// invoker returns an Invoker for a configuration file.
func invoker(t *testing.T, o trigger.Options, file any) *trigger.Invoker {
	t.Helper()
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := trigger.Parse(text, o)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

type object = map[string]any

// webhookAt is a configuration of one webhook.
func webhookAt(url string) object {
	return object{"triggers": object{arn: object{"webhook": object{"url": url, "secret": secret}}}}
}

// same compares two texts as JSON, and the presence of every member.
func same(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s is not JSON: %v", what, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("what %s should be is not JSON: %v", what, err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func header(source trigger.Source) trigger.Header {
	return trigger.Header{
		TriggerSource: source, Region: "us-east-1", UserPoolID: "us-east-1_aBcDeFgHi", UserName: "alice",
		CallerContext: trigger.CallerContext{ClientID: "1example23456789"},
	}
}

// head is the header of the events below, as AWS writes it.
func head(version, source string) string {
	return `{"version":"` + version + `","triggerSource":"` + source + `","region":"us-east-1","userPoolId":"us-east-1_aBcDeFgHi","userName":"alice",
		"callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"1example23456789"},`
}

var attributes = map[string]string{"sub": "a36036a8", "cognito:user_status": "CONFIRMED", "email_verified": "true", "email": "alice@example.org"}

const attributesJSON = `{"sub":"a36036a8","cognito:user_status":"CONFIRMED","email_verified":"true","email":"alice@example.org"}`

// exchange is a call with what must be sent, what the function answers in the
// response, and what must be read of it. The expected events are written by hand
// after AWS's documentation and events that people recorded.
type exchange struct {
	name     string
	sent     string
	response string
	call     func(context.Context, *trigger.Invoker) (response any, err error)
	read     any
}

// asking makes the call of an exchange.
func asking[Q, R any](kind trigger.Kind, h trigger.Header, request Q) func(context.Context, *trigger.Invoker) (any, error) {
	return func(ctx context.Context, inv *trigger.Invoker) (any, error) {
		e := trigger.Event[Q, R]{Header: h, Request: request}
		err := trigger.Call(ctx, inv, kind, arn, &e)
		return e.Response, err
	}
}

func exchanges() []exchange {
	v2 := header(trigger.TokenGenerationAuthentication)
	v2.Version = trigger.Version2
	admin := header(trigger.PreSignUpAdminCreateUser)
	admin.CallerContext = trigger.CallerContext{AWSSDKVersion: "aws-sdk-js-3.1", ClientID: trigger.NoClient}
	return []exchange{{
		name: "PreSignUp",
		sent: head("1", "PreSignUp_SignUp") + `"request":{"userAttributes":{"email":"alice@example.org"},"validationData":null},
			"response":{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}}`,
		response: `{"autoConfirmUser":true,"autoVerifyEmail":true}`,
		call: asking[trigger.PreSignUpRequest, trigger.PreSignUpResponse](trigger.PreSignUp, header(trigger.PreSignUpSignUp),
			trigger.PreSignUpRequest{UserAttributes: map[string]string{"email": "alice@example.org"}}),
		read: trigger.PreSignUpResponse{AutoConfirmUser: true, AutoVerifyEmail: true},
	}, {
		name: "PreSignUp by an administrator",
		sent: `{"version":"1","triggerSource":"PreSignUp_AdminCreateUser","region":"us-east-1","userPoolId":"us-east-1_aBcDeFgHi","userName":"alice",
			"callerContext":{"awsSdkVersion":"aws-sdk-js-3.1","clientId":"CLIENT_ID_NOT_APPLICABLE"},
			"request":{"userAttributes":{},"validationData":{"k1":"v1"},"clientMetadata":{"from":"crm"}},
			"response":{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}}`,
		response: `{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":true}`,
		call: asking[trigger.PreSignUpRequest, trigger.PreSignUpResponse](trigger.PreSignUp, admin,
			trigger.PreSignUpRequest{ValidationData: trigger.Map{"k1": "v1"}, ClientMetadata: map[string]string{"from": "crm"}}),
		read: trigger.PreSignUpResponse{AutoVerifyPhone: true},
	}, {
		name:     "PostConfirmation",
		sent:     head("1", "PostConfirmation_ConfirmSignUp") + `"request":{"userAttributes":` + attributesJSON + `,"clientMetadata":{"a":"b"}},"response":{}}`,
		response: `{}`,
		call: asking[trigger.PostConfirmationRequest, trigger.Empty](trigger.PostConfirmation, header(trigger.PostConfirmationConfirmSignUp),
			trigger.PostConfirmationRequest{UserAttributes: attributes, ClientMetadata: map[string]string{"a": "b"}}),
		read: trigger.Empty{},
	}, {
		name:     "PreAuthentication",
		sent:     head("1", "PreAuthentication_Authentication") + `"request":{"userAttributes":` + attributesJSON + `,"validationData":null,"userNotFound":false},"response":{}}`,
		response: `{}`,
		call: asking[trigger.PreAuthenticationRequest, trigger.Empty](trigger.PreAuthentication, header(trigger.PreAuthenticationAuthentication),
			trigger.PreAuthenticationRequest{UserAttributes: attributes, UserNotFound: new(false)}),
		read: trigger.Empty{},
	}, {
		name:     "PostAuthentication",
		sent:     head("1", "PostAuthentication_Authentication") + `"request":{"userAttributes":` + attributesJSON + `,"newDeviceUsed":true},"response":{}}`,
		response: `{}`,
		call: asking[trigger.PostAuthenticationRequest, trigger.Empty](trigger.PostAuthentication, header(trigger.PostAuthenticationAuthentication),
			trigger.PostAuthenticationRequest{UserAttributes: attributes, NewDeviceUsed: true}),
		read: trigger.Empty{},
	}, {
		name: "DefineAuthChallenge",
		sent: head("1", "DefineAuthChallenge_Authentication") + `"request":{"userAttributes":` + attributesJSON + `,
			"session":[{"challengeName":"SRP_A","challengeResult":true,"challengeMetadata":null}]},
			"response":{"challengeName":null,"issueTokens":null,"failAuthentication":null}}`,
		response: `{"challengeName":"CUSTOM_CHALLENGE","issueTokens":false,"failAuthentication":null}`,
		call: asking[trigger.DefineAuthChallengeRequest, trigger.DefineAuthChallengeResponse](trigger.DefineAuthChallenge, header(trigger.DefineAuthChallengeAuthentication),
			trigger.DefineAuthChallengeRequest{UserAttributes: attributes, Session: trigger.Session{{ChallengeName: "SRP_A", ChallengeResult: true}}}),
		read: trigger.DefineAuthChallengeResponse{ChallengeName: "CUSTOM_CHALLENGE"},
	}, {
		name: "CreateAuthChallenge",
		sent: head("1", "CreateAuthChallenge_Authentication") + `"request":{"userAttributes":` + attributesJSON + `,"challengeName":"CUSTOM_CHALLENGE","session":[],"userNotFound":false},
			"response":{"publicChallengeParameters":null,"privateChallengeParameters":null,"challengeMetadata":null}}`,
		response: `{"publicChallengeParameters":{"email":"a***"},"privateChallengeParameters":{"code":"268745"},"challengeMetadata":"otp"}`,
		call: asking[trigger.CreateAuthChallengeRequest, trigger.CreateAuthChallengeResponse](trigger.CreateAuthChallenge, header(trigger.CreateAuthChallengeAuthentication),
			trigger.CreateAuthChallengeRequest{UserAttributes: attributes, ChallengeName: "CUSTOM_CHALLENGE", UserNotFound: new(false)}),
		read: trigger.CreateAuthChallengeResponse{
			PublicChallengeParameters: trigger.Map{"email": "a***"}, PrivateChallengeParameters: trigger.Map{"code": "268745"}, ChallengeMetadata: "otp",
		},
	}, {
		name: "VerifyAuthChallengeResponse",
		sent: head("1", "VerifyAuthChallengeResponse_Authentication") + `"request":{"userAttributes":` + attributesJSON + `,
			"privateChallengeParameters":{"code":"268745"},"challengeAnswer":"268745","userNotFound":true},"response":{"answerCorrect":null}}`,
		response: `{"answerCorrect":true}`,
		call: asking[trigger.VerifyAuthChallengeResponseRequest, trigger.VerifyAuthChallengeResponseResponse](trigger.VerifyAuthChallengeResponse, header(trigger.VerifyAuthChallengeResponseAuthentication),
			trigger.VerifyAuthChallengeResponseRequest{
				UserAttributes: attributes, PrivateChallengeParameters: map[string]string{"code": "268745"}, ChallengeAnswer: "268745", UserNotFound: new(true),
			}),
		read: trigger.VerifyAuthChallengeResponseResponse{AnswerCorrect: true},
	}, {
		name: "PreTokenGeneration",
		sent: head("1", "TokenGeneration_HostedAuth") + `"request":{"userAttributes":` + attributesJSON + `,
			"groupConfiguration":{"groupsToOverride":[],"iamRolesToOverride":[],"preferredRole":null}},"response":{"claimsOverrideDetails":null}}`,
		response: `{"claimsOverrideDetails":{"claimsToAddOrOverride":{"tenant":"t1","gone":null},"claimsToSuppress":["email"]}}`,
		call: asking[trigger.PreTokenGenerationRequest, trigger.PreTokenGenerationResponse](trigger.PreTokenGeneration, header(trigger.TokenGenerationHostedAuth),
			trigger.PreTokenGenerationRequest{UserAttributes: attributes}),
		read: trigger.PreTokenGenerationResponse{ClaimsOverrideDetails: &trigger.ClaimsOverrideDetails{
			ClaimsToAddOrOverride: trigger.Map{"tenant": "t1"}, ClaimsToSuppress: []string{"email"},
		}},
	}, {
		name: "PreTokenGeneration, version 2",
		sent: head("2", "TokenGeneration_Authentication") + `"request":{"userAttributes":` + attributesJSON + `,
			"groupConfiguration":{"groupsToOverride":["admins"],"iamRolesToOverride":["arn:aws:iam::1:role/a"],"preferredRole":"arn:aws:iam::1:role/a"},
			"scopes":["aws.cognito.signin.user.admin"]},"response":{"claimsAndScopeOverrideDetails":null}}`,
		response: `{"claimsAndScopeOverrideDetails":{
			"idTokenGeneration":{"claimsToAddOrOverride":{"n":2}},
			"accessTokenGeneration":{"claimsToAddOrOverride":{"o":{"a":[1]}},"claimsToSuppress":["x"],"scopesToAdd":["s1"],"scopesToSuppress":["phone"]},
			"groupOverrideDetails":{"groupsToOverride":["g"],"iamRolesToOverride":[],"preferredRole":"r"}}}`,
		call: asking[trigger.PreTokenGenerationV2Request, trigger.PreTokenGenerationV2Response](trigger.PreTokenGeneration, v2,
			trigger.PreTokenGenerationV2Request{
				UserAttributes: attributes, Scopes: []string{"aws.cognito.signin.user.admin"},
				GroupConfiguration: trigger.GroupConfiguration{
					GroupsToOverride: []string{"admins"}, IAMRolesToOverride: []string{"arn:aws:iam::1:role/a"}, PreferredRole: "arn:aws:iam::1:role/a",
				},
			}),
		read: trigger.PreTokenGenerationV2Response{ClaimsAndScopeOverrideDetails: &trigger.ClaimsAndScopeOverrideDetails{
			IDTokenGeneration: trigger.TokenChanges{ClaimsToAddOrOverride: trigger.Claims{"n": []byte("2")}},
			AccessTokenGeneration: trigger.AccessTokenChanges{
				TokenChanges: trigger.TokenChanges{ClaimsToAddOrOverride: trigger.Claims{"o": []byte(`{"a":[1]}`)}, ClaimsToSuppress: []string{"x"}},
				ScopesToAdd:  []string{"s1"}, ScopesToSuppress: []string{"phone"},
			},
			GroupOverrideDetails: trigger.GroupOverride{Given: true, GroupConfiguration: trigger.GroupConfiguration{
				GroupsToOverride: []string{"g"}, IAMRolesToOverride: []string{}, PreferredRole: "r",
			}},
		}},
	}, {
		name: "UserMigration at sign-in",
		sent: head("1", "UserMigration_Authentication") + `"request":{"password":"Pa55word!","validationData":null,"userAttributes":null},
			"response":{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}}`,
		response: `{"userAttributes":{"email":"alice@example.org","email_verified":"true","name":null},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS",
			"desiredDeliveryMediums":["EMAIL"],"forceAliasCreation":true}`,
		call: asking[trigger.UserMigrationRequest, trigger.UserMigrationResponse](trigger.UserMigration, header(trigger.UserMigrationAuthentication),
			trigger.UserMigrationRequest{Password: "Pa55word!"}),
		read: trigger.UserMigrationResponse{
			UserAttributes:  trigger.Map{"email": "alice@example.org", "email_verified": "true"},
			FinalUserStatus: "CONFIRMED", MessageAction: "SUPPRESS", DesiredDeliveryMediums: trigger.List{"EMAIL"}, ForceAliasCreation: true,
		},
	}, {
		name: "UserMigration at a forgotten password",
		sent: head("1", "UserMigration_ForgotPassword") + `"request":{"validationData":null,"userAttributes":null,"clientMetadata":{"a":"b"}},
			"response":{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}}`,
		response: `{"userAttributes":null}`,
		call: asking[trigger.UserMigrationRequest, trigger.UserMigrationResponse](trigger.UserMigration, header(trigger.UserMigrationForgotPassword),
			trigger.UserMigrationRequest{ClientMetadata: map[string]string{"a": "b"}}),
		read: trigger.UserMigrationResponse{},
	}, {
		name: "CustomMessage",
		sent: head("1", "CustomMessage_SignUp") + `"request":{"userAttributes":` + attributesJSON + `,"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":null},
			"response":{"smsMessage":null,"emailMessage":null,"emailSubject":null}}`,
		response: `{"smsMessage":null,"emailMessage":"Your code: {####}","emailSubject":"Hello"}`,
		call: asking[trigger.CustomMessageRequest, trigger.CustomMessageResponse](trigger.CustomMessage, header(trigger.CustomMessageSignUp),
			trigger.CustomMessageRequest{UserAttributes: attributes, CodeParameter: trigger.CodeParameter, LinkParameter: trigger.LinkParameter}),
		read: trigger.CustomMessageResponse{EmailMessage: "Your code: {####}", EmailSubject: "Hello"},
	}, {
		name: "InboundFederation",
		sent: head("1", "InboundFederation_ExternalProvider") + `"request":{"providerName":"corp","providerType":"OIDC","attributes":{
			"tokenResponse":{"token_type":"Bearer"},"idToken":{"sub":"user123"},"userInfo":{"given_name":"Test"}}},"response":{"userAttributesToMap":null}}`,
		response: `{"userAttributesToMap":{"given_name":"Test"}}`,
		call: asking[trigger.InboundFederationRequest, trigger.InboundFederationResponse](trigger.InboundFederation, header(trigger.InboundFederationExternalProvider),
			trigger.InboundFederationRequest{ProviderName: "corp", ProviderType: "OIDC", Attributes: trigger.ProviderAttributes{
				TokenResponse: map[string]string{"token_type": "Bearer"}, IDToken: map[string]string{"sub": "user123"}, UserInfo: map[string]string{"given_name": "Test"},
			}}),
		read: trigger.InboundFederationResponse{UserAttributesToMap: trigger.Map{"given_name": "Test"}},
	}}
}

// Every trigger sends AWS's event, and reads what the function fills in.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, x := range exchanges() {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			server := hook(t, func(w http.ResponseWriter, _ *http.Request, body []byte) {
				same(t, "the event", body, x.sent)
				io.WriteString(w, withResponse(t, body, x.response))
			})
			got, err := x.call(t.Context(), invoker(t, trigger.Options{}, webhookAt(server.URL)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(x.read, got); diff != "" {
				t.Errorf("the response (-want +got):\n%s", diff)
			}
		})
	}
}

// withResponse is what a function does: the event it got, with another response.
func withResponse(t *testing.T, event []byte, response string) string {
	var e map[string]any
	if err := json.Unmarshal(event, &e); err != nil {
		t.Error(err)
	}
	delete(e, "response")
	text, err := json.Marshal(e)
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSuffix(string(text), "}") + `,"response":` + response + "}"
}

// A function that says nothing of the groups leaves them; null and {} take them away.
func TestGroupOverride(t *testing.T) {
	t.Parallel()
	for response, want := range map[string]trigger.GroupOverride{
		`{}`:                            {},
		`{"groupOverrideDetails":null}`: {Given: true},
		`{"groupOverrideDetails":{}}`:   {Given: true},
		`{"groupOverrideDetails":{"groupsToOverride":["a"],"iamRolesToOverride":null,"preferredRole":null}}`: {
			Given: true, GroupConfiguration: trigger.GroupConfiguration{GroupsToOverride: []string{"a"}},
		},
	} {
		var got trigger.ClaimsOverrideDetails
		if err := json.Unmarshal([]byte(response), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.GroupOverrideDetails, want) {
			t.Errorf("%s: %+v, want %+v", response, got.GroupOverrideDetails, want)
		}
	}
}
