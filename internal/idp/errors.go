package idp

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kinds of refusal. Every refusal is an [Error] of exactly one kind.
var (
	// ErrMalformed means that a text is not such a token, or says what none may say.
	ErrMalformed = errors.New("idp: malformed token")
	// ErrForeignIssuer means that the token is of another issuer than the caller trusts.
	ErrForeignIssuer = errors.New("idp: token of another issuer")
	// ErrSignature means that the token is not signed as it has to be.
	ErrSignature = errors.New("idp: signature not verified")
	// ErrExpired means that the token's time is over.
	ErrExpired = errors.New("idp: token expired")
	// ErrNotYetValid means that the token's time has not come.
	ErrNotYetValid = errors.New("idp: token not valid yet")
	// ErrAudience means that the token was made for somebody else.
	ErrAudience = errors.New("idp: token for another audience")
	// ErrUnreachable means that the provider could not be asked, or answered nonsense:
	// the token may be good.
	ErrUnreachable = errors.New("idp: provider unreachable")
	// ErrRejected means that the provider itself refused the token or the sign-in.
	ErrRejected = errors.New("idp: rejected by the provider")
	// ErrReplayed means that the assertion was used before.
	ErrReplayed = errors.New("idp: used before")
	// ErrUnsupported means that the token needs what this package does not do.
	ErrUnsupported = errors.New("idp: not supported")
)

// Error is a refusal. Its text is for the owner's log and never holds the token.
type Error struct {
	Kind    error
	Detail  string
	Expired time.Time // when the token's time was over, of kind ErrExpired; may be zero
	cause   error
}

func (e *Error) Error() string { return e.Kind.Error() + ": " + e.Detail }

// Unwrap makes errors.Is find the kind, and a context's end behind it.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

func refuse(kind error, format string, args ...any) *Error {
	return &Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// shown is how an untrusted text stands in a detail: quoted, and cut so short that no
// token fits.
func shown(text string) string {
	const most = 120
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}
