package userpool

import (
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// checkPoolSettings refuses settings that contradict each other.
func checkPoolSettings(in *cognitoidp.CreateUserPoolRequest) error {
	for _, check := range []func(*cognitoidp.CreateUserPoolRequest) error{
		checkSignInNames, checkUpdateSettings, checkRecovery, checkEmail, checkSignInPolicy, checkTriggers, checkPoolTags,
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
			return invalid("All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes")
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
			return invalid("Invalid account recovery setting parameter. Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.")
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
