package policy

import "slices"

// Kind says where a document is used, which decides what it may contain.
type Kind int

const (
	// Identity is an inline policy of a user, group or role.
	Identity Kind = iota
	// Managed is a policy with an ARN of its own: attached, used as a
	// permissions boundary or as a session policy.
	Managed
	// Session is the document passed inline to an STS operation.
	Session
	// Trust is a role's AssumeRolePolicyDocument.
	Trust
	// Resource is a policy attached to a resource.
	Resource
)

// String names the kind for people.
func (k Kind) String() string {
	return [...]string{"identity", "managed", "session", "trust", "resource"}[k]
}

// Document is a policy that has been parsed, validated and compiled. It does
// not change and may be shared between goroutines.
type Document struct {
	kind       Kind
	text       string // as it was parsed
	statements []statement
}

// fits tells whether the document may grant in the place where it is used. One
// in the wrong place is a mistake of the program; its denials still count.
func (d *Document) fits(by Source) bool {
	switch by {
	case ByTrust:
		return d.kind == Trust
	case ByResource:
		return d.kind == Resource
	}
	return d.kind != Trust && d.kind != Resource
}

// Len returns the number of statements.
func (d *Document) Len() int { return len(d.statements) }

// statement is one compiled Statement.
type statement struct {
	sid        string
	deny       bool
	principals *principalSet // nil where the kind has none
	actions    actionSet
	resources  *resourceSet // nil in trust policies
	conditions []condition
	variables  bool // "${" is special: the document is of version 2012-10-17
	begin, end int  // where it stands in the document, in bytes
}

// actionSet is a compiled Action or NotAction. Patterns are folded.
type actionSet struct {
	not      bool
	patterns []pattern
}

// covers tells whether the element is about a folded action.
func (s *actionSet) covers(action string) bool {
	for i := range s.patterns {
		if s.patterns[i].match(action, Context{}) {
			return !s.not
		}
	}
	return s.not
}

// resourceSet is a compiled Resource or NotResource.
type resourceSet struct {
	not      bool
	patterns []arnPattern
}

// covers tells whether the element is about a resource. NotResource with a
// variable that the request cannot resolve excludes nothing from a Deny and
// makes an Allow cover nothing, so that a missing value never widens access.
func (s *resourceSet) covers(t *target, c Context, deny bool) bool {
	if s == nil {
		return true
	}
	for i := range s.patterns {
		p := &s.patterns[i]
		if p.matchResource(t, c) {
			return !s.not
		}
		if s.not && !deny && !p.resolvable(c) {
			return false
		}
	}
	return s.not
}

// Parse reads a policy document strictly, as IAM does when it is saved: no
// unknown or duplicate elements, every element of the right type, and only the
// elements that the kind allows. A refused document is a *MalformedError.
func Parse(src []byte, kind Kind) (*Document, error) {
	tree, err := parseJSON(src)
	if err != nil {
		return nil, err
	}
	raw, err := readDocument(tree)
	if err != nil {
		return nil, err
	}
	if err := raw.validate(kind); err != nil {
		return nil, err
	}
	document := raw.compile(kind)
	document.text = string(src)
	return document, nil
}

// Resolve returns the document with the ARNs of users and roles in its Principal
// elements replaced by their unique ids. IAM does this when a trust policy is
// saved, so that a principal deleted and created again under the same name is
// not trusted. id looks an ARN up; an ARN that it does not know is refused with
// a *MalformedError.
func (d *Document) Resolve(id func(arn string) (string, bool)) (*Document, error) {
	resolved := &Document{kind: d.kind, text: d.text, statements: slices.Clone(d.statements)}
	for i := range resolved.statements {
		s := &resolved.statements[i]
		if s.principals == nil {
			continue
		}
		set := &principalSet{not: s.principals.not}
		for _, e := range s.principals.entries {
			if parts, _ := splitARN(e.value); e.kind == principalARN && parts[2] == "iam" {
				unique, ok := id(e.value)
				if !ok {
					return nil, invalidPrincipal("AWS", e.value)
				}
				e = principal{kind: uniqueID, value: unique}
			}
			set.entries = append(set.entries, e)
		}
		s.principals = set
	}
	return resolved, nil
}
