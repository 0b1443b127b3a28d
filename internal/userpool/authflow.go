package userpool

import (
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// defaultFlows are those of a client that names none (Cognito API reference,
// CreateUserPoolClient).
var defaultFlows = []cognitoidp.ExplicitAuthFlowsType{
	cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
	cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth,
	cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth,
}

// allowsFlow refuses a flow that the client's settings do not list, or that belongs
// to the other operation: passwords in clear have one flow for apps and another for
// administrators.
func (cl *client) allowsFlow(flow cognitoidp.AuthFlowType, admin bool) error {
	flows := cl.ExplicitAuthFlows
	if len(flows) == 0 {
		flows = defaultFlows
	}
	has := func(names ...cognitoidp.ExplicitAuthFlowsType) bool {
		return slices.ContainsFunc(names, func(n cognitoidp.ExplicitAuthFlowsType) bool { return slices.Contains(flows, n) })
	}
	legacy := slices.ContainsFunc(flows, isLegacyFlow)
	switch flow {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		if legacy && !has(cognitoidp.ExplicitAuthFlowsTypeCustomAuthFlowOnly) || has(cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth) {
			return nil
		}
		return invalid("USER_SRP_AUTH is not enabled for the client.")
	case cognitoidp.AuthFlowTypeCustomAuth:
		if has(cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth, cognitoidp.ExplicitAuthFlowsTypeCustomAuthFlowOnly) {
			return nil
		}
		return invalid("CUSTOM_AUTH is not enabled for the client.")
	case cognitoidp.AuthFlowTypeUserAuth:
		if has(cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth) {
			return nil
		}
	case cognitoidp.AuthFlowTypeRefreshTokenAuth, cognitoidp.AuthFlowTypeRefreshToken:
		if (legacy || has(cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth)) && !rotates(cl.RefreshTokenRotation) {
			return nil
		}
	default:
		return cl.allowsPasswordFlow(flow, admin, has)
	}
	return invalid("%s flow not enabled for this client", flow)
}

func (cl *client) allowsPasswordFlow(flow cognitoidp.AuthFlowType, admin bool, has func(...cognitoidp.ExplicitAuthFlowsType) bool) error {
	switch {
	case admin != (flow != cognitoidp.AuthFlowTypeUserPasswordAuth):
		return invalid("Initiate Auth method not supported.")
	case admin && has(cognitoidp.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, cognitoidp.ExplicitAuthFlowsTypeAdminNoSrpAuth),
		!admin && has(cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth, cognitoidp.ExplicitAuthFlowsTypeUserPasswordAuth):
		return nil
	case admin:
		return invalid("Auth flow not enabled for this client")
	}
	return invalid("%s flow not enabled for this client", flow)
}
