package audience

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/policy"
	"pintail/internal/store"
)

// maxNames is how many attribute names a project may have across endpoint
// attributes, metrics and user attributes (Pinpoint quotas). A name that is
// used in two of them counts once.
const maxNames = 250

// What a name can be used for, as RemoveAttributes calls it.
const (
	ofAttributes     = "endpoint-custom-attributes"
	ofMetrics        = "endpoint-metric-attributes"
	ofUserAttributes = "endpoint-user-attributes"
)

// nameSet is the attribute names that a project uses, and the removals that are
// taking some away. It is read whole, and written only when a new name turns up
// and by removals.
type nameSet struct {
	// Used are the names by what they are used for.
	Used map[string]map[string]bool `json:"used"`
	// Removals is how many removals there have been, Running which of them have
	// not yet been everywhere.
	Removals int        `json:"removals,omitzero"`
	Running  []*removal `json:"running,omitzero"`
}

// namesKey is the id of a project's only name set.
const namesKey = "names"

var names = store.NewCollection[nameSet]("endpoint_names")

func readNames(tx store.Tx, app string) (*nameSet, error) {
	n, err := names.Get(tx, app, namesKey)
	if errors.Is(err, store.ErrNotFound) {
		return new(nameSet), nil
	}
	return n, err
}

// namesIn returns the names of a request with what they are used for.
func namesIn(r *pinpoint.EndpointRequest) iter.Seq2[string, string] {
	return func(yield func(use, name string) bool) {
		for name := range r.Attributes {
			if !yield(ofAttributes, name) {
				return
			}
		}
		for name := range r.Metrics {
			if !yield(ofMetrics, name) {
				return
			}
		}
		if r.User == nil {
			return
		}
		for name := range r.User.UserAttributes {
			if !yield(ofUserAttributes, name) {
				return
			}
		}
	}
}

// knows tells whether the set has every name of a request.
func (n *nameSet) knows(r *pinpoint.EndpointRequest) bool {
	for use, name := range namesIn(r) {
		if !n.Used[use][name] {
			return false
		}
	}
	return true
}

// add enlarges a set, which must not be shared, by the names of a request. It
// returns BadRequestException when the set would grow too large.
func (n *nameSet) add(r *pinpoint.EndpointRequest) error {
	if n.Used == nil {
		n.Used = make(map[string]map[string]bool)
	}
	for use, name := range namesIn(r) {
		if n.Used[use] == nil {
			n.Used[use] = make(map[string]bool)
		}
		n.Used[use][name] = true
	}
	distinct := make(map[string]bool)
	for _, used := range n.Used {
		maps.Copy(distinct, used)
	}
	if len(distinct) > maxNames {
		return pinpoint.BadRequestException.New("Too many custom attributes")
	}
	return nil
}

// free begins the removal of the names that patterns cover: it takes them off a
// set, which must not be shared, and returns them in their order. Names that are
// spelled out are removed though the set does not have them: a node that has
// not yet heard of a removal may have used them for another second.
func (n *nameSet) free(use string, patterns []string) (r *removal, freed []string) {
	r, freed = &removal{Number: n.Removals + 1, Use: use, Names: make(map[string]bool)}, []string{}
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, "*?") {
			r.Names[pattern] = true
		}
		covers := policy.Wildcard(pattern)
		for name := range n.Used[use] {
			if covers(name) {
				r.Names[name] = true
				freed = append(freed, name)
				delete(n.Used[use], name)
			}
		}
	}
	if len(r.Names) > 0 {
		n.Removals++
		n.Running = append(n.Running, r)
	}
	slices.Sort(freed)
	return r, freed
}
