package policy

import "fmt"

// Source is the part of the evaluation that decided.
type Source int

const (
	// ByRoot decides for the account's root user, whom no policy limits and who
	// may not assume roles.
	ByRoot Source = iota
	// ByIdentity is an identity policy.
	ByIdentity
	// ByBoundary is a permissions boundary.
	ByBoundary
	// BySession is a session policy.
	BySession
	// ByResource is a resource-based policy.
	ByResource
	// ByTrust is a role's trust policy.
	ByTrust
)

// String names the source as AWS's access-denied texts do.
func (s Source) String() string {
	return [...]string{"root user", "identity-based policy", "permissions boundary", "session policy", "resource-based policy", "role trust policy"}[s]
}

// Decision is the answer to a Request.
type Decision struct {
	Allowed bool
	// Explicit tells that a Deny statement decided; otherwise a refusal means
	// that an Allow was missing.
	Explicit bool
	// By is the source of the Allow or Deny, or the source that lacks an Allow.
	By Source
	// Policy and Statement say which statement decided, statements counted from
	// 1; both are zero when none did. Sid is the statement's, often empty.
	Policy    string
	Statement int
	Sid       string

	// What Message and Explain need to tell the story.
	policies Policies
	request  Request
	decided  *statement
}

// Message returns AWS's text for a refused request, and "" for an allowed one.
// Refusals of a trust policy give no reason, so that a role that refuses looks
// like one that does not exist.
func (d Decision) Message() string {
	r := d.request
	if d.Allowed {
		return ""
	}
	if d.policies.Trust {
		switch r.Principal.Type {
		case Root:
			return "Roles may not be assumed by root accounts."
		case WebIdentity, Anonymous:
			return "Not authorized to perform " + r.Action
		}
		return d.subject()
	}
	if !d.Explicit {
		return fmt.Sprintf("%s because no %s allows the %s action", d.subject(), d.By, r.Action)
	}
	article := "a"
	if d.By == ByIdentity {
		article = "an"
	}
	return fmt.Sprintf("%s with an explicit deny in %s %s", d.subject(), article, d.By)
}

// subject is the part of the text before the reason.
func (d Decision) subject() string {
	text := fmt.Sprintf("User: %s is not authorized to perform: %s", d.request.Principal.label(), d.request.Action)
	if d.request.Resource != "" {
		text += " on resource: " + d.request.Resource
	}
	return text
}
