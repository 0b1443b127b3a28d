package trigger

import (
	"context"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"pintail/internal/destination"
)

// How long a function may take, and how often it is asked when it takes longer
// (Cognito developer guide, "Important considerations" of Lambda triggers).
const (
	defaultTimeout = 5 * time.Second
	tries          = 3
)

// maxAnswer is the size of an answer in bytes (Lambda quotas, synchronous payload).
const maxAnswer = 6 << 20

// Invoker knows which function stands behind an ARN. A nil Invoker knows none.
type Invoker struct {
	functions    places[target]
	destinations places[destination.Destination]
	keys         map[string]*rawKey
	timeout      time.Duration
}

// target is a function with the turnstile before it.
type target struct {
	function
	gate *gate
}

// function is one way of calling. It returns what the function answered; a
// *functionError when the function ran and failed, and any other error when it
// could not be asked.
type function interface {
	call(ctx context.Context, in invocation) ([]byte, error)
}

// invocation is one call of a function.
type invocation struct {
	arn   string
	event []byte
	fire  bool // nobody reads the answer
}

// find returns the target of an ARN.
func (inv *Invoker) find(arn string) *target {
	if inv == nil {
		return nil
	}
	return inv.functions.find(arn)
}

// Knows tells whether something stands behind an ARN.
func (inv *Invoker) Knows(arn string) bool { return inv.find(arn) != nil }

// Call asks the function behind an ARN of LambdaConfig and fills e.Response with
// its answer. Its errors are for the caller of the operation, which must declare
// UserLambdaValidation, UnexpectedLambda and InvalidLambdaResponse; the reason in
// them is for the log. Call waits for the function, fifteen seconds at most, and
// must not be used inside a transaction.
func Call[Q, R any](ctx context.Context, inv *Invoker, kind Kind, arn string, e *Event[Q, R]) error {
	e.Header = e.Header.complete()
	event, err := json.Marshal(e, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("%s: the event cannot be written: %w", kind, err)
	}
	answer, err := inv.ask(ctx, invocation{arn: arn, event: event})
	if err != nil {
		return refusal(kind, arn, err)
	}
	response, err := decode[R](answer, &e.Header)
	if err != nil {
		return refusal(kind, arn, err)
	}
	e.Response = response
	return nil
}

// Send hands a code to a custom sender. The code in e is in clear; it is sealed
// when a key is configured for kmsKeyID, the pool's KMSKeyID. AWS does not wait for
// senders: whoever calls Send may, and decides what a failure means.
func (inv *Invoker) Send(ctx context.Context, kind Kind, arn, kmsKeyID string, e *SenderEvent) error {
	sent := *e
	sent.Header = e.Header.complete()
	sent.Request.Type = emailSenderRequest
	if kind == CustomSMSSender {
		sent.Request.Type = smsSenderRequest
	}
	code, err := inv.sealCode(kmsKeyID, &sent)
	if err != nil {
		return fmt.Errorf("%s: the code cannot be sealed: %w", kind, err)
	}
	sent.Request.Code = Text(code)
	event, err := json.Marshal(sent, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("%s: the event cannot be written: %w", kind, err)
	}
	if _, err = inv.ask(ctx, invocation{arn: arn, event: event, fire: true}); err != nil {
		return refusal(kind, arn, err)
	}
	return nil
}

// sealCode returns the code as the sender gets it. The temporary password of an
// invitation has the characters escaped that mean something in HTML (Cognito
// developer guide, "Custom email sender Lambda trigger").
func (inv *Invoker) sealCode(kmsKeyID string, e *SenderEvent) (string, error) {
	code := string(e.Request.Code)
	if strings.HasSuffix(string(e.TriggerSource), "_AdminCreateUser") {
		code = html.EscapeString(code)
	}
	if code == "" {
		return "", nil
	}
	return inv.Sealer(kmsKeyID).SealCode(e.UserPoolID, code)
}

// complete fills in what AWS says of a caller that is not known.
func (h Header) complete() Header {
	if h.Version == "" {
		h.Version = Version1
	}
	if h.CallerContext.AWSSDKVersion == "" {
		h.CallerContext.AWSSDKVersion = UnknownSDK
	}
	if h.CallerContext.ClientID == "" {
		h.CallerContext.ClientID = NoClient
	}
	return h
}

// ask calls a function, again when it is too slow, and returns its answer.
func (inv *Invoker) ask(ctx context.Context, in invocation) ([]byte, error) {
	t := inv.find(in.arn)
	if t == nil {
		return nil, errNoTarget
	}
	leave, err := t.gate.enter(ctx, inv.timeout)
	if err != nil {
		return nil, err
	}
	defer leave()
	if in.fire { // asked once, but patiently: a second call would be a second message
		return try(ctx, t, in, tries*inv.timeout)
	}
	for range tries {
		answer, err := try(ctx, t, in, inv.timeout)
		if !errors.Is(err, errTimeout) {
			return answer, err
		}
	}
	return nil, errTimeout
}

// try calls a function once.
func try(ctx context.Context, t *target, in invocation, timeout time.Duration) ([]byte, error) {
	limited, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	answer, err := t.call(limited, in)
	if err != nil && limited.Err() != nil {
		return nil, context.Cause(limited)
	}
	return answer, err
}
