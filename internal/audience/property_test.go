package audience_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// document is an endpoint request as its JSON, limited to what merges.
type document map[string]any

// reference is the naive model: endpoints and users as plain maps.
type reference struct {
	endpoints map[string]document
	users     map[string]document
}

// merge applies a request by the words of the API reference: a map's keys are
// replaced, everything else is replaced, null and absent say nothing. Any update
// makes the endpoint active that does not say otherwise, and what is active with
// an address leaves no other one active with it.
func (m *reference) merge(id string, request document) {
	e := m.endpoints[id]
	if e == nil {
		e = document{"OptOut": "NONE"}
		m.endpoints[id] = e
	}
	e["EndpointStatus"] = "ACTIVE"
	for _, part := range []string{"OptOut", "EndpointStatus", "ChannelType", "Address"} {
		if text, ok := request[part].(string); ok {
			e[part] = text
		}
	}
	for other, o := range m.endpoints {
		if other != id && e["EndpointStatus"] == "ACTIVE" && e["Address"] != nil && o["Address"] == e["Address"] && o["ChannelType"] == e["ChannelType"] {
			o["EndpointStatus"] = "INACTIVE"
		}
	}
	for _, part := range []string{"Attributes", "Metrics", "Demographic", "Location"} {
		mergeInto(e, part, request[part])
	}
	who, _ := request["User"].(document)
	if id, ok := who["UserId"].(string); ok {
		e["UserId"] = id
	}
	owner, ok := e["UserId"].(string)
	if !ok {
		mergeInto(e, "Unclaimed", who["UserAttributes"])
		return
	}
	if m.users[owner] == nil {
		m.users[owner] = document{}
	}
	mergeInto(m.users[owner], "UserAttributes", e["Unclaimed"])
	delete(e, "Unclaimed")
	mergeInto(m.users[owner], "UserAttributes", who["UserAttributes"])
}

func mergeInto(d document, part string, sent any) {
	values, _ := sent.(document)
	for k, v := range values {
		if v == nil {
			continue
		}
		if d[part] == nil {
			d[part] = document{}
		}
		if text, ok := v.(string); ok && (strings.HasSuffix(part, "Attributes") || part == "Unclaimed") {
			v = []string{text} // a bare string is a list of one
		}
		d[part].(document)[k] = v
	}
}

// report applies the endpoint block of a batch of events, which is a patch like
// any other, but one that says nothing leaves an endpoint that is there as it is.
func (m *reference) report(id string, request document) {
	if m.endpoints[id] == nil || says(request) {
		m.merge(id, request)
	}
}

func says(v any) bool {
	d, ok := v.(document)
	if !ok {
		return v != nil
	}
	for _, part := range d {
		if says(part) {
			return true
		}
	}
	return false
}

// shown is what GetEndpoint must answer, of what merges.
func (m *reference) shown(id string) document {
	e := maps.Clone(m.endpoints[id])
	who := document{}
	if owner, ok := e["UserId"].(string); ok {
		who["UserId"] = owner
		if a := m.users[owner]["UserAttributes"]; a != nil {
			who["UserAttributes"] = a
		}
	} else if a := e["Unclaimed"]; a != nil {
		who["UserAttributes"] = a
	}
	delete(e, "UserId")
	delete(e, "Unclaimed")
	if len(who) > 0 {
		e["User"] = who
	}
	return e
}

// optional draws a value, null or absence.
func optional(t *rapid.T, d document, key string, value func() any) {
	switch rapid.IntRange(0, 3).Draw(t, key) {
	case 0, 1:
		d[key] = value()
	case 2:
		d[key] = nil
	}
}

