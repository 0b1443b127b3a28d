package wire

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sort"
	"time"

	"pintail/internal/clock"
	"pintail/internal/gen/model"
	"pintail/internal/policy"
	"pintail/internal/wire/restjson"
)

// Config is what a Router is made of.
type Config struct {
	Services []*model.Service // every service on the port, built or not
	Gate     Gate
	Clock    *clock.Clock
	Log      *slog.Logger
	Account  string // twelve digits
	Region   string // of calls that do not say theirs
	// Observe is told of every finished request; may be nil.
	Observe func(Event)
	// Audit is told of every finished request that was signed, or that asked for
	// credentials; may be nil.
	Audit func(Audited)
}

// Audited is a finished request, as a trail records it.
type Audited struct {
	*Call
	Input     any      // generated; see RedactedFields
	Resources []string // see actedOn
	Refusal   *model.Error
}

// Event is what the Router tells of a finished request, for metrics.
type Event struct {
	Service, Operation string
	Status             int
	Code               string // the error's, "" for success
	Duration           time.Duration
}

// Router finds the operation of a request among all services of one port and
// takes the request through the pipeline. Register everything before serving.
type Router struct {
	gate     Gate
	clock    *clock.Clock
	log      *slog.Logger
	account  string
	region   string
	observe  func(Event)
	audit    func(Audited) // may be nil
	services []*model.Service
	tables   tables
	routes   map[*model.Operation]*route
	plain    *http.ServeMux
}

// route is an operation that a room answers.
type route struct {
	op        *model.Operation
	invoke    func(ctx context.Context, c *Call, in any) (any, error)
	resources resourceFunc
	named     resourceFunc                                                           // by the ARN templates alone
	keys      func(ctx context.Context, c *Call, in any, keys *policy.Context) error // may be nil
}

// NewRouter returns a Router without rooms: it answers every operation of its
// services with "not supported" until Handle is called for it.
func NewRouter(c Config) *Router {
	rt := &Router{
		gate: c.Gate, clock: c.Clock, log: c.Log, account: c.Account, region: c.Region, observe: c.Observe, audit: c.Audit,
		services: c.Services,
		tables:   newTables(c.Services),
		routes:   make(map[*model.Operation]*route),
		plain:    http.NewServeMux(),
	}
	if rt.log == nil {
		rt.log = slog.New(slog.DiscardHandler)
	}
	if rt.observe == nil {
		rt.observe = func(Event) {}
	}
	return rt
}

// Handle makes a room answer an operation. It panics when the operation is
// answered already or belongs to no service of the Router: both are mistakes
// of the program, found by the first test that builds it.
func Handle[In, Out any](rt *Router, op model.Op[In, Out], h func(context.Context, *Call, *In) (*Out, error), opts ...Option) {
	if rt.routes[op.Operation] != nil {
		panic("wire: " + op.Action + " is answered twice")
	}
	if !rt.serves(op.Service) {
		panic("wire: " + op.Action + " belongs to no service of this router")
	}
	named := compileResources(op.Operation)
	r := &route{op: op.Operation, resources: named, named: named}
	r.invoke = func(ctx context.Context, c *Call, in any) (any, error) {
		out, err := h(ctx, c, in.(*In))
		if err == nil && out == nil {
			return new(Out), nil
		}
		return out, err
	}
	for _, o := range opts {
		o(r)
	}
	rt.routes[op.Operation] = r
}

// Option changes how one operation is routed.
type Option func(*route)

// Resources names the operation's resources by code, where its ARN templates
// cannot: an IAM role's ARN contains a path that only the directory knows.
func Resources[In any](f func(ctx context.Context, c *Call, in *In) ([]string, error)) Option {
	return func(r *route) {
		r.resources = func(ctx context.Context, c *Call, in any) ([]string, error) { return f(ctx, c, in.(*In)) }
	}
}

// Keys adds condition keys of an operation's own to those that every request has, such as
// the policy that is attached (iam:PolicyARN).
func Keys[In any](f func(ctx context.Context, c *Call, in *In, keys *policy.Context) error) Option {
	return func(r *route) {
		before := r.keys
		r.keys = func(ctx context.Context, c *Call, in any, keys *policy.Context) error {
			if before != nil {
				if err := before(ctx, c, in, keys); err != nil {
					return err
				}
			}
			return f(ctx, c, in.(*In), keys)
		}
	}
}

// Unconditional is for the few operations that every caller with valid
// credentials may use, whatever the policies say (STS GetCallerIdentity).
func Unconditional() Option {
	return func(r *route) {
		r.resources = func(context.Context, *Call, any) ([]string, error) { return nil, nil }
	}
}

// HandleHTTP serves plain HTTP beside the AWS operations, such as a user
// pool's signing keys. The pattern is net/http's.
func (rt *Router) HandleHTTP(pattern string, h http.Handler) { rt.plain.Handle(pattern, h) }

// HandlePage serves plain HTTP that stands for an operation, such as the page behind a
// link that confirms a sign-up: h gets the call that the operation would get.
func (rt *Router) HandlePage(pattern string, op *model.Operation, h func(http.ResponseWriter, *http.Request, *Call)) {
	rt.HandleHTTP(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := rt.newCall(r)
		c.Op = op
		h(w, r, c)
	}))
}

func (rt *Router) serves(s *model.Service) bool {
	for _, have := range rt.services {
		if have == s {
			return true
		}
	}
	return false
}

// ServeHTTP answers a request: a CORS preflight, a plain HTTP route, or an AWS
// operation.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowOrigin(w.Header())
	if preflight(r) {
		answerPreflight(w, r)
		return
	}
	if r.Header.Get("X-Amz-Target") == "" {
		if _, pattern := rt.plain.Handler(r); pattern != "" {
			w.Header().Set("Date", rt.clock.Now().Format(http.TimeFormat))
			rt.plain.ServeHTTP(w, r)
			return
		}
	}
	rt.serveOperation(w, r)
}

// Built tells whether a room answers the operation.
func (rt *Router) Built(op *model.Operation) bool { return rt.routes[op] != nil }

// tables are the ways to find an operation, prepared once.
type tables struct {
	targets map[string]*model.Operation            // X-Amz-Target
	queries map[string]map[string]*model.Operation // Version=, then Action=
	rest    []*model.Service
	paths   map[*model.Service]*restjson.Table
}

func newTables(services []*model.Service) tables {
	t := tables{
		targets: make(map[string]*model.Operation),
		queries: make(map[string]map[string]*model.Operation),
		paths:   make(map[*model.Service]*restjson.Table),
	}
	for _, s := range services {
		switch s.Protocol {
		case model.JSONRPC:
			for _, op := range s.Operations {
				t.targets[s.TargetPrefix+"."+op.Name] = op
			}
		case model.Query:
			actions := make(map[string]*model.Operation)
			for _, op := range s.Operations {
				actions[op.Name] = op
			}
			t.queries[s.APIVersion] = actions
		case model.RESTJSON:
			t.rest = append(t.rest, s)
			t.paths[s] = restjson.NewTable(s.Operations)
		default:
			panic(fmt.Sprintf("wire: %s speaks an unknown protocol", s.ID))
		}
	}
	sort.Slice(t.rest, func(i, j int) bool { return t.rest[i].ID < t.rest[j].ID })
	return t
}
