package sigv4

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind says which family of failure an [Error] belongs to. Each AWS protocol
// spells a kind with a code and a status of its own; that spelling is the
// business of the wire.
type Kind int

// The kinds, each with the code that the Query protocol gives it.
const (
	MissingAuthenticationToken Kind = iota + 1 // MissingAuthenticationToken: no signature at all
	IncompleteSignature                        // IncompleteSignature: a signature that cannot be read
	SignatureDoesNotMatch                      // SignatureDoesNotMatch: wrong signature, scope or time
	InvalidClientTokenID                       // InvalidClientTokenId: unknown key or wrong session token
	ExpiredToken                               // ExpiredToken: the session is over
	RequestExpired                             // RequestExpired: a presigned URL past its X-Amz-Expires
)

// String returns the code that the Query protocol gives the kind.
func (k Kind) String() string {
	if k < MissingAuthenticationToken || k > RequestExpired {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return [...]string{
		"MissingAuthenticationToken", "IncompleteSignature", "SignatureDoesNotMatch",
		"InvalidClientTokenId", "ExpiredToken", "RequestExpired",
	}[k-1]
}

// Error is a refusal of a request's signature.
type Error struct {
	Kind    Kind
	Message string // for the caller, in the words that AWS uses

	// Detail is for the server's log: what the verifier computed, or why it
	// could not compute. It holds no secret, session token, cookie or value of
	// an application's query parameter. Often empty.
	Detail string
}

// Error returns the kind and the message, without the detail.
func (e *Error) Error() string { return e.Kind.String() + ": " + e.Message }

// The refusals that a [Lookup] may return, wrapped or not; [Verifier.Verify]
// answers with an [Error] in their place.
var (
	// ErrUnknownKey says that there is no such access key, or that it is inactive.
	ErrUnknownKey = errors.New("sigv4: unknown or inactive access key")
	// ErrBadToken says that the session token is missing, malformed, or not the key's own.
	ErrBadToken = errors.New("sigv4: session token does not belong to the access key")
	// ErrExpiredToken says that key and token belong together, but their session is over.
	ErrExpiredToken = errors.New("sigv4: session token has expired")
)

// incomplete returns an IncompleteSignature error.
func incomplete(format string, args ...any) *Error {
	return &Error{Kind: IncompleteSignature, Message: fmt.Sprintf(format, args...)}
}

// mismatch returns the error of a signature that is not the one computed.
func mismatch(detail string) *Error {
	return &Error{
		Kind: SignatureDoesNotMatch,
		Message: "The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
		Detail: detail,
	}
}

// denied translates what a [Lookup] refused; an error that is none of its
// refusals, such as a failing store, comes back as it is.
func denied(err error) error {
	switch {
	case errors.Is(err, ErrUnknownKey):
		return &Error{Kind: InvalidClientTokenID, Message: "The security token included in the request is invalid."}
	case errors.Is(err, ErrBadToken):
		return &Error{Kind: InvalidClientTokenID, Message: "The security token included in the request is invalid"}
	case errors.Is(err, ErrExpiredToken):
		return &Error{Kind: ExpiredToken, Message: "The security token included in the request is expired"}
	}
	return err
}

// echo makes a stranger's text fit to be repeated in a message: at most limit
// bytes of it, and nothing that is not printable.
func echo(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}
