package event

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/audience"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// BenchmarkPutEvents measures the room without the event log and the wire: a
// hundred events of one endpoint, checked, looked up and made ready to append.
func BenchmarkPutEvents(b *testing.B) {
	s := newServer(b)
	app := s.app(b)
	s.update(b, app, "phone", &types.EndpointRequest{
		ChannelType: "GCM", Address: aws.String("token"), User: &types.EndpointUser{UserId: aws.String("u")},
		Demographic: &types.EndpointDemographic{Platform: aws.String("android"), Locale: aws.String("de_DE")},
	})
	events := map[string]pinpoint.Event{}
	for i := range 100 {
		events[fmt.Sprintf("d5fbd2b4-0d1f-4b1c-8f5e-%012d", i)] = pinpoint.Event{
			EventType: "order.placed", Timestamp: "2026-03-01T09:15:30.120Z",
			Session:    &pinpoint.Session{Id: "s-77", StartTimestamp: "2026-03-01T09:15:30.120Z"},
			Attributes: map[string]string{"screen": "home", "plan": "gold", "color": "blue"}, Metrics: map[string]float64{"amount": 42.5},
		}
	}
	call := &wire.Call{Op: pinpoint.PutEvents.Operation, Time: s.clock.Now(), RequestID: "r"}
	reports := []audience.Report{{EndpointID: "phone", Block: new(pinpoint.PublicEndpoint)}}
	b.ReportAllocs()
	for b.Loop() {
		arrivals, err := s.room.audience.Arrive(b.Context(), call, app, reports)
		must(b, err)
		newRecord(call, app, len(events)).batch("phone", events, &arrivals[0])
	}
}
