package userpool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"
)

var totpOn = &types.SoftwareTokenMfaConfigType{Enabled: true}

// setMFA requires a second factor in a pool, as change chooses it.
func (w *world) setMFA(pool *types.UserPoolType, change func(*idp.SetUserPoolMfaConfigInput)) *idp.SetUserPoolMfaConfigOutput {
	w.t.Helper()
	in := &idp.SetUserPoolMfaConfigInput{UserPoolId: pool.Id, MfaConfiguration: "ON"}
	change(in)
	out, err := w.SetUserPoolMfaConfig(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	out.ResultMetadata = middleware.Metadata{}
	return out
}

func (w *world) mfaConfig(pool *types.UserPoolType) *idp.GetUserPoolMfaConfigOutput {
	w.t.Helper()
	out, err := w.GetUserPoolMfaConfig(w.t.Context(), &idp.GetUserPoolMfaConfigInput{UserPoolId: pool.Id})
	if err != nil {
		w.t.Fatal(err)
	}
	out.ResultMetadata = middleware.Metadata{}
	return out
}

// byOwnMail makes a pool fit for mails as a second factor.
func byOwnMail(in *idp.CreateUserPoolInput) {
	in.EmailConfiguration = &types.EmailConfigurationType{EmailSendingAccount: "DEVELOPER", SourceArn: aws.String("arn:aws:ses:us-east-1:123456789012:identity/shop.example")}
}

func TestMFAConfig(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(byOwnMail)
		if diff := differences(t, &idp.GetUserPoolMfaConfigOutput{MfaConfiguration: "OFF"}, w.mfaConfig(p)); diff != "" {
			t.Error("of a new pool:", diff)
		}
		want := &idp.SetUserPoolMfaConfigOutput{
			MfaConfiguration:              "OPTIONAL",
			SmsMfaConfiguration:           &types.SmsMfaConfigType{SmsAuthenticationMessage: aws.String("Enter {####}"), SmsConfiguration: smsRole},
			SoftwareTokenMfaConfiguration: totpOn,
			EmailMfaConfiguration:         &types.EmailMfaConfigType{Message: aws.String("Enter {####}"), Subject: aws.String("Sign in")},
			WebAuthnConfiguration: &types.WebAuthnConfigurationType{RelyingPartyId: aws.String("auth.shop.example"), UserVerification: "required",
				FactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION"},
		}
		set := w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) {
			in.MfaConfiguration, in.SmsMfaConfiguration, in.SoftwareTokenMfaConfiguration = want.MfaConfiguration, want.SmsMfaConfiguration, want.SoftwareTokenMfaConfiguration
			in.EmailMfaConfiguration, in.WebAuthnConfiguration = want.EmailMfaConfiguration, want.WebAuthnConfiguration
		})
		if diff := differences(t, want, set); diff != "" {
			t.Error("as set:", diff)
		}
		if diff := differences(t, want, w.mfaConfig(p)); diff != "" {
			t.Error("as got:", diff)
		}
		// The members that both operations set are the same.
		described := w.described(p)
		if described.MfaConfiguration != "OPTIONAL" || *described.SmsConfiguration.ExternalId != "shop" || *described.SmsAuthenticationMessage != "Enter {####}" {
			t.Errorf("described %+v", described)
		}
	})
}

// A factor that is left out is off; passkeys, which are no second factor, stay.
func TestMFAConfigReplaces(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	passkeys := &types.WebAuthnConfigurationType{RelyingPartyId: aws.String("localhost"), UserVerification: "preferred"}
	w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) {
		in.SmsMfaConfiguration, in.WebAuthnConfiguration = &types.SmsMfaConfigType{SmsConfiguration: smsRole}, passkeys
	})
	w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) { in.SoftwareTokenMfaConfiguration = totpOn })
	want := &idp.GetUserPoolMfaConfigOutput{MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: totpOn, WebAuthnConfiguration: passkeys}
	if diff := differences(t, want, w.mfaConfig(p)); diff != "" {
		t.Error(diff)
	}
	if w.described(p).SmsConfiguration == nil {
		t.Error("the pool lost its SMS configuration, which also verifies phone numbers")
	}
	// The message to phones is the pool's, so its configuration need not be sent again.
	w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) { in.SmsMfaConfiguration = &types.SmsMfaConfigType{} })
	if got := w.mfaConfig(p).SmsMfaConfiguration; got == nil || got.SmsConfiguration == nil {
		t.Errorf("SMS is %+v", got)
	}
	// Without MfaConfiguration, MFA is off.
	if _, err := w.SetUserPoolMfaConfig(t.Context(), &idp.SetUserPoolMfaConfigInput{UserPoolId: p.Id}); err != nil {
		t.Fatal(err)
	}
	want = &idp.GetUserPoolMfaConfigOutput{MfaConfiguration: "OFF", WebAuthnConfiguration: passkeys}
	if diff := differences(t, want, w.mfaConfig(p)); diff != "" {
		t.Error(diff)
	}
}

