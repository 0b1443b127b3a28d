package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"pintail/internal/gen/model"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
	"pintail/internal/wire"
)

// ownOperation describes an operation of the server's own as AWS's are described, so
// that policies allow it and the trail records it by name: pintail:NAME, on the ARNs
// of what it is about.
func ownOperation(name string) *model.Operation {
	return &model.Operation{Service: ownService, Name: name, Auth: model.SigV4, Action: SigningName + ":" + name}
}

var ownService = &model.Service{
	ID: SigningName, Name: "Pintail", Protocol: model.RESTJSON, SigningName: SigningName, IAMPrefix: SigningName, EndpointPrefix: SigningName,
}

// Errors of the server's own operations.
var (
	errDenied     = &model.ErrorType{Name: "AccessDeniedException", Code: "AccessDeniedException", Status: http.StatusForbidden}
	errBadRequest = &model.ErrorType{Name: "BadRequestException", Code: "BadRequestException", Status: http.StatusBadRequest}
	errBusy       = &model.ErrorType{Name: "ServiceUnavailableException", Code: "ServiceUnavailableException", Status: http.StatusServiceUnavailable, Server: true}
)

// ownInput is the input of an operation of the server's own.
type ownInput interface {
	// read takes the input off a request; an error is for its sender.
	read(r *http.Request, body []byte) error
	// resources are the ARNs on which the operation must be allowed.
	resources(c *wire.Call) []string
	// recorded is what the trail keeps of the input.
	recorded() any
}

// ownHandler does what an operation is for and answers, or returns why it does not.
type ownHandler[In any] func(w http.ResponseWriter, r *http.Request, c *wire.Call, in *In) error

// ownOption says how an operation is recorded.
type ownOption int

const (
	recordedFirst  ownOption = iota + 1 // before it runs, since it may last
	recordedWithin                      // by itself, in its own transaction
)

// maxOwnBody is how large a body may be, in bytes.
const maxOwnBody = 64 << 10

// own serves an operation: its caller signs, and policies decide.
func own[In any, P interface {
	*In
	ownInput
}](a *App, pattern string, op *model.Operation, run ownHandler[In], options ...ownOption) {
	has := func(o ownOption) bool { return len(options) > 0 && options[0] == o }
	a.router.HandlePage(pattern, op, func(w http.ResponseWriter, r *http.Request, c *wire.Call) {
		in := new(In)
		note := func(refusal *model.Error) {
			if c.Caller != nil {
				a.trail.Note(wire.Audited{Call: c, Input: P(in).recorded(), Resources: P(in).resources(c), Refusal: refusal})
			}
		}
		err := a.admit(r, c, P(in))
		if err == nil {
			if has(recordedFirst) {
				note(nil)
			}
			err = runRecorded(func() error { return run(w, r, c, in) }, func() {
				if !has(recordedFirst) {
					note(nil)
				}
			})
		}
		switch {
		case err != nil:
			note(a.refuse(w, err))
		case !has(recordedFirst) && !has(recordedWithin):
			note(nil)
		}
	})
}

// runRecorded runs an operation, and has one recorded that breaks its answer off.
func runRecorded(run func() error, note func()) error {
	broken := true
	defer func() {
		if broken {
			note()
		}
	}()
	err := run()
	broken = false
	return err
}

// admit reads a request, checks who signed it and asks the policies.
func (a *App) admit(r *http.Request, c *wire.Call, in ownInput) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxOwnBody+1))
	if err != nil || len(body) > maxOwnBody {
		return errBadRequest.New("The request's body cannot be read, or is too long.")
	}
	if err := a.recognise(r, c, body); err != nil {
		return err
	}
	if err := in.read(r, body); err != nil {
		return errBadRequest.New(err.Error())
	}
	for _, resource := range in.resources(c) {
		d, err := a.access.Authorize(r.Context(), c.Caller, c.Op.Action, resource, wire.RequestKeys(c))
		if err != nil {
			return err
		}
		if !d.Allowed {
			return errDenied.New(d.Message()).WithReason(d.Explain())
		}
	}
	return nil
}

// recognise finds out who calls. In developer mode everybody on this machine is the
// root user, but for pages in a browser.
func (a *App) recognise(r *http.Request, c *wire.Call, body []byte) error {
	if _, signed := sigv4.ScopeOf(r); !signed && a.config.Dev && isLocal(r) && r.Header.Get("Origin") == "" {
		c.Caller = &wire.Caller{Principal: policy.Principal{
			Type: policy.Root, ARN: "arn:aws:iam::" + c.Account + ":root", Account: c.Account, ID: c.Account,
		}}
		return nil
	}
	caller, verified, err := a.access.Authenticate(r.Context(), r, body, SigningName)
	if bad, ok := errors.AsType[*sigv4.Error](err); ok {
		return errDenied.New(bad.Message)
	}
	if err != nil {
		return err
	}
	if c.Caller = caller; verified.Region != "" {
		c.Region = verified.Region
	}
	return nil
}

// refuse answers with a refusal, and hides everything else in the log.
func (a *App) refuse(w http.ResponseWriter, err error) *model.Error {
	refusal, ok := errors.AsType[*model.Error](err)
	if !ok {
		a.log.Error("a request to the server's own paths failed", "error", err)
		refusal = model.Internal.New("The server could not answer. Its log says why.")
	}
	writeJSON(w, refusal.Type.Status, map[string]string{"Message": refusal.Message})
	return refusal
}

// readBody reads a JSON document with no members that are not known.
func readBody(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the body is not the JSON document that this path takes: %w", err)
	}
	return nil
}

// unbounded lets a request last: the server's bound is for those that end soon.
func unbounded(w http.ResponseWriter) { _ = http.NewResponseController(w).SetReadDeadline(time.Time{}) }

func appARN(c *wire.Call, app string) string { return c.ARN("mobiletargeting", "apps/"+app) }

// poolARN is in the pool's own region, which its id begins with, wherever the call
// was signed for.
func poolARN(c *wire.Call, pool string) string {
	region, _, _ := strings.Cut(pool, "_")
	return "arn:aws:cognito-idp:" + region + ":" + c.Account + ":userpool/" + pool
}

// inApp is the input of what is about a Pinpoint application as a whole.
type inApp struct{ App string }

func (in *inApp) read(r *http.Request, _ []byte) error {
	in.App = r.PathValue("app")
	return nil
}

func (in *inApp) resources(c *wire.Call) []string { return []string{appARN(c, in.App)} }
func (in *inApp) recorded() any                   { return in }
