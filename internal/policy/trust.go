package policy

import (
	"fmt"
	"slices"
	"strings"
)

// cognitoIdentity is the provider that identity pools present themselves as.
const cognitoIdentity = "cognito-identity.amazonaws.com"

// checkTrust refuses elements that a trust policy cannot have.
func checkTrust(s *rawStatement) *MalformedError {
	switch {
	case s.resource.name != "":
		return malformed(fmt.Sprintf(msgTrustField, "Resource"), "")
	case s.principal.name == "NotPrincipal":
		return malformed(fmt.Sprintf(msgTrustField, "NotPrincipal"), "")
	}
	return nil
}

// trustActions are the actions that a trust policy can be about, folded.
var trustActions = []string{
	"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
	"sts:tagsession", "sts:setsourceidentity", "sts:setcontext",
}

func checkTrustActions(s *rawStatement) *MalformedError {
	if s.action.negated() {
		return malformed(msgTrustActions, "NotAction")
	}
	for _, a := range s.action.values {
		if !isTrustAction(a) {
			return malformed(msgTrustActions, "action %q", a)
		}
	}
	return nil
}

// isTrustAction accepts sts actions, and wildcards over them, that cover one of
// trustActions.
func isTrustAction(action string) bool {
	folded := fold(action)
	p := compile(folded, true, false)
	for _, known := range trustActions {
		if strings.HasPrefix(folded, "sts:") && p.match(known, Context{}) {
			return true
		}
	}
	return false
}

// checkPrincipals reads the values of Principal and keeps what it read.
func checkPrincipals(s *rawStatement) *MalformedError {
	if s.principal.name == "" {
		return malformed(msgNoPrincipal, "")
	}
	var err *MalformedError
	s.principals, err = s.principal.compile()
	return err
}

func (p rawPrincipal) compile() (*principalSet, *MalformedError) {
	set := &principalSet{not: p.name == "NotPrincipal"}
	for _, g := range p.groups {
		for _, v := range g.values {
			e, ok := parsePrincipal(g.name, v)
			if !ok {
				kind := g.name
				if kind != "AWS" {
					kind = strings.ToUpper(kind)
				}
				return nil, invalidPrincipal(kind, v)
			}
			set.entries = append(set.entries, e)
		}
	}
	return set, nil
}

// parsePrincipal reads one value. Only "AWS" knows a wildcard, and only alone.
func parsePrincipal(group, v string) (principal, bool) {
	plain := v != "" && !strings.ContainsAny(v, "*? \t\r\n")
	switch group {
	case "AWS":
		return parseAWSPrincipal(v)
	case "Federated":
		return principal{kind: federatedProvider, value: v}, plain
	case "Service":
		return principal{kind: serviceName, value: v}, plain && strings.Contains(v, ".")
	}
	return principal{kind: canonicalUser, value: v}, plain
}

// checkTrustLimited refuses to open a role to every identity pool there is: an
// Allow for Cognito needs a condition that fails unless the token is from a
// certain pool, or for a certain identity.
func checkTrustLimited(s *rawStatement) *MalformedError {
	if s.effect != "Allow" || !s.principal.federates(cognitoIdentity) {
		return nil
	}
	for _, c := range s.conditions {
		key := fold(c.key)
		named := key == cognitoIdentity+":aud" || key == cognitoIdentity+":sub"
		if named && c.operator.family == textFamily && c.operator.demands() && !slices.ContainsFunc(c.values, onlyWildcards) {
			return nil
		}
	}
	return malformed(msgOpenTrust, "")
}

func onlyWildcards(s string) bool { return strings.Trim(s, "*?") == "" }

func (p rawPrincipal) federates(provider string) bool {
	for _, g := range p.groups {
		if g.name == "Federated" && slices.Contains(g.values, provider) {
			return true
		}
	}
	return false
}
