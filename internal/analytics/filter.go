package analytics

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"pintail/internal/eventstore"
)

// Limits of what a request may hold.
const (
	maxText    = 2048 // bytes of a filter or step
	maxFilters = 20
	maxValues  = 100 // of a filter
)

// dimension is something to group by: how answers call it, and where it is.
type dimension struct {
	name  string
	field eventstore.Field
}

// textDimensions are the event's own fields by the names that requests have for
// them.
var textDimensions = []struct{ request, answer, column string }{
	{"event-type", "EventType", "event_type"},
	{"platform", "Platform", "platform"},
	{"platform-version", "PlatformVersion", "platform_version"},
	{"make", "Make", "make"},
	{"model", "Model", "model"},
	{"locale", "Locale", "locale"},
	{"country", "Country", "country"},
	{"app-version", "AppVersion", "app_version"},
	{"app-version-code", "AppVersionCode", "app_version_code"},
	{"app-title", "AppTitle", "app_title"},
	{"app-package-name", "AppPackageName", "app_package_name"},
	{"sdk-name", "SdkName", "sdk_name"},
	{"sdk-version", "SdkVersion", "sdk_version"},
	{"channel", "Channel", "channel_type"},
	{"time-zone", "TimeZone", "timezone"},
	{"session-id", "SessionId", "session_id"},
	{"endpoint-id", "EndpointId", "endpoint_id"},
	{"user-id", "UserId", "user_id"},
	{"cognito-id", "CognitoId", "cognito_id"},
}

// labelName is an attribute that the directory knows of an actor.
type labelName struct {
	of   eventstore.Actor
	name string
}

// reader reads filters, groups and steps, and gathers the attributes that they
// need from the directory.
type reader struct{ labels []labelName }

// errNoField explains what a field may be.
var errNoField = errors.New("is not event-type, platform, platform-version, make, model, locale, country, app-version, channel, time-zone, " +
	"endpoint-id, user-id, session-id, attributes.NAME, metrics.NAME, endpoint.NAME or user.NAME")

// field reads the name of a field.
func (r *reader) field(name string) (dimension, error) {
	for _, d := range textDimensions {
		if d.request == name {
			return dimension{d.answer, eventstore.Field{Kind: eventstore.Text, Name: d.column}}, nil
		}
	}
	space, rest, _ := strings.Cut(name, ".")
	if rest == "" {
		return dimension{}, fmt.Errorf("%q %w", name, errNoField)
	}
	switch space {
	case "attributes":
		return dimension{name, eventstore.Field{Kind: eventstore.Attribute, Name: rest}}, nil
	case "metrics":
		return dimension{name, eventstore.Field{Kind: eventstore.Metric, Name: rest}}, nil
	case "endpoint":
		return dimension{name, r.label(eventstore.Endpoints, rest)}, nil
	case "user":
		return dimension{name, r.label(eventstore.Users, rest)}, nil
	}
	return dimension{}, fmt.Errorf("%q %w", name, errNoField)
}

// label returns the field of an attribute in the directory.
func (r *reader) label(of eventstore.Actor, name string) eventstore.Field {
	want := labelName{of, name}
	i := slices.Index(r.labels, want)
	if i < 0 {
		i = len(r.labels)
		r.labels = append(r.labels, want)
	}
	return eventstore.Field{Kind: eventstore.Label, Label: i}
}

// group reads a field to group by.
func (r *reader) group(text string) (dimension, error) {
	name, rest, err := scan(text, "")
	if err == nil && rest != "" {
		err = errors.New("goes on after the field")
	}
	if err != nil {
		return dimension{}, err
	}
	d, err := r.field(name)
	if err == nil && d.field.Kind == eventstore.Metric {
		err = errors.New("cannot be grouped by: it is a metric")
	}
	return d, err
}

