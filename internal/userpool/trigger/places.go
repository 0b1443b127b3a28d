package trigger

import (
	"slices"
	"strings"
)

// places are what the file names by ARN, or by the beginning of ARNs. The zero value
// has none.
type places[T any] struct {
	exact    map[string]*T
	prefixes []prefixed[T] // longest first
}

// prefixed stands behind all ARNs that begin alike.
type prefixed[T any] struct {
	prefix string
	place  *T
}

// isPattern tells whether an entry is an ARN, or the beginning of ARNs and *.
func isPattern(arn string) bool {
	prefix := strings.TrimSuffix(arn, "*")
	return !strings.Contains(prefix, "*") && (strings.HasPrefix(prefix, "arn:") || arn == "*")
}

// add puts something behind an entry.
func (p *places[T]) add(arn string, place *T) {
	if prefix, many := strings.CutSuffix(arn, "*"); many {
		p.prefixes = append(p.prefixes, prefixed[T]{prefix, place})
		slices.SortStableFunc(p.prefixes, func(a, b prefixed[T]) int { return len(b.prefix) - len(a.prefix) })
		return
	}
	if p.exact == nil {
		p.exact = make(map[string]*T)
	}
	p.exact[arn] = place
}

// find returns what stands behind an ARN: its own entry's, else that of its longest
// prefix, else nil.
func (p *places[T]) find(arn string) *T {
	if place := p.exact[arn]; place != nil {
		return place
	}
	for _, some := range p.prefixes {
		if strings.HasPrefix(arn, some.prefix) {
			return some.place
		}
	}
	return nil
}
