package eventstream

import (
	"context"
	"encoding/json"
	"fmt"

	"pintail/internal/event"
	"pintail/internal/eventstore"
	"pintail/internal/eventstream/sink"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/keys/ids"
)

// testType is the type of the record that a stream begins with; receivers filter it out.
const testType = "_test.event_stream"

// fullRecord is a record with all of the endpoint, as the directory has it when the record
// is made.
type fullRecord struct {
	*event.StreamRecord
	Endpoint any `json:"endpoint,omitempty"`
}

// numbered is an event of the log and where it is.
type numbered struct {
	cursor eventstore.Cursor
	event  *eventstore.Event
}

// records makes the records of events. Those that are larger than any receiver takes are
// left out and counted.
func (s *Service) records(ctx context.Context, app string, events []numbered) (made []sink.Record, tooLarge int, err error) {
	endpoints := map[string]bool{}
	for _, n := range events {
		if n.event.EndpointID != "" {
			endpoints[n.event.EndpointID] = true
		}
	}
	known, err := s.Audience.Endpoints(ctx, app, endpoints)
	if err != nil {
		return nil, 0, err
	}
	for _, n := range events {
		data, err := s.encode(n.event, known[n.event.EndpointID])
		if err != nil {
			return nil, 0, fmt.Errorf("event stream: the event %d cannot be a record: %w", n.cursor, err)
		}
		if len(data) > sink.MaxRecord {
			tooLarge++
			s.Log.Error("an event is not streamed: no receiver takes a record of this size", "app", app, "event", n.event.EventID, "bytes", len(data))
			continue
		}
		made = append(made, sink.Record{Key: orApp(n.event), ID: fmt.Sprintf("%s-%d", app, n.cursor), Data: data})
	}
	return made, tooLarge, nil
}

// orApp is the key by which an event keeps its order among others.
func orApp(e *eventstore.Event) string {
	if e.EndpointID == "" {
		return e.App
	}
	return e.EndpointID
}

// encode makes one record's JSON. An endpoint that is gone is shown as the log has it.
func (s *Service) encode(e *eventstore.Event, endpoint *pinpoint.EndpointResponse) ([]byte, error) {
	r := fullRecord{StreamRecord: event.NewStreamRecord(s.Account, e)}
	switch {
	case endpoint != nil:
		r.Endpoint = endpoint
	case r.StreamRecord.Endpoint != nil:
		r.Endpoint = r.StreamRecord.Endpoint
	}
	return json.Marshal(r)
}

// testRecord makes the record that a stream begins with.
func (s *Service) testRecord(app string) ([]sink.Record, error) {
	now, id := s.Clock.Now(), ids.UUID()
	data, err := s.encode(&eventstore.Event{App: app, Type: testType, EventID: id, Timestamp: now, Arrival: now}, nil)
	return []sink.Record{{Key: app, ID: id, Data: data}}, err
}
