package jsonbody

import (
	"encoding/json"
	"fmt"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"

	"pintail/internal/gen/pinpoint"
)

// batch is a full PutEvents body as Amplify sends it: 100 events, about 58 KB.
func batch() []byte {
	const session = "0f9ae0c2-51a8-4d6c-8f0e-3c1f5a7e2b44"
	events := map[string]pinpoint.Event{}
	for i := range 100 {
		events[fmt.Sprintf("7f3a1c52-8d0e-4b6f-9a21-%012d", i)] = pinpoint.Event{
			EventType: "order.placed", Timestamp: fmt.Sprintf("2026-03-01T09:15:%02d.%03dZ", i%60, i*7),
			AppPackageName: "org.example.shop", AppTitle: "Shop", AppVersionCode: "320", ClientSdkVersion: "5.4.1", SdkName: "amplify",
			Session: &pinpoint.Session{Id: session, StartTimestamp: "2026-03-01T09:15:30.120Z"},
			Attributes: map[string]string{
				"screen": "home", "category": "shoes", "url": fmt.Sprintf("https://shop.example.org/shoes?page=%d", i),
				"order": fmt.Sprintf("order-%08d", i*7919), "campaign_id": "4fd13a0b6a7e4c0f9f4d2f7f1c9c2b11",
			},
			Metrics: map[string]float64{"load_ms": 212 + float64(i), "price": 19.99},
		}
	}
	body, err := json.Marshal(pinpoint.EventsRequest{BatchItem: map[string]pinpoint.EventsBatch{
		"b1f5c6ae-0b7a-4f6f-9c2d-6a8f2f0c1d11": {Endpoint: &pinpoint.PublicEndpoint{}, Events: events},
	}})
	if err != nil {
		panic(err)
	}
	return body
}

// BenchmarkUnmarshal reads a batch of events with our reader and, as a measure,
// with the two others that could have done it.
func BenchmarkUnmarshal(b *testing.B) {
	body := batch()
	for _, reader := range []struct {
		name string
		read func([]byte, any) error
	}{
		{"ours", Unmarshal},
		{"encoding_json", json.Unmarshal},
		{"json_v2", func(body []byte, v any) error { return jsonv2.Unmarshal(body, v) }},
	} {
		b.Run(reader.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := reader.read(body, new(pinpoint.EventsRequest)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAppend writes the answer to such a batch.
func BenchmarkAppend(b *testing.B) {
	items := map[string]pinpoint.EventItemResponse{}
	for i := range 100 {
		items[fmt.Sprintf("7f3a1c52-8d0e-4b6f-9a21-%012d", i)] = pinpoint.EventItemResponse{StatusCode: new(int32(202)), Message: "Accepted"}
	}
	out := pinpoint.EventsResponse{Results: map[string]pinpoint.ItemResponse{"b1f5c6ae-0b7a-4f6f-9c2d-6a8f2f0c1d11": {EventsItemResponse: items}}}
	for _, writer := range []struct {
		name  string
		write func(any) ([]byte, error)
	}{
		{"ours", func(v any) ([]byte, error) { return Append(nil, v) }},
		{"encoding_json", json.Marshal},
	} {
		b.Run(writer.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := writer.write(&out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
