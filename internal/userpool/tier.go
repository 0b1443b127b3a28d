package userpool

import (
	"slices"
	"strings"

	"pintail/internal/gen/cognitoidp"
)

// checkTier refuses features that the pool's plan does not include (Cognito
// developer guide, "User pool feature plans").
func (r *poolRecord) checkTier() error {
	tier := or(r.Settings.UserPoolTier, cognitoidp.UserPoolTierTypeEssentials)
	var beyond []string
	for _, feature := range tieredFeatures {
		if slices.Contains(feature.missing, tier) && feature.used(r) {
			beyond = append(beyond, feature.name)
		}
	}
	return errTier(tier, beyond...)
}

// errTier refuses features that a plan does not include; nil for no features.
func errTier(tier cognitoidp.UserPoolTierType, features ...string) error {
	if len(features) == 0 {
		return nil
	}
	return cognitoidp.FeatureUnavailableInTierException.Newf(
		"The following features need to be disabled for the %s pricing tier configured: %s", tier, strings.Join(features, ", "))
}

var (
	inLite       = []cognitoidp.UserPoolTierType{cognitoidp.UserPoolTierTypeLite}
	inAllButPlus = []cognitoidp.UserPoolTierType{cognitoidp.UserPoolTierTypeLite, cognitoidp.UserPoolTierTypeEssentials}
)

// tieredFeatures are the settings of a pool that not every plan includes, under
// the names that the refusal gives them.
var tieredFeatures = []struct {
	name    string
	missing []cognitoidp.UserPoolTierType
	used    func(*poolRecord) bool
}{
	{"Passwordless Sign-In", inLite, func(r *poolRecord) bool {
		return slices.ContainsFunc(r.firstFactors(), func(f cognitoidp.AuthFactorType) bool { return f != cognitoidp.AuthFactorTypePassword })
	}},
	{"Email MFA", inLite, func(r *poolRecord) bool { return r.Factors.Email != nil }},
	{"Passkey MFA", inLite, func(r *poolRecord) bool { return passkeysCountTwice(r.Factors.WebAuthn) }},
	{"Password Reuse Prevention", inLite, func(r *poolRecord) bool {
		size := r.Settings.Policies.PasswordPolicy.PasswordHistorySize
		return size != nil && *size > 0
	}},
	{"Access Token Customization", inLite, func(r *poolRecord) bool {
		config := orEmpty(r.Settings.LambdaConfig).PreTokenGenerationConfig
		return config != nil && config.LambdaVersion != cognitoidp.PreTokenGenerationLambdaVersionTypeV10
	}},
	{"Threat Protection", inAllButPlus, func(r *poolRecord) bool {
		addOns := r.Settings.UserPoolAddOns
		return addOns != nil && addOns.AdvancedSecurityMode != cognitoidp.AdvancedSecurityModeTypeOff
	}},
}

// checkClientTier refuses an app client that signs in by choice in a pool whose
// plan does not include that (Cognito API reference, CreateUserPoolClient).
func checkClientTier(p *pool, in *cognitoidp.CreateUserPoolClientRequest) error {
	if p.UserPoolTier == cognitoidp.UserPoolTierTypeLite && slices.Contains(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth) {
		return errTier(p.UserPoolTier, "Choice-Based Sign-In")
	}
	return nil
}
