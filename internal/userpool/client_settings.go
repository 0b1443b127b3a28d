package userpool

import (
	"math"
	"slices"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// Defaults of an app client (Cognito API reference, CreateUserPoolClient).
const (
	defaultRefreshDays   = 30
	defaultSessionLength = 3              // minutes
	maxTokenLife         = 24 * time.Hour // of ID and access tokens
	maxChallengeLife     = 15 * time.Minute
)

// clientDefaults returns a new client's settings as DescribeUserPoolClient will
// show them: only what was sent, and the few defaults that Cognito always shows.
func clientDefaults(in *cognitoidp.CreateUserPoolClientRequest) *cognitoidp.UserPoolClientType {
	cl := &cognitoidp.UserPoolClientType{
		UserPoolId: in.UserPoolId, ClientName: in.ClientName,
		RefreshTokenValidity:                     orNumber(in.RefreshTokenValidity, defaultRefreshDays),
		AccessTokenValidity:                      in.AccessTokenValidity,
		IdTokenValidity:                          in.IdTokenValidity,
		TokenValidityUnits:                       in.TokenValidityUnits,
		ReadAttributes:                           in.ReadAttributes,
		WriteAttributes:                          in.WriteAttributes,
		ExplicitAuthFlows:                        in.ExplicitAuthFlows,
		SupportedIdentityProviders:               in.SupportedIdentityProviders,
		CallbackURLs:                             in.CallbackURLs,
		LogoutURLs:                               in.LogoutURLs,
		DefaultRedirectURI:                       in.DefaultRedirectURI,
		AllowedOAuthFlows:                        in.AllowedOAuthFlows,
		AllowedOAuthScopes:                       in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient:          orNumber(in.AllowedOAuthFlowsUserPoolClient, false),
		AnalyticsConfiguration:                   in.AnalyticsConfiguration,
		PreventUserExistenceErrors:               in.PreventUserExistenceErrors,
		EnableTokenRevocation:                    orNumber(in.EnableTokenRevocation, true),
		EnablePropagateAdditionalUserContextData: orNumber(in.EnablePropagateAdditionalUserContextData, false),
		AuthSessionValidity:                      orNumber(in.AuthSessionValidity, defaultSessionLength),
		RefreshTokenRotation:                     in.RefreshTokenRotation,
	}
	if *cl.RefreshTokenValidity == 0 {
		cl.RefreshTokenValidity = new(int32(defaultRefreshDays))
		if u := cl.TokenValidityUnits; u != nil && u.RefreshToken != "" {
			units := *u
			units.RefreshToken = cognitoidp.TimeUnitsTypeDays
			cl.TokenValidityUnits = &units
		}
	}
	return cl
}

// What is done to an app client, in the words of refusals.
const (
	creating = "creating"
	updating = "updating"
)

// checkClientSettings refuses settings that contradict each other or the pool.
func checkClientSettings(tx store.Tx, p *pool, in *cognitoidp.CreateUserPoolClientRequest, doing string) error {
	if isTrue(in.GenerateSecret) && in.ClientSecret != "" {
		return invalid("Only one of GenerateSecret and ClientSecret can be given.")
	}
	for _, check := range []func() error{
		func() error { return checkAuthFlows(in) },
		func() error { return checkClientTier(p, in) },
		func() error { return checkLifetimes(&client{UserPoolClientType: clientDefaults(in)}) },
		func() error { return checkPermissions(p, in, doing) },
		func() error { return checkOAuth(tx, p, in) },
		func() error { return checkAnalytics(in.AnalyticsConfiguration, p.region()) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// legacyFlows are the older names, which cannot stand beside the newer ones.
var legacyFlows = []cognitoidp.ExplicitAuthFlowsType{
	cognitoidp.ExplicitAuthFlowsTypeAdminNoSrpAuth,
	cognitoidp.ExplicitAuthFlowsTypeCustomAuthFlowOnly,
	cognitoidp.ExplicitAuthFlowsTypeUserPasswordAuth,
}

func isLegacyFlow(f cognitoidp.ExplicitAuthFlowsType) bool { return slices.Contains(legacyFlows, f) }

func checkAuthFlows(in *cognitoidp.CreateUserPoolClientRequest) error {
	flows := in.ExplicitAuthFlows
	if slices.ContainsFunc(flows, isLegacyFlow) &&
		slices.ContainsFunc(flows, func(f cognitoidp.ExplicitAuthFlowsType) bool { return !isLegacyFlow(f) }) {
		return invalid("ExplicitAuthFlows cannot mix values that begin with ALLOW_ with those that do not.")
	}
	if rotates(in.RefreshTokenRotation) && slices.Contains(flows, cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth) {
		return invalid("ALLOW_REFRESH_TOKEN_AUTH cannot be combined with refresh token rotation.")
	}
	return nil
}

func rotates(r *cognitoidp.RefreshTokenRotationType) bool {
	return r != nil && r.Feature == cognitoidp.FeatureTypeEnabled
}

// checkLifetimes holds the tokens' lives against their ranges.
func checkLifetimes(cl *client) error {
	within := func(d, least, most time.Duration) bool { return least <= d && d <= most }
	const minute, day = time.Minute, 24 * time.Hour
	refresh := cl.refreshLife()
	if !within(cl.accessLife(), 5*minute, maxTokenLife) || !within(cl.idLife(), 5*minute, maxTokenLife) || !within(refresh, 60*minute, 3650*day) ||
		cl.accessLife() > refresh || cl.idLife() > refresh {
		return invalid("Invalid range for token validity.")
	}
	return nil
}

// lifetime returns a validity in its unit, the longest there is for one beyond that.
func lifetime(n *int32, unit, absentUnit cognitoidp.TimeUnitsType, absent time.Duration) time.Duration {
	if n == nil {
		return absent
	}
	units := map[cognitoidp.TimeUnitsType]time.Duration{
		cognitoidp.TimeUnitsTypeSeconds: time.Second, cognitoidp.TimeUnitsTypeMinutes: time.Minute,
		cognitoidp.TimeUnitsTypeHours: time.Hour, cognitoidp.TimeUnitsTypeDays: 24 * time.Hour,
	}
	length := units[or(unit, absentUnit)]
	if time.Duration(*n) > math.MaxInt64/length { // which would come round to a valid one
		return math.MaxInt64
	}
	return time.Duration(*n) * length
}

func (cl *client) accessLife() time.Duration {
	return lifetime(cl.AccessTokenValidity, orEmpty(cl.TokenValidityUnits).AccessToken, cognitoidp.TimeUnitsTypeHours, time.Hour)
}

func (cl *client) idLife() time.Duration {
	return lifetime(cl.IdTokenValidity, orEmpty(cl.TokenValidityUnits).IdToken, cognitoidp.TimeUnitsTypeHours, time.Hour)
}

func (cl *client) refreshLife() time.Duration {
	return lifetime(cl.RefreshTokenValidity, orEmpty(cl.TokenValidityUnits).RefreshToken, cognitoidp.TimeUnitsTypeDays, defaultRefreshDays*24*time.Hour)
}

// challengeLife is how long the client has to answer a challenge.
func (cl *client) challengeLife() time.Duration {
	return time.Duration(*cl.AuthSessionValidity) * time.Minute
}

// revocable tells whether the client's sign-ins can be revoked one by one.
func (cl *client) revocable() bool { return isTrue(cl.EnableTokenRevocation) }

// hidesUsers tells whether answers must not show that a user does not exist.
func (cl *client) hidesUsers() bool {
	return cl.PreventUserExistenceErrors == cognitoidp.PreventUserExistenceErrorTypesEnabled
}
