package jsonbody

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/wire/shape"
)

// sink has a member of every kind that the models know.
type sink struct {
	Text     string              `json:"Text,omitzero"`
	Enum     enum                `json:"Enum,omitzero"`
	Bool     *bool               `json:"Bool,omitzero"`
	Int      *int32              `json:"Int,omitzero"`
	Long     *int64              `json:"Long,omitzero"`
	Float    *float32            `json:"Float,omitzero"`
	Double   *float64            `json:"Double,omitzero"`
	Time     time.Time           `json:"Time,omitzero"`
	ISO      time.Time           `json:"ISO,omitzero" time:"iso8601"`
	HTTPDate time.Time           `json:"HTTPDate,omitzero" time:"rfc822"`
	Blob     []byte              `json:"Blob,omitzero"`
	Document json.RawMessage     `json:"Document,omitzero"`
	List     []string            `json:"List,omitzero"`
	Enums    []enum              `json:"Enums,omitzero"`
	Ints     []int32             `json:"Ints,omitzero"`
	Sinks    []sink              `json:"Sinks,omitzero"`
	Times    []time.Time         `json:"Times,omitzero" time:"iso8601"`
	Map      map[string]string   `json:"Map,omitzero"`
	Numbers  map[string]float64  `json:"Numbers,omitzero"`
	Lists    map[string][]string `json:"Lists,omitzero"`
	Structs  map[string]sink     `json:"Structs,omitzero"`
	Nested   *sink               `json:"Nested,omitzero"`
	Secret   string              `json:"Secret,omitzero" sensitive:"true"`
	Hidden   string              `json:"-" http:"uri=hidden"`
}

