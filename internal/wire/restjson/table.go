package restjson

import (
	"net/url"
	"slices"
	"strings"

	"pintail/internal/gen/model"
)

// Table finds the operation that a method and a path name. It is a tree of path
// segments, so a request costs as many steps as its path has segments, however
// many operations there are. It is safe for concurrent use.
type Table struct{ root node }

// NewTable returns a table of the operations. It panics on a path that is no
// URI template and on two operations with the same method and path: both are
// faults of the generated tables, found by the first test that builds one.
func NewTable(ops []*model.Operation) *Table {
	t := new(Table)
	for _, op := range ops {
		t.add(op)
	}
	return t
}

// node is a place in the tree: everything after one path prefix.
type node struct {
	literals map[string]*node
	label    *node // what follows a {label}
	// greedy are the operations whose last label takes the rest of the path.
	greedy []route
	// routes are the operations whose path ends here.
	routes []route
}

type route struct {
	op     *model.Operation
	labels []string // names of the path's labels, in order
}

func (t *Table) add(op *model.Operation) {
	path, _, _ := strings.Cut(op.Path, "?")
	path, absolute := strings.CutPrefix(path, "/")
	if !absolute {
		panic("restjson: " + op.Name + " has a relative path: " + op.Path)
	}
	n, r := &t.root, route{op: op}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		label, isLabel := strings.CutPrefix(segment, "{")
		if !isLabel {
			n = n.literal(segment)
			continue
		}
		label, closed := strings.CutSuffix(label, "}")
		name, greedy := strings.CutSuffix(label, "+")
		last := i == len(segments)-1
		if !closed || name == "" || greedy && !last {
			panic("restjson: " + op.Name + " has a bad label in its path: " + op.Path)
		}
		r.labels = append(r.labels, name)
		// An ARN has slashes of its own, and not every client escapes them.
		if greedy || last && strings.HasSuffix(name, "-arn") {
			n.greedy = add(n.greedy, r)
			return
		}
		if n.label == nil {
			n.label = &node{}
		}
		n = n.label
	}
	n.routes = add(n.routes, r)
}

func (n *node) literal(segment string) *node {
	next := n.literals[segment]
	if next == nil {
		next = &node{}
		if n.literals == nil {
			n.literals = map[string]*node{}
		}
		n.literals[segment] = next
	}
	return next
}

func add(routes []route, r route) []route {
	if other := withMethod(routes, r.op.Method); other != nil {
		panic("restjson: " + other.op.Name + " and " + r.op.Name + " have the same method and path")
	}
	return append(routes, r)
}

func withMethod(routes []route, method string) *route {
	i := slices.IndexFunc(routes, func(r route) bool { return r.op.Method == method })
	if i < 0 {
		return nil
	}
	return &routes[i]
}

// Match returns the operation of a request and the labels of its path. The path
// is the escaped one (url.URL.EscapedPath): an escaped slash belongs to its
// segment. Without an operation, known tells whether another method would have
// found one.
func (t *Table) Match(method, escapedPath string) (op *model.Operation, path map[string]string, known bool) {
	rest, ok := strings.CutPrefix(escapedPath, "/")
	if !ok {
		return nil, nil, false
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return nil, nil, false
		}
		segments[i] = decoded
	}
	m := match{method: method}
	if !m.walk(&t.root, segments, nil) {
		return nil, nil, m.known
	}
	path = make(map[string]string, len(m.values))
	for i, name := range m.found.labels {
		path[name] = m.values[i]
	}
	return m.found.op, path, true
}

// match is one search in the tree.
type match struct {
	method string
	found  *route
	values []string // of the found route's labels
	known  bool     // the path exists, for some method
}

// walk goes down from n along the segments, literals before labels before the
// rest of the path, and turns back where the method has no operation.
func (m *match) walk(n *node, segments, values []string) bool {
	if len(segments) == 0 {
		return m.take(n.routes, values)
	}
	segment := segments[0]
	if next := n.literals[segment]; next != nil && m.walk(next, segments[1:], values) {
		return true
	}
	if segment == "" {
		return false
	}
	values = append(slices.Clip(values), segment)
	if n.label != nil && m.walk(n.label, segments[1:], values) {
		return true
	}
	if len(n.greedy) == 0 {
		return false
	}
	values[len(values)-1] = strings.Join(segments, "/")
	return m.take(n.greedy, values)
}

func (m *match) take(routes []route, values []string) bool {
	m.known = m.known || len(routes) > 0
	m.found = withMethod(routes, m.method)
	m.values = values
	return m.found != nil
}
