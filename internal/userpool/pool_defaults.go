package userpool

import (
	"pintail/internal/gen/cognitoidp"
)

// withDefaults returns a pool's settings as DescribeUserPool will show them: what
// the caller sent, and Cognito's defaults for what the caller left out (Cognito API
// reference, CreateUserPool). What belongs to the pool for life, such as its schema,
// is not among them.
func withDefaults(in *cognitoidp.CreateUserPoolRequest) *cognitoidp.UserPoolType {
	p := &cognitoidp.UserPoolType{
		Name:                        in.PoolName,
		Policies:                    policies(in.Policies),
		DeletionProtection:          or(in.DeletionProtection, cognitoidp.DeletionProtectionTypeInactive),
		LambdaConfig:                orEmpty(in.LambdaConfig),
		AutoVerifiedAttributes:      in.AutoVerifiedAttributes,
		AliasAttributes:             in.AliasAttributes,
		UsernameAttributes:          in.UsernameAttributes,
		SmsAuthenticationMessage:    in.SmsAuthenticationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings,
		MfaConfiguration:            or(in.MfaConfiguration, cognitoidp.UserPoolMfaTypeOff),
		DeviceConfiguration:         in.DeviceConfiguration,
		EmailConfiguration:          emailConfiguration(in.EmailConfiguration),
		SmsConfiguration:            in.SmsConfiguration,
		UserPoolTags:                in.UserPoolTags,
		AdminCreateUserConfig:       adminCreateUser(in.AdminCreateUserConfig),
		UserPoolAddOns:              in.UserPoolAddOns,
		UsernameConfiguration:       in.UsernameConfiguration,
		AccountRecoverySetting:      in.AccountRecoverySetting,
		UserPoolTier:                or(in.UserPoolTier, cognitoidp.UserPoolTierTypeEssentials),
		KeyConfiguration:            in.KeyConfiguration,
		IssuerConfiguration:         in.IssuerConfiguration,
	}
	if p.UserPoolTags == nil {
		p.UserPoolTags = map[string]string{}
	}
	setVerificationMessages(p, in)
	return p
}

// or returns v, or the default for an absent v.
func or[T ~string](v, absent T) T {
	if v == "" {
		return absent
	}
	return v
}

// orNumber is or for numbers and flags.
func orNumber[T any](v *T, absent T) *T {
	if v == nil {
		return &absent
	}
	return v
}

func policies(in *cognitoidp.UserPoolPolicyType) *cognitoidp.UserPoolPolicyType {
	in = orEmpty(in)
	out := &cognitoidp.UserPoolPolicyType{SignInPolicy: in.SignInPolicy}
	if out.SignInPolicy == nil || len(out.SignInPolicy.AllowedFirstAuthFactors) == 0 {
		factors := []cognitoidp.AuthFactorType{cognitoidp.AuthFactorTypePassword}
		out.SignInPolicy = &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: factors}
	}
	password := cognitoidp.PasswordPolicyType{
		RequireUppercase: new(true), RequireLowercase: new(true), RequireNumbers: new(true), RequireSymbols: new(true),
	}
	if in.PasswordPolicy != nil { // a given policy demands only what it says
		password = *in.PasswordPolicy
		password.RequireUppercase = orNumber(password.RequireUppercase, false)
		password.RequireLowercase = orNumber(password.RequireLowercase, false)
		password.RequireNumbers = orNumber(password.RequireNumbers, false)
		password.RequireSymbols = orNumber(password.RequireSymbols, false)
	}
	password.MinimumLength = orNumber(password.MinimumLength, 8)
	if days := password.TemporaryPasswordValidityDays; days == nil || *days == 0 { // 0 counts as absent
		password.TemporaryPasswordValidityDays = new(int32(7))
	}
	out.PasswordPolicy = &password
	return out
}

func emailConfiguration(in *cognitoidp.EmailConfigurationType) *cognitoidp.EmailConfigurationType {
	out := *orEmpty(in)
	out.EmailSendingAccount = or(out.EmailSendingAccount, cognitoidp.EmailSendingAccountTypeCognitoDefault)
	return &out
}

func adminCreateUser(in *cognitoidp.AdminCreateUserConfigType) *cognitoidp.AdminCreateUserConfigType {
	out := *orEmpty(in)
	out.AllowAdminCreateUserOnly = orNumber(out.AllowAdminCreateUserOnly, false)
	out.UnusedAccountValidityDays = orNumber(out.UnusedAccountValidityDays, 7)
	return &out
}

// setVerificationMessages makes the template and the older members that mirror it
// say the same. Where both were sent, the template wins.
func setVerificationMessages(p *cognitoidp.UserPoolType, in *cognitoidp.CreateUserPoolRequest) {
	template := *orEmpty(in.VerificationMessageTemplate)
	template.DefaultEmailOption = or(template.DefaultEmailOption, cognitoidp.DefaultEmailOptionTypeConfirmWithCode)
	template.SmsMessage = or(template.SmsMessage, in.SmsVerificationMessage)
	template.EmailMessage = or(template.EmailMessage, in.EmailVerificationMessage)
	template.EmailSubject = or(template.EmailSubject, in.EmailVerificationSubject)
	p.VerificationMessageTemplate = &template
	p.SmsVerificationMessage = template.SmsMessage
	p.EmailVerificationMessage = template.EmailMessage
	p.EmailVerificationSubject = template.EmailSubject
}
