package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxDocument is the longest document that Parse reads, in bytes: the limit
	// of IAM's policyDocumentType. The quotas per entity are smaller (Size).
	MaxDocument = 131072
	// maxDepth is how deep a document nests: the document, its statements, one
	// statement, its conditions, an operator's keys, a key's values.
	maxDepth = 6
)

// Size returns the length of a document as IAM's quotas count it: characters
// without white space.
func Size(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

type nodeKind uint8

const (
	nullNode   nodeKind = iota
	textNode            // a string
	scalarNode          // a number or a boolean, its text kept as written
	listNode
	objectNode
)

// node is a JSON value; fields keep the order of the document.
type node struct {
	kind   nodeKind
	text   string
	items  []node
	fields []field
	// begin and end are where an object stands in the document, in bytes.
	begin, end int
}

type field struct {
	name  string
	value node
}

// parseJSON reads exactly one JSON value. It is stricter than encoding/json:
// names may not repeat, text must be UTF-8, and nesting is bounded.
func parseJSON(src []byte) (node, error) {
	if len(src) > MaxDocument {
		return node{}, malformed(msgSyntax, "longer than %d bytes", MaxDocument)
	}
	if !utf8.Valid(src) {
		return node{}, malformed(msgJSON, "not UTF-8")
	}
	r := treeReader{json.NewDecoder(bytes.NewReader(src))}
	r.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return node{}, err
	}
	if _, err := r.Token(); err != io.EOF {
		return node{}, malformed(msgJSON, "text after the document, at byte %d", r.InputOffset())
	}
	return root, nil
}

type treeReader struct{ *json.Decoder }

func (r treeReader) token() (json.Token, error) {
	t, err := r.Token()
	if err != nil {
		return nil, malformed(msgJSON, "at byte %d: %v", r.InputOffset(), err)
	}
	return t, nil
}

func (r treeReader) value(depth int) (node, error) {
	t, err := r.token()
	if err != nil {
		return node{}, err
	}
	switch t := t.(type) {
	case string:
		return node{kind: textNode, text: t}, nil
	case json.Number, bool:
		return node{kind: scalarNode, text: fmt.Sprint(t)}, nil
	case json.Delim:
		if depth == maxDepth {
			return node{}, malformed(msgSyntax, "nested too deep at byte %d", r.InputOffset())
		}
		if t == '[' {
			return r.list(depth + 1)
		}
		return r.object(depth + 1)
	}
	return node{kind: nullNode}, nil
}

func (r treeReader) list(depth int) (node, error) {
	n := node{kind: listNode}
	for r.More() {
		item, err := r.value(depth)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
	_, err := r.token()
	return n, err
}

func (r treeReader) object(depth int) (node, error) {
	n := node{kind: objectNode, begin: int(r.InputOffset()) - 1}
	seen := make(map[string]bool)
	for r.More() {
		t, err := r.token()
		if err != nil {
			return node{}, err
		}
		name := t.(string) // the decoder accepts nothing else here
		if seen[name] {
			return node{}, malformed(msgSyntax, "%q appears twice", name)
		}
		seen[name] = true
		value, err := r.value(depth)
		if err != nil {
			return node{}, err
		}
		n.fields = append(n.fields, field{name, value})
	}
	_, err := r.token()
	n.end = int(r.InputOffset())
	return n, err
}
