package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// api is one service's api-2.json with our overlay merged in. Decoding is
// strict: a trait that this file does not know stops the generator.
type api struct {
	Version    string                `json:"version"`
	Metadata   metadata              `json:"metadata"`
	Access     access                `json:"access"`
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`

	prefix string // of every Go type, for packages that hold several models
}

type metadata struct {
	APIVersion          string   `json:"apiVersion"`
	Auth                []string `json:"auth"`
	EndpointPrefix      string   `json:"endpointPrefix"`
	GlobalEndpoint      string   `json:"globalEndpoint"`
	JSONVersion         string   `json:"jsonVersion"`
	Protocol            string   `json:"protocol"`
	Protocols           []string `json:"protocols"`
	ServiceAbbreviation string   `json:"serviceAbbreviation"`
	ServiceFullName     string   `json:"serviceFullName"`
	ServiceID           string   `json:"serviceId"`
	SignatureVersion    string   `json:"signatureVersion"`
	SigningName         string   `json:"signingName"`
	TargetPrefix        string   `json:"targetPrefix"`
	UID                 string   `json:"uid"`
	XMLNamespace        string   `json:"xmlNamespace"`

	IAMPrefix string `json:"iamPrefix"` // ours
	// AllErrors400 is ours: the service answers 400 to every error that is the
	// caller's fault, whatever the model hints.
	AllErrors400 bool `json:"allErrors400"`
}

type operation struct {
	Name string `json:"name"`
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input    *ref            `json:"input"`
	Output   *ref            `json:"output"`
	Errors   []ref           `json:"errors"`
	AuthType string          `json:"authtype"`
	Auth     []string        `json:"auth"`
	Endpoint json.RawMessage `json:"endpoint"` // host prefixes matter to clients only

	Access    string   `json:"access"`    // ours: public, accessToken or sigv4; "" decides by the service's rules
	Action    string   `json:"action"`    // ours
	Resources []string `json:"resources"` // ours
}

// ref is the use of a shape: as a member, an element, an input.
type ref struct {
	Shape             string `json:"shape"`
	LocationName      string `json:"locationName"`
	Location          string `json:"location"`
	TimestampFormat   string `json:"timestampFormat"`
	Flattened         bool   `json:"flattened"`
	ResultWrapper     string `json:"resultWrapper"`
	Payload           string `json:"payload"`
	Box               bool   `json:"box"`
	JSONValue         bool   `json:"jsonvalue"`
	HostLabel         bool   `json:"hostLabel"`
	IdempotencyToken  bool   `json:"idempotencyToken"`
	Deprecated        bool   `json:"deprecated"`
	DeprecatedMessage string `json:"deprecatedMessage"`
	Documentation     string `json:"documentation"`
}

type shape struct {
	Type            string       `json:"type"`
	Members         members      `json:"members"`
	Required        []string     `json:"required"`
	Member          *ref         `json:"member"`
	Key             *ref         `json:"key"`
	Value           *ref         `json:"value"`
	Enum            []string     `json:"enum"`
	Min             *json.Number `json:"min"`
	Max             *json.Number `json:"max"`
	Pattern         string       `json:"pattern"`
	Sensitive       bool         `json:"sensitive"`
	Flattened       bool         `json:"flattened"`
	LocationName    string       `json:"locationName"`
	Payload         string       `json:"payload"`
	TimestampFormat string       `json:"timestampFormat"`
	Union           bool         `json:"union"`
	Document        bool         `json:"document"`
	Streaming       bool         `json:"streaming"`
	ResultWrapper   string       `json:"resultWrapper"`
	Box             bool         `json:"box"`
	Documentation   string       `json:"documentation"`

	Exception bool `json:"exception"`
	Fault     bool `json:"fault"`
	Error     struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
		SenderFault    bool   `json:"senderFault"`
	} `json:"error"`

	Location string `json:"location"` // an oddity of one protocol test

	SentEmpty bool `json:"sentEmpty"` // ours: a text that is sent even if it is ""
}

// required tells whether a structure's member must be given.
func (s *shape) required(member string) bool { return slices.Contains(s.Required, member) }

// members are a structure's, in the order of the model.
type members []member

type member struct {
	Name string
	ref
}

// UnmarshalJSON keeps the order that a map would lose.
func (m *members) UnmarshalJSON(data []byte) error {
	tree, err := parseTree(data)
	if err != nil {
		return err
	}
	for _, name := range tree.keys {
		text, err := marshal(tree.values[name])
		if err != nil {
			return err
		}
		var r ref
		if err := strict(text, &r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*m = append(*m, member{Name: name, ref: r})
	}
	return nil
}

func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// parseAPI decodes a merged model and checks that every name in it is known.
func parseAPI(tree *object) (*api, error) {
	text, err := marshal(tree)
	if err != nil {
		return nil, err
	}
	a := new(api)
	if err := strict(text, a); err != nil {
		return nil, err
	}
	for _, o := range a.Operations {
		o.Errors = distinct(o.Errors)
	}
	return a, a.check()
}

// distinct drops the repetitions that AWS's lists of errors have.
func distinct(errors []ref) []ref {
	var kept []ref
	for _, e := range errors {
		if !slices.ContainsFunc(kept, func(k ref) bool { return k.Shape == e.Shape }) {
			kept = append(kept, e)
		}
	}
	return kept
}

func (a *api) check() error {
	for name, s := range a.Shapes {
		for _, r := range s.refs() {
			if a.Shapes[r.Shape] == nil {
				return fmt.Errorf("shape %s refers to unknown shape %q", name, r.Shape)
			}
		}
		for _, r := range s.Required {
			if !slices.ContainsFunc(s.Members, func(m member) bool { return m.Name == r }) {
				return fmt.Errorf("shape %s requires %s, which it lacks", name, r)
			}
		}
	}
	for name, o := range a.Operations {
		if o.Name != name {
			return fmt.Errorf("operation %s is named %q", name, o.Name)
		}
		for _, r := range o.refs() {
			if a.Shapes[r.Shape] == nil {
				return fmt.Errorf("operation %s refers to unknown shape %q", name, r.Shape)
			}
		}
	}
	return nil
}

// refs returns every use of another shape.
func (s *shape) refs() []ref {
	var all []ref
	for _, m := range s.Members {
		all = append(all, m.ref)
	}
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil {
			all = append(all, *r)
		}
	}
	return all
}

func (o *operation) refs() []ref {
	all := slices.Clone(o.Errors)
	for _, r := range []*ref{o.Input, o.Output} {
		if r != nil {
			all = append(all, *r)
		}
	}
	return all
}

// operations returns the operations by name.
func (a *api) operations() []*operation {
	var all []*operation
	for _, name := range slices.SortedFunc(maps.Keys(a.Operations), compareNames) {
		all = append(all, a.Operations[name])
	}
	return all
}

// reachable returns the names of the shapes that are used, directly or not,
// by the given ones, themselves included.
func (a *api) reachable(from ...string) map[string]bool {
	seen := map[string]bool{}
	for len(from) > 0 {
		name := from[len(from)-1]
		from = from[:len(from)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		for _, r := range a.Shapes[name].refs() {
			from = append(from, r.Shape)
		}
	}
	return seen
}

// used returns the shapes that operations take or give; errors are no part.
func (a *api) used() map[string]bool {
	var roots []string
	for _, o := range a.Operations {
		for _, r := range []*ref{o.Input, o.Output} {
			if r != nil {
				roots = append(roots, r.Shape)
			}
		}
	}
	return a.reachable(roots...)
}

// inputs returns the shapes that operations take.
func (a *api) inputs() map[string]bool {
	var roots []string
	for _, o := range a.Operations {
		if o.Input != nil {
			roots = append(roots, o.Input.Shape)
		}
	}
	return a.reachable(roots...)
}
