package query

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pintail/internal/gen/iam"
	"pintail/internal/gen/model"
	"pintail/internal/gen/sts"
	"pintail/internal/wire/shape"
	"pintail/internal/wire/shape/shapetest"
)

// operations are all that speak this protocol.
var operations = slices.Concat(iam.Service.Operations, sts.Service.Operations)

// sink has a member of every kind that the models know.
type sink struct {
	Text    string              `query:"Text"`
	Flag    *bool               `query:"Flag"`
	Int     *int32              `query:"Int"`
	Long    *int64              `query:"Long"`
	Float   *float64            `query:"Float"`
	Time    time.Time           `query:"Time"`
	Unix    time.Time           `query:"Unix" time:"unixTimestamp"`
	Blob    []byte              `query:"Blob"`
	List    []string            `query:"List"`
	Items   []int32             `query:"Items,item=item"`
	Flat    []string            `query:"Flat,flat"`
	Sinks   []sink              `query:"Sinks"`
	Map     map[string]string   `query:"Map"`
	Named   map[string]sink     `query:"Named,key=Name,value=Val"`
	FlatMap map[string]float64  `query:"FlatMap,flat"`
	Lists   map[string][]string `query:"Lists"`
	Nested  *sink               `query:"Nested"`
}

func form(t testing.TB, s string) url.Values {
	t.Helper()
	f, err := url.ParseQuery(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		form string
		want sink
	}{
		"nothing":            {"Action=X&Version=2010-05-08", sink{}},
		"scalars":            {"Text=a%20b%2Bc+d&Flag=false&Int=-1&Long=9007199254740993&Float=1.5&Time=2015-01-25T08:00:00Z&Unix=1422172800&Blob=aGkh", sink{Text: "a b+c d", Flag: new(false), Int: new(int32(-1)), Long: new(int64(9007199254740993)), Float: new(1.5), Time: time.Unix(1422172800, 0).UTC(), Unix: time.Unix(1422172800, 0).UTC(), Blob: []byte("hi!")}},
		"lists":              {"List.member.1=a&List.member.2=&Items.item.1=3&Flat.1=x&Flat.2=y", sink{List: []string{"a", ""}, Items: []int32{3}, Flat: []string{"x", "y"}}},
		"numbers, not text":  {"List.member.10=j&List.member.9=i&List.member.1=a", sink{List: []string{"a", "i", "j"}}},
		"gaps":               {"List.member.999999999=z&List.member.5=e&Sinks.member.7.Text=x", sink{List: []string{"e", "z"}, Sinks: []sink{{Text: "x"}}}},
		"empty list and map": {"List=&Map=", sink{List: []string{}, Map: map[string]string{}}},
		"structures":         {"Sinks.member.1.Text=a&Sinks.member.1.Int=1&Sinks.member.2.Nested.List.member.1=b&Nested.Nested.Text=c", sink{Sinks: []sink{{Text: "a", Int: new(int32(1))}, {Nested: &sink{List: []string{"b"}}}}, Nested: &sink{Nested: &sink{Text: "c"}}}},
		"maps":               {"Map.entry.1.key=k.1&Map.entry.1.value=v&Named.entry.3.Name=n&Named.entry.3.Val.Text=x&FlatMap.1.key=f&FlatMap.1.value=2&Lists.entry.1.key=l&Lists.entry.1.value.member.1=m", sink{Map: map[string]string{"k.1": "v"}, Named: map[string]sink{"n": {Text: "x"}}, FlatMap: map[string]float64{"f": 2}, Lists: map[string][]string{"l": {"m"}}}},
		"unknown":            {"text=a&Textual=b&Text.x=c&List.1=d&Nested.Nope=e&Sinks.member.1.Nope=f&X.member.1=g", sink{Nested: &sink{}, Sinks: []sink{{}}}},
		"neighbours":         {"Text=a&Text-=b&List.member.1=a&List-.member.1=b&Nested.Text=c&Nested%20.Text=d", sink{Text: "a", List: []string{"a"}, Nested: &sink{Text: "c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sink
			if err := Decode(nil, form(t, c.form), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"Text=a&Text=b":                         "Text: given more than once",
		"Text=%FF":                              "Text: the text is not valid UTF-8",
		"Flag=yes":                              "Flag: expected true or false",
		"Int=":                                  "Int: expected an integer",
		"Int=1.0":                               "Int: expected an integer",
		"Int=2147483648":                        "Int: the number is out of range",
		"Long=-9223372036854775809":             "Long: the number is out of range",
		"Float=inf":                             "Float: expected a number",
		"Float=0x10":                            "Float: expected a number",
		"Float=1e999":                           "Float: the number is out of range",
		"Time=hunter2":                          "Time: expected a timestamp such as 2006-01-02T15:04:05Z",
		"Blob=hunter2":                          "Blob: expected base64",
		"List=a":                                "List: expected numbered or named parameters below it",
		"Nested=a":                              "Nested: expected numbered or named parameters below it",
		"List.member.0=a":                       "List: list elements are numbered from 1",
		"List.member.-1=a":                      "List: list elements are numbered from 1",
		"List.member.01=a":                      "List: list elements are numbered from 1",
		"List.member.x=a":                       "List: list elements are numbered from 1",
		"List.member.=a":                        "List: list elements are numbered from 1",
		"List.member.9223372036854775808=a":     "List: list elements are numbered from 1",
		"Items.item.2=x":                        "Items.2: expected an integer",
		"Sinks.member.3.Sinks.member.1.Int=x":   "Sinks.3.Sinks.1.Int: expected an integer",
		"Map.entry.1.value=v":                   "Map.1: the entry has no key",
		"Map.entry.1.key=a&Map.entry.1.key=b":   "Map.1: given more than once",
		strings.Repeat("Nested.", 70) + "Text=": strings.Repeat("Nested.", maxDepth) + "Nested: nested too deeply",
	} {
		err := Decode(nil, form(t, body), new(sink))
		var refusal *shape.Error
		if !errors.As(err, &refusal) || err.Error() != want {
			t.Errorf("%.60s\n got %v\nwant %s", body, err, want)
		}
	}
	many := url.Values{}
	for i := range MaxParameters + 1 {
		many.Set(fmt.Sprint("List.member.", i+1), "x")
	}
	if err := Decode(nil, many, new(sink)); err == nil {
		t.Error("accepted too many parameters")
	}
}

func TestDecodeSTS(t *testing.T) {
	t.Parallel()
	in := sts.AssumeRole.NewInput()
	err := Decode(sts.AssumeRole.Operation, form(t, "Action=AssumeRole&Version=2011-06-15&RoleArn=r&RoleSessionName=s&DurationSeconds=900"+
		"&PolicyArns.member.1.arn=p&Tags.member.1.Key=k&Tags.member.1.Value=&TransitiveTagKeys.member.1=k"), in)
	if err != nil {
		t.Fatal(err)
	}
	want := &sts.AssumeRoleRequest{
		RoleArn: "r", RoleSessionName: "s", DurationSeconds: new(int32(900)), PolicyArns: []sts.PolicyDescriptorType{{Arn: "p"}},
		Tags: []sts.Tag{{Key: "k"}}, TransitiveTagKeys: []string{"k"},
	}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	op := &model.Operation{Name: "Op", Wrapper: "OpResult", Service: &model.Service{XMLNamespace: "https://x.example/?a&b"}}
	for name, c := range map[string]struct {
		out  any
		want string
	}{
		"nothing":    {&sink{}, ``},
		"scalars":    {&sink{Text: "<a> & \"b\"\n\x00", Flag: new(false), Int: new(int32(0)), Float: new(12.0), Time: time.UnixMilli(1422172800999), Unix: time.Unix(1422172800, 0), Blob: []byte("hi!")}, "<Text>&lt;a&gt; &amp; &#34;b&#34;&#xA;\uFFFD</Text><Flag>false</Flag><Int>0</Int><Float>12</Float><Time>2015-01-25T08:00:00Z</Time><Unix>1422172800</Unix><Blob>aGkh</Blob>"},
		"lists":      {&sink{List: []string{"a", ""}, Items: []int32{1}, Flat: []string{"x", "y"}, Sinks: []sink{{Text: "s"}, {}}}, `<List><member>a</member><member></member></List><Items><item>1</item></Items><Flat>x</Flat><Flat>y</Flat><Sinks><member><Text>s</Text></member><member></member></Sinks>`},
		"maps":       {&sink{Map: map[string]string{"b": "2", "a": "<"}, Named: map[string]sink{"n": {Text: "x"}}, FlatMap: map[string]float64{"f": 0.5}, Lists: map[string][]string{"l": {"m"}}}, `<Map><entry><key>a</key><value>&lt;</value></entry><entry><key>b</key><value>2</value></entry></Map><Named><entry><Name>n</Name><Val><Text>x</Text></Val></entry></Named><FlatMap><key>f</key><value>0.5</value></FlatMap><Lists><entry><key>l</key><value><member>m</member></value></entry></Lists>`},
		"empty":      {&sink{List: []string{}, Flat: []string{}, Map: map[string]string{}, Nested: &sink{}}, `<List></List><Map></Map><Nested></Nested>`},
		"structures": {&sink{Nested: &sink{Nested: &sink{Text: "x"}}}, `<Nested><Nested><Text>x</Text></Nested></Nested>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := Encode(op, c.out, "r-1")
			if err != nil {
				t.Fatal(err)
			}
			want := `<OpResponse xmlns="https://x.example/?a&amp;b"><OpResult>` + c.want + `</OpResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></OpResponse>`
			if string(body) != want {
				t.Errorf("\n got %s\nwant %s", body, want)
			}
			parse(t, string(body))
		})
	}
	if _, err := Encode(op, &sink{Sinks: []sink{{Float: new(math.Inf(1))}}}, ""); err == nil {
		t.Error("encoded infinity")
	}
}

func TestEncodeNoOutput(t *testing.T) {
	t.Parallel()
	op := &model.Operation{Name: "DeleteUser", NoOutput: true, Service: iam.Service}
	body, err := Encode(op, &model.Empty{}, "r")
	want := `<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DeleteUserResponse>`
	if err != nil || string(body) != want {
		t.Errorf("\n got %s, %v\nwant %s", body, err, want)
	}
}

func TestErrorBody(t *testing.T) {
	t.Parallel()
	e := (&model.ErrorType{Code: "NoSuchEntity"}).New("The role <r> & co cannot be found.")
	want := `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>The role &lt;r&gt; &amp; co cannot be found.</Message></Error><RequestId>r</RequestId></ErrorResponse>`
	if got := string(ErrorBody(iam.Service, e, "r")); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	e = model.Internal.New("x")
	e.Fields = map[string]string{"Extra": "1"}
	want = `<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>x</Message><Extra>1</Extra></Error><RequestId>r</RequestId></ErrorResponse>`
	if got := string(ErrorBody(&model.Service{}, e, "r")); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	sent := Present(form(t, "UserName=&Path=x&Tags.member.1.Key=k&Tags.member.2.Value="))
	if !sent("UserName") || sent("Path") || sent("RoleName") || sent("Tags.1.Key") || !sent("Tags.2.Value") {
		t.Error("empty parameters are mistaken")
	}
	if Present(form(t, "UserName=u")) != nil {
		t.Error("a form without empty parameters has something to ask about")
	}
}

// TestRoundTrip spells arbitrary values as a client would and reads them back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	t.Run("every kind", roundTrip[sink])
	t.Run("AssumeRole", roundTrip[sts.AssumeRoleRequest])
	t.Run("CreateRole", roundTrip[iam.CreateRoleRequest])
	t.Run("SimulateCustomPolicy", roundTrip[iam.SimulateCustomPolicyRequest])
}

func roundTrip[T any](t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := shapetest.Value[T](shapetest.Options{Dense: true}).Draw(t, "value")
		form := url.Values{"Action": {"X"}}
		spell(form, "", reflect.ValueOf(want), plain, shape.ISO8601)
		var got T
		if err := Decode(nil, form, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
		if _, err := Encode(&model.Operation{Service: &model.Service{}}, want, ""); err != nil {
			t.Fatal(err)
		}
	})
}

// spell is the client's side of the protocol.
func spell(form url.Values, path string, v reflect.Value, s spelling, f shape.TimeFormat) {
	if shape.IsScalar(v.Type()) {
		text, err := shape.AppendText(nil, v, f)
		if err != nil {
			panic(err)
		}
		form.Set(path, string(text))
		return
	}
	if path != "" && v.Kind() != reflect.Struct && v.IsZero() {
		return
	}
	dot := strings.TrimPrefix(path+".", ".")
	switch v = reflect.Indirect(v); v.Kind() {
	case reflect.Struct:
		for _, m := range membersOf(v.Type()) {
			spell(form, dot+m.name, v.Field(m.index), m.spelling, m.format)
		}
		return
	case reflect.Slice:
		if !s.flat {
			dot += s.item + "."
		}
	case reflect.Map:
		if !s.flat {
			dot += entry + "."
		}
	}
	if v.Len() == 0 {
		form.Set(path, "")
	}
	n := 0
	for k, elem := range v.Seq2() {
		n++
		at := fmt.Sprint(dot, n)
		if v.Kind() == reflect.Map {
			form.Set(at+"."+s.key, k.String())
			at += "." + s.val
		}
		spell(form, at, elem, plain, f)
	}
}

// FuzzDecode gives every operation, and the sink, any form: none may panic, and
// what was read must be writable as XML.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(0), "Text=a&List.member.1=b&Sinks.member.2.Map.entry.1.key=c&Nested.FlatMap.1.key=x&Nested.FlatMap.1.value=1")
	f.Add(uint8(30), "RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.1.Key=k&MaxSessionDuration=3600")
	f.Add(uint8(160), "RoleArn=r&PolicyArns.member.1.arn=a")
	f.Add(uint8(0), "List.member.1=a&List.member.1.x=b&List.member.1-=c&.=d&..=e")
	f.Fuzz(func(t *testing.T, i uint8, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		op := operations[int(i)%len(operations)]
		_ = Decode(op, form, op.NewInput())
		var in sink
		if Decode(op, form, &in) != nil {
			return
		}
		out, err := Encode(&model.Operation{Name: "Op", Service: iam.Service}, &in, "r")
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(out, new(struct{})); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}