// A pool that is made with MFA has messages to phones as its factor.
func TestMFAOfNewPool(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.MfaConfiguration, in.SmsConfiguration, in.SmsAuthenticationMessage = "ON", smsRole, aws.String("Enter {####}")
	})
	want := &idp.GetUserPoolMfaConfigOutput{MfaConfiguration: "ON",
		SmsMfaConfiguration: &types.SmsMfaConfigType{SmsAuthenticationMessage: aws.String("Enter {####}"), SmsConfiguration: smsRole}}
	if diff := differences(t, want, w.mfaConfig(p)); diff != "" {
		t.Error(diff)
	}
	// UpdateUserPool leaves the factors alone.
	w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) { in.SoftwareTokenMfaConfiguration = totpOn })
	if _, err := w.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id, MfaConfiguration: "OPTIONAL", SmsConfiguration: smsRole}); err != nil {
		t.Fatal(err)
	}
	want = &idp.GetUserPoolMfaConfigOutput{MfaConfiguration: "OPTIONAL", SoftwareTokenMfaConfiguration: totpOn}
	if diff := differences(t, want, w.mfaConfig(p)); diff != "" {
		t.Error(diff)
	}
}

func TestMFAConfigRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	plain, mailing := w.pool(), w.pool(byOwnMail, func(in *idp.CreateUserPoolInput) {
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{{Name: "verified_email", Priority: aws.Int32(1)}}}
	})
	lite := w.pool(byOwnMail, func(in *idp.CreateUserPoolInput) { in.UserPoolTier = "LITE" })
	passkeys := w.pool(func(in *idp.CreateUserPoolInput) { in.Policies = firstFactors("PASSWORD", "WEB_AUTHN") })
	codes := w.pool(func(in *idp.CreateUserPoolInput) { in.Policies = firstFactors("PASSWORD", "EMAIL_OTP") })
	mail := &types.EmailMfaConfigType{Message: aws.String("Enter {####}")}
	const together = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
	const none = "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
	tests := []struct {
		name          string
		in            idp.SetUserPoolMfaConfigInput
		code, message string
	}{
		{"no such pool", idp.SetUserPoolMfaConfigInput{UserPoolId: aws.String("us-east-1_Nowhere00")},
			"ResourceNotFoundException", "User pool us-east-1_Nowhere00 does not exist."},
		{"off with a factor", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id, MfaConfiguration: "OFF", SoftwareTokenMfaConfiguration: totpOn}, invalidParameter, together},
		{"a factor alone", idp.SetUserPoolMfaConfigInput{UserPoolId: mailing.Id, EmailMfaConfiguration: mail}, invalidParameter, together},
		{"on without a factor", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id, MfaConfiguration: "ON"}, invalidParameter, none},
		{"optional with a factor that is off", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id, MfaConfiguration: "OPTIONAL",
			SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{}}, invalidParameter, none},
		{"passkeys are no factor", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id, MfaConfiguration: "OPTIONAL",
			WebAuthnConfiguration: &types.WebAuthnConfigurationType{UserVerification: "required"}}, invalidParameter, none},
		{"SMS that cannot be sent", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id, MfaConfiguration: "ON", SmsMfaConfiguration: &types.SmsMfaConfigType{}}, invalidParameter, noSMS},
		{"mails by the default sender", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id, MfaConfiguration: "ON", EmailMfaConfiguration: mail},
			invalidParameter, "Email MFA requires an EmailConfiguration whose EmailSendingAccount is DEVELOPER."},
		{"mails that also recover", idp.SetUserPoolMfaConfigInput{UserPoolId: mailing.Id, MfaConfiguration: "ON", EmailMfaConfiguration: mail},
			invalidParameter, "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_email as the only recovery mechanism when Email MFA is configured."},
		{"mails in LITE", idp.SetUserPoolMfaConfigInput{UserPoolId: lite.Id, MfaConfiguration: "ON", EmailMfaConfiguration: mail},
			"FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Email MFA"},
		{"passkeys first and nothing second", idp.SetUserPoolMfaConfigInput{UserPoolId: passkeys.Id, MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: totpOn},
			invalidParameter, "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor"},
		{"codes first and nothing second", idp.SetUserPoolMfaConfigInput{UserPoolId: codes.Id, MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: totpOn},
			invalidParameter, "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"},
		{"a URL as a relying party", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id,
			WebAuthnConfiguration: &types.WebAuthnConfigurationType{RelyingPartyId: aws.String("https://auth.shop.example")}},
			invalidParameter, "RelyingPartyId must be a domain name, such as auth.example.com."},
		{"a top-level domain as a relying party", idp.SetUserPoolMfaConfigInput{UserPoolId: plain.Id,
			WebAuthnConfiguration: &types.WebAuthnConfigurationType{RelyingPartyId: aws.String("com")}},
			invalidParameter, "RelyingPartyId must be a domain name, such as auth.example.com."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.SetUserPoolMfaConfig(t.Context(), &test.in)
			wants(t, err, test.code, test.message)
		})
	}
	for _, p := range []*types.UserPoolType{plain, mailing, lite, passkeys, codes} {
		if diff := differences(t, &idp.GetUserPoolMfaConfigOutput{MfaConfiguration: "OFF"}, w.mfaConfig(p)); diff != "" {
			t.Error("a refused request changed a pool:", diff)
		}
	}
	// What is refused when MFA is required may stand beside optional MFA.
	for _, p := range []*types.UserPoolType{passkeys, codes} {
		w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) {
			in.MfaConfiguration, in.SoftwareTokenMfaConfiguration = "OPTIONAL", totpOn
		})
	}
	w.setMFA(passkeys, func(in *idp.SetUserPoolMfaConfigInput) {
		in.SoftwareTokenMfaConfiguration = totpOn
		in.WebAuthnConfiguration = &types.WebAuthnConfigurationType{FactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION"}
	})
}
