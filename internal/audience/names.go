package audience

import (
	"errors"
	"maps"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
)

// maxNames is how many attribute names a project may have across endpoint
// attributes, metrics and user attributes (Pinpoint quotas). A name that is
// used in two of them counts once.
const maxNames = 250

// nameSet is the attribute names that a project has ever used. It is read
// whole and written only when a new name turns up.
type nameSet struct {
	Names map[string]bool `json:"names"`
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

// missing returns the names of a request that the set lacks.
func (n *nameSet) missing(r *pinpoint.EndpointRequest) []string {
	var out []string
	for name := range r.Attributes {
		if !n.Names[name] {
			out = append(out, name)
		}
	}
	for name := range r.Metrics {
		if !n.Names[name] {
			out = append(out, name)
		}
	}
	if r.User != nil {
		for name := range r.User.UserAttributes {
			if !n.Names[name] {
				out = append(out, name)
			}
		}
	}
	return out
}

// with returns the set enlarged, or BadRequestException when it would grow too
// large.
func (n *nameSet) with(added []string) (*nameSet, error) {
	grown := &nameSet{Names: maps.Clone(n.Names)}
	if grown.Names == nil {
		grown.Names = make(map[string]bool, len(added))
	}
	for _, name := range added {
		grown.Names[name] = true
	}
	if len(grown.Names) > maxNames {
		return nil, pinpoint.BadRequestException.New("Too many custom attributes")
	}
	return grown, nil
}
