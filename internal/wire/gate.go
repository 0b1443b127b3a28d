package wire

import (
	"context"
	"errors"
	"net/http"

	"pintail/internal/gen/model"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
)

// Gate answers the two questions of every signed request. Package access
// implements it.
type Gate interface {
	// Authenticate checks the request's signature for a service's signing name
	// and tells who signed. A failed check is a *sigv4.Error.
	Authenticate(ctx context.Context, r *http.Request, body []byte, signingName string) (*Caller, *sigv4.Verified, error)
	// Authorize judges one action on one resource.
	Authorize(ctx context.Context, caller *Caller, action, resource string, keys policy.Context) (policy.Decision, error)
}

// authenticate fills in the call's caller when the operation needs one.
func (rt *Router) authenticate(ctx context.Context, e *exchange) error {
	if e.op.Auth != model.SigV4 {
		return nil
	}
	caller, verified, err := rt.gate.Authenticate(ctx, e.r, e.body, e.op.Service.SigningName)
	var bad *sigv4.Error
	switch {
	case errors.As(err, &bad):
		answer := signatureError(e.op.Service.Protocol, bad)
		if bad.Detail != "" {
			answer = answer.WithReason(bad.Detail)
		}
		return answer
	case err != nil:
		return err
	}
	e.call.Caller = caller
	if verified.Host != "" && verified.Host != e.r.Host {
		e.call.Note("signed_for", verified.Host)
	}
	if verified.Region != "" {
		e.call.Region = verified.Region
	}
	return nil
}

// authorize judges the operation's action on each of its resources; all must be allowed.
func (rt *Router) authorize(ctx context.Context, e *exchange) error {
	if e.op.Auth != model.SigV4 {
		return nil
	}
	resources, err := e.route.resources(ctx, e.call, e.in)
	if err != nil {
		return err
	}
	e.resources = resources
	keys := RequestKeys(e.call)
	if e.route.keys != nil {
		if err := e.route.keys(ctx, e.call, e.in, &keys); err != nil {
			return err
		}
		keys.SetPrincipal(e.call.Caller.Principal) // which no request can set
	}
	for _, resource := range resources {
		if err := rt.judge(ctx, e.call, e.op.Action, resource, keys); err != nil {
			return err
		}
	}
	return nil
}

// Allowed judges a further action that an operation needs beside its own, such
// as iam:PassRole, with the caller of the running request. It returns the
// protocol's access-denied error when the caller may not.
func (rt *Router) Allowed(ctx context.Context, c *Call, action, resource string, extra map[string]string) error {
	keys := RequestKeys(c)
	for k, v := range extra {
		keys.Set(k, v)
	}
	return rt.judge(ctx, c, action, resource, keys)
}

func (rt *Router) judge(ctx context.Context, c *Call, action, resource string, keys policy.Context) error {
	decision, err := rt.gate.Authorize(ctx, c.Caller, action, resource, keys)
	if err != nil {
		return err
	}
	if decision.Allowed {
		return nil
	}
	return accessDenied[c.Op.Service.Protocol].New(decision.Message()).WithReason(decision.Explain())
}

// RequestKeys are the condition keys that every request has (IAM User Guide,
// AWS global condition context keys).
func RequestKeys(c *Call) policy.Context {
	var keys policy.Context
	keys.Set("aws:CurrentTime", c.Time.UTC().Format("2006-01-02T15:04:05Z"))
	keys.Set("aws:EpochTime", epoch(c.Time))
	keys.Set("aws:SecureTransport", boolean(c.Secure))
	keys.Set("aws:RequestedRegion", c.Region)
	keys.Set("aws:ViaAWSService", "false")
	keys.Set("aws:ResourceAccount", c.Account)
	if c.SourceIP != "" {
		keys.Set("aws:SourceIp", c.SourceIP)
	}
	if c.UserAgent != "" {
		keys.Set("aws:UserAgent", c.UserAgent)
	}
	if c.Caller == nil {
		return keys
	}
	for k, values := range c.Caller.Keys {
		keys.Set(k, values...)
	}
	keys.SetPrincipal(c.Caller.Principal)
	return keys
}
