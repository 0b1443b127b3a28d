package idp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Namespaces of SAML 2.0 and XML signatures.
const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
)

// xmlLimits bound a document. A response is held to what package goxmldsig traverses.
type xmlLimits struct {
	elements, depth, attributes int
	comments                    bool // are taken, and passed over
}

var (
	responseLimits = xmlLimits{elements: 1000, depth: 32, attributes: 64}
	metadataLimits = xmlLimits{elements: 5000, depth: 32, attributes: 64, comments: true}
)

// parseXML reads a document that somebody untrusted has written. It takes elements and
// text only: no document type, so that no entity can be declared; no processing
// instruction; and, in what is signed, no comment, which one reader would pass over
// and another take for the end of a text.
func parseXML(document []byte, limits xmlLimits) (*etree.Element, error) {
	if err := scanXML(document, limits); err != nil {
		return nil, refuse(ErrMalformed, "%v", err)
	}
	tree := etree.NewDocument()
	if err := tree.ReadFromBytes(document); err != nil || tree.Root() == nil {
		return nil, refuse(ErrMalformed, "not XML")
	}
	return tree.Root(), nil
}

func scanXML(document []byte, limits xmlLimits) error {
	d := xml.NewDecoder(bytes.NewReader(document)) // takes UTF-8 only
	elements, depth := 0, 0
	for first := true; ; first = false {
		token, err := d.Token()
		if err == io.EOF {
			if elements == 0 {
				return errors.New("not XML")
			}
			return nil
		}
		if err != nil {
			return errors.New("not XML") // what the error tells may be the token's
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 && elements > 0 {
				return errors.New("several documents in one")
			}
			elements, depth = elements+1, depth+1
			if elements > limits.elements || depth > limits.depth || len(token.Attr) > limits.attributes {
				return errors.New("more elements, levels or attributes than are taken")
			}
			if err := checkAttributes(token.Attr); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(token)) > 0 {
				return errors.New("text outside of the document")
			}
		case xml.Comment:
			if !limits.comments {
				return errors.New("it holds a comment")
			}
		case xml.ProcInst:
			if !first || token.Target != "xml" {
				return errors.New("it holds a processing instruction")
			}
		default:
			return errors.New("it holds a document type or another directive")
		}
	}
}

// checkAttributes refuses what different readers read differently: an attribute twice,
// and one that looks like an id without being SAML's.
func checkAttributes(attributes []xml.Attr) error {
	for i, a := range attributes {
		for _, b := range attributes[:i] {
			if a.Name == b.Name {
				return errors.New("an attribute stands twice")
			}
		}
		if strings.EqualFold(a.Name.Local, "id") && a.Name.Space != "" && a.Name.Space != "xmlns" {
			return errors.New("an id in a namespace")
		}
	}
	return nil
}

func isElement(e *etree.Element, namespace, tag string) bool {
	return e.Tag == tag && e.NamespaceURI() == namespace
}

// children returns the child elements of a name.
func children(e *etree.Element, namespace, tag string) []*etree.Element {
	var found []*etree.Element
	for _, child := range e.ChildElements() {
		if isElement(child, namespace, tag) {
			found = append(found, child)
		}
	}
	return found
}

// child returns the child element of a name, nil if there is none, and refuses several.
func child(e *etree.Element, namespace, tag string) (*etree.Element, error) {
	found := children(e, namespace, tag)
	if len(found) > 1 {
		return nil, refuse(ErrMalformed, "several %s in a %s", tag, e.Tag)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// required is child where there has to be one.
func required(e *etree.Element, namespace, tag string) (*etree.Element, error) {
	found, err := child(e, namespace, tag)
	if err == nil && found == nil {
		err = refuse(ErrMalformed, "no %s in the %s", tag, e.Tag)
	}
	return found, err
}

// text returns all text of an element that holds nothing else, as it was signed: what
// stands on both sides of a comment is one text.
func text(e *etree.Element) (string, error) {
	var all strings.Builder
	for _, token := range e.Child {
		switch token := token.(type) {
		case *etree.CharData:
			all.WriteString(token.Data)
		case *etree.Comment:
		default:
			return "", refuse(ErrMalformed, "a %s holds more than text", e.Tag)
		}
	}
	return strings.TrimSpace(all.String()), nil
}

// attribute returns the value of an attribute without namespace.
func attribute(e *etree.Element, name string) string {
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == name {
			return a.Value
		}
	}
	return ""
}

// date returns the moment that an attribute names, zero if there is no such attribute.
func date(e *etree.Element, name string) (time.Time, error) {
	value := attribute(e, name)
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return time.Time{}, refuse(ErrMalformed, "%s of the %s is not a date", name, e.Tag)
	}
	return t.UTC(), nil
}

// walk calls visit for an element and all below it.
func walk(e *etree.Element, visit func(*etree.Element) error) error {
	if err := visit(e); err != nil {
		return err
	}
	for _, below := range e.ChildElements() {
		if err := walk(below, visit); err != nil {
			return err
		}
	}
	return nil
}

// xmlID is what the id of a message or an assertion may be (NCName, in ASCII).
var xmlID = regexp.MustCompile(`^[A-Za-z_][\w.-]{0,255}$`)