func drawRequest(t *rapid.T) document {
	word := rapid.SampledFrom([]string{"x", "y", "ß"})
	values := func() any {
		if rapid.IntRange(0, 3).Draw(t, "bare") == 0 {
			return word.Draw(t, "value")
		}
		return rapid.SliceOfN(word, 0, 3).Draw(t, "values")
	}
	texts := func(keys ...string) func() any {
		return func() any {
			d := document{}
			for _, key := range keys {
				optional(t, d, key, func() any { return word.Draw(t, key) })
			}
			return d
		}
	}
	lists := func() any {
		d := document{}
		for _, key := range []string{"a", "b", "c"} {
			optional(t, d, key, values)
		}
		return d
	}
	r := document{}
	optional(t, r, "OptOut", func() any { return rapid.SampledFrom([]string{"ALL", "NONE"}).Draw(t, "OptOut") })
	optional(t, r, "EndpointStatus", func() any { return rapid.SampledFrom([]string{"ACTIVE", "INACTIVE"}).Draw(t, "EndpointStatus") })
	if where := rapid.SampledFrom([][2]string{{}, {}, {"GCM", "t1"}, {"GCM", "t2"}, {"EMAIL", "t1"}}).Draw(t, "where"); where[0] != "" {
		r["ChannelType"], r["Address"] = where[0], where[1]
	}
	optional(t, r, "Attributes", lists)
	optional(t, r, "Metrics", func() any {
		d := document{}
		for _, key := range []string{"m", "n"} {
			optional(t, d, key, func() any { return float64(rapid.IntRange(-3, 3).Draw(t, key)) / 2 })
		}
		return d
	})
	optional(t, r, "Demographic", texts("Make", "Model", "Platform"))
	optional(t, r, "Location", texts("City", "Country"))
	optional(t, r, "User", func() any {
		d := document{}
		optional(t, d, "UserId", func() any { return rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "UserId") })
		optional(t, d, "UserAttributes", lists)
		return d
	})
	return r
}

// TestMergesEqualReference: whatever the way in, a sequence of patches leaves
// what a merge of maps leaves.
func TestMergesEqualReference(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, s *server) {
		rapid.Check(t, func(r *rapid.T) { s.checkMerges(t, r) })
	})
}

func (s *server) checkMerges(t *testing.T, r *rapid.T) {
	app := "/v1/apps/" + s.app(t)
	m := &reference{map[string]document{}, map[string]document{}}
	anyID := rapid.SampledFrom([]string{"e1", "e2", "e3"})
	for range rapid.IntRange(1, 8).Draw(r, "steps") {
		var code int
		switch rapid.SampledFrom([]string{"update", "batch", "events"}).Draw(r, "way") {
		case "update":
			id, request := anyID.Draw(r, "id"), drawRequest(r)
			code, _ = s.raw(t, "PUT", app+"/endpoints/"+id, text(request))
			m.merge(id, request)
		case "batch":
			var items []document
			for range rapid.IntRange(0, 3).Draw(r, "items") {
				id, request := anyID.Draw(r, "id"), drawRequest(r)
				m.merge(id, request)
				request["Id"] = id
				items = append(items, request)
			}
			code, _ = s.raw(t, "PUT", app+"/endpoints", text(document{"Item": append([]document{}, items...)}))
		case "events":
			// Blocks of one request are merged in the order of their ids.
			batch := document{}
			for _, id := range []string{"e1", "e2", "e3"} {
				if rapid.Bool().Draw(r, id) {
					request := drawRequest(r)
					m.report(id, request)
					batch[id] = document{"Endpoint": request, "Events": document{}}
				}
			}
			code, _ = s.raw(t, "POST", app+"/events", text(document{"BatchItem": batch}))
		}
		if code != 202 {
			r.Fatalf("answered %d", code)
		}
	}
	for id := range m.endpoints {
		_, got := s.raw(t, "GET", app+"/endpoints/"+id, "")
		for _, other := range []string{"ApplicationId", "Id", "CohortId", "CreationDate", "EffectiveDate", "RequestId"} {
			if got[other] == nil {
				r.Errorf("%s lacks %s", id, other)
			}
			delete(got, other)
		}
		if got, want := text(got), text(m.shown(id)); got != want {
			r.Errorf("%s is\n%s, want\n%s", id, got, want)
		}
	}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%v: %v", v, err))
	}
	return string(b)
}
