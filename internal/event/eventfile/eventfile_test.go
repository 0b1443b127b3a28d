package eventfile_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"pintail/internal/event/eventfile"
	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

func file(t interface{ Fatal(...any) }, f eventfile.Format, events ...eventstore.Event) []byte {
	var out bytes.Buffer
	w, err := eventfile.New(f, "123456789012", &out)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		if err := w.Write(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read returns the events of a Parquet file, by its columns alone.
func read(t interface{ Fatal(...any) }, text []byte) []eventstore.Event {
	reader := parquet.NewGenericReader[eventfile.Row](bytes.NewReader(text))
	defer reader.Close()
	var all []eventstore.Event
	for rows := make([]eventfile.Row, 100); ; {
		clear(rows) // the library reuses maps that it finds
		n, err := reader.Read(rows)
		for _, r := range rows[:n] {
			all = append(all, event(r))
		}
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func event(r eventfile.Row) eventstore.Event {
	e := eventstore.Event{
		App: r.App, EndpointID: r.EndpointID, EventID: r.EventID, Type: r.EventType, UserID: r.UserID,
		Timestamp: r.EventTime.UTC(), Arrival: r.Arrival.UTC(),
		Session:        eventstore.Session{ID: r.SessionID, Duration: time.Duration(r.SessionMillis) * time.Millisecond},
		AppPackageName: r.AppPackageName, AppTitle: r.AppTitle, AppVersionCode: r.AppVersionCode, AppVersion: r.AppVersion,
		SDKName: r.SDKName, SDKVersion: r.SDKVersion, Platform: r.Platform, PlatformVersion: r.PlatformVersion,
		Make: r.Make, Model: r.Model, Locale: r.Locale, Country: r.Country, ChannelType: r.ChannelType,
		Timezone: r.Timezone, CognitoID: r.CognitoID, CognitoPoolID: r.CognitoPoolID,
	}
	if r.SessionStart != nil {
		e.Session.Start = r.SessionStart.UTC()
	}
	if r.SessionStop != nil {
		e.Session.Stop = r.SessionStop.UTC()
	}
	if len(r.Attributes) > 0 {
		e.Attributes = r.Attributes
	}
	if len(r.Metrics) > 0 {
		e.Metrics = r.Metrics
	}
	return e
}

// Whatever an event holds is in its row, and comes back.
func TestParquet(t *testing.T) {
	list := eventstoretest.Sample(1001)
	list = append(list, eventstore.Event{App: "a", Timestamp: time.Unix(0, 0).UTC(), Arrival: time.Unix(-1, 0).UTC()})
	if diff := cmp.Diff(list, read(t, file(t, eventfile.Parquet, list...))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := read(t, file(t, eventfile.Parquet)); got != nil {
		t.Errorf("an empty file has %v", got)
	}
}

func TestParquetOfAnyEvent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(eventstoretest.AnEvent, 0, 20).Draw(r, "events")
		got := read(r, file(r, eventfile.Parquet, list...))
		if len(list) == 0 {
			list = nil
		}
		if diff := cmp.Diff(list, got); diff != "" {
			r.Fatalf("-want +got:\n%s", diff)
		}
	})
}

// The columns have types that other programs can count with.
func TestParquetColumns(t *testing.T) {
	text := file(t, eventfile.Parquet, eventstoretest.Sample(1)...)
	opened, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	schema := opened.Schema().String()
	for _, want := range []string{
		"required int64 event_time (TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS))", "required binary app (STRING)", "optional binary user_id (STRING)",
		"required group attributes (MAP)", "required double value",
	} {
		if !strings.Contains(schema, want) {
			t.Errorf("the schema lacks %q:\n%s", want, schema)
		}
	}
}

// A line is a record as Pinpoint streams it, in milliseconds.
func TestLines(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 17, 2, 0, time.UTC)
	full := eventstore.Event{
		App: "6f1c", EndpointID: "b1f5", EventID: "e-1", Type: "order.placed", UserID: "u-1001", Timestamp: at, Arrival: at.Add(1120 * time.Millisecond),
		Session:        eventstore.Session{ID: "s-77", Start: at.Add(-time.Minute), Duration: time.Minute},
		AppPackageName: "org.example.shop", AppTitle: "Shop", AppVersionCode: "320", AppVersion: "3.2.0", SDKName: "amplify", SDKVersion: "5.4.1",
		Platform: "ios", PlatformVersion: "18.1", Make: "Apple", Model: "iPhone", Locale: "de_DE", Country: "DE", ChannelType: "APNS",
		CognitoID: "eu-central-1:9999", CognitoPoolID: "eu-central-1:1111",
		Attributes: map[string]string{"screen": "checkout"}, Metrics: map[string]float64{"amount": 42.5},
	}
	bare := eventstore.Event{App: "6f1c", Type: "t", Timestamp: at, Arrival: at}
	got := strings.Split(string(file(t, eventfile.NDJSON, full, bare)), "\n")
	want := []string{
		`{"event_type":"order.placed","event_timestamp":1772356622000,"arrival_timestamp":1772356623120,"event_version":"3.1",
		"application":{"app_id":"6f1c","cognito_identity_pool_id":"eu-central-1:1111","package_name":"org.example.shop",
			"sdk":{"name":"amplify","version":"5.4.1"},"title":"Shop","version_name":"3.2.0","version_code":"320"},
		"client":{"client_id":"b1f5","cognito_id":"eu-central-1:9999"},
		"device":{"locale":{"code":"de_DE","country":"DE","language":"de"},"make":"Apple","model":"iPhone","platform":{"name":"ios","version":"18.1"}},
		"session":{"session_id":"s-77","start_timestamp":1772356562000},"attributes":{"screen":"checkout"},"metrics":{"amount":42.5},
		"endpoint":{"Id":"b1f5","ApplicationId":"6f1c","ChannelType":"APNS","Demographic":{"AppVersion":"3.2.0","Locale":"de_DE","Make":"Apple","Model":"iPhone",
			"Platform":"ios","PlatformVersion":"18.1"},"Location":{"Country":"DE"},"User":{"UserId":"u-1001"}},"awsAccountId":"123456789012"}`,
		`{"event_type":"t","event_timestamp":1772356622000,"arrival_timestamp":1772356622000,"event_version":"3.1","application":{"app_id":"6f1c","sdk":{}},
		"client":{"client_id":""},"device":{"platform":{}},"session":{},"attributes":{},"metrics":{},"awsAccountId":"123456789012"}`,
	}
	if len(got) != 3 || got[2] != "" {
		t.Fatalf("%d lines", len(got))
	}
	for i := range want {
		if diff := cmp.Diff(decoded(t, want[i]), decoded(t, got[i])); diff != "" {
			t.Errorf("line %d: -want +got:\n%s", i, diff)
		}
	}
}

func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func BenchmarkWrite(b *testing.B) {
	list := eventstoretest.Sample(10_000)
	for _, f := range []eventfile.Format{eventfile.NDJSON, eventfile.Parquet} {
		b.Run(string(f), func(b *testing.B) {
			w, err := eventfile.New(f, "123456789012", io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := w.Write(&list[i%len(list)]); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
