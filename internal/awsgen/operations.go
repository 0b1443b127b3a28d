package main

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// protocols are the model's names of the protocols and ours in package model.
var protocols = map[string]string{"json": "JSONRPC", "rest-json": "RESTJSON", "query": "Query"}

// schemes are the overlay's names of the ways to call an operation.
var schemes = map[string]string{"sigv4": "SigV4", "public": "Public", "accessToken": "AccessToken"}

// serviceTable writes the variable Service.
func (a *api) serviceTable(id string) (*source, error) {
	md := a.Metadata
	protocol, ok := protocols[md.Protocol]
	if !ok {
		return nil, fmt.Errorf("protocol %q", md.Protocol)
	}
	out := new(source)
	out.use("model.")
	out.line("\n// Service is %s with all of its operations.", md.ServiceFullName)
	out.line("var Service = model.NewService(model.Service{")
	out.line("ID: %q,", id)
	out.line("Name: %q,", md.ServiceFullName)
	out.line("APIVersion: %q,", md.APIVersion)
	out.line("Protocol: model.%s,", protocol)
	out.line("SigningName: %q,", cmp.Or(md.SigningName, md.EndpointPrefix))
	out.line("IAMPrefix: %q,", md.IAMPrefix)
	out.line("EndpointPrefix: %q,", md.EndpointPrefix)
	if md.TargetPrefix != "" {
		out.line("TargetPrefix: %q,", md.TargetPrefix)
	}
	if md.XMLNamespace != "" {
		out.line("XMLNamespace: %q,", md.XMLNamespace)
	}
	out.line("Operations: []*model.Operation{")
	for _, o := range a.operations() {
		out.line("%s.Operation,", o.Name)
	}
	out.line("},\n})")
	return out, nil
}

// operationTable writes one variable per operation.
func (a *api) operationTable() (*source, error) {
	out := new(source)
	out.use("model.")
	for _, o := range a.operations() {
		grant, err := a.grantOf(o)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.Name, err)
		}
		out.line("\n// %s is the operation %s.", o.Name, grant.action)
		out.line("var %s = model.Op[%s, %s]{Operation: &model.Operation{", o.Name, a.argument(o.Input), a.argument(o.Output))
		out.line("Name: %q,", o.Name)
		a.binding(out, o)
		out.line("Auth: model.%s,", schemes[grant.scheme])
		out.line("Action: %q,", grant.action)
		out.line("Resources: []string{%s},", quoted(grant.resources))
		if o.Output == nil {
			out.line("NoOutput: true,")
		}
		a.declared(out, o)
		out.line("NewInput: func() any { return new(%s) },", a.argument(o.Input))
		out.line("}}")
	}
	return out, nil
}

// argument is the Go type of an operation's input or output.
func (a *api) argument(r *ref) string {
	if r == nil {
		return "model.Empty"
	}
	return a.prefix + a.typeName(r.Shape)
}

// binding writes how the operation is reached over HTTP.
func (a *api) binding(out *source, o *operation) {
	out.line("Method: %q,", cmp.Or(o.HTTP.Method, http.MethodPost))
	out.line("Path: %q,", cmp.Or(o.HTTP.RequestURI, "/"))
	out.line("Status: %d,", cmp.Or(o.HTTP.ResponseCode, http.StatusOK))
	if o.Output == nil {
		return
	}
	if wrapper := cmp.Or(o.Output.ResultWrapper, a.Shapes[o.Output.Shape].ResultWrapper); wrapper != "" {
		out.line("Wrapper: %q,", wrapper)
	}
}

// declared writes the operation's errors, as the model orders them.
func (a *api) declared(out *source, o *operation) {
	if len(o.Errors) == 0 {
		return
	}
	out.line("Errors: []*model.ErrorType{")
	for _, e := range o.Errors {
		out.line("%s,", e.Shape)
	}
	out.line("},")
}

func quoted(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(parts, ", ")
}
