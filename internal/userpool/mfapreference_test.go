package userpool_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// offerAll makes a pool offer all second factors.
func (w *world) offerAll(pool *types.UserPoolType, mode types.UserPoolMfaType) {
	w.t.Helper()
	w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
		in.MfaConfiguration, in.SoftwareTokenMfaConfiguration = mode, totpOn
		in.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsConfiguration: smsRole}
		in.EmailMfaConfiguration = &types.EmailMfaConfigType{}
		in.WebAuthnConfiguration = &types.WebAuthnConfigurationType{FactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION"}
	})
}

// factors returns what a user sees of their second factors.
func (w *world) factors(tokens *types.AuthenticationResultType) (list []string, preferred string) {
	w.t.Helper()
	out, err := w.GetUser(w.t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserMFASettingList, aws.ToString(out.PreferredMfaSetting)
}

// choose sets a user's preferences.
func (w *world) choose(tokens *types.AuthenticationResultType, change func(*idp.SetUserMFAPreferenceInput)) error {
	in := &idp.SetUserMFAPreferenceInput{AccessToken: tokens.AccessToken}
	change(in)
	_, err := w.SetUserMFAPreference(w.t.Context(), in)
	return err
}

// mfaChange is a change of preferences.
type mfaChange = func(*idp.SetUserMFAPreferenceInput)

func smsMFA(enabled, preferred bool) mfaChange {
	return func(in *idp.SetUserMFAPreferenceInput) {
		in.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}
	}
}

func appMFA(enabled, preferred bool) mfaChange {
	return func(in *idp.SetUserMFAPreferenceInput) {
		in.SoftwareTokenMfaSettings = &types.SoftwareTokenMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}
	}
}

func mailMFA(enabled, preferred bool) mfaChange {
	return func(in *idp.SetUserMFAPreferenceInput) {
		in.EmailMfaSettings = &types.EmailMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}
	}
}

func passkeyMFA(enabled bool) mfaChange {
	return func(in *idp.SetUserMFAPreferenceInput) {
		in.WebAuthnMfaSettings = &types.WebAuthnMfaSettingsType{Enabled: enabled}
	}
}

func changes(all ...mfaChange) mfaChange {
	return func(in *idp.SetUserMFAPreferenceInput) {
		for _, change := range all {
			change(in)
		}
	}
}

func TestMFAPreference(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool := w.pool(byOwnMail)
		w.offerAll(pool, "OPTIONAL")
		client := w.app(pool)
		w.member(client, "ada", "phone_number", "+4917012345")
		tokens := w.signIn(client, "ada")
		w.enroll(tokens)
		const bySMS, byApp, byEmail = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
		for _, step := range []struct {
			name      string
			change    mfaChange
			list      []string
			preferred string
		}{
			{"nothing", changes(), nil, ""},
			{"one", smsMFA(true, false), []string{bySMS}, ""},
			{"another, preferred", appMFA(true, true), []string{bySMS, byApp}, byApp},
			{"a third", mailMFA(true, false), []string{bySMS, byApp, byEmail}, byApp},
			{"another preference", mailMFA(true, true), []string{bySMS, byApp, byEmail}, byEmail},
			{"the preferred off", mailMFA(false, false), []string{bySMS, byApp}, ""},
			{"off cannot be preferred", changes(mailMFA(false, true), appMFA(true, true)), []string{bySMS, byApp}, byApp},
			{"swap", changes(smsMFA(true, true), appMFA(false, false)), []string{bySMS}, bySMS},
			{"the app comes back without being set up again", appMFA(true, false), []string{bySMS, byApp}, bySMS},
			{"all off", changes(smsMFA(false, false), appMFA(false, false)), nil, ""},
		} {
			if err := w.choose(tokens, step.change); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			list, preferred := w.factors(tokens)
			if !cmp.Equal(list, step.list) || preferred != step.preferred {
				t.Errorf("%s: %v, preferred %q; want %v, %q", step.name, list, preferred, step.list, step.preferred)
			}
		}
	})
}

func TestMFAPreferenceRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool(byOwnMail)
	w.offerAll(pool, "OPTIONAL")
	client := w.app(pool)
	w.member(client, "ada")
	tokens := w.signIn(client, "ada")
	const noConfig = "User does not have delivery config set to turn on "
	for _, test := range []struct {
		name    string
		change  mfaChange
		message string
	}{
		{"no phone", smsMFA(true, false), noConfig + "SMS_MFA"},
		{"no app", appMFA(true, true), noConfig + "SOFTWARE_TOKEN_MFA"},
		{"no passkey", passkeyMFA(true), noConfig + "WEB_AUTHN"},
		{"the second of two", changes(mailMFA(true, true), appMFA(true, false)), noConfig + "SOFTWARE_TOKEN_MFA"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wants(t, w.choose(tokens, test.change), invalidParameter, test.message)
			if list, preferred := w.factors(tokens); list != nil || preferred != "" {
				t.Errorf("a refused change left %v, %q", list, preferred)
			}
		})
	}
	w.mustSet(tokens, "phone_number", "+4917012345")
	wants(t, w.choose(tokens, changes(mailMFA(true, true), smsMFA(true, true))), invalidParameter, "Only one MFA method can be preferred.")
	_, err := w.SetUserMFAPreference(ctx, &idp.SetUserMFAPreferenceInput{AccessToken: tokens.IdToken})
	wants(t, err, notAuthorized, "Invalid Access Token")

	w.offerTOTP(pool, "OPTIONAL")
	wants(t, w.choose(tokens, smsMFA(true, false)), invalidParameter, "SMS_MFA is not enabled for the user pool.")
	if err := w.choose(tokens, changes(smsMFA(false, false), appMFA(false, false), mailMFA(false, false), passkeyMFA(false))); err != nil {
		t.Error("switching off what is off:", err)
	}
}

// Where a second factor is demanded users can choose one, and not leave all.
func TestMFAPreferenceWhereRequired(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(byOwnMail)
	client := w.app(pool)
	w.member(client, "ada", "phone_number", "+4917012345")
	tokens := w.signIn(client, "ada")
	w.offerAll(pool, "ON")
	if err := w.choose(tokens, changes(smsMFA(true, false), mailMFA(true, true))); err != nil {
		t.Fatal(err)
	}
	if err := w.choose(tokens, mailMFA(false, false)); err != nil {
		t.Fatal(err)
	}
	wants(t, w.choose(tokens, smsMFA(false, false)), invalidParameter, "MFA methods cannot be switched off in a user pool that requires MFA.")
	if list, _ := w.factors(tokens); !cmp.Equal(list, []string{"SMS_MFA"}) {
		t.Errorf("left: %v", list)
	}
}

func TestAdminMFAPreference(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool(byOwnMail)
	w.offerAll(pool, "OPTIONAL")
	client := w.app(pool)
	w.member(client, "ada", "phone_number", "+4917012345")
	ada := aws.String("ada")
	_, err := w.AdminSetUserMFAPreference(ctx, &idp.AdminSetUserMFAPreferenceInput{UserPoolId: pool.Id, Username: ada,
		SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}, EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true, PreferredMfa: true}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: pool.Id, Username: ada})
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(got.UserMFASettingList, []string{"SMS_MFA", "EMAIL_OTP"}) || aws.ToString(got.PreferredMfaSetting) != "EMAIL_OTP" {
		t.Errorf("%v, preferred %v", got.UserMFASettingList, got.PreferredMfaSetting)
	}
	_, err = w.AdminSetUserMFAPreference(ctx, &idp.AdminSetUserMFAPreferenceInput{UserPoolId: pool.Id, Username: ada,
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true}})
	wants(t, err, invalidParameter, "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA")
	_, err = w.AdminSetUserMFAPreference(ctx, &idp.AdminSetUserMFAPreferenceInput{UserPoolId: pool.Id, Username: aws.String("nobody")})
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

// The legacy settings know of messages to the phone only.
func TestUserSettings(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool(byOwnMail)
	w.offerAll(pool, "OPTIONAL")
	client := w.app(pool)
	w.member(client, "ada")
	tokens := w.signIn(client, "ada")
	ada := aws.String("ada")
	on, off := []types.MFAOptionType{{DeliveryMedium: "SMS", AttributeName: aws.String("phone_number")}}, []types.MFAOptionType{}
	set := func(options []types.MFAOptionType) error {
		_, err := w.SetUserSettings(ctx, &idp.SetUserSettingsInput{AccessToken: tokens.AccessToken, MFAOptions: options})
		return err
	}
	byAdmin := func(options []types.MFAOptionType) error {
		_, err := w.AdminSetUserSettings(ctx, &idp.AdminSetUserSettingsInput{UserPoolId: pool.Id, Username: ada, MFAOptions: options})
		return err
	}
	wants(t, set(on), invalidParameter, "User does not have delivery config set to turn on SMS_MFA")
	w.mustSet(tokens, "phone_number", "+4917012345")
	for name, set := range map[string]func([]types.MFAOptionType) error{"own": set, "by admin": byAdmin} {
		for _, options := range [][]types.MFAOptionType{on, on, off} {
			if err := set(options); err != nil {
				t.Fatal(name, err)
			}
			own, err := w.GetUser(ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
			if err != nil {
				t.Fatal(err)
			}
			admin, err := w.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: pool.Id, Username: ada})
			if err != nil {
				t.Fatal(err)
			}
			all, err := w.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: pool.Id})
			if err != nil {
				t.Fatal(err)
			}
			for where, got := range map[string][]types.MFAOptionType{"GetUser": own.MFAOptions, "AdminGetUser": admin.MFAOptions, "ListUsers": all.Users[0].MFAOptions} {
				if len(got) != len(options) || len(got) == 1 && (got[0].DeliveryMedium != "SMS" || *got[0].AttributeName != "phone_number") {
					t.Errorf("%s, %s: %v after %v", name, where, got, options)
				}
			}
			if listed := len(own.UserMFASettingList) == 1; listed != (len(options) == 1) {
				t.Errorf("%s: UserMFASettingList %v after %v", name, own.UserMFASettingList, options)
			}
		}
		wants(t, set([]types.MFAOptionType{{DeliveryMedium: "EMAIL", AttributeName: aws.String("email")}}), invalidParameter,
			"MFAOptions can only hold the delivery medium SMS with the attribute phone_number.")
	}
	_, err := w.AdminSetUserSettings(ctx, &idp.AdminSetUserSettingsInput{UserPoolId: pool.Id, Username: aws.String("nobody"), MFAOptions: off})
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

