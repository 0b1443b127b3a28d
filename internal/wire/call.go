package wire

import (
	"log/slog"
	"time"

	"pintail/internal/gen/model"
	"pintail/internal/policy"
)

// Call is what an operation may know about the request that it serves, beside
// its input.
type Call struct {
	Op        *model.Operation
	RequestID string
	// Time is the one moment at which the whole request happens.
	Time time.Time
	// Caller signed the request; nil for an operation that needs no signature.
	Caller *Caller
	// Bearer is whom the token or assertion of a request without a signature speaks for,
	// once it is verified; nil before, and for requests that carry none.
	Bearer *Bearer
	// Region is the caller's: the signature's, or the server's own.
	Region string
	// Account is the twelve-digit id of the server's account.
	Account   string
	SourceIP  string
	UserAgent string
	// Secure tells whether the request came over TLS.
	Secure bool

	notes []slog.Attr
}

// Note adds an attribute to the request's log line. Never note a secret.
func (c *Call) Note(key string, value any) {
	c.notes = append(c.notes, slog.Any(key, value))
}

// ARN returns an ARN of the server's account, in the call's region.
func (c *Call) ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + c.Region + ":" + c.Account + ":" + resource
}

// Bearer is somebody whom a provider vouches for.
type Bearer struct {
	Provider string // as trust policies name it, or a SAML provider's name qualifier
	Audience string // that a token is for; "" of an assertion
	Subject  string
}

// Caller is a principal whose signature has been checked.
type Caller struct {
	policy.Principal
	AccessKeyID string
	// Keys are the condition keys that came with the credentials, such as
	// aws:TokenIssueTime or cognito-identity.amazonaws.com:sub.
	Keys map[string][]string
	// Session is nil for long-term keys.
	Session *Session
}

// Session is what temporary credentials carry.
type Session struct {
	// Policies are the session policies' documents; a session without any is not narrowed.
	Policies []string
	IssuedAt time.Time
	Expires  time.Time
	// Transitive are the session tags that go on into the roles which the session
	// assumes.
	Transitive map[string]string
	// Owner is the unique id of the user whose permissions a federated user has.
	Owner string
}

// Root tells whether the caller is the account's root user.
func (c *Caller) Root() bool { return c != nil && c.Type == policy.Root }
