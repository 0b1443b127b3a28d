package eventstore

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
)

// TextField is a string of an event: its column's name and where it is.
type TextField struct {
	Name string
	Of   func(*Event) *string
}

// TextFields lists every string of an event in the order of the engines'
// columns. New ones go to the end, with a migration in each engine.
var TextFields = [...]TextField{
	{"app", func(e *Event) *string { return &e.App }},
	{"endpoint_id", func(e *Event) *string { return &e.EndpointID }},
	{"event_id", func(e *Event) *string { return &e.EventID }},
	{"event_type", func(e *Event) *string { return &e.Type }},
	{"user_id", func(e *Event) *string { return &e.UserID }},
	{"session_id", func(e *Event) *string { return &e.Session.ID }},
	{"app_package_name", func(e *Event) *string { return &e.AppPackageName }},
	{"app_title", func(e *Event) *string { return &e.AppTitle }},
	{"app_version_code", func(e *Event) *string { return &e.AppVersionCode }},
	{"app_version", func(e *Event) *string { return &e.AppVersion }},
	{"sdk_name", func(e *Event) *string { return &e.SDKName }},
	{"sdk_version", func(e *Event) *string { return &e.SDKVersion }},
	{"platform", func(e *Event) *string { return &e.Platform }},
	{"platform_version", func(e *Event) *string { return &e.PlatformVersion }},
	{"make", func(e *Event) *string { return &e.Make }},
	{"model", func(e *Event) *string { return &e.Model }},
	{"locale", func(e *Event) *string { return &e.Locale }},
	{"country", func(e *Event) *string { return &e.Country }},
	{"channel_type", func(e *Event) *string { return &e.ChannelType }},
	{"cognito_id", func(e *Event) *string { return &e.CognitoID }},
	{"cognito_pool_id", func(e *Event) *string { return &e.CognitoPoolID }},
	{"timezone", func(e *Event) *string { return &e.Timezone }},
}

// Hash returns the stored 64-bit hash of an endpoint or user id; 0 stands for
// no id. It must never change: stored hashes are compared with new ones.
func Hash(id string) uint64 {
	if id == "" {
		return 0
	}
	return xxh3.HashString(id)
}

// Prepare returns copies of events as the contract stores them (see
// [Store.Append]) or an error that wraps [ErrInvalid]. Engines call it first.
// The copies share maps with the events where those need no repair.
func Prepare(events []Event) ([]Event, error) {
	events = slices.Clone(events)
	for i := range events {
		e := &events[i]
		if err := check(e); err != nil {
			return nil, fmt.Errorf("%w event %d of %d: %w", ErrInvalid, i+1, len(events), err)
		}
		if !storable(e) {
			repair(e)
		}
		round(e)
	}
	return events, nil
}

// Match reports whether f chooses e.
func (f *Filter) Match(e *Event) bool {
	return (f.App == "" || f.App == e.App) &&
		(f.Type == "" || f.Type == e.Type) &&
		(f.EndpointID == "" || f.EndpointID == e.EndpointID) &&
		(f.UserID == "" || f.UserID == e.UserID) &&
		(f.From.IsZero() || !e.Timestamp.Before(f.From)) &&
		(f.To.IsZero() || e.Timestamp.Before(f.To))
}

// Bound returns what a bound of a filter means to times in milliseconds: the
// first millisecond that is not before t, in the years that events may have.
func Bound(t time.Time) time.Time {
	const earliest, latest = -62135596800000, 253402300800000 // the years 1 and 10000
	ms := t.Add(time.Millisecond - 1).UnixMilli()
	return time.UnixMilli(min(max(ms, earliest), latest)).UTC()
}

func check(e *Event) error {
	if e.App == "" {
		return errors.New("no app")
	}
	if e.Timestamp.IsZero() || e.Arrival.IsZero() {
		return errors.New("no timestamp or no arrival time")
	}
	for _, t := range [...]time.Time{e.Timestamp, e.Arrival, e.Session.Start, e.Session.Stop} {
		if year := t.UTC().Year(); year < 1 || year > 9999 {
			return fmt.Errorf("time %v is outside the years 1 to 9999", t)
		}
	}
	for name, value := range e.Metrics {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Errorf("metric %q is %v", name, value)
		}
	}
	return nil
}

// round gives e the precision and the absences that every engine keeps.
func round(e *Event) {
	for _, t := range [...]*time.Time{&e.Timestamp, &e.Arrival, &e.Session.Start, &e.Session.Stop} {
		if !t.IsZero() {
			*t = time.UnixMilli(t.UnixMilli()).UTC()
		}
	}
	e.Session.Duration = e.Session.Duration.Truncate(time.Millisecond)
	if len(e.Attributes) == 0 {
		e.Attributes = nil
	}
	if len(e.Metrics) == 0 {
		e.Metrics = nil
	}
}

// storable reports whether every string of e can be stored as it is.
func storable(e *Event) bool {
	for i := range TextFields {
		if !plain(*TextFields[i].Of(e)) {
			return false
		}
	}
	for name, value := range e.Attributes {
		if !plain(name) || !plain(value) {
			return false
		}
	}
	for name := range e.Metrics {
		if !plain(name) {
			return false
		}
	}
	return true
}

func repair(e *Event) {
	for i := range TextFields {
		field := TextFields[i].Of(e)
		*field = repaired(*field)
	}
	attributes, metrics := e.Attributes, e.Metrics
	e.Attributes, e.Metrics = make(map[string]string, len(attributes)), make(map[string]float64, len(metrics))
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		e.Attributes[repaired(name)] = repaired(attributes[name])
	}
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		e.Metrics[repaired(name)] = metrics[name]
	}
}

// plain reports whether s can be a text value of every engine. PostgreSQL
// stores no U+0000.
func plain(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

func repaired(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
