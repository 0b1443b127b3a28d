package jsonbody

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire/shape/shapetest"
)

// common are the members that encoding/json's successor reads as we do. It has
// other ideas of timestamps and free-form documents.
type common struct {
	Text    string              `json:"Text,omitzero"`
	Bool    *bool               `json:"Bool,omitzero"`
	Int     *int32              `json:"Int,omitzero"`
	Long    *int64              `json:"Long,omitzero"`
	Float   *float32            `json:"Float,omitzero"`
	Double  *float64            `json:"Double,omitzero"`
	Blob    []byte              `json:"Blob,omitzero"`
	List    []string            `json:"List,omitzero"`
	Ints    []int32             `json:"Ints,omitzero"`
	Commons []common            `json:"Commons,omitzero"`
	Map     map[string]string   `json:"Map,omitzero"`
	Numbers map[string]float64  `json:"Numbers,omitzero"`
	Lists   map[string][]string `json:"Lists,omitzero"`
	Structs map[string]common   `json:"Structs,omitzero"`
	Nested  *common             `json:"Nested,omitzero"`
}

// FuzzUnmarshal holds our reader against two others: what we accept is JSON to
// encoding/json, and what json/v2 accepts we read to the same values.
func FuzzUnmarshal(f *testing.F) {
	for _, body := range []string{
		`{}`, ` {"Text" : "a\u00e9\ud83d\ude00" , "Bool":true}`, `{"Int":-1,"Long":9007199254740993,"Float":1.5e3,"Double":-0.0}`,
		`{"Blob":"aGkh","List":["a",null],"Ints":[0,1],"Commons":[{},{"Text":"x"}]}`, `{"Text":"\ud83d"}`, `{"nope":{"a":[1,2,{"b":null}]}}`,
		`{"Map":{"k":"v"},"Numbers":{"n":1e2},"Lists":{"l":[]},"Structs":{"s":{"Nested":{"Text":null}}}}`, `{"Text":"a","Text":"b"}`,
		`{"Text":1}`, `[]`, `{"Text":"a"`, `{"Int":1.5}`, "{\"Text\":\"\xff\"}", `{"List":[["a"]]}`, strings.Repeat(`{"Nested":`, 70),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want common
		err := Unmarshal(body, &got)
		if err == nil && !json.Valid(body) {
			t.Fatalf("accepted %q, which is not JSON", body)
		}
		if jsonv2.Unmarshal(body, &want) != nil {
			return
		}
		if err != nil {
			if strings.HasSuffix(err.Error(), "nested too deeply") || strings.HasSuffix(err.Error(), "too many values") || string(body) == "null" {
				return
			}
			t.Fatalf("refused %q: %v", body, err)
		}
		// A null map entry is ours to drop; json/v2 keeps a zero.
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" && !bytes.Contains(body, []byte("null")) {
			t.Errorf("%q: -json/v2 +ours\n%s", body, diff)
		}
	})
}

// FuzzPresent asks a reader that has been given anything for anything.
func FuzzPresent(f *testing.F) {
	f.Add([]byte(`{"a":[{"b.c":""}]}`), "a.1.b.c")
	f.Add([]byte(`""`), "")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		if sent := Present(body); sent != nil && sent(path) && !json.Valid(body) {
			t.Errorf("%q holds %q", body, path)
		}
	})
}

// TestRoundTrip writes arbitrary values and reads them back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	t.Run("every kind", roundTrip[sink])
	t.Run("endpoint", roundTrip[pinpoint.EndpointRequest])
	t.Run("events", roundTrip[pinpoint.EventsRequest])
	t.Run("campaign", roundTrip[pinpoint.CampaignResponse])
	t.Run("journey", roundTrip[pinpoint.JourneyResponse])
	t.Run("sign-up", roundTrip[cognitoidp.SignUpRequest])
	t.Run("pool", roundTrip[cognitoidp.UserPoolType])
}

func roundTrip[T any](t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := shapetest.Value[T](shapetest.Options{}).Draw(t, "value")
		body, err := Append(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(body) {
			t.Fatalf("not JSON: %s", body)
		}
		var got T
		if err := Unmarshal(body, &got); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		again, err := Append(nil, &got)
		if err != nil || !bytes.Equal(body, again) {
			t.Fatalf("%v\nfirst  %s\nsecond %s", err, body, again)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(sink{}, "Hidden")); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}
