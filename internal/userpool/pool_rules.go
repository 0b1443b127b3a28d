package userpool

import (
	"reflect"
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// checkPoolSettings refuses settings that contradict each other, and those that
// would promise a protection which this server does not give yet.
func checkPoolSettings(in *cognitoidp.CreateUserPoolRequest) error {
	for _, check := range []func(*cognitoidp.CreateUserPoolRequest) error{
		checkSignInNames, checkUpdateSettings, checkRecovery, checkEmail, checkSignInPolicy, checkMFA, checkTriggers, checkTags,
	} {
		if err := check(in); err != nil {
			return err
		}
	}
	return nil
}

func checkSignInNames(in *cognitoidp.CreateUserPoolRequest) error {
	if len(in.UsernameAttributes) > 0 && len(in.AliasAttributes) > 0 {
		return invalid("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	if !slices.Contains(in.AliasAttributes, cognitoidp.AliasAttributeTypePreferredUsername) {
		return nil
	}
	for _, a := range in.Schema {
		if a.Name == attrPreferredUsername && isTrue(a.Required) {
			return invalid("preferred_username cannot be both required and an alias.")
		}
	}
	return nil
}

func checkUpdateSettings(in *cognitoidp.CreateUserPoolRequest) error {
	if in.UserAttributeUpdateSettings == nil {
		return nil
	}
	for _, name := range in.UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate {
		if !slices.Contains(in.AutoVerifiedAttributes, name) {
			return invalid("AttributesRequireVerificationBeforeUpdate can only hold auto-verified attributes, which %s is not.", name)
		}
	}
	return nil
}

func checkRecovery(in *cognitoidp.CreateUserPoolRequest) error {
	if in.AccountRecoverySetting == nil {
		return nil
	}
	options := in.AccountRecoverySetting.RecoveryMechanisms
	for i, option := range options {
		if option.Name == cognitoidp.RecoveryOptionNameTypeAdminOnly && len(options) > 1 {
			return invalid("admin_only cannot be combined with other account recovery mechanisms.")
		}
		for _, other := range options[:i] {
			if option.Name == other.Name || *option.Priority == *other.Priority {
				return invalid("Account recovery mechanisms need different names and priorities.")
			}
		}
	}
	return nil
}

func checkEmail(in *cognitoidp.CreateUserPoolRequest) error {
	if e := in.EmailConfiguration; e != nil && e.EmailSendingAccount == cognitoidp.EmailSendingAccountTypeDeveloper && e.SourceArn == "" {
		return invalid("SourceArn is required when EmailSendingAccount is DEVELOPER.")
	}
	if t := in.VerificationMessageTemplate; t != nil && t.DefaultEmailOption == cognitoidp.DefaultEmailOptionTypeConfirmWithLink {
		return invalid("CONFIRM_WITH_LINK needs a user pool domain, which this server does not offer yet. Use CONFIRM_WITH_CODE.")
	}
	return nil
}

func checkSignInPolicy(in *cognitoidp.CreateUserPoolRequest) error {
	if in.Policies == nil || in.Policies.SignInPolicy == nil {
		return nil
	}
	factors := in.Policies.SignInPolicy.AllowedFirstAuthFactors
	if len(factors) > 0 && !slices.Contains(factors, cognitoidp.AuthFactorTypePassword) {
		return invalid("AllowedFirstAuthFactors must contain PASSWORD.")
	}
	return nil
}

// checkMFA refuses a pool that demands a second factor: a sign-in would not ask
// for it. OPTIONAL is true to its word, since no user can activate one.
func checkMFA(in *cognitoidp.CreateUserPoolRequest) error {
	if in.MfaConfiguration == cognitoidp.UserPoolMfaTypeOn {
		return invalid("MfaConfiguration ON is not supported by this server yet. Use OFF or OPTIONAL.")
	}
	return nil
}

// maxTags is how many tags a resource can have (Cognito developer guide, "Tagging").
const maxTags = 50

func checkTags(in *cognitoidp.CreateUserPoolRequest) error {
	if len(in.UserPoolTags) > maxTags {
		return cognitoidp.UserPoolTaggingException.Newf("A user pool can have at most %d tags.", maxTags)
	}
	return nil
}

// checkTriggers refuses triggers: one that would turn somebody away must not be
// kept and never called.
func checkTriggers(in *cognitoidp.CreateUserPoolRequest) error {
	if in.LambdaConfig != nil && !reflect.ValueOf(*in.LambdaConfig).IsZero() {
		return invalid("LambdaConfig is not supported by this server yet: its triggers would not be called.")
	}
	return nil
}