type enum string

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want sink
	}{
		"empty object":         {` {} `, sink{}},
		"scalars":              {`{"Text":"a","Enum":"b","Bool":false,"Int":-1,"Long":9007199254740993,"Float":1.5,"Double":1e3}`, sink{Text: "a", Enum: "b", Bool: new(false), Int: new(int32(-1)), Long: new(int64(9007199254740993)), Float: new(float32(1.5)), Double: new(1e3)}},
		"times":                {`{"Time":1422172800.123,"ISO":"2015-01-25T09:00:00.5+01:00","HTTPDate":"Sun, 25 Jan 2015 08:00:00 GMT"}`, sink{Time: time.UnixMilli(1422172800123).UTC(), ISO: time.UnixMilli(1422172800500).UTC(), HTTPDate: time.Unix(1422172800, 0).UTC()}},
		"the epoch is present": {`{"Time":0}`, sink{Time: time.Unix(0, 0).UTC()}},
		"time with exponent":   {`{"Time":1.4221728E9}`, sink{Time: time.Unix(1422172800, 0).UTC()}},
		"blob":                 {`{"Blob":"aGkh"}`, sink{Blob: []byte("hi!")}},
		"empty blob":           {`{"Blob":""}`, sink{Blob: []byte{}}},
		"document":             {`{"Document": {"a" : [1, {}]} }`, sink{Document: json.RawMessage(`{"a" : [1, {}]}`)}},
		"containers":           {`{"List":["a","b"],"Sinks":[{"Text":"x"},{}],"Map":{"k":"v"},"Numbers":{"n":2},"Lists":{"l":["x"]},"Structs":{"s":{"Text":"y"}},"Nested":{"Nested":{}}}`, sink{List: []string{"a", "b"}, Sinks: []sink{{Text: "x"}, {}}, Map: map[string]string{"k": "v"}, Numbers: map[string]float64{"n": 2}, Lists: map[string][]string{"l": {"x"}}, Structs: map[string]sink{"s": {Text: "y"}}, Nested: &sink{Nested: &sink{}}}},
		"empty containers":     {`{"List":[],"Map":{},"Numbers":{},"Lists":{},"Document":[]}`, sink{List: []string{}, Map: map[string]string{}, Numbers: map[string]float64{}, Lists: map[string][]string{}, Document: json.RawMessage(`[]`)}},
		"a list of one, bare":  {`{"Lists":{"a":"x","b":"","c":["y"],"d": "z" }}`, sink{Lists: map[string][]string{"a": {"x"}, "b": {""}, "c": {"y"}, "d": {"z"}}}},
		"null members":         {`{"Text":null,"Bool":null,"List":null,"Map":null,"Nested":null,"Time":null,"Blob":null,"Document":null}`, sink{}},
		"null elements":        {`{"List":["a",null,"b"],"Sinks":[null,{"Text":"x"}]}`, sink{List: []string{"a", "", "b"}, Sinks: []sink{{}, {Text: "x"}}}},
		"null entries":         {`{"Map":{"a":null,"b":"c"},"Numbers":{"n":null},"Lists":{"l":null},"Structs":{"s":null}}`, sink{Map: map[string]string{"b": "c"}, Numbers: map[string]float64{}, Lists: map[string][]string{}, Structs: map[string]sink{}}},
		"unknown members":      {`{"text":"a","nope":[{"Text":"b","x":[true,false,null,-1.5e-3,"\u00e9"]}],"Hidden":"x","-":"y","Text":"c"}`, sink{Text: "c"}},
		"last name wins":       {`{"Text":"a","Text":"b","Nested":{"Text":"x"},"Nested":{"Enum":"y"},"List":["1","2"],"List":["3"],"Map":{"k":"1"},"Map":{"l":"2","l":"3"}}`, sink{Text: "b", Nested: &sink{Enum: "y"}, List: []string{"3"}, Map: map[string]string{"l": "3"}}},
		"last null wins":       {`{"Text":"a","Text":null,"Map":{"k":"v","k":null},"Lists":{"k":["v"],"k":null}}`, sink{Map: map[string]string{}, Lists: map[string][]string{}}},
		"escapes":              {`{"Text":"\"\\\/\b\f\n\r\t\u00e9\ud83D\uDE00 \u003c"}`, sink{Text: "\"\\/\b\f\n\r\té😀 <"}},
		"escaped name":         {`{"\u0054ext":"a"}`, sink{Text: "a"}},
		"raw UTF-8":            {`{"Map":{"ключ":"значение 😀"}}`, sink{Map: map[string]string{"ключ": "значение 😀"}}},
		"half an emoji":        {`{"Text":"x\ud83d","List":["\ude00y","\ud83d\u0041","\ud83d\ud83d\ude00"]}`, sink{Text: "x\uFFFD", List: []string{"\uFFFDy", "\uFFFDA", "\uFFFD😀"}}},
		"white space":          {" \t\r\n{ \"Text\" : \"a\" , \"List\" : [ \"b\" , \"c\" ] } \n", sink{Text: "a", List: []string{"b", "c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sink
			if err := Unmarshal([]byte(c.body), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return `{"Nested":` + strings.Repeat(`{"Nested":`, n) + `{}` + strings.Repeat(`}`, n) + `}`
	}
	for body, want := range map[string]string{
		``:                                "the body is not valid JSON (at byte 0)",
		`null`:                            "expected an object, found null",
		`[]`:                              "expected an object, found an array",
		`"x"`:                             "expected an object, found a string",
		`{`:                               "the body is not valid JSON (at byte 1)",
		`{}x`:                             "the body is not valid JSON (at byte 2)",
		`{}{}`:                            "the body is not valid JSON (at byte 2)",
		"{}\x00":                          "the body is not valid JSON (at byte 2)",
		"\uFEFF{}":                        "the body is not valid JSON (at byte 0)",
		`{,}`:                             "the body is not valid JSON (at byte 1)",
		`{"Text":"a",}`:                   "the body is not valid JSON (at byte 12)",
		`{"Text" "a"}`:                    "the body is not valid JSON (at byte 8)",
		`{"Text":}`:                       "the body is not valid JSON (at byte 8)",
		`{Text:"a"}`:                      "the body is not valid JSON (at byte 1)",
		`{1:"a"}`:                         "the body is not valid JSON (at byte 1)",
		`{"Text":"a""Enum":"b"}`:          "the body is not valid JSON (at byte 11)",
		`{"List":["a",]}`:                 "the body is not valid JSON (at byte 13)",
		`{"List":[,"a"]}`:                 "the body is not valid JSON (at byte 9)",
		`{"List":["a"}`:                   "the body is not valid JSON (at byte 12)",
		`{"Text":"a`:                      "the body is not valid JSON (at byte 10)",
		"{\"Text\":\"a\nb\"}":             "the body is not valid JSON (at byte 10)",
		`{"Text":"\x"}`:                   "the body is not valid JSON (at byte 10)",
		`{"Text":"\u12"}`:                 "the body is not valid JSON (at byte 10)",
		`{"Text":"\u12g4"}`:               "the body is not valid JSON (at byte 10)",
		`{"nope":tru}`:                    "the body is not valid JSON (at byte 8)",
		`{"nope":01}`:                     "the body is not valid JSON (at byte 9)",
		`{"nope":1.}`:                     "the body is not valid JSON (at byte 10)",
		`{"nope":1e}`:                     "the body is not valid JSON (at byte 10)",
		`{"nope":-}`:                      "the body is not valid JSON (at byte 9)",
		`{"nope":+1}`:                     "the body is not valid JSON (at byte 8)",
		`{"nope":.5}`:                     "the body is not valid JSON (at byte 8)",
		`{"nope":NaN}`:                    "the body is not valid JSON (at byte 8)",
		"{\"Text\":\"\xff\"}":             "the body is not valid UTF-8",
		"{\"Text\":\"\xed\xa0\x80\"}":     "the body is not valid UTF-8",
		`{"Text":1}`:                      "Text: expected a string, found a number",
		`{"Text":true}`:                   "Text: expected a string, found a boolean",
		`{"Text":{}}`:                     "Text: expected a string, found an object",
		`{"Bool":"true"}`:                 "Bool: expected a boolean, found a string",
		`{"Bool":1}`:                      "Bool: expected a boolean, found a number",
		`{"Int":"1"}`:                     "Int: expected a number, found a string",
		`{"Int":1.0}`:                     "Int: expected an integer",
		`{"Int":1e2}`:                     "Int: expected an integer",
		`{"Int":2147483648}`:              "Int: the number is out of range",
		`{"Long":9223372036854775808}`:    "Long: the number is out of range",
		`{"Float":1e39}`:                  "Float: the number is out of range",
		`{"Double":1e309}`:                "Double: the number is out of range",
		`{"Double":"NaN"}`:                "Double: expected a number, found a string",
		`{"Time":"2015-01-25T08:00:00Z"}`: "Time: expected a number, found a string",
		`{"Time":1e15}`:                   "Time: the timestamp is out of range",
		`{"Time":-62135596800}`:           "Time: the timestamp is out of range",
		`{"ISO":1422172800}`:              "ISO: expected a string, found a number",
		`{"ISO":"25 January"}`:            "ISO: expected a timestamp such as 2006-01-02T15:04:05Z",
		`{"HTTPDate":"2015-01-25"}`:       "HTTPDate: expected a date such as Mon, 02 Jan 2006 15:04:05 GMT",
		`{"Blob":"a"}`:                    "Blob: expected base64",
		`{"List":{}}`:                     "List: expected an array, found an object",
		`{"List":["a",1]}`:                "List.2: expected a string, found a number",
		`{"Map":[]}`:                      "Map: expected an object, found an array",
		`{"Map":{"hunter2":3}}`:           "Map.*: expected a string, found a number",
		`{"Structs":{"k":{"Sinks":[{},{"Lists":{"l":["a",{}]}}]}}}`: "Structs.*.Sinks.2.Lists.*.2: expected a string, found an object",
		deep(MaxDepth):                                     strings.Repeat("Nested.", MaxDepth-1) + "Nested: the body is nested too deeply",
		`{"nope":` + strings.Repeat("[", 1e6):              "the body is nested too deeply",
		`{"Sinks":[` + strings.Repeat("{},", 1e5) + `{}]}`: "Sinks: the body holds too many values",
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			err := Unmarshal([]byte(body), new(sink))
			var refusal *shape.Error
			if !errors.As(err, &refusal) {
				t.Fatalf("%.80s: error %v is no *shape.Error", body, err)
			}
			if got := err.Error(); got != want {
				t.Errorf("%.80s\n got %s\nwant %s", body, got, want)
			}
		})
	}
	if err := Unmarshal([]byte(deep(MaxDepth-2)), new(sink)); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value sink
		want  string
	}{
		"nothing":    {sink{}, `{}`},
		"scalars":    {sink{Text: "<a&b>\u2028\"\n", Bool: new(false), Int: new(int32(0)), Long: new(int64(math.MinInt64)), Float: new(float32(0.1)), Double: new(12.0)}, `{"Text":"<a&b>` + "\u2028" + `\"\n","Bool":false,"Int":0,"Long":-9223372036854775808,"Float":0.1,"Double":12}`},
		"doubles":    {sink{Numbers: map[string]float64{"a": 1e21, "b": 1e-7, "c": 123456789, "d": 0.000001, "e": math.Copysign(0, -1)}}, `{"Numbers":{"a":1e+21,"b":1e-07,"c":123456789,"d":0.000001,"e":-0}}`},
		"times":      {sink{Time: time.UnixMilli(1398796238123), ISO: time.Unix(1398796238, 0), HTTPDate: time.Unix(1398796238, 0), Times: []time.Time{time.UnixMilli(1398796238120)}}, `{"Time":1398796238.123,"ISO":"2014-04-29T18:30:38Z","HTTPDate":"Tue, 29 Apr 2014 18:30:38 GMT","Times":["2014-04-29T18:30:38.120Z"]}`},
		"the epoch":  {sink{Time: time.Unix(0, 0)}, `{"Time":0}`},
		"blob":       {sink{Blob: []byte("hi!")}, `{"Blob":"aGkh"}`},
		"empty":      {sink{Blob: []byte{}, List: []string{}, Map: map[string]string{}, Lists: map[string][]string{"l": nil}, Nested: &sink{}}, `{"Blob":"","List":[],"Map":{},"Lists":{"l":[]},"Nested":{}}`},
		"document":   {sink{Document: json.RawMessage(`{"a":1}`)}, `{"Document":{"a":1}}`},
		"keys":       {sink{Map: map[string]string{"b": "2", "a": "1"}, Structs: map[string]sink{"y": {}, "x": {Text: "t"}}}, `{"Map":{"a":"1","b":"2"},"Structs":{"x":{"Text":"t"},"y":{}}}`},
		"not UTF-8":  {sink{Text: "a\xffb"}, `{"Text":"a` + "\uFFFD" + `b"}`},
		"not a body": {sink{Hidden: "x"}, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Append([]byte("> "), &c.value)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != "> "+c.want {
				t.Errorf("\n got %s\nwant > %s", got, c.want)
			}
			if !json.Valid(got[2:]) {
				t.Error("not JSON")
			}
		})
	}
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]sink{
		"Double: the number is not finite":           {Double: new(math.NaN())},
		"Nested.Numbers.*: the number is not finite": {Nested: &sink{Numbers: map[string]float64{"n": math.Inf(1)}}},
		"Sinks.2.Document: the document is not JSON": {Sinks: []sink{{}, {Document: json.RawMessage(`{`)}}},
		"Structs.*.Float: the number is not finite":  {Structs: map[string]sink{"k": {Float: new(float32(math.Inf(-1)))}}},
	} {
		if _, err := Append(nil, v); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	body := []byte(`{"Text":"","List":["a","",null],"Sinks":[{"Text":"x"},{"Text":""}],"Map":{"a.b":"","a":"x"},"Nested":{"Text":"","Enum":null}}`)
	sent := Present(body)
	for path, want := range map[string]bool{
		"Text": true, "text": false, "Enum": false, "List.1": false, "List.2": true, "List.3": false, "List.0": false, "List.4": false,
		"Sinks.1.Text": false, "Sinks.2.Text": true, "Sinks.2.Enum": false, "Map.a.b": true, "Map.a": false,
		"Nested.Text": true, "Nested.Enum": false, "Nested": false, "": false, "Text.x": false, "List.x": false,
	} {
		if got := sent(path); got != want {
			t.Errorf("%q: got %t", path, got)
		}
	}
	if Present([]byte(`{"Text":"a"}`)) != nil {
		t.Error("a body without empty strings has something to ask about")
	}
}

func TestUnknownTypePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic for a type that no shape has")
		}
	}()
	_ = Unmarshal([]byte(`{}`), &struct {
		C chan int `json:"C"`
	}{})
}
