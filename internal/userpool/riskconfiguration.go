package userpool

import (
	"context"
	"net/netip"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// riskConfigurations are what threat protection does, by app client; the
// configuration of [allClients] holds for the clients that have none of their own.
// The pool owns them.
var riskConfigurations = store.NewCollection[cognitoidp.RiskConfigurationType]("risk_configuration")

// allClients stands in the place of an app client for all of a pool's (Cognito API
// reference, SetUICustomization). Client ids are longer.
const allClients = "ALL"

// setRiskConfiguration implements SetRiskConfiguration. A request that configures
// nothing takes the configuration away.
func (s *Service) setRiskConfiguration(ctx context.Context, c *wire.Call, in *cognitoidp.SetRiskConfigurationRequest) (*cognitoidp.SetRiskConfigurationResponse, error) {
	if err := checkRisks(in); err != nil {
		return nil, err
	}
	wanted := &cognitoidp.RiskConfigurationType{
		UserPoolId: in.UserPoolId, ClientId: in.ClientId, LastModifiedDate: c.Time.Truncate(time.Millisecond),
		CompromisedCredentialsRiskConfiguration: withEventFilter(in.CompromisedCredentialsRiskConfiguration),
		AccountTakeoverRiskConfiguration:        in.AccountTakeoverRiskConfiguration,
		RiskExceptionConfiguration:              in.RiskExceptionConfiguration,
	}
	key := riskKey{in.UserPoolId, or(in.ClientId, allClients)}
	err := s.update(ctx, func(tx store.Tx) error {
		if err := s.checkProtectedHome(tx, c, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		if configuresNothing(in) {
			return unlessAbsent(riskConfigurations.Delete(tx, in.UserPoolId, key.client))
		}
		return riskConfigurations.Put(tx, in.UserPoolId, key.client, wanted)
	})
	if err != nil {
		return nil, err
	}
	s.risks.Forget(key)
	return &cognitoidp.SetRiskConfigurationResponse{RiskConfiguration: wanted}, nil
}

// describeRiskConfiguration implements DescribeRiskConfiguration.
func (s *Service) describeRiskConfiguration(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeRiskConfigurationRequest) (*cognitoidp.DescribeRiskConfigurationResponse, error) {
	found := &cognitoidp.RiskConfigurationType{UserPoolId: in.UserPoolId, ClientId: in.ClientId}
	err := s.db.View(ctx, func(tx store.Tx) error {
		if err := s.checkProtectedHome(tx, c, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		stored, err := riskConfigurations.Get(tx, in.UserPoolId, or(in.ClientId, allClients))
		if err == nil {
			found = stored
		}
		return unlessAbsent(err)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeRiskConfigurationResponse{RiskConfiguration: found}, nil
}

// checkProtectedHome is checkHome for a pool with threat protection.
func (s *Service) checkProtectedHome(tx store.Tx, c *wire.Call, poolID, clientID string) error {
	p, err := s.poolRecord(tx, c, poolID)
	switch {
	case err != nil:
		return err
	case !p.keyless().protected():
		return errNotProtected()
	}
	return s.checkHome(tx, c, poolID, clientID)
}

func configuresNothing(in *cognitoidp.SetRiskConfigurationRequest) bool {
	return in.CompromisedCredentialsRiskConfiguration == nil && in.AccountTakeoverRiskConfiguration == nil &&
		in.RiskExceptionConfiguration == nil
}

// withEventFilter names all events where the caller named none.
func withEventFilter(in *cognitoidp.CompromisedCredentialsRiskConfigurationType) *cognitoidp.CompromisedCredentialsRiskConfigurationType {
	if in == nil || len(in.EventFilter) > 0 {
		return in
	}
	out := *in
	out.EventFilter = []cognitoidp.EventFilterType{
		cognitoidp.EventFilterTypeSignIn, cognitoidp.EventFilterTypePasswordChange, cognitoidp.EventFilterTypeSignUp,
	}
	return &out
}

// checkRisks refuses a configuration that could not be followed.
func checkRisks(in *cognitoidp.SetRiskConfigurationRequest) error {
	exceptions := orEmpty(in.RiskExceptionConfiguration)
	for _, list := range [][]string{exceptions.BlockedIPRangeList, exceptions.SkippedIPRangeList} {
		if _, err := parseRanges(list); err != nil {
			return err
		}
	}
	takeover := orEmpty(in.AccountTakeoverRiskConfiguration)
	if actions := orEmpty(takeover.Actions); notifies(actions.LowAction) || notifies(actions.MediumAction) || notifies(actions.HighAction) {
		if takeover.NotifyConfiguration == nil {
			return invalid("NotifyConfiguration is required when an action notifies.")
		}
	}
	return checkNotifications(takeover.NotifyConfiguration)
}

func notifies(a *cognitoidp.AccountTakeoverActionType) bool { return a != nil && isTrue(a.Notify) }

func checkNotifications(n *cognitoidp.NotifyConfigurationType) error {
	if n == nil {
		return nil
	}
	for _, mail := range []*cognitoidp.NotifyEmailType{n.BlockEmail, n.NoActionEmail, n.MfaEmail} {
		if mail != nil && mail.HtmlBody == "" && mail.TextBody == "" {
			return invalid("A notification e-mail needs HtmlBody or TextBody.")
		}
	}
	return nil
}

// parseRanges reads address ranges in CIDR notation, of IPv4 or IPv6.
func parseRanges(list []string) ([]netip.Prefix, error) {
	ranges := make([]netip.Prefix, len(list))
	for i, text := range list {
		parsed, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, invalid("Invalid IP address range %s. Use CIDR notation, such as 192.0.2.0/24.", text)
		}
		ranges[i] = parsed.Masked()
	}
	return ranges, nil
}
