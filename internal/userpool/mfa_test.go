package userpool

import (
	"fmt"
	"testing"

	"pintail/internal/gen/cognitoidp"
)

// mfaPool is a pool that offers second factors: letters of s(ms), t(otp), e(mail).
func mfaPool(mode cognitoidp.UserPoolMfaType, offers string, recovery ...cognitoidp.RecoveryOptionNameType) *pool {
	record := &poolRecord{Settings: cognitoidp.UserPoolType{MfaConfiguration: mode}}
	for _, letter := range offers {
		switch letter {
		case 's':
			record.Factors.SMS = true
		case 't':
			record.Factors.TOTP = &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)}
		case 'e':
			record.Factors.Email = &cognitoidp.EmailMfaConfigType{}
		}
	}
	if len(recovery) > 0 {
		record.Settings.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{}
	}
	for i, name := range recovery {
		record.Settings.AccountRecoverySetting.RecoveryMechanisms = append(record.Settings.AccountRecoverySetting.RecoveryMechanisms,
			cognitoidp.RecoveryOptionType{Name: name, Priority: new(int32(i + 1))})
	}
	return &pool{UserPoolType: &record.Settings, record: record}
}

// mfaUser is somebody with p(hone), t(oken), m(ail).
func mfaUser(has string, choice mfaChoice) *user {
	u := &user{Attributes: map[string]string{}, MFA: choice}
	for _, letter := range has {
		switch letter {
		case 'p':
			u.Attributes[attrPhone] = "+4917012345"
		case 't':
			u.Token = &softwareToken{}
		case 'm':
			u.Attributes[attrEmail] = "ada@example.org"
		}
	}
	return u
}

func TestSecondFactors(t *testing.T) {
	t.Parallel()
	const (
		off, optional, on = cognitoidp.UserPoolMfaTypeOff, cognitoidp.UserPoolMfaTypeOptional, cognitoidp.UserPoolMfaTypeOn
		mail, phone       = cognitoidp.RecoveryOptionNameTypeVerifiedEmail, cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber
		admin             = cognitoidp.RecoveryOptionNameTypeAdminOnly
	)
	all := mfaChoice{SMS: true, TOTP: true, Email: true, Preferred: factorTOTP}
	for _, test := range []struct {
		name string
		pool *pool
		user *user
		want string // usable, preferred, settable
	}{
		{"off", mfaPool(off, "ste"), mfaUser("ptm", all), "[]  []"},
		{"optional, nothing activated", mfaPool(optional, "ste"), mfaUser("ptm", mfaChoice{}), "[]  []"},
		{"optional, one activated", mfaPool(optional, "ste"), mfaUser("ptm", mfaChoice{Email: true}), "[EMAIL_OTP]  []"},
		{"optional, all", mfaPool(optional, "ste"), mfaUser("ptm", all), "[SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP] SOFTWARE_TOKEN_MFA []"},
		{"optional, activated and lost", mfaPool(optional, "ste"), mfaUser("m", all), "[EMAIL_OTP]  [SMS_MFA SOFTWARE_TOKEN_MFA]"},
		{"optional, no longer offered", mfaPool(optional, "e"), mfaUser("ptm", all), "[SOFTWARE_TOKEN_MFA EMAIL_OTP] SOFTWARE_TOKEN_MFA []"},
		{"optional, passkey", mfaPool(optional, "ste"), mfaUser("", mfaChoice{WebAuthn: true}), "[]  [SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP]"},
		{"on, nothing there", mfaPool(on, "st"), mfaUser("m", mfaChoice{}), "[]  [SMS_MFA SOFTWARE_TOKEN_MFA]"},
		{"on, not activated", mfaPool(on, "st"), mfaUser("p", mfaChoice{}), "[SMS_MFA]  [SOFTWARE_TOKEN_MFA]"},
		{"on, several", mfaPool(on, "ste"), mfaUser("ptm", mfaChoice{}), "[SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP]  []"},
		{"on, preference for what is lost", mfaPool(on, "ste"), mfaUser("pm", all), "[SMS_MFA EMAIL_OTP]  [SOFTWARE_TOKEN_MFA]"},
		{"on, the only way to recover is kept for that", mfaPool(on, "te", mail, phone), mfaUser("tm", mfaChoice{}), "[SOFTWARE_TOKEN_MFA]  []"},
		{"on, the only way to recover was activated", mfaPool(on, "te", mail, phone), mfaUser("tm", mfaChoice{Email: true}), "[SOFTWARE_TOKEN_MFA EMAIL_OTP]  []"},
		{"on, the only way to recover is the only factor", mfaPool(on, "s", phone), mfaUser("p", mfaChoice{}), "[SMS_MFA]  []"},
		{"on, two ways to recover", mfaPool(on, "se", mail, phone), mfaUser("pm", mfaChoice{}), "[SMS_MFA EMAIL_OTP]  []"},
		{"on, administrators recover", mfaPool(on, "se", admin), mfaUser("pm", mfaChoice{}), "[SMS_MFA EMAIL_OTP]  []"},
	} {
		t.Run(test.name, func(t *testing.T) {
			usable, preferred := test.pool.secondFactors(test.user)
			if got := fmt.Sprint(usable, " ", preferred, " ", test.pool.settableFactors(test.user)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// What no client of the tests can say: settings that are explicitly false, and
// passkeys that count as two factors.
func TestChoose(t *testing.T) {
	t.Parallel()
	p := mfaPool(cognitoidp.UserPoolMfaTypeOptional, "st")
	p.record.Factors.WebAuthn = &cognitoidp.WebAuthnConfigurationType{FactorConfiguration: cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification}
	u := mfaUser("pt", mfaChoice{SMS: true, TOTP: true, Preferred: factorTOTP})
	u.Passkeys = 1
	for _, step := range []struct {
		name string
		wish mfaWish
		want mfaChoice
	}{
		{"another is not preferred", mfaWish{factorSMS, true, new(false)}, mfaChoice{SMS: true, TOTP: true, Preferred: factorTOTP}},
		{"nothing said of the preference", mfaWish{factorTOTP, true, nil}, mfaChoice{SMS: true, TOTP: true, Preferred: factorTOTP}},
		{"no longer preferred", mfaWish{factorTOTP, true, new(false)}, mfaChoice{SMS: true, TOTP: true}},
		{"a passkey", mfaWish{factorWebAuthn, true, nil}, mfaChoice{SMS: true, TOTP: true, WebAuthn: true}},
	} {
		if err := p.choose(u, []mfaWish{step.wish}); err != nil || u.MFA != step.want {
			t.Errorf("%s: %+v, %v; want %+v", step.name, u.MFA, err, step.want)
		}
	}
	p.record.Factors.WebAuthn = nil
	u.MFA.WebAuthn = false
	err := p.choose(u, []mfaWish{{factorWebAuthn, true, nil}})
	if fmt.Sprint(err) != "InvalidParameterException: WEB_AUTHN is not enabled for the user pool." {
		t.Error(err)
	}
}