func TestGetUserAuthFactors(t *testing.T) {
	t.Parallel()
	w := boot(t)
	get := func(tokens *types.AuthenticationResultType) *idp.GetUserAuthFactorsOutput {
		t.Helper()
		out, err := w.GetUserAuthFactors(t.Context(), &idp.GetUserAuthFactorsInput{AccessToken: tokens.AccessToken})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	plain := w.app(w.pool())
	w.member(plain, "ada", "phone_number", "+4917012345")
	if out := get(w.signIn(plain, "ada")); *out.Username != "ada" || !cmp.Equal(out.ConfiguredUserAuthFactors, []types.AuthFactorType{"PASSWORD"}) ||
		out.UserMFASettingList != nil || out.PreferredMfaSetting != nil {
		t.Errorf("in a pool of passwords: %+v", out)
	}

	pool := w.pool(byOwnMail, func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{"WEB_AUTHN", "SMS_OTP", "EMAIL_OTP", "PASSWORD"}}}
	})
	w.offerTOTP(pool, "OPTIONAL")
	client := w.app(pool)
	w.member(client, "ada")
	tokens := w.signIn(client, "ada")
	w.enroll(tokens)
	if err := w.choose(tokens, appMFA(true, true)); err != nil {
		t.Fatal(err)
	}
	out := get(tokens)
	if !cmp.Equal(out.ConfiguredUserAuthFactors, []types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}) {
		t.Errorf("a user with an e-mail address: %v", out.ConfiguredUserAuthFactors)
	}
	if !cmp.Equal(out.UserMFASettingList, []string{"SOFTWARE_TOKEN_MFA"}) || aws.ToString(out.PreferredMfaSetting) != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("second factors: %v, %v", out.UserMFASettingList, out.PreferredMfaSetting)
	}
	w.mustSet(tokens, "phone_number", "+4917012345")
	if got := get(tokens).ConfiguredUserAuthFactors; !cmp.Equal(got, []types.AuthFactorType{"PASSWORD", "EMAIL_OTP", "SMS_OTP"}) {
		t.Errorf("with a phone number too: %v", got)
	}
}

// Operations that have no words for a lost race win it in the end.
func TestFactorsChangedAtOnce(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool := w.pool()
		w.offerTOTP(pool, "OPTIONAL")
		app := w.app(pool)
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		w.enroll(tokens)
		errs := make([]error, 16)
		together(len(errs), func(i int) {
			switch i % 4 {
			case 0:
				_, errs[i] = w.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken})
			case 1:
				errs[i] = w.choose(tokens, appMFA(true, true))
			case 2:
				_, errs[i] = w.SetUserSettings(t.Context(), &idp.SetUserSettingsInput{AccessToken: tokens.AccessToken, MFAOptions: []types.MFAOptionType{}})
			case 3:
				_, errs[i] = w.AdminSetUserMFAPreference(t.Context(), &idp.AdminSetUserMFAPreferenceInput{
					UserPoolId: pool.Id, Username: aws.String("ada"), SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
				})
			}
		})
		for i, err := range errs {
			if err != nil {
				t.Errorf("change %d: %v", i, err)
			}
		}
		if list, preferred := w.factors(tokens); !slices.Equal(list, []string{"SOFTWARE_TOKEN_MFA"}) || preferred != "SOFTWARE_TOKEN_MFA" {
			t.Errorf("%v, preferring %s", list, preferred)
		}
	})
}
