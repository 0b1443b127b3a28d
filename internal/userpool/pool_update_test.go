package userpool_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const noSMS = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"

// smsRole is a configuration by which a pool can send messages to phones.
var smsRole = &types.SmsConfigurationType{
	SnsCallerArn: aws.String("arn:aws:iam::123456789012:role/sms"), ExternalId: aws.String("shop"), SnsRegion: aws.String(region),
}

// lambda is the ARN of a function.
func lambda(name string) *string {
	return aws.String("arn:aws:lambda:us-east-1:123456789012:function:" + name)
}

func firstFactors(list ...types.AuthFactorType) *types.UserPoolPolicyType {
	return &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: list}}
}

// described returns a pool as DescribeUserPool shows it.
func (w *world) described(pool *types.UserPoolType) *types.UserPoolType {
	w.t.Helper()
	out, err := w.DescribeUserPool(w.t.Context(), &idp.DescribeUserPoolInput{UserPoolId: pool.Id})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserPool
}

// differences compares answers of the SDK as the documents that they are.
func differences(t testing.TB, want, got any) string {
	t.Helper()
	document := func(v any) (document any) {
		text, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(text, &document)
		}
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	return cmp.Diff(document(want), document(got))
}

// richUpdate sets every member that UpdateUserPool has to something that is no default.
func richUpdate(pool *types.UserPoolType) *idp.UpdateUserPoolInput {
	return &idp.UpdateUserPoolInput{
		UserPoolId: pool.Id, PoolName: aws.String("renamed"),
		Policies: &types.UserPoolPolicyType{
			PasswordPolicy: &types.PasswordPolicyType{
				MinimumLength: aws.Int32(10), RequireNumbers: true, TemporaryPasswordValidityDays: 3, PasswordHistorySize: aws.Int32(5),
			},
			SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"}},
		},
		DeletionProtection: "ACTIVE",
		LambdaConfig: &types.LambdaConfigType{
			PreSignUp: lambda("pre"), KMSKeyID: aws.String("arn:aws:kms:us-east-1:123456789012:key/0"),
			CustomEmailSender:        &types.CustomEmailLambdaVersionConfigType{LambdaArn: lambda("mail"), LambdaVersion: "V1_0"},
			PreTokenGeneration:       lambda("claims"),
			PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaArn: lambda("claims"), LambdaVersion: "V3_0"},
		},
		AutoVerifiedAttributes:      []types.VerifiedAttributeType{"email", "phone_number"},
		SmsVerificationMessage:      aws.String("Use {####}"),
		EmailVerificationMessage:    aws.String("Take {####}"),
		EmailVerificationSubject:    aws.String("A code"),
		SmsAuthenticationMessage:    aws.String("Enter {####}"),
		UserAttributeUpdateSettings: &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{"email"}},
		VerificationMessageTemplate: &types.VerificationMessageTemplateType{
			DefaultEmailOption: "CONFIRM_WITH_CODE", EmailMessage: aws.String("Take {####}"), EmailSubject: aws.String("A code"), SmsMessage: aws.String("Use {####}"),
		},
		MfaConfiguration:       "OPTIONAL",
		DeviceConfiguration:    &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true},
		EmailConfiguration:     &types.EmailConfigurationType{EmailSendingAccount: "DEVELOPER", SourceArn: aws.String("arn:aws:ses:us-east-1:123456789012:identity/shop.example")},
		SmsConfiguration:       smsRole,
		UserPoolTags:           map[string]string{"team": "blue"},
		AdminCreateUserConfig:  &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true, UnusedAccountValidityDays: 4},
		UserPoolAddOns:         &types.UserPoolAddOnsType{AdvancedSecurityMode: "AUDIT"},
		AccountRecoverySetting: &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{{Name: "verified_email", Priority: aws.Int32(1)}}},
		UserPoolTier:           "PLUS",
	}
}

