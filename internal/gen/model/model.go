// Package model is the vocabulary in which the generated packages describe an
// AWS service: its operations, how each is bound to HTTP, who may call it, and
// which errors it declares. The generator (internal/awsgen) writes values of
// these types into internal/gen/<service>; wire reads them. It holds data and
// constraint checks only and imports nothing but the standard library.
//
// # Go types of a shape
//
//   - structure: a struct; a member that is a structure is a pointer
//   - string: string, "" when absent; an enum is a named string type
//   - boolean, integer, long, float, double: a pointer to bool, int32, int64,
//     float32 or float64, nil when absent; as elements of lists and maps they
//     are plain values, as are structures
//   - timestamp: time.Time, zero when absent
//   - blob: []byte; list: slice; map: map[string]T; all nil when absent
//   - document: encoding/json.RawMessage, nil when absent
//
// A nil list, map or blob is absent from the wire, an empty one is sent.
//
// # Struct tags
//
//	json:"Name,omitzero"      name in a JSON body; "-" when the member is not in the body; without
//	                          omitzero, text that is sent even if it is ""
//	query:"Name[,opts]"       name in the Query protocol's form and XML document; opts: flat,
//	                          item=NAME (list element, default "member"), key=NAME, value=NAME (maps),
//	                          empty (text that is sent even if it is "")
//	http:"uri=NAME"           part of the path            http:"query=NAME"   query string
//	http:"header=NAME"        header                      http:"headers=PFX"  headers with a prefix, a map
//	http:"payload"            the whole body              http:"status"       the status code
//	time:"iso8601"            timestamp format where it is not the protocol's own (also rfc822, unixTimestamp)
//	sensitive:"true"          never logged, never echoed in an error
package model

import (
	"fmt"
	"net/http"
)

// Protocol is one of the three AWS protocols that Pintail speaks.
type Protocol int

const (
	// JSONRPC is AWS JSON 1.1: POST /, the operation in X-Amz-Target.
	JSONRPC Protocol = iota + 1
	// RESTJSON binds operations to methods and paths, with JSON bodies.
	RESTJSON
	// Query is form-encoded in (Action=), XML out.
	Query
)

// String returns the protocol's name as the AWS models spell it.
func (p Protocol) String() string {
	return [...]string{"", "json", "rest-json", "query"}[p]
}

// Auth is what an operation demands of its caller before it runs.
type Auth int

const (
	// SigV4 operations need a signature and are authorised by policies.
	SigV4 Auth = iota + 1
	// Public operations need no credentials; a signature on them is ignored.
	Public
	// AccessToken operations carry a user-pool access token in their input,
	// which the operation's own room judges. The wire treats them as Public.
	AccessToken
)

// String returns the scheme's name as the coverage page prints it.
func (a Auth) String() string {
	return [...]string{"", "SigV4", "public", "access token"}[a]
}

// Service describes one AWS service.
type Service struct {
	ID             string       // AWS's model directory: "cognito-idp"
	Name           string       // full name, for people
	APIVersion     string       // "2016-04-18"; the Version= of the Query protocol
	Protocol       Protocol     // how it is spoken
	SigningName    string       // service name in a SigV4 scope: "mobiletargeting"
	IAMPrefix      string       // service prefix of IAM actions: "mobiletargeting"
	EndpointPrefix string       // first label of its AWS host names: "pinpoint"
	TargetPrefix   string       // X-Amz-Target prefix (JSONRPC)
	XMLNamespace   string       // of its answers (Query)
	Operations     []*Operation // every operation, by name
}

// NewService makes every operation of s know its service.
func NewService(s Service) *Service {
	for _, o := range s.Operations {
		o.Service = &s
	}
	return &s
}

// Operation describes one operation of a service.
type Operation struct {
	Service *Service
	Name    string
	Method  string // HTTP method
	Path    string // URI template such as "/v1/apps/{application-id}"; "/" when not REST
	Status  int    // of a successful answer
	Auth    Auth
	Action  string // IAM action, "cognito-idp:SignUp"
	// Resources are ARN templates that the caller must be allowed to act on.
	// ${Partition}, ${Region} and ${Account} are the server's; {Member} is the
	// input member of that name, {A.B} a nested one. "*" where the action has no resource type.
	Resources []string
	Wrapper   string // Query: the result element, "" when there is no output
	NoOutput  bool   // the model declares no output shape: the answer has an empty body
	Errors    []*ErrorType
	NewInput  func() any // a pointer to a zero input
}

// ErrorNamed returns the declared error with this code, or nil.
func (o *Operation) ErrorNamed(code string) *ErrorType {
	for _, e := range o.Errors {
		if e.Code == code {
			return e
		}
	}
	return nil
}

// Declares tells whether the operation's model lists the error.
func (o *Operation) Declares(t *ErrorType) bool {
	for _, e := range o.Errors {
		if e == t {
			return true
		}
	}
	return false
}

// Op is an operation with its Go types, so that a handler of the wrong type
// does not compile.
type Op[In, Out any] struct{ *Operation }

// Empty is the input or output of an operation that has none.
type Empty struct{}

// ErrorType is an error that a service declares.
type ErrorType struct {
	Name   string // the shape, "MalformedPolicyDocumentException"
	Code   string // on the wire, "MalformedPolicyDocument"
	Status int    // HTTP status
	Server bool   // the server's fault
}

// New returns an error of this type with a message for the caller.
func (t *ErrorType) New(message string) *Error { return &Error{Type: t, Message: message} }

// Newf is New with a format.
func (t *ErrorType) Newf(format string, args ...any) *Error {
	return t.New(fmt.Sprintf(format, args...))
}

// Error is an answer that is an error: what every operation returns when it
// refuses. Anything else that an operation returns is hidden from the caller.
type Error struct {
	Type    *ErrorType
	Message string
	// Fields are further members of the error's shape, by wire name.
	Fields map[string]string
	// Reason explains the refusal to the owner in the request's log line; it
	// never reaches the caller.
	Reason string
}

// Error makes *Error an error.
func (e *Error) Error() string { return e.Type.Code + ": " + e.Message }

// Is makes errors.Is(err, x) compare error types.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Type == e.Type
}

// WithReason returns a copy that carries an explanation for the log.
func (e *Error) WithReason(reason string) *Error {
	c := *e
	c.Reason = reason
	return &c
}

// Internal is the opaque error that stands for everything unforeseen.
var Internal = &ErrorType{Name: "InternalFailure", Code: "InternalFailure", Status: http.StatusInternalServerError, Server: true}