// condition reads a filter: FIELD, FIELD:VALUE,VALUE... or, of a metric,
// FIELD>=NUMBER or FIELD<NUMBER; ! before it turns it round. A backslash takes
// its meaning from the character after it.
func (r *reader) condition(text string) (c eventstore.Condition, err error) {
	text, c.Not = strings.CutPrefix(text, "!")
	name, rest, err := scan(text, ":<>")
	if err != nil {
		return c, err
	}
	d, err := r.field(name)
	if err != nil {
		return c, err
	}
	c.Field = d.field
	if rest == "" {
		return c, nil
	}
	if c.Field.Kind == eventstore.Metric {
		return c, comparison(&c, rest)
	}
	if rest[0] != ':' {
		return c, fmt.Errorf("compares a text with %q: only metrics are compared", rest[:1])
	}
	c.Values, err = values(rest[1:])
	return c, err
}

// comparison reads what a metric is compared with.
func comparison(c *eventstore.Condition, text string) error {
	for _, operator := range []struct {
		sign  string
		place **float64
	}{{">=", &c.AtLeast}, {"<", &c.Below}, {":", &c.Exactly}} {
		number, ok := strings.CutPrefix(text, operator.sign)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Errorf("compares a metric with %q, which is not a number", number)
		}
		*operator.place = &n
		return nil
	}
	return errors.New("compares a metric in a way that is not >=, < or :")
}

// values reads a list of values with commas between them.
func values(text string) (list []string, err error) {
	for {
		value, rest, err := scan(text, ",")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
		if len(list) > maxValues {
			return nil, fmt.Errorf("has more than %d values", maxValues)
		}
		if rest == "" {
			return list, nil
		}
		text = rest[1:]
	}
}

// scan reads up to one of the characters of stop, which rest begins with, and
// takes backslashes away.
func scan(text, stop string) (value, rest string, err error) {
	if len(text) > maxText || !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return "", "", fmt.Errorf("is not a text of at most %d bytes", maxText)
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
		case text[i] == '\\':
			return "", "", errors.New("ends with a backslash")
		case strings.IndexByte(stop, text[i]) >= 0:
			return b.String(), text[i:], nil
		}
		b.WriteByte(text[i])
	}
	return b.String(), "", nil
}

// anyType is the event type of a step that does not ask for one.
const anyType = "*"

// step is a step of a funnel and how answers call it.
type step struct {
	name  string
	where []eventstore.Condition
}

// steps reads a funnel: steps with commas between them. They stand in one
// parameter because clients sort the values of several when they sign.
func (r *reader) steps(text string) (list []step, err error) {
	for len(list) < eventstore.MaxSteps {
		s, rest, err := r.step(text)
		if err != nil {
			return nil, fmt.Errorf("%d %w", len(list)+1, err)
		}
		if list = append(list, s); rest == "" {
			return list, nil
		}
		text = rest[1:]
	}
	return nil, fmt.Errorf("%d is one too many", len(list)+1)
}

// step reads an event type, or *, and filters in brackets, up to a comma, which
// rest begins with.
func (r *reader) step(text string) (s step, rest string, err error) {
	name, rest, err := scan(text, "[,")
	if err != nil {
		return s, "", err
	}
	if name == "" {
		return s, "", errors.New("has no event type; * is any")
	}
	if name != anyType || strings.HasPrefix(text, `\`) {
		s.where = append(s.where, ofType(name))
	}
	for rest != "" && rest[0] == '[' {
		inner, after, ok := bracket(rest)
		if !ok {
			return s, "", errors.New("has a bracket that is not closed")
		}
		c, err := r.condition(inner)
		if err != nil {
			return s, "", fmt.Errorf("has the filter %s, which %w", quoted(inner), err)
		}
		s.where = append(s.where, c)
		rest = after
	}
	switch {
	case rest != "" && rest[0] != ',':
		return s, "", errors.New("goes on after its filters")
	case len(s.where) > maxFilters:
		return s, "", fmt.Errorf("has more than %d filters", maxFilters)
	}
	s.name = text[:len(text)-len(rest)]
	return s, rest, nil
}

// bracket takes [...] off the beginning of a text. A bracket that is part of a
// name or value has a backslash before it.
func bracket(text string) (inner, rest string, ok bool) {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '[':
			return "", "", false
		case ']':
			return text[1:i], text[i+1:], true
		}
	}
	return "", "", false
}

// ofType chooses events of a type.
func ofType(types ...string) eventstore.Condition {
	return eventstore.Condition{Field: eventstore.Field{Kind: eventstore.Text, Name: "event_type"}, Values: types}
}
