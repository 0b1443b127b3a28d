package query

import (
	"encoding/xml"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/gen/model"
	"pintail/internal/gen/protocoltest"
	"pintail/internal/wire/shape/shapetest"
)

// notOurs are AWS's cases that a server cannot or need not reproduce.
var notOurs = map[string]string{
	"query/Empty string/0": "an empty string is absent in our types, and no output of IAM or STS needs one",
}

// TestProtocolInputs runs AWS's tests of clients backwards: the request that a
// client makes of a value must decode to the value.
func TestProtocolInputs(t *testing.T) {
	t.Parallel()
	for _, c := range protocoltest.Inputs {
		if c.Protocol != model.Query {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			want, got := c.New(), c.New()
			if err := shapetest.SetJSON(want, c.Value); err != nil {
				t.Fatal(err)
			}
			form, err := url.ParseQuery(c.Request.Body)
			if err != nil {
				t.Fatal(err)
			}
			if err := Decode(c.Op, form, got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestProtocolOutputs encodes the value that a client must find in a response,
// and must produce the response, but for the order of elements.
func TestProtocolOutputs(t *testing.T) {
	t.Parallel()
	for _, c := range protocoltest.Outputs {
		if c.Protocol != model.Query {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if reason := notOurs[c.Name]; reason != "" {
				t.Skip(reason)
			}
			out := c.New()
			if err := shapetest.SetJSON(out, c.Value); err != nil {
				t.Fatal(err)
			}
			body, err := Encode(c.Op, out, "requestid")
			if err != nil {
				t.Fatal(err)
			}
			want, got := parse(t, c.Response.Body), parse(t, string(body))
			// The cases differ in where the request's id stands, if anywhere.
			want.drop("ResponseMetadata", "RequestId")
			got.drop("ResponseMetadata")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// element is an XML element without its namespace.
type element struct {
	Name     string
	Text     string
	Children []element
}

// parse reads a document. Siblings of different names are sorted by name:
// structures and maps have no order of their own.
func parse(t testing.TB, document string) element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(document))
	stack := []element{{}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		switch token := token.(type) {
		case xml.StartElement:
			stack = append(stack, element{Name: token.Name.Local})
		case xml.CharData:
			stack[len(stack)-1].Text += string(token)
		case xml.EndElement:
			e := stack[len(stack)-1]
			slices.SortStableFunc(e.Children, func(a, b element) int { return strings.Compare(a.order(), b.order()) })
			stack = stack[:len(stack)-1]
			parent := &stack[len(stack)-1]
			parent.Children = append(parent.Children, e)
		}
	}
	if len(stack) != 1 || len(stack[0].Children) != 1 {
		t.Fatalf("not one element: %s", document)
	}
	return stack[0].Children[0]
}

// order is what an element is sorted by among its siblings: its name, and for
// the entry of a map its key.
func (e element) order() string {
	if len(e.Children) == 2 && len(e.Children[0].Children) == 0 {
		return e.Name + " " + e.Children[0].Text + e.Children[1].Text
	}
	return e.Name
}

func (e *element) drop(names ...string) {
	e.Children = slices.DeleteFunc(e.Children, func(c element) bool { return slices.Contains(names, c.Name) })
}
