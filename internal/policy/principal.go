package policy

import "strings"

// PrincipalType says what kind of caller a principal is.
type PrincipalType int

const (
	// Anonymous callers present no credentials. It is the zero value, so that a
	// forgotten principal is nobody.
	Anonymous PrincipalType = iota
	// Root is the account's root user.
	Root
	// User is an IAM user, also with the temporary keys of GetSessionToken.
	User
	// AssumedRole is a role session, from whichever AssumeRole operation.
	AssumedRole
	// FederatedUser is a session of GetFederationToken.
	FederatedUser
	// WebIdentity presents the token of an outside provider, OIDC or SAML, and
	// no credentials. Only a trust policy can allow it anything.
	WebIdentity
	// Service is an AWS service acting for itself.
	Service
)

// String returns the type as the condition key aws:PrincipalType spells it.
func (t PrincipalType) String() string {
	return [...]string{"Anonymous", "Account", "User", "AssumedRole", "FederatedUser", "WebIdentity", "Service"}[t]
}

// Principal is who is asking, as the language sees it.
type Principal struct {
	Type PrincipalType
	// ARN is the caller's own, arn:aws:iam::A:user/path/Name or
	// arn:aws:sts::A:assumed-role/Role/Session.
	ARN string
	// RoleARN is the role of a session, with its path.
	RoleARN string
	// Account is the twelve-digit account of the caller.
	Account string
	// ID is the unique id: AIDA.. for a user, AROA..:session for a role session.
	ID string
	// Federated names the provider of a WebIdentity, as trust policies name it.
	Federated string
	// Service names a Service, such as cognito-idp.amazonaws.com.
	Service string
}

// userName is the last part of a user's ARN.
func (p Principal) userName() string { return p.ARN[strings.LastIndexByte(p.ARN, '/')+1:] }

// policyARN is what aws:PrincipalArn holds: for a role session the role.
func (p Principal) policyARN() string {
	if p.Type == AssumedRole {
		return p.RoleARN
	}
	return p.ARN
}

// inAccount tells whether identity policies can apply to the principal.
func (p Principal) inAccount() bool {
	switch p.Type {
	case Root, User, AssumedRole, FederatedUser:
		return true
	}
	return false
}

// label is how an access-denied text names the caller.
func (p Principal) label() string {
	switch p.Type {
	case Anonymous:
		return "anonymous"
	case WebIdentity:
		return p.Federated
	case Service:
		return p.Service
	}
	return p.ARN
}

// naming says how precisely a Principal element names a caller; the more
// precisely, the more a resource-based Allow is worth on its own.
type naming int

const (
	unnamed   naming = iota
	byAccount        // the caller's account: the account must allow it too
	byRole           // the session's role, or everyone: boundary and session policies still limit
	directly         // the caller itself: nothing but an explicit deny limits
)

type principalKind int

const (
	everyone principalKind = iota
	accountID
	principalARN
	uniqueID
	federatedProvider
	serviceName
	canonicalUser // an S3 notion: accepted, and never anyone here
)

// principal is one value of a Principal element.
type principal struct {
	kind  principalKind
	value string
}

// names tells how the value names a caller. Everyone includes outside
// identities and services only in a Deny: an Allow has to name those.
func (e principal) names(p Principal, deny bool) naming {
	switch e.kind {
	case everyone:
		if deny || p.Type != WebIdentity && p.Type != Service {
			return byRole
		}
	case accountID:
		if p.inAccount() && p.Account == e.value {
			return byAccount
		}
	case principalARN:
		if p.inAccount() && p.ARN == e.value {
			return directly
		}
		if p.Type == AssumedRole && p.RoleARN == e.value {
			return byRole
		}
	case uniqueID:
		if p.Type == User && p.ID == e.value {
			return directly
		}
		if role, _, ok := strings.Cut(p.ID, ":"); ok && p.Type == AssumedRole && role == e.value {
			return byRole
		}
	case federatedProvider:
		if p.Type == WebIdentity && p.Federated == e.value {
			return directly
		}
	case serviceName:
		if p.Type == Service && p.Service == e.value {
			return directly
		}
	}
	return unnamed
}

// principalSet is a compiled Principal or NotPrincipal element.
type principalSet struct {
	not     bool
	entries []principal
}

// names tells how the element names a caller, best entry first. A nil set is a
// statement without the element: it is about whoever holds the policy.
func (s *principalSet) names(p Principal, deny bool) naming {
	if s == nil {
		return directly
	}
	if s.not {
		return s.spares(p, deny)
	}
	best := unnamed
	for _, e := range s.entries {
		best = max(best, e.names(p, deny))
	}
	return best
}

// spares evaluates NotPrincipal. A caller has several names: its account, its
// role, itself. A Deny passes over the caller only when all of them are listed
// (IAM User Guide, "NotPrincipal"); an Allow already when any is.
func (s *principalSet) spares(p Principal, deny bool) naming {
	var listed [directly + 1]bool
	for _, e := range s.entries {
		if e.kind == everyone {
			return unnamed
		}
		listed[e.names(p, deny)] = true
	}
	some := listed[directly] || listed[byRole] || listed[byAccount]
	all := listed[directly] &&
		(listed[byAccount] || !p.inAccount()) &&
		(listed[byRole] || p.Type != AssumedRole)
	if deny && all || !deny && some {
		return unnamed
	}
	return byRole
}

// parseAWSPrincipal reads one value under "AWS": an account, its root ARN, the
// ARN of a user, role or session, a unique id, or everyone. There are no
// partial wildcards and groups are not principals.
func parseAWSPrincipal(v string) (principal, bool) {
	switch {
	case v == "*":
		return principal{kind: everyone, value: v}, true
	case isAccountID(v):
		return principal{kind: accountID, value: v}, true
	case isUniqueID(v):
		return principal{kind: uniqueID, value: v}, true
	}
	parts, ok := splitARN(v)
	if !ok || parts[0] != "arn" || parts[1] != partition || parts[3] != "" || !isAccountID(parts[4]) || strings.ContainsAny(v, "*?") {
		return principal{}, false
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	switch {
	case parts[2] == "iam" && parts[5] == "root":
		return principal{kind: accountID, value: parts[4]}, true
	case name == "":
		return principal{}, false
	case parts[2] == "iam" && (kind == "user" || kind == "role"),
		parts[2] == "sts" && (kind == "assumed-role" || kind == "federated-user"):
		return principal{kind: principalARN, value: v}, true
	}
	return principal{}, false
}

// isUniqueID tells whether v looks like the unique id of a user or a role.
func isUniqueID(v string) bool {
	if len(v) < 16 || len(v) > 128 || !strings.HasPrefix(v, "AIDA") && !strings.HasPrefix(v, "AROA") {
		return false
	}
	for i := range len(v) {
		if !isUpper(v[i]) && !isDigit(v[i]) {
			return false
		}
	}
	return true
}
