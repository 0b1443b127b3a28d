package wire

import (
	"errors"
	"net/http"

	"pintail/internal/gen/model"
	"pintail/internal/sigv4"
	"pintail/internal/store"
)

// Errors that any operation may meet, whatever its model declares: AWS's front
// ends answer them before the service is reached. Their codes differ by
// protocol (identity-access reference of the AWS front ends: query services
// leave out the Exception suffix and use other statuses).
var (
	unknownOperation = common("UnknownOperationException", 400, "InvalidAction", 400, 404)
	missingAction    = common("MissingActionException", 400, "MissingAction", 400, 400)
	unsupported      = common("UnsupportedOperationException", 501, "UnsupportedOperation", 501, 501)
	serialization    = common("SerializationException", 400, "MalformedInput", 400, 400)
	mediaType        = common("UnsupportedMediaTypeException", 415, "MalformedInput", 415, 415)
	tooLarge         = common("RequestEntityTooLargeException", 413, "RequestEntityTooLarge", 413, 413)
	accessDenied     = common("AccessDeniedException", 400, "AccessDenied", 403, 403)
	validation       = common("ValidationException", 400, "ValidationError", 400, 400)
	internalFailure  = common("InternalFailure", 500, "InternalFailure", 500, 500)
	unavailable      = common("ServiceUnavailableException", 503, "ServiceUnavailable", 503, 503)

	missingToken     = common("MissingAuthenticationTokenException", 400, "MissingAuthenticationToken", 403, 403)
	incomplete       = common("IncompleteSignatureException", 400, "IncompleteSignature", 400, 403)
	badSignature     = common("InvalidSignatureException", 400, "SignatureDoesNotMatch", 403, 403)
	unknownClient    = common("UnrecognizedClientException", 400, "InvalidClientTokenId", 403, 403)
	expiredToken     = common("ExpiredTokenException", 400, "ExpiredToken", 403, 403)
	requestExpired   = common("InvalidSignatureException", 400, "RequestExpired", 400, 403)
	methodNotAllowed = common("MethodNotAllowedException", 405, "MethodNotAllowed", 405, 405)
)

// ValidationError is the Query services' error for a parameter that breaks a
// rule which the model does not state. IAM and STS operations may return it
// although their models do not list it.
var ValidationError = validation[model.Query]

// InvalidParameterValue is the Query services' error for parameters that
// contradict each other (STS: tags, durations).
var InvalidParameterValue = &model.ErrorType{Name: "InvalidParameterValue", Code: "InvalidParameterValue", Status: 400}

// AccessDenied is the Query services' refusal. STS operations that judge their
// caller themselves (AssumeRoleWithWebIdentity) return it.
var AccessDenied = accessDenied[model.Query]

type byProtocol map[model.Protocol]*model.ErrorType

var undeclared = map[*model.ErrorType]bool{InvalidParameterValue: true}

// common makes an error that exists in all three protocols: code and status
// for the JSON protocols and for Query, and the status for REST.
func common(code string, status int, queryCode string, queryStatus, restStatus int) byProtocol {
	set := byProtocol{
		model.JSONRPC:  {Name: code, Code: code, Status: status, Server: status >= 500},
		model.RESTJSON: {Name: code, Code: code, Status: restStatus, Server: restStatus >= 500},
		model.Query:    {Name: queryCode, Code: queryCode, Status: queryStatus, Server: queryStatus >= 500},
	}
	for _, t := range set {
		undeclared[t] = true
	}
	return set
}

// signatureError turns a failed signature check into the answer of the protocol.
func signatureError(p model.Protocol, e *sigv4.Error) *model.Error {
	kinds := map[sigv4.Kind]byProtocol{
		sigv4.MissingAuthenticationToken: missingToken,
		sigv4.IncompleteSignature:        incomplete,
		sigv4.SignatureDoesNotMatch:      badSignature,
		sigv4.InvalidClientTokenID:       unknownClient,
		sigv4.ExpiredToken:               expiredToken,
		sigv4.RequestExpired:             requestExpired,
	}
	set, ok := kinds[e.Kind]
	if !ok {
		set = badSignature
	}
	message := e.Message
	if e.Kind == sigv4.MissingAuthenticationToken && p != model.Query {
		message = "Missing Authentication Token"
	}
	return set[p].New(message)
}

// constraintError is the answer to an input that breaks the model's
// constraints: each service has its own name for it.
func constraintError(op *model.Operation, message string) *model.Error {
	for _, code := range []string{"InvalidParameterException", "BadRequestException"} {
		if t := op.ErrorNamed(code); t != nil {
			return t.New(message)
		}
	}
	return validation[op.Service.Protocol].New(message)
}

// errUndeclared marks an error that an operation returned although its model
// does not list it: a fault of ours that the caller must not see.
var errUndeclared = errors.New("operation returned an error that its model does not declare")

// answerable turns whatever an operation returned into what may be told to the
// caller. The second result is non-nil when that hides something which the
// owner has to see.
func answerable(op *model.Operation, err error) (*model.Error, error) {
	var answer *model.Error
	if !errors.As(err, &answer) {
		return storeError(op, err)
	}
	if op.Declares(answer.Type) || undeclared[answer.Type] {
		return answer, nil
	}
	if errors.Is(err, store.ErrContention) { // told in words that the operation does not have
		return storeError(op, err)
	}
	return internalOf(op), errors.Join(errUndeclared, err)
}

// storeError answers what the directory refused, wherever a room let it pass:
// text that no engine can keep is the caller's fault, and a lost race against
// others is worth another try.
func storeError(op *model.Operation, err error) (*model.Error, error) {
	p := op.Service.Protocol
	var key *store.KeyError
	switch {
	case errors.Is(err, store.ErrNUL), errors.As(err, &key):
		return serialization[p].New("The input holds text that cannot be stored.").WithReason(err.Error()), nil
	case errors.Is(err, store.ErrContention):
		return unavailable[p].New("Too many changes at once. Please try again."), err
	}
	return internalOf(op), err
}

// internalOf is the opaque error of the operation's own service where it
// declares one.
func internalOf(op *model.Operation) *model.Error {
	for _, t := range op.Errors {
		if t.Server && t.Status == http.StatusInternalServerError {
			return t.New("An internal error occurred. The server's log says more under this request's id.")
		}
	}
	return internalFailure[op.Service.Protocol].New("An internal error occurred. The server's log says more under this request's id.")
}
