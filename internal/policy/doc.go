// Package policy is the IAM policy language: it parses documents, validates
// them as IAM does, and decides whether a request is allowed. It is pure: it
// reads no store, no clock and no network. Package access collects what applies
// to a caller and asks; the wire and STS act on the Decision.
//
// A document is parsed once (Parse) into compiled form: actions, resources and
// condition values become patterns, condition keys are folded to lower case.
// Evaluate then walks the statements of everything that applies:
//
//   - a matching Deny anywhere ends it
//   - a resource-based or trust policy may grant by itself, depending on how
//     precisely it names the caller
//   - otherwise the identity policies must allow, and the permissions boundary
//     and the session policies, where there are any, must allow as well
//
// Evaluate stays cheap by keeping no notes. Decision.Explain walks the same
// statements again, this time with words, when the owner wants to know why.
//
// Text that enters a pattern through a variable is literal for good: patterns
// are split into pieces when the document is parsed, and a value only ever
// becomes a literal piece. A user named "*" therefore matches "*" and no more.
package policy
