package restjson

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire/shape"
	"pintail/internal/wire/shape/shapetest"
)

// spread has a member in every place of an HTTP message.
type spread struct {
	Id      string            `json:"-" http:"uri=id"`
	Day     time.Time         `json:"-" http:"uri=day"`
	Text    string            `json:"-" http:"query=text"`
	Flag    *bool             `json:"-" http:"query=flag"`
	Count   *int32            `json:"-" http:"query=count"`
	Since   time.Time         `json:"-" http:"query=since"`
	Keys    []string          `json:"-" http:"query=keys"`
	Context string            `json:"-" http:"header=x-context"`
	Date    time.Time         `json:"-" http:"header=x-date"`
	Unix    time.Time         `json:"-" http:"header=x-unix" time:"unixTimestamp"`
	Ratio   *float64          `json:"-" http:"header=x-ratio"`
	List    []string          `json:"-" http:"header=x-list"`
	Meta    map[string]string `json:"-" http:"headers=x-meta-"`
	Status  *int32            `json:"-" http:"status"`
	Name    string            `json:"Name,omitzero"`
	Blob    []byte            `json:"Blob,omitzero"`
}

var moment = time.Unix(1422172800, 0).UTC()

func TestDecodeSpread(t *testing.T) {
	t.Parallel()
	r := Request{
		Path:  map[string]string{"id": "a/b", "day": "2015-01-25T08:00:00Z"},
		Query: url.Values{"text": {""}, "flag": {"false"}, "count": {"-3"}, "since": {"2015-01-25T08:00:00Z"}, "keys": {"a", ""}, "other": {"x"}},
		Header: http.Header{
			"X-Context": {"c"}, "X-Date": {"Sun, 25 Jan 2015 08:00:00 GMT"}, "X-Unix": {"1422172800"}, "X-Ratio": {"1.5"},
			"X-List": {"a, b", "c"}, "X-Meta-Foo": {"1"}, "X-Meta-Bar-Baz": {"2"}, "X-Metal": {"3"},
		},
		Body: []byte(`{"Name":"n","Blob":"aGkh","Id":"not this"}`),
	}
	want := spread{
		Id: "a/b", Day: moment, Flag: new(false), Count: new(int32(-3)), Since: moment, Keys: []string{"a", ""},
		Context: "c", Date: moment, Unix: moment, Ratio: new(1.5), List: []string{"a", "b", "c"},
		Meta: map[string]string{"Foo": "1", "Bar-Baz": "2"}, Name: "n", Blob: []byte("hi!"),
	}
	var got spread
	if err := Decode(nil, r, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	path := map[string]string{"id": "i", "day": "2015-01-25T08:00:00Z"}
	for want, r := range map[string]Request{
		"id: missing from the path":                                     {},
		"id: the text is not valid UTF-8":                               {Path: map[string]string{"id": "\xff"}},
		"flag: expected true or false":                                  {Path: path, Query: url.Values{"flag": {"1"}}},
		"text: given more than once":                                    {Path: path, Query: url.Values{"text": {"a", "b"}}},
		"count: expected an integer":                                    {Path: path, Query: url.Values{"count": {""}}},
		"count: the number is out of range":                             {Path: path, Query: url.Values{"count": {"2147483648"}}},
		"since: expected a timestamp such as 2006-01-02T15:04:05Z":      {Path: path, Query: url.Values{"since": {"1422172800"}}},
		"x-date: expected a date such as Mon, 02 Jan 2006 15:04:05 GMT": {Path: path, Header: http.Header{"X-Date": {"1422172800"}}},
		"x-ratio: expected a number":                                    {Path: path, Header: http.Header{"X-Ratio": {"NaN"}}},
		"Name: expected a string, found a number":                       {Path: path, Body: []byte(`{"Name":1}`)},
		"the body is not valid JSON (at byte 0)":                        {Path: path, Body: []byte(`x`)},
	} {
		err := Decode(nil, r, new(spread))
		var refusal *shape.Error
		if !errors.As(err, &refusal) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestDecodePayload(t *testing.T) {
	t.Parallel()
	r := Request{Path: map[string]string{"application-id": "a", "endpoint-id": "e"}}
	for body, want := range map[string]*pinpoint.EndpointRequest{
		``:   nil,
		`{}`: {},
		`{"ChannelType":"APNS","Address":"t","Demographic":{"Make":null,"Platform":"ios"},"Attributes":{"plan":["gold"],"old":[]},"Metrics":{"score":3},"User":{"UserId":"u"}}`: {
			ChannelType: "APNS", Address: "t", Demographic: &pinpoint.EndpointDemographic{Platform: "ios"},
			Attributes: map[string][]string{"plan": {"gold"}, "old": {}}, Metrics: map[string]float64{"score": 3}, User: &pinpoint.EndpointUser{UserId: "u"},
		},
	} {
		r.Body = []byte(body)
		var got pinpoint.UpdateEndpointRequest
		if err := Decode(pinpoint.UpdateEndpoint.Operation, r, &got); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if diff := cmp.Diff(pinpoint.UpdateEndpointRequest{ApplicationId: "a", EndpointId: "e", EndpointRequest: want}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", body, diff)
		}
	}
	r.Body = []byte(`{"EndpointRequest":3,"Address":true}`)
	if err := Decode(pinpoint.UpdateEndpoint.Operation, r, new(pinpoint.UpdateEndpointRequest)); err == nil {
		t.Error("accepted an address that is a boolean")
	}
}

func TestDecodeBodyOfMembers(t *testing.T) {
	t.Parallel()
	r := Request{
		Header: http.Header{"X-Amz-Client-Context": {`{"client":{}}`}},
		Body:   []byte(`{"events":[{"eventType":"_session.start","timestamp":"2026-03-01T09:15:30.120Z","metrics":{"m":1}}]}`),
	}
	want := mobileanalytics.PutEventsInput{
		ClientContext: `{"client":{}}`,
		Events:        []mobileanalytics.Event{{EventType: "_session.start", Timestamp: "2026-03-01T09:15:30.120Z", Metrics: map[string]float64{"m": 1}}},
	}
	var got mobileanalytics.PutEventsInput
	if err := Decode(mobileanalytics.PutEvents.Operation, r, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

type rawBlob struct {
	Type string `json:"-" http:"header=Content-Type"`
	Data []byte `json:"-" http:"payload"`
}

type rawText struct {
	Data string `json:"-" http:"payload"`
}

func TestRawPayloads(t *testing.T) {
	t.Parallel()
	var blob rawBlob
	if err := Decode(nil, Request{Body: []byte("\x00\xff")}, &blob); err != nil || string(blob.Data) != "\x00\xff" {
		t.Errorf("blob: %q, %v", blob.Data, err)
	}
	var text rawText
	if err := Decode(nil, Request{Body: []byte("{é")}, &text); err != nil || text.Data != "{é" {
		t.Errorf("text: %q, %v", text.Data, err)
	}
	if err := Decode(nil, Request{Body: []byte("\xff")}, &text); err == nil {
		t.Error("text that is not UTF-8 passes")
	}
	op := &model.Operation{Status: 200}
	for want, out := range map[string]any{
		"application/octet-stream hi": &rawBlob{Data: []byte("hi")},
		"image/png hi":                &rawBlob{Data: []byte("hi"), Type: "image/png"},
		"text/plain; charset=utf-8 x": &rawText{Data: "x"},
	} {
		_, h, body, err := Encode(op, out)
		if got := h.Get("Content-Type") + " " + string(body); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	out := &spread{
		Status: new(int32(206)), Context: "c", Date: moment, Unix: moment, Ratio: new(1.5), List: []string{"a", "b"},
		Meta: map[string]string{"Foo": "1"}, Name: "n", Id: "not sent back",
	}
	status, h, body, err := Encode(&model.Operation{Status: 200}, out)
	if err != nil || status != 206 || string(body) != `{"Name":"n"}` {
		t.Errorf("got %d %s, %v", status, body, err)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "X-Context": {"c"}, "X-Date": {"Sun, 25 Jan 2015 08:00:00 GMT"}, "X-Unix": {"1422172800"},
		"X-Ratio": {"1.5"}, "X-List": {"a, b"}, "X-Meta-Foo": {"1"},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestEncodePayload(t *testing.T) {
	t.Parallel()
	out := &pinpoint.PutEventsResponse{EventsResponse: &pinpoint.EventsResponse{Results: map[string]pinpoint.ItemResponse{}}}
	status, h, body, err := Encode(pinpoint.PutEvents.Operation, out)
	if err != nil || status != 202 || string(body) != `{"Results":{}}` || h.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %v %s, %v", status, h, body, err)
	}
	_, _, body, err = Encode(pinpoint.PutEvents.Operation, &pinpoint.PutEventsResponse{})
	if err != nil || string(body) != `{}` {
		t.Errorf("no payload: got %s, %v", body, err)
	}
	for _, op := range []*model.Operation{{Status: 204}, {Status: 200, NoOutput: true}} {
		status, h, body, err := Encode(op, &model.Empty{})
		if err != nil || status != op.Status || len(body) > 0 || len(h) > 0 {
			t.Errorf("no body: got %d %v %q, %v", status, h, body, err)
		}
	}
}

func TestErrorBody(t *testing.T) {
	t.Parallel()
	e := (&model.ErrorType{Name: "BadRequestException", Code: "BadRequestException"}).New("Missing Address")
	want := map[string]string{"__type": "BadRequestException", "Message": "Missing Address", "message": "Missing Address", "RequestID": "r"}
	var got map[string]string
	if err := json.Unmarshal(ErrorBody(e, "r"), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	sent := Present(pinpoint.CreateApp.Operation, []byte(`{"Name":""}`))
	if !sent("CreateApplicationRequest.Name") || sent("Name") || sent("CreateApplicationRequest.Other") || sent("CreateApplicationRequest") {
		t.Error("the payload's members are mistaken")
	}
	sent = Present(mobileanalytics.PutEvents.Operation, []byte(`{"events":[{"eventType":""}]}`))
	if !sent("events.1.eventType") {
		t.Error("the body's members are mistaken")
	}
	if Present(pinpoint.CreateApp.Operation, nil) != nil {
		t.Error("an empty body has something to ask about")
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := shapetest.Value[pinpoint.WriteCampaignRequest](shapetest.Options{}).Draw(t, "payload")
		_, _, body, err := Encode(&model.Operation{Status: 200}, &pinpoint.CreateCampaignRequest{WriteCampaignRequest: &want})
		if err != nil {
			t.Fatal(err)
		}
		var got pinpoint.CreateCampaignRequest
		if err := Decode(nil, Request{Path: map[string]string{"application-id": "a"}, Body: body}, &got); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if diff := cmp.Diff(pinpoint.CreateCampaignRequest{ApplicationId: "a", WriteCampaignRequest: &want}, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

// FuzzDecode gives every operation any request: none may panic.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(3), "application-id=a&endpoint-id=b", "page-size=10&token=t", "c", []byte(`{"Name":"n"}`))
	f.Add(uint8(200), "", "tagKeys=a&tagKeys=b", "", []byte(`{"events":[]}`))
	f.Fuzz(func(t *testing.T, i uint8, path, query, header string, body []byte) {
		op := operations[int(i)%len(operations)]
		labels, _ := url.ParseQuery(path)
		r := Request{Path: map[string]string{}, Header: http.Header{"X-Amz-Client-Context": {header}}, Body: body}
		for name := range labels {
			r.Path[name] = labels.Get(name)
		}
		r.Query, _ = url.ParseQuery(query)
		_ = Decode(op, r, op.NewInput())
	})
}
