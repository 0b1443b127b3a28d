package policy

import "strings"

// rawDocument is a document whose elements are known and of the right type, but
// whose values have not been looked at.
type rawDocument struct {
	version    string
	statements []rawStatement
}

type rawStatement struct {
	sid, effect string
	principal   rawPrincipal
	action      element
	resource    element
	conditions  []rawCondition
	// principals is the compiled Principal, once it has been checked.
	principals *principalSet
	begin, end int
}

// element is Action, Resource or their Not form; name is "" when absent.
type element struct {
	name   string
	values []string
}

func (e element) negated() bool { return strings.HasPrefix(e.name, "Not") }

// rawPrincipal is Principal or NotPrincipal; name is "" when absent. "*" is
// read as {"AWS": "*"}, which means the same.
type rawPrincipal struct {
	name   string
	groups []element
}

type rawCondition struct {
	operator operator
	key      string
	values   []string
}

// readDocument checks the shape of a document.
func readDocument(root node) (*rawDocument, error) {
	if root.kind != objectNode {
		return nil, malformed(msgSyntax, "not an object")
	}
	var d rawDocument
	var statements []node
	for _, f := range root.fields {
		switch f.name {
		case "Version":
			if f.value.text != version2008 && f.value.text != version2012 {
				return nil, malformed(msgSyntax, "Version must be %q or %q", version2012, version2008)
			}
			d.version = f.value.text
		case "Id":
			if f.value.kind != textNode {
				return nil, malformed(msgSyntax, "Id must be a string")
			}
		case "Statement":
			statements = f.value.items
			if f.value.kind == objectNode {
				statements = []node{f.value}
			}
		default:
			return nil, malformed(msgSyntax, "unknown element %q", f.name)
		}
	}
	if len(statements) == 0 {
		return nil, malformed(msgSyntax, "no Statement")
	}
	for i, n := range statements {
		s, err := readStatement(n)
		if err != nil {
			err.Detail = statementDetail(i, err.Detail)
			return nil, err
		}
		d.statements = append(d.statements, s)
	}
	return &d, nil
}

const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

func readStatement(n node) (s rawStatement, err *MalformedError) {
	if n.kind != objectNode {
		return s, malformed(msgSyntax, "not an object")
	}
	s.begin, s.end = n.begin, n.end
	for _, f := range n.fields {
		switch f.name {
		case "Sid":
			s.sid, err = readText(f)
		case "Effect":
			s.effect, err = readText(f)
		case "Action", "NotAction":
			s.action, err = readElement(s.action, f)
		case "Resource", "NotResource":
			s.resource, err = readElement(s.resource, f)
		case "Principal", "NotPrincipal":
			s.principal, err = readPrincipal(s.principal, f)
		case "Condition":
			s.conditions, err = readConditions(f.value)
		default:
			err = malformed(msgSyntax, "unknown element %q", f.name)
		}
		if err != nil {
			return s, err
		}
	}
	if !strings.EqualFold(s.effect, "Allow") && !strings.EqualFold(s.effect, "Deny") {
		return s, malformed(msgSyntax, "Effect must be Allow or Deny")
	}
	return s, nil
}

func readText(f field) (string, *MalformedError) {
	if f.value.kind != textNode {
		return "", malformed(msgSyntax, "%s must be a string", f.name)
	}
	return f.value.text, nil
}

// readElement reads a string or strings, where neither form of the element has
// been seen yet.
func readElement(before element, f field) (element, *MalformedError) {
	if before.name != "" {
		return before, malformed(msgSyntax, "both %s and %s", before.name, f.name)
	}
	values, ok := readTexts(f.value, false)
	if !ok {
		return before, malformed(msgSyntax, "%s must be a string or a list of strings", f.name)
	}
	return element{f.name, values}, nil
}

// readTexts reads a value or a list of values. Condition values may be numbers
// and booleans; their text counts.
func readTexts(n node, scalars bool) ([]string, bool) {
	items := n.items
	if n.kind != listNode {
		items = []node{n}
	}
	var texts []string
	for _, item := range items {
		if item.kind != textNode && !(scalars && item.kind == scalarNode) {
			return nil, false
		}
		texts = append(texts, item.text)
	}
	return texts, true
}

func readPrincipal(before rawPrincipal, f field) (rawPrincipal, *MalformedError) {
	if before.name != "" {
		return before, malformed(msgSyntax, "both %s and %s", before.name, f.name)
	}
	p := rawPrincipal{name: f.name}
	if f.value.kind == textNode && f.value.text == "*" {
		p.groups = []element{{"AWS", []string{"*"}}}
		return p, nil
	}
	for _, g := range f.value.fields {
		switch g.name {
		case "AWS", "Federated", "Service", "CanonicalUser":
		default:
			return p, malformed(msgSyntax, "unknown principal type %q", g.name)
		}
		values, ok := readTexts(g.value, false)
		if !ok || len(values) == 0 {
			return p, malformed(msgSyntax, "%s.%s must be a string or a list of strings", f.name, g.name)
		}
		p.groups = append(p.groups, element{g.name, values})
	}
	if len(p.groups) == 0 {
		return p, malformed(msgSyntax, `%s must be "*" or name someone`, f.name)
	}
	return p, nil
}

// readConditions reads operators, keys and values. IAM lets an operator that
// it does not know pass as long as it has no keys.
func readConditions(n node) ([]rawCondition, *MalformedError) {
	if n.kind != objectNode {
		return nil, malformed(msgSyntax, "Condition must be an object")
	}
	var conditions []rawCondition
	for _, f := range n.fields {
		if f.value.kind != objectNode {
			return nil, malformed(msgSyntax, "Condition.%s must be an object", f.name)
		}
		op, known := parseOperator(f.name)
		if !known && len(f.value.fields) > 0 {
			return nil, malformed(msgSyntax, "unknown condition operator %q", f.name)
		}
		for _, k := range f.value.fields {
			values, ok := readTexts(k.value, true)
			if !ok {
				return nil, malformed(msgSyntax, "Condition.%s.%s must be a value or a list of values", f.name, k.name)
			}
			conditions = append(conditions, rawCondition{op, k.name, values})
		}
	}
	return conditions, nil
}
