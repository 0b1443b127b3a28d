package event

import (
	"strings"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// StreamRecord is an event in the form in which Pinpoint streams events (Pinpoint
// Developer Guide, "Streaming app event data"). Times are milliseconds since 1970.
type StreamRecord struct {
	EventType        string             `json:"event_type"`
	EventTimestamp   int64              `json:"event_timestamp"`
	ArrivalTimestamp int64              `json:"arrival_timestamp"`
	EventVersion     string             `json:"event_version"`
	Application      StreamApplication  `json:"application"`
	Client           StreamClient       `json:"client"`
	Device           StreamDevice       `json:"device"`
	Session          StreamSession      `json:"session"`
	Attributes       map[string]string  `json:"attributes"`
	Metrics          map[string]float64 `json:"metrics"`
	Endpoint         *StreamEndpoint    `json:"endpoint,omitempty"`
	AWSAccountID     string             `json:"awsAccountId"`
}

// StreamApplication says what reported an event.
type StreamApplication struct {
	AppID                 string    `json:"app_id"`
	CognitoIdentityPoolID string    `json:"cognito_identity_pool_id,omitempty"`
	PackageName           string    `json:"package_name,omitempty"`
	SDK                   StreamSDK `json:"sdk"`
	Title                 string    `json:"title,omitempty"`
	VersionName           string    `json:"version_name,omitempty"`
	VersionCode           string    `json:"version_code,omitempty"`
}

// StreamSDK is a client's library; empty when it sent none.
type StreamSDK struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// StreamClient is the endpoint of an event, and the identity that signed for it.
type StreamClient struct {
	ClientID  string `json:"client_id"`
	CognitoID string `json:"cognito_id,omitempty"`
}

// StreamDevice is what an event was reported on.
type StreamDevice struct {
	Locale   *StreamLocale  `json:"locale,omitempty"`
	Make     string         `json:"make,omitempty"`
	Model    string         `json:"model,omitempty"`
	Platform StreamPlatform `json:"platform"`
}

// StreamLocale is a locale in its parts.
type StreamLocale struct {
	Code     string `json:"code"`
	Country  string `json:"country,omitempty"`
	Language string `json:"language,omitempty"`
}

// StreamPlatform is an operating system.
type StreamPlatform struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// StreamSession is the session of an event; empty for none.
type StreamSession struct {
	SessionID      string `json:"session_id,omitempty"`
	StartTimestamp int64  `json:"start_timestamp,omitempty"`
	StopTimestamp  int64  `json:"stop_timestamp,omitempty"`
}

// StreamEndpoint is what the log keeps of the endpoint as it was.
type StreamEndpoint struct {
	ID            string                        `json:"Id"`
	ApplicationID string                        `json:"ApplicationId"`
	ChannelType   string                        `json:"ChannelType,omitempty"`
	Demographic   *pinpoint.EndpointDemographic `json:"Demographic,omitempty"`
	Location      *pinpoint.EndpointLocation    `json:"Location,omitempty"`
	User          *StreamUser                   `json:"User,omitempty"`
}

// StreamUser is the user of an endpoint.
type StreamUser struct {
	UserID string `json:"UserId"`
}

// NewStreamRecord returns a recorded event as a record of a stream.
func NewStreamRecord(account string, e *eventstore.Event) *StreamRecord {
	r := &StreamRecord{
		EventType: e.Type, EventTimestamp: e.Timestamp.UnixMilli(), ArrivalTimestamp: e.Arrival.UnixMilli(), EventVersion: "3.1",
		Application: StreamApplication{
			AppID: e.App, CognitoIdentityPoolID: e.CognitoPoolID, PackageName: e.AppPackageName,
			SDK: StreamSDK{Name: e.SDKName, Version: e.SDKVersion}, Title: e.AppTitle, VersionName: e.AppVersion, VersionCode: e.AppVersionCode,
		},
		Client:     StreamClient{ClientID: e.EndpointID, CognitoID: e.CognitoID},
		Device:     StreamDevice{Locale: streamLocale(e.Locale), Make: e.Make, Model: e.Model, Platform: StreamPlatform{Name: e.Platform, Version: e.PlatformVersion}},
		Session:    StreamSession{SessionID: e.Session.ID, StartTimestamp: millis(e.Session.Start), StopTimestamp: millis(e.Session.Stop)},
		Attributes: e.Attributes, Metrics: e.Metrics, AWSAccountID: account,
	}
	if r.Attributes == nil {
		r.Attributes = map[string]string{}
	}
	if r.Metrics == nil {
		r.Metrics = map[string]float64{}
	}
	r.Endpoint = streamEndpoint(e)
	return r
}

func streamEndpoint(e *eventstore.Event) *StreamEndpoint {
	if e.EndpointID == "" {
		return nil
	}
	out := &StreamEndpoint{ID: e.EndpointID, ApplicationID: e.App, ChannelType: e.ChannelType}
	d := pinpoint.EndpointDemographic{
		AppVersion: e.AppVersion, Locale: e.Locale, Make: e.Make, Model: e.Model, Platform: e.Platform, PlatformVersion: e.PlatformVersion, Timezone: e.Timezone,
	}
	if d != (pinpoint.EndpointDemographic{}) {
		out.Demographic = &d
	}
	if e.Country != "" {
		out.Location = &pinpoint.EndpointLocation{Country: e.Country}
	}
	if e.UserID != "" {
		out.User = &StreamUser{e.UserID}
	}
	return out
}

// streamLocale splits a locale such as de_DE or de-DE; nil for none.
func streamLocale(code string) *StreamLocale {
	if code == "" {
		return nil
	}
	l := &StreamLocale{Code: code, Language: code}
	if i := strings.IndexAny(code, "_-"); i >= 0 {
		l.Language, l.Country = code[:i], code[i+1:]
	}
	return l
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
