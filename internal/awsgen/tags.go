package main

import (
	"cmp"
	"fmt"
	"strings"
)

// The formats in which a timestamp travels, by where it travels.
const (
	iso8601 = "iso8601"
	rfc822  = "rfc822"
	unix    = "unixTimestamp"
)

// tags writes a member's struct tags; package model documents them. required tells whether
// the structure must have the member, payload is the name of its payload member.
func (a *api) tags(m member, required bool, payload string) (string, error) {
	var tags []string
	add := func(key, value string) { tags = append(tags, fmt.Sprintf("%s:%q", key, value)) }
	s := a.Shapes[m.Shape]
	location := cmp.Or(m.Location, s.Location)
	if m.JSONValue {
		return "", fmt.Errorf("member %s: jsonvalue is not supported", m.Name)
	}
	name := cmp.Or(m.LocationName, m.Name)
	switch {
	case a.Metadata.Protocol == "query":
		text, err := a.queryTag(m, required)
		if err != nil {
			return "", fmt.Errorf("member %s: %w", m.Name, err)
		}
		add("query", text)
	case m.Name == payload:
		add("http", "payload")
	case location == "" && s.SentEmpty:
		add("json", name)
	case location == "":
		add("json", name+",omitzero")
	default:
		binding, ok := map[string]string{
			"uri": "uri=" + name, "querystring": "query=" + name, "header": "header=" + name,
			"headers": "headers=" + m.LocationName, "statusCode": "status",
		}[location]
		if !ok {
			return "", fmt.Errorf("member %s: location %q", m.Name, location)
		}
		add("http", binding)
	}
	if a.Metadata.Protocol != "query" && (m.Name == payload || location != "") {
		tags = append([]string{`json:"-"`}, tags...)
	}
	if format := a.timeFormat(m.ref, location); format != "" {
		add("time", format)
	}
	if a.sensitive(m.Shape) {
		add("sensitive", "true")
	}
	return strings.Join(tags, " "), nil
}

// queryTag names a member in the Query protocol, and its elements where they
// are not called as usual. A text that must be there and may be empty, such as the value
// of a tag, is written even so.
func (a *api) queryTag(m member, required bool) (string, error) {
	s := a.Shapes[m.Shape]
	name := cmp.Or(m.LocationName, m.Name)
	flat := m.Flattened || s.Flattened
	if flat && s.LocationName != "" {
		name = s.LocationName
	}
	var opts []string
	if flat {
		opts = append(opts, "flat")
	}
	switch s.Type {
	case "string":
		if required && s.Min != nil && s.Min.String() == "0" {
			opts = append(opts, "empty")
		}
	case "list":
		if item := s.Member.LocationName; item != "" && flat {
			name = item
		} else if item != "" && item != "member" {
			opts = append(opts, "item="+item)
		}
	case "map":
		if key := s.Key.LocationName; key != "" && key != "key" {
			opts = append(opts, "key="+key)
		}
		if value := s.Value.LocationName; value != "" && value != "value" {
			opts = append(opts, "value="+value)
		}
	}
	for _, r := range []*ref{s.Member, s.Value} {
		if r != nil && a.renamesElements(r.Shape) {
			return "", fmt.Errorf("shape %s: element names inside a collection are not supported", r.Shape)
		}
	}
	return strings.Join(append([]string{name}, opts...), ","), nil
}

// renamesElements tells whether a collection needs more than the protocol's
// usual element names; a struct tag has room for one level of them only.
func (a *api) renamesElements(shape string) bool {
	s := a.Shapes[shape]
	switch s.Type {
	case "list":
		return s.Flattened || s.Member.LocationName != "" && s.Member.LocationName != "member"
	case "map":
		return s.Flattened || s.Key.LocationName != "" || s.Value.LocationName != ""
	}
	return false
}

// timeFormat returns the format of a timestamp where it is not the one that
// the protocol uses there, else "".
func (a *api) timeFormat(r ref, location string) string {
	s := a.Shapes[a.innermost(r.Shape)]
	format := cmp.Or(r.TimestampFormat, s.TimestampFormat)
	usual := unix
	switch {
	case a.Metadata.Protocol == "query" || location == "querystring" || location == "uri":
		usual = iso8601
	case location == "header" || location == "headers":
		usual = rfc822
	}
	if s.Type != "timestamp" || format == usual {
		return ""
	}
	return format
}

// elementOf returns what a list or map holds.
func elementOf(s *shape) *ref {
	if s.Type == "map" {
		return s.Value
	}
	return s.Member
}

// sensitive tells whether a shape's text is secret, or that of its elements.
func (a *api) sensitive(name string) bool {
	return a.Shapes[name].Sensitive || a.Shapes[a.innermost(name)].Sensitive
}