// Every setting comes back as it was sent, and what is the pool's for life stays.
func TestUpdatePool(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		made := w.pool(func(in *idp.CreateUserPoolInput) {
			in.AliasAttributes = []types.AliasAttributeType{"email"}
			in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
			in.Schema = []types.SchemaAttributeType{{Name: aws.String("level"), AttributeDataType: "Number"}}
		})
		w.clock.Advance(time.Minute)
		in := richUpdate(made)
		if _, err := w.UpdateUserPool(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		want := *made
		want.Name, want.Policies, want.DeletionProtection, want.LambdaConfig = in.PoolName, in.Policies, in.DeletionProtection, in.LambdaConfig
		want.AutoVerifiedAttributes, want.SmsAuthenticationMessage = in.AutoVerifiedAttributes, in.SmsAuthenticationMessage
		want.SmsVerificationMessage, want.EmailVerificationMessage, want.EmailVerificationSubject =
			in.SmsVerificationMessage, in.EmailVerificationMessage, in.EmailVerificationSubject
		want.UserAttributeUpdateSettings, want.VerificationMessageTemplate = in.UserAttributeUpdateSettings, in.VerificationMessageTemplate
		want.MfaConfiguration, want.DeviceConfiguration, want.EmailConfiguration = in.MfaConfiguration, in.DeviceConfiguration, in.EmailConfiguration
		want.SmsConfiguration, want.UserPoolTags, want.AdminCreateUserConfig = in.SmsConfiguration, in.UserPoolTags, in.AdminCreateUserConfig
		want.UserPoolAddOns, want.AccountRecoverySetting, want.UserPoolTier = in.UserPoolAddOns, in.AccountRecoverySetting, in.UserPoolTier
		got := w.described(made)
		if !got.LastModifiedDate.After(*made.LastModifiedDate) {
			t.Errorf("modified at %s, made at %s", got.LastModifiedDate, made.LastModifiedDate)
		}
		want.LastModifiedDate = got.LastModifiedDate
		if diff := differences(t, want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// What an update leaves out goes back to its default, with the exceptions that
// Cognito makes in fact.
func TestUpdatePoolResets(t *testing.T) {
	t.Parallel()
	w := boot(t)
	made := w.pool()
	rich := richUpdate(made)
	if _, err := w.UpdateUserPool(t.Context(), rich); err != nil {
		t.Fatal(err)
	}
	bare := &idp.UpdateUserPoolInput{
		UserPoolId: made.Id, AutoVerifiedAttributes: rich.AutoVerifiedAttributes, SmsConfiguration: smsRole,
		UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: "OFF"},
	}
	if _, err := w.UpdateUserPool(t.Context(), bare); err != nil {
		t.Fatal(err)
	}
	got := w.described(made)
	want := *made
	want.Name, want.AutoVerifiedAttributes, want.SmsConfiguration, want.UserPoolAddOns = rich.PoolName, rich.AutoVerifiedAttributes, smsRole, bare.UserPoolAddOns
	want.Policies, want.MfaConfiguration, want.UserPoolTier = rich.Policies, rich.MfaConfiguration, rich.UserPoolTier
	want.UserAttributeUpdateSettings = rich.UserAttributeUpdateSettings
	want.LastModifiedDate = got.LastModifiedDate
	if diff := differences(t, want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUpdatePoolRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	secured := w.pool()
	w.setMFA(secured, func(in *idp.SetUserPoolMfaConfigInput) {
		in.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsConfiguration: smsRole}
	})
	managed := w.pool()
	w.domain(managed, "shop", func(in *idp.CreateUserPoolDomainInput) { in.ManagedLoginVersion = aws.Int32(2) })
	tests := []struct {
		name          string
		in            *idp.UpdateUserPoolInput
		code, message string
	}{
		{"no such pool", &idp.UpdateUserPoolInput{UserPoolId: aws.String("us-east-1_Nowhere00")},
			"ResourceNotFoundException", "User pool us-east-1_Nowhere00 does not exist."},
		{"ON without a factor", &idp.UpdateUserPoolInput{UserPoolId: p.Id, MfaConfiguration: "ON"},
			invalidParameter, "Cannot turn MFA functionality ON, once the user pool has been created."},
		{"the only factor taken away", &idp.UpdateUserPoolInput{UserPoolId: secured.Id}, invalidParameter, noSMS},
		{"a sender without an address", &idp.UpdateUserPoolInput{UserPoolId: p.Id, EmailConfiguration: &types.EmailConfigurationType{EmailSendingAccount: "DEVELOPER"}},
			invalidParameter, "SourceArn is required when EmailSendingAccount is DEVELOPER."},
		{"a plan without the pages of a domain", &idp.UpdateUserPoolInput{UserPoolId: managed.Id, UserPoolTier: "LITE"},
			"FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Managed Login"},
		{"a plan without a feature", &idp.UpdateUserPoolInput{UserPoolId: p.Id, UserPoolTier: "LITE", Policies: firstFactors("PASSWORD", "SMS_OTP")},
			"FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Passwordless Sign-In"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := w.described(p)
			_, err := w.UpdateUserPool(t.Context(), test.in)
			wants(t, err, test.code, test.message)
			if diff := differences(t, before, w.described(p)); diff != "" {
				t.Error("a refused update changed the pool:", diff)
			}
		})
	}
}

func TestUpdateDeletionProtection(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) { in.DeletionProtection = "ACTIVE" })
	if _, err := w.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id, DeletionProtection: "INACTIVE"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id}); err != nil {
		t.Fatal(err)
	}
}

