package restjson

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/gen/model"
	"pintail/internal/gen/protocoltest"
	"pintail/internal/wire/shape/shapetest"
)

// notOurs are AWS's cases that a server cannot or need not reproduce.
var notOurs = map[string]string{
	"rest-json/String to string maps in querystring/0":      "no service of ours has a map in the query string",
	"rest-json/String to string list maps in querystring/0": "no service of ours has a map in the query string",
	"rest-json/Structure payload/1":                         "clients send {} for an absent payload; we read a present, empty one",
	"rest-json/rest-json Content-Type and body/2":           "the same",
	"rest-json/rest-json Content-Type and body/4":           "the same",
	"rest-json/Scalar members/0":                            "its timestamp is ISO 8601 where the model says seconds; clients read both",
}

// TestProtocolInputs runs AWS's tests of clients backwards: the request that a
// client makes of a value must be routed to the operation and decode to the
// value.
func TestProtocolInputs(t *testing.T) {
	t.Parallel()
	for _, c := range protocoltest.Inputs {
		if c.Protocol != model.RESTJSON {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if reason := notOurs[c.Name]; reason != "" {
				t.Skip(reason)
			}
			want, got := c.New(), c.New()
			if err := shapetest.SetJSON(want, c.Value); err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequest(c.Request.Method, c.Request.URI, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range c.Request.Headers {
				r.Header.Set(name, value)
			}
			op, path, _ := NewTable([]*model.Operation{c.Op}).Match(c.Op.Method, r.URL.EscapedPath())
			if op != c.Op {
				t.Fatalf("%s is not found at %s", c.Op.Path, c.Request.URI)
			}
			if err := Decode(op, Request{path, r.URL.Query(), r.Header, []byte(c.Request.Body)}, got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestProtocolOutputs encodes the value that a client must find in a response,
// and must produce the response.
func TestProtocolOutputs(t *testing.T) {
	t.Parallel()
	for _, c := range protocoltest.Outputs {
		if c.Protocol != model.RESTJSON {
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
			status, header, body, err := Encode(c.Op, out)
			if err != nil {
				t.Fatal(err)
			}
			if status != c.Response.Status {
				t.Errorf("status %d, want %d", status, c.Response.Status)
			}
			for name, want := range c.Response.Headers {
				if got := header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if diff := cmp.Diff(document(c.Response.Body), document(string(body))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// document parses a JSON body; another body is taken as it is, and none as an
// object without members.
func document(body string) any {
	var v any
	switch {
	case body == "":
		return map[string]any{}
	case !strings.HasPrefix(body, "{") || json.Unmarshal([]byte(body), &v) != nil:
		return body
	}
	return v
}
