// Package trigger is how a user pool calls its Lambda triggers: functions of the
// pool's owner that are asked before and after what a person does, and that may
// change or refuse it (Cognito developer guide, "Customizing user pool workflows
// with Lambda triggers").
//
// A pool's LambdaConfig names functions by ARN. What stands behind an ARN is said
// by the owner of the server, in a file that [Load] reads: an HTTP(S) webhook, the
// Lambda Invoke API of any endpoint, or a local command. All three get AWS's event
// as JSON and answer with the same event, its response filled in, so that a function
// written for AWS works unchanged.
//
// [Call] asks a function and waits for its answer; [Invoker.Send] hands a code to a
// custom sender. Their errors are ready for the wire. The package knows neither
// pools nor users: whoever calls it fills the event.
package trigger

// Kind is a trigger: a member of LambdaConfig. Its name is the subject of the
// errors that callers see.
type Kind string

// The triggers of a user pool.
const (
	PreSignUp                   Kind = "PreSignUp"
	PostConfirmation            Kind = "PostConfirmation"
	PreAuthentication           Kind = "PreAuthentication"
	PostAuthentication          Kind = "PostAuthentication"
	DefineAuthChallenge         Kind = "DefineAuthChallenge"
	CreateAuthChallenge         Kind = "CreateAuthChallenge"
	VerifyAuthChallengeResponse Kind = "VerifyAuthChallengeResponse"
	PreTokenGeneration          Kind = "PreTokenGeneration"
	UserMigration               Kind = "UserMigration"
	CustomMessage               Kind = "CustomMessage"
	CustomEmailSender           Kind = "CustomEmailSender"
	CustomSMSSender             Kind = "CustomSMSSender"
	InboundFederation           Kind = "InboundFederation"
)

// Source tells a function why it is called: the event's triggerSource.
type Source string

// What makes a pool call its functions.
const (
	PreSignUpSignUp           Source = "PreSignUp_SignUp"
	PreSignUpAdminCreateUser  Source = "PreSignUp_AdminCreateUser"
	PreSignUpExternalProvider Source = "PreSignUp_ExternalProvider"

	PostConfirmationConfirmSignUp         Source = "PostConfirmation_ConfirmSignUp"
	PostConfirmationConfirmForgotPassword Source = "PostConfirmation_ConfirmForgotPassword"

	PreAuthenticationAuthentication           Source = "PreAuthentication_Authentication"
	PostAuthenticationAuthentication          Source = "PostAuthentication_Authentication"
	DefineAuthChallengeAuthentication         Source = "DefineAuthChallenge_Authentication"
	CreateAuthChallengeAuthentication         Source = "CreateAuthChallenge_Authentication"
	VerifyAuthChallengeResponseAuthentication Source = "VerifyAuthChallengeResponse_Authentication"

	TokenGenerationHostedAuth           Source = "TokenGeneration_HostedAuth"
	TokenGenerationAuthentication       Source = "TokenGeneration_Authentication"
	TokenGenerationNewPasswordChallenge Source = "TokenGeneration_NewPasswordChallenge"
	TokenGenerationAuthenticateDevice   Source = "TokenGeneration_AuthenticateDevice"
	TokenGenerationRefreshTokens        Source = "TokenGeneration_RefreshTokens"
	TokenGenerationClientCredentials    Source = "TokenGeneration_ClientCredentials"

	UserMigrationAuthentication Source = "UserMigration_Authentication"
	UserMigrationForgotPassword Source = "UserMigration_ForgotPassword"

	CustomMessageSignUp              Source = "CustomMessage_SignUp"
	CustomMessageAdminCreateUser     Source = "CustomMessage_AdminCreateUser"
	CustomMessageResendCode          Source = "CustomMessage_ResendCode"
	CustomMessageForgotPassword      Source = "CustomMessage_ForgotPassword"
	CustomMessageUpdateUserAttribute Source = "CustomMessage_UpdateUserAttribute"
	CustomMessageVerifyUserAttribute Source = "CustomMessage_VerifyUserAttribute"
	CustomMessageAuthentication      Source = "CustomMessage_Authentication"

	CustomEmailSenderSignUp                      Source = "CustomEmailSender_SignUp"
	CustomEmailSenderResendCode                  Source = "CustomEmailSender_ResendCode"
	CustomEmailSenderForgotPassword              Source = "CustomEmailSender_ForgotPassword"
	CustomEmailSenderUpdateUserAttribute         Source = "CustomEmailSender_UpdateUserAttribute"
	CustomEmailSenderVerifyUserAttribute         Source = "CustomEmailSender_VerifyUserAttribute"
	CustomEmailSenderAdminCreateUser             Source = "CustomEmailSender_AdminCreateUser"
	CustomEmailSenderAuthentication              Source = "CustomEmailSender_Authentication"
	CustomEmailSenderAccountTakeOverNotification Source = "CustomEmailSender_AccountTakeOverNotification"

	CustomSMSSenderSignUp              Source = "CustomSMSSender_SignUp"
	CustomSMSSenderResendCode          Source = "CustomSMSSender_ResendCode"
	CustomSMSSenderForgotPassword      Source = "CustomSMSSender_ForgotPassword"
	CustomSMSSenderUpdateUserAttribute Source = "CustomSMSSender_UpdateUserAttribute"
	CustomSMSSenderVerifyUserAttribute Source = "CustomSMSSender_VerifyUserAttribute"
	CustomSMSSenderAdminCreateUser     Source = "CustomSMSSender_AdminCreateUser"
	CustomSMSSenderAuthentication      Source = "CustomSMSSender_Authentication"

	InboundFederationExternalProvider Source = "InboundFederation_ExternalProvider"
)

// Versions of events. All triggers have version 1; a pool chooses the version of
// PreTokenGeneration by the LambdaVersion of its PreTokenGenerationConfig.
const (
	Version1 = "1"
	Version2 = "2" // V2_0: the access token too
	Version3 = "3" // V3_0: client credentials too
)

// What an event says of a caller that named no SDK, and of an administrator, who
// has no app client.
const (
	UnknownSDK         = "aws-sdk-unknown-unknown"
	NoClient           = "CLIENT_ID_NOT_APPLICABLE"
	emailSenderRequest = "customEmailSenderRequestV1"
	smsSenderRequest   = "customSMSSenderRequestV1"
)

// Header is what every event begins with. A function must give it back unchanged.
type Header struct {
	Version       string        `json:"version"`
	TriggerSource Source        `json:"triggerSource"`
	Region        string        `json:"region"`
	UserPoolID    string        `json:"userPoolId"`
	UserName      string        `json:"userName"`
	CallerContext CallerContext `json:"callerContext"`
}

// CallerContext tells who made the request. An empty AWSSDKVersion is sent as
// [UnknownSDK], an empty ClientID as [NoClient].
type CallerContext struct {
	AWSSDKVersion string `json:"awsSdkVersion"`
	ClientID      string `json:"clientId"`
}

// Event is what a function is asked with. Its response is filled by the answer;
// what it held before is sent along.
type Event[Request, Response any] struct {
	Header
	Request  Request  `json:"request"`
	Response Response `json:"response"`
}

// Empty is the response of triggers that can only refuse.
type Empty struct{}
