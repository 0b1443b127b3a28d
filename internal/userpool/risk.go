package userpool

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// protected tells whether the pool's owner switched threat protection on. Only then
// is there a risk configuration to look at and a history of sign-ins to write.
func (p *pool) protected() bool {
	mode := orEmpty(p.UserPoolAddOns).AdvancedSecurityMode
	return mode == cognitoidp.AdvancedSecurityModeTypeAudit || p.enforces()
}

// enforces tells whether threat protection acts on what it finds, and does not only
// record it.
func (p *pool) enforces() bool {
	return orEmpty(p.UserPoolAddOns).AdvancedSecurityMode == cognitoidp.AdvancedSecurityModeTypeEnforced
}

func errNotProtected() error {
	return cognitoidp.UserPoolAddOnNotEnabledException.New("Threat protection is not enabled for the user pool: set AdvancedSecurityMode to AUDIT or ENFORCED.")
}

// riskKey names a risk configuration: an app client's, or that of allClients.
type riskKey struct{ pool, client string }

// riskRules are a risk configuration ready for use: shared, and never changed.
type riskRules struct {
	leaked           *cognitoidp.CompromisedCredentialsRiskConfigurationType
	blocked, skipped []netip.Prefix
}

// riskRules returns what holds for an app client: its own configuration as a whole,
// or else the pool's. Without either it is empty.
func (s *Service) riskRules(ctx context.Context, p *pool, clientID string) (*riskRules, error) {
	for _, key := range []riskKey{{p.Id, clientID}, {p.Id, allClients}} {
		rules, err := s.risks.Load(key, func(*riskRules) (*riskRules, error) { return s.readRisks(ctx, key) })
		if err != nil || rules != nil {
			return rules, err
		}
	}
	return new(riskRules), nil
}

// readRisks reads a configuration from the directory; none is nil.
func (s *Service) readRisks(ctx context.Context, key riskKey) (*riskRules, error) {
	var found *cognitoidp.RiskConfigurationType
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		found, err = riskConfigurations.Get(tx, key.pool, key.client)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rules := &riskRules{leaked: found.CompromisedCredentialsRiskConfiguration}
	if exceptions := found.RiskExceptionConfiguration; exceptions != nil {
		if rules.blocked, err = parseRanges(exceptions.BlockedIPRangeList); err == nil {
			rules.skipped, err = parseRanges(exceptions.SkippedIPRangeList)
		}
	}
	return rules, err
}

// compromised tells whether a password in clear is known from a breach, where the
// risk configuration has the event looked at, and whether the request must be
// refused for it. Passwords that are shown by SRP cannot be looked at.
func (s *Service) compromised(ctx context.Context, p *pool, clientID string, event cognitoidp.EventFilterType, password string) (detected, blocked bool, err error) {
	if !p.protected() {
		return false, false, nil
	}
	rules, err := s.riskRules(ctx, p, clientID)
	if err != nil || rules.leaked == nil || !slices.Contains(rules.leaked.EventFilter, event) {
		return false, false, err
	}
	if detected, err = s.breached.Contains(password); err != nil || !detected {
		return false, false, err
	}
	action := orEmpty(rules.leaked.Actions).EventAction
	return true, p.enforces() && action == cognitoidp.CompromisedCredentialsEventActionTypeBlock, nil
}

// checkBreached refuses a new password that is known from a breach, where the pool's
// risk configuration says so.
func (s *Service) checkBreached(ctx context.Context, p *pool, clientID string, event cognitoidp.EventFilterType, password string) error {
	_, blocked, err := s.compromised(ctx, p, clientID, event, password)
	if blocked {
		return cmp.Or(err, errCompromised())
	}
	return err
}

// errCompromised refuses a new password that is known from a breach.
func errCompromised() error {
	return cognitoidp.InvalidPasswordException.New("Provided password cannot be used for security reasons.")
}

// errCompromisedSignIn refuses a sign-in with a password that is known from a
// breach: a new one has to be set by a code first.
func errCompromisedSignIn() error {
	return cognitoidp.PasswordResetRequiredException.New("Password reset required for the user due to security reasons")
}

// sourceRisk says what the owner wants done with requests from an address.
type sourceRisk int

const (
	sourceUnlisted sourceRisk = iota // nothing is known of it
	sourceBlocked                    // refuse everything, with errBlockedSource
	sourceSkipped                    // look for no risk
)

// riskOfSource looks an address up in the lists of the risk configuration. The list
// of blocked addresses goes before the other, and is not followed while threat
// protection only audits.
func (s *Service) riskOfSource(ctx context.Context, p *pool, clientID, address string) (sourceRisk, error) {
	if !p.protected() {
		return sourceUnlisted, nil
	}
	rules, err := s.riskRules(ctx, p, clientID)
	if err != nil {
		return sourceUnlisted, err
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return sourceUnlisted, nil
	}
	ip = ip.Unmap().WithZone("")
	within := func(r netip.Prefix) bool { return r.Contains(ip) }
	switch {
	case p.enforces() && slices.ContainsFunc(rules.blocked, within):
		return sourceBlocked, nil
	case slices.ContainsFunc(rules.skipped, within):
		return sourceSkipped, nil
	}
	return sourceUnlisted, nil
}

func errBlockedSource() error {
	return cognitoidp.NotAuthorizedException.New("Unable to login because of security reasons.")
}

// source is where a request comes from, as threat protection sees it.
type source struct{ Address, UserAgent string }

// sourceOf returns where a person's request comes from. A client that is a server
// may name the address of the person, if its settings let it and it proves itself
// by its secret (Cognito API reference, UserContextDataType).
func sourceOf(c *wire.Call, cl *client, named *cognitoidp.UserContextDataType) source {
	from := source{Address: c.SourceIP, UserAgent: c.UserAgent}
	if named != nil && cl.confidential() && isTrue(cl.EnablePropagateAdditionalUserContextData) {
		from.rename(named.IpAddress)
	}
	return from
}

// adminSourceOf returns where a person is for whom an administrator's server calls.
func adminSourceOf(c *wire.Call, named *cognitoidp.ContextDataType) source {
	from := source{Address: c.SourceIP, UserAgent: c.UserAgent}
	if named == nil {
		return from
	}
	from.rename(named.IpAddress)
	from.UserAgent = ""
	for _, header := range named.HttpHeaders {
		if strings.EqualFold(header.HeaderName, "User-Agent") {
			from.UserAgent = header.HeaderValue
		}
	}
	return from
}

// rename takes over an address that was named, if it is one.
func (s *source) rename(address string) {
	if _, err := netip.ParseAddr(address); err == nil {
		s.Address = address
	}
}
