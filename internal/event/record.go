package event

import (
	"context"
	"time"

	"pintail/internal/audience"
	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// Condition keys by which a Cognito identity's credentials tell whose they are.
const (
	identityKey = "cognito-identity.amazonaws.com:sub"
	poolKey     = "cognito-identity.amazonaws.com:aud"
)

// record collects a request's events for the log.
type record struct {
	frame  eventstore.Event // what the events of an endpoint have in common
	events []eventstore.Event
}

// newRecord returns a record of at most count events.
func newRecord(c *wire.Call, app string, count int) *record {
	r := &record{events: make([]eventstore.Event, 0, count)}
	r.frame.App, r.frame.Arrival = app, c.Time
	if c.Caller != nil {
		r.frame.CognitoID = first(c.Caller.Keys[identityKey])
		r.frame.CognitoPoolID = first(c.Caller.Keys[poolKey])
	}
	return r
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// begin turns to the events of an endpoint as it is now.
func (r *record) begin(endpointID string, seen audience.Snapshot) {
	r.frame = eventstore.Event{
		App: r.frame.App, Arrival: r.frame.Arrival, CognitoID: r.frame.CognitoID, CognitoPoolID: r.frame.CognitoPoolID,
		EndpointID: endpointID, UserID: seen.UserID, ChannelType: string(seen.ChannelType),
	}
	if d := seen.Demographic; d != nil {
		r.frame.AppVersion, r.frame.Locale, r.frame.Make, r.frame.Model = d.AppVersion, d.Locale, d.Make, d.Model
		r.frame.Platform, r.frame.PlatformVersion, r.frame.Timezone = d.Platform, d.PlatformVersion, d.Timezone
	}
	if l := seen.Location; l != nil {
		r.frame.Country = l.Country
	}
}

// add takes in an event that breaks no rule.
func (r *record) add(id string, e *pinpoint.Event, when moments) {
	r.events = append(r.events, r.frame)
	to := &r.events[len(r.events)-1]
	to.EventID, to.Type, to.Timestamp = id, e.EventType, when.at
	to.AppPackageName, to.AppTitle, to.AppVersionCode = e.AppPackageName, e.AppTitle, e.AppVersionCode
	to.SDKName, to.SDKVersion = e.SdkName, e.ClientSdkVersion
	to.Attributes, to.Metrics = e.Attributes, e.Metrics
	if s := e.Session; s != nil {
		to.Session = eventstore.Session{ID: s.Id, Start: when.start, Stop: when.stop}
		if s.Duration != nil {
			to.Session.Duration = time.Duration(*s.Duration) * time.Millisecond
		}
	}
}

// append hands the events to the log, all or none. They are durable when it
// returns nil.
func (r *record) append(ctx context.Context, log eventstore.Store) error {
	if len(r.events) == 0 {
		return nil
	}
	return log.Append(ctx, r.events)
}
