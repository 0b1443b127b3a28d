package wire

import (
	"net/http"
	"net/url"
	"strings"

	"pintail/internal/gen/model"
	"pintail/internal/sigv4"
)

// found is where routing ended: an operation, or the refusal of a request that
// names none, in the protocol that it seems to speak.
type found struct {
	op       *model.Operation
	path     map[string]string // REST: the path's parameters
	form     url.Values        // Query: the parameters
	body     []byte            // Query: the body, read to find the action
	refusal  *model.Error
	protocol model.Protocol
}

func refuse(p model.Protocol, e *model.Error) found { return found{refusal: e, protocol: p} }

// find routes a request. Several services share the port, so it asks, in this
// order: X-Amz-Target; the path, within the REST service that the signature's
// scope or the host name points at, or else within all of them; the form's
// Action and Version. Unsigned requests have no scope, which is why the target
// and the form decide by themselves.
func (rt *Router) find(w http.ResponseWriter, r *http.Request) found {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		if op := rt.tables.targets[target]; op != nil && r.Method == http.MethodPost {
			return found{op: op, protocol: model.JSONRPC}
		}
		return refuse(model.JSONRPC, unknownOperation[model.JSONRPC].Newf("Unknown operation %s.", quoted(target)))
	}
	if r.URL.Path == "/" || r.URL.Path == "" {
		return rt.findAction(w, r)
	}
	return rt.findPath(r)
}

// findPath looks a REST operation up.
func (rt *Router) findPath(r *http.Request) found {
	services := rt.tables.rest
	if s := rt.hinted(r); s != nil && s.Protocol == model.RESTJSON {
		services = []*model.Service{s}
	}
	path, known := r.URL.EscapedPath(), false
	if unresolved(path) {
		return refuse(model.RESTJSON, unknownOperation[model.RESTJSON].New("A path with empty or dot segments names no operation."))
	}
	for _, s := range services {
		op, params, pathKnown := rt.tables.paths[s].Match(r.Method, path)
		if op != nil {
			return found{op: op, path: params, protocol: model.RESTJSON}
		}
		known = known || pathKnown
	}
	if known {
		return refuse(model.RESTJSON, methodNotAllowed[model.RESTJSON].Newf("Method %s is not allowed for this path.", r.Method))
	}
	return refuse(model.RESTJSON, unknownOperation[model.RESTJSON].New("No operation of any service has this method and path."))
}

// unresolved tells of a path that means something else once its dot segments
// and repeated slashes are resolved. A signature covers either spelling, so
// such a path must not name an operation.
func unresolved(path string) bool {
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return true
		}
	}
	return strings.HasPrefix(path, "//")
}

// findAction looks a Query operation up in the form, which takes reading the body.
func (rt *Router) findAction(w http.ResponseWriter, r *http.Request) found {
	var f found
	f.protocol = model.Query
	post := r.Method == http.MethodPost
	if !post && r.Method != http.MethodGet {
		return refuse(model.Query, methodNotAllowed[model.Query].Newf("Method %s is not allowed here.", r.Method))
	}
	if post && !acceptable(model.Query, mediaTypeOf(r)) {
		if strings.Contains(r.Header.Get("Content-Type"), "json") {
			return refuse(model.JSONRPC, unknownOperation[model.JSONRPC].New("The X-Amz-Target header is missing."))
		}
		return refuse(model.Query, mediaType[model.Query].New("A request without X-Amz-Target must be a form."))
	}
	var err error
	if post {
		if f.body, err = readBody(w, r, limitQuery); err != nil {
			return refuse(model.Query, bodyError(model.Query, err))
		}
	}
	if f.form, err = readForm(r, f.body); err != nil {
		return refuse(model.Query, serialization[model.Query].New("The request's parameters cannot be read."))
	}
	action, version := f.form.Get("Action"), f.form.Get("Version")
	if action == "" {
		return refuse(model.Query, missingAction[model.Query].New("Missing Action"))
	}
	f.op = rt.actionOf(action, version, rt.hinted(r))
	if f.op == nil {
		return refuse(model.Query, unknownOperation[model.Query].Newf("Could not find operation %s for version %s", quoted(action), quoted(version)))
	}
	return f
}

// actionOf finds an action by version, or, without one, in the service that
// the request hints at.
func (rt *Router) actionOf(action, version string, hint *model.Service) *model.Operation {
	if version == "" && hint != nil {
		version = hint.APIVersion
	}
	return rt.tables.queries[version][action]
}

// hinted is the service that the signature's scope names, or else the first
// label of the host name.
func (rt *Router) hinted(r *http.Request) *model.Service {
	scope, signed := sigv4.ScopeOf(r)
	label, _, _ := strings.Cut(r.Host, ".")
	for _, s := range rt.services {
		if signed && scope.Service == s.SigningName {
			return s
		}
		if !signed && label == s.EndpointPrefix {
			return s
		}
	}
	return nil
}

// quoted makes a stranger's text fit to be repeated in an error.
func quoted(s string) string {
	if len(s) > 80 {
		s = s[:80]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '<' || r == '&' {
			return '?'
		}
		return r
	}, s)
}
