package trigger

import (
	"errors"
	"strings"

	"pintail/internal/gen/cognitoidp"
)

// functionError is a function that ran and failed: what it threw.
type functionError struct{ message string }

func (e *functionError) Error() string { return e.message }

// invocationError is a function that could not be asked. The name is told to the
// caller, as AWS tells the name of Lambda's error; the cause is for the log only,
// since it may hold addresses.
type invocationError struct {
	name  string
	cause error
}

func (e *invocationError) Error() string { return e.cause.Error() }
func (e *invocationError) Unwrap() error { return e.cause }

// unusable is an answer that is not the event.
type unusable struct{ reason string }

func (e *unusable) Error() string { return e.reason }

func failed(name string, cause error) error { return &invocationError{name, cause} }

var (
	errTimeout  = failed("Socket timeout while invoking Lambda function", errors.New("the function did not answer in time"))
	errBusy     = failed("TooManyRequestsException", errors.New("too many calls of this function run already: raise its concurrency, or make it faster"))
	errNoTarget = failed("no target is configured for this function", errors.New("name the ARN in the file that --triggers points at"))
	errTooLarge = &unusable{"the answer is larger than 6 MB"}
)

// refusal turns whatever went wrong into the error for the caller (the wording is
// AWS's, seen in many reports).
func refusal(kind Kind, arn string, err error) error {
	reason := string(kind) + " " + arn + ": " + err.Error()
	if e, ok := errors.AsType[*functionError](err); ok {
		return cognitoidp.UserLambdaValidationException.
			Newf("%s failed with error %s.", kind, plain(e.message, maxMessage)).WithReason(plain(reason, 2*maxMessage))
	}
	if _, ok := errors.AsType[*unusable](err); ok {
		return cognitoidp.InvalidLambdaResponseException.New("Unrecognizable lambda output").WithReason(plain(reason, 2*maxMessage))
	}
	name := "the function could not be reached"
	if e, ok := errors.AsType[*invocationError](err); ok {
		name = e.name
	}
	return cognitoidp.UnexpectedLambdaException.
		Newf("%s invocation failed due to error %s.", kind, plain(name, maxMessage)).WithReason(plain(reason, 2*maxMessage))
}

// maxMessage is how much of a function's message reaches the caller, in bytes.
const maxMessage = 2048

// plain makes a function's text fit for an error message: valid, of bounded
// length, and without control characters but line breaks and tabs.
func plain(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}
