package jsonrpc

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/gen/model"
	"pintail/internal/gen/protocoltest"
	"pintail/internal/wire/shape/shapetest"
)

// TestProtocolInputs runs AWS's tests of clients backwards: the request that a
// client makes of a value must decode to the value.
func TestProtocolInputs(t *testing.T) {
	t.Parallel()
	for _, c := range protocoltest.Inputs {
		if c.Protocol != model.JSONRPC {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			want, got := c.New(), c.New()
			if err := shapetest.SetJSON(want, c.Value); err != nil {
				t.Fatal(err)
			}
			if err := Decode(c.Op, []byte(c.Request.Body), got); err != nil {
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
		if c.Protocol != model.JSONRPC {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			out := c.New()
			if err := shapetest.SetJSON(out, c.Value); err != nil {
				t.Fatal(err)
			}
			body, err := Encode(c.Op, out)
			if err != nil {
				t.Fatal(err)
			}
			var want, got any
			if err := json.Unmarshal([]byte(c.Response.Body), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
