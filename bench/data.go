package main

import (
	"fmt"
	"strings"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// endpoints is the number of endpoints in the server's directory, and in the
// floor's, while UpdateEndpoint is measured.
const endpoints = 20_000

// endpointID and userID spread numbers over the keys as random ids are spread.
func endpointID(n int) string {
	return fmt.Sprintf("%08x-4e1d-4b6a-9c2d-6a8f2f0c1d11", uint32(n)*2654435761)
}

func userID(n int) string { return fmt.Sprintf("user-%08x", uint32(n)*2246822519) }

// endpoint is what an app reports of a device: 1.4 KB of JSON with twenty
// attributes.
func endpoint(n int) *pinpoint.EndpointRequest {
	e := &pinpoint.EndpointRequest{
		Address:     fmt.Sprintf("%08x", n) + strings.Repeat("token", 12),
		ChannelType: pinpoint.ChannelTypeGcm,
		OptOut:      "NONE",
		User:        &pinpoint.EndpointUser{UserId: userID(n)},
		Attributes:  make(map[string][]string, 20),
		Metrics:     map[string]float64{"purchases": float64(n % 7), "sessions": 12.5},
		Demographic: &pinpoint.EndpointDemographic{
			AppVersion: "3.2.0", Locale: "en_GB", Make: "Google", Model: "Pixel 9", Platform: "android", PlatformVersion: "16",
		},
		Location: &pinpoint.EndpointLocation{City: "Leeds", Country: "GB"},
	}
	for i := range 20 {
		e.Attributes[fmt.Sprintf("attribute-number-%02d", i)] = []string{"some value", fmt.Sprintf("another %d", n%10)}
	}
	return e
}

const (
	sessionID = "0f9ae0c2-51a8-4d6c-8f0e-3c1f5a7e2b44"
	eventType = "order.placed"
)

// stamp is a time as clients write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// events is a batch as Amplify sends it: about 58 KB for a hundred.
func events(device string, size int, now time.Time) *pinpoint.EventsRequest {
	at := stamp(now)
	list := make(map[string]pinpoint.Event, size)
	for i := range size {
		list[fmt.Sprintf("7f3a1c52-8d0e-4b6f-9a21-%012d", i)] = pinpoint.Event{
			EventType: eventType, Timestamp: at,
			AppPackageName: "org.example.shop", AppTitle: "Shop", AppVersionCode: "320", ClientSdkVersion: "5.4.1", SdkName: "amplify",
			Session: &pinpoint.Session{Id: sessionID, StartTimestamp: at},
			Attributes: map[string]string{
				"screen": "home", "category": "shoes", "url": fmt.Sprintf("https://shop.example.org/shoes?page=%d", i),
				"order": fmt.Sprintf("order-%08d", i*7919), "campaign_id": "4fd13a0b6a7e4c0f9f4d2f7f1c9c2b11",
			},
			Metrics: map[string]float64{"load_ms": 212 + float64(i), "price": 19.99},
		}
	}
	return &pinpoint.EventsRequest{BatchItem: map[string]pinpoint.EventsBatch{device: {Endpoint: new(pinpoint.PublicEndpoint), Events: list}}}
}

// stored is such a batch as the server hands it to its event store.
func stored(device string, size int, now time.Time) []eventstore.Event {
	var list []eventstore.Event
	for id, e := range events(device, size, now).BatchItem[device].Events {
		list = append(list, eventstore.Event{
			App: "4fd13a0b6a7e4c0f9f4d2f7f1c9c2b11", EndpointID: device, EventID: id, Type: e.EventType,
			Timestamp: now, Arrival: now, Session: eventstore.Session{ID: e.Session.Id, Start: now},
			AppPackageName: e.AppPackageName, AppTitle: e.AppTitle, AppVersionCode: e.AppVersionCode,
			SDKName: e.SdkName, SDKVersion: e.ClientSdkVersion, CognitoID: "us-east-1:" + device, CognitoPoolID: "us-east-1:" + sessionID,
			Attributes: e.Attributes, Metrics: e.Metrics,
		})
	}
	return list
}