// A changed policy rules the next sign-up, in the node that changed it at once.
func TestUpdatedPolicyRules(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.signUp(app, "before")
	_, err := w.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id, Policies: &types.UserPoolPolicyType{
		PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(40)}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("after"), Password: aws.String(password)})
	wants(t, err, "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
}

func TestAddCustomAttributes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(func(in *idp.CreateUserPoolInput) {
			in.Schema = []types.SchemaAttributeType{{Name: aws.String("level"), AttributeDataType: "Number"}}
		})
		app := w.app(p)
		_, err := w.AddCustomAttributes(t.Context(), &idp.AddCustomAttributesInput{UserPoolId: p.Id, CustomAttributes: []types.SchemaAttributeType{
			{Name: aws.String("team"), AttributeDataType: "String", Mutable: aws.Bool(true)},
			{Name: aws.String("secret"), AttributeDataType: "String", DeveloperOnlyAttribute: aws.Bool(true)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, a := range w.described(p).SchemaAttributes {
			names = append(names, *a.Name)
		}
		want := []string{"updated_at", "custom:level", "custom:team", "dev:custom:secret", "identities"}
		if diff := cmp.Diff(want, names[len(names)-len(want):]); diff != "" {
			t.Error(diff)
		}
		w.member(app, "ada", "custom:team", "blue")
		user, err := w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: w.signIn(app, "ada").AccessToken})
		if err != nil || values(user.UserAttributes)["custom:team"] != "blue" {
			t.Errorf("%v %v, want a user of team blue", user, err)
		}
	})
}

func TestAddCustomAttributesRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	add := func(list ...types.SchemaAttributeType) error {
		_, err := w.AddCustomAttributes(t.Context(), &idp.AddCustomAttributesInput{UserPoolId: p.Id, CustomAttributes: list})
		return err
	}
	batch := func(from, n int) (list []types.SchemaAttributeType) {
		for i := range n {
			list = append(list, types.SchemaAttributeType{Name: aws.String(fmt.Sprintf("a%d", from+i)), AttributeDataType: "String"})
		}
		return list
	}
	for _, from := range []int{0, 25} {
		if err := add(batch(from, 25)...); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, add(batch(50, 1)...), invalidParameter, "A user pool can have at most 50 custom attributes.")
	wants(t, add(batch(7, 1)...), invalidParameter, "custom:a7: Existing attribute already has name custom:a7.")
	wants(t, add(types.SchemaAttributeType{Name: aws.String("b"), AttributeDataType: "String", Required: aws.Bool(true)}),
		invalidParameter, "Required custom attributes are not supported currently.")
	wants(t, add(batch(60, 26)...), invalidParameter,
		"1 validation error detected: Value at 'customAttributes' failed to satisfy constraint: Member must have length less than or equal to 25")
	if n := len(w.described(p).SchemaAttributes); n != 20+50+1 {
		t.Errorf("%d attributes", n)
	}
}
