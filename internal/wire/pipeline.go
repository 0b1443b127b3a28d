package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"pintail/internal/gen/model"
)

// exchange is one request on its way through the phases.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	found found
	op    *model.Operation
	route *route
	body  []byte
	in    any
	call  *Call
	// resources are what the caller's policies were asked about.
	resources []string

	begun  time.Time
	status int
	sent   int
	answer *model.Error // the refusal that was sent
	hidden error        // what the caller was not told
}

// serveOperation takes a request through every phase and logs it.
func (rt *Router) serveOperation(w http.ResponseWriter, r *http.Request) {
	e := &exchange{w: w, r: r, begun: time.Now()}
	e.call = rt.newCall(r)
	w.Header().Set("x-amzn-RequestId", e.call.RequestID)
	w.Header().Set("Date", e.call.Time.Format(http.TimeFormat))
	defer rt.finish(e)
	out, err := rt.phases(r.Context(), e)
	if err == nil {
		err = e.sendOutput(out)
	}
	if err != nil {
		e.sendError(err)
	}
}

// phases runs everything between the request's arrival and its answer. A panic
// in any phase becomes an ordinary hidden error.
func (rt *Router) phases(ctx context.Context, e *exchange) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := rt.routeTo(e); err != nil {
		return nil, err
	}
	if err := e.limit(); err != nil {
		return nil, err
	}
	if err := rt.authenticate(ctx, e); err != nil {
		return nil, err
	}
	if err := e.decode(); err != nil {
		return nil, err
	}
	if err := rt.authorize(ctx, e); err != nil {
		return nil, err
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	return e.route.invoke(ctx, e.call, e.in)
}

func (rt *Router) newCall(r *http.Request) *Call {
	id, err := uuid.NewRandom()
	if err != nil {
		panic(err) // the machine has no randomness left: nothing else would work either
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = ""
	}
	return &Call{
		RequestID: id.String(),
		Time:      rt.clock.Now(),
		Region:    rt.region,
		Account:   rt.account,
		SourceIP:  host,
		UserAgent: r.UserAgent(),
		Secure:    r.TLS != nil,
	}
}

// routeTo is the first phase: which operation is this, and does a room answer it?
func (rt *Router) routeTo(e *exchange) error {
	e.found = rt.find(e.w, e.r)
	if e.found.refusal != nil {
		return e.found.refusal
	}
	e.op = e.found.op
	e.call.Op = e.op
	e.route = rt.routes[e.op]
	if e.route == nil {
		return unsupported[e.op.Service.Protocol].Newf("%s is not supported by this server. See docs/coverage.md for what is.", e.op.Action)
	}
	return nil
}

// limit reads the body, as much as the operation may have.
func (e *exchange) limit() error {
	p := e.op.Service.Protocol
	if coding := e.r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return mediaType[p].New("Content-Encoding is not supported.")
	}
	if p == model.Query {
		e.body = e.found.body
		return nil
	}
	if !acceptable(p, mediaTypeOf(e.r)) {
		return mediaType[p].New("The request's Content-Type is not one that this operation takes.")
	}
	var err error
	if e.body, err = readBody(e.w, e.r, bodyLimit(e.op)); err != nil {
		if own := e.op.ErrorNamed("PayloadTooLargeException"); own != nil && errors.Is(err, errTooLarge) {
			return own.New(bodyTooLarge)
		}
		return bodyError(p, err)
	}
	return nil
}

const bodyTooLarge = "The request's body is larger than this operation allows."

func bodyError(p model.Protocol, err error) *model.Error {
	if errors.Is(err, errTooLarge) {
		return tooLarge[p].New(bodyTooLarge)
	}
	return serialization[p].New("The request's body could not be read to its end.")
}

// check holds the input against the constraints of AWS's model.
func (e *exchange) check() error {
	v, ok := e.in.(model.Validator)
	if !ok {
		return nil
	}
	checks := model.Checks{Present: e.presence()}
	v.Validate(&checks)
	if message := checks.Err(); message != "" {
		return constraintError(e.op, message)
	}
	return nil
}

// finish writes the request's one log line and tells the observer.
func (rt *Router) finish(e *exchange) {
	took := time.Since(e.begun)
	event := Event{Status: e.status, Duration: took}
	attrs := []slog.Attr{
		slog.String("request", e.call.RequestID), slog.Int("status", e.status),
		slog.Duration("took", took), slog.String("from", e.call.SourceIP),
		slog.Int("in", len(e.body)), slog.Int("out", e.sent),
	}
	if e.op != nil {
		event.Service, event.Operation = e.op.Service.ID, e.op.Name
		attrs = append(attrs, slog.String("operation", e.op.Action))
	} else {
		attrs = append(attrs, slog.String("method", e.r.Method), slog.String("path", quoted(e.r.URL.Path)))
	}
	if e.call.Caller != nil {
		attrs = append(attrs, slog.String("caller", e.call.Caller.ARN), slog.String("key", e.call.Caller.AccessKeyID))
	}
	level, message := slog.LevelInfo, "request"
	if e.answer != nil {
		event.Code = e.answer.Type.Code
		attrs = append(attrs, slog.String("error", event.Code), slog.String("message", e.answer.Message))
		if e.answer.Reason != "" {
			attrs = append(attrs, slog.String("reason", e.answer.Reason))
		}
	}
	if e.hidden != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("cause", e.hidden.Error()))
	}
	ctx := context.Background()
	if e.in != nil && rt.log.Enabled(ctx, slog.LevelDebug) {
		attrs = append(attrs, slog.Any("input", Redacted(e.in)))
	}
	rt.log.LogAttrs(ctx, level, message, append(attrs, e.call.notes...)...)
	rt.observe(event)
	if rt.audit != nil && e.call.Op != nil && (e.call.Caller != nil || e.op.Service.ID == "sts") {
		rt.audit(Audited{Call: e.call, Input: e.in, Resources: e.actedOn(), Refusal: e.answer})
	}
}

// actedOn are the resources that the caller's policies were asked about. Where those do not
// decide, such as about a role that is assumed, they are those that the input names.
func (e *exchange) actedOn() []string {
	if len(e.resources) > 0 || e.in == nil || e.route == nil {
		return e.resources
	}
	arns, err := e.route.named(context.Background(), e.call, e.in)
	if err != nil {
		return nil
	}
	return arns
}
