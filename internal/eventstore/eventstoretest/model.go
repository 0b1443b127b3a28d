package eventstoretest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/eventstore"
)

// testModel drives the store through random histories and compares every
// answer with a list in memory.
func testModel(t *testing.T, target Target) {
	place := target.Place(t)
	store := target.openAt(t, place)
	rapid.Check(t, func(r *rapid.T) {
		if err := store.Reset(background); err != nil {
			r.Fatalf("reset: %v", err)
		}
		m := &model{store: store, last: store.Stats().Last}
		r.Repeat(map[string]func(*rapid.T){
			"append": m.append,
			"scan":   m.scan,
			"count":  m.count,
			"delete": m.delete,
			"erase":  m.erase,
			"reopen": func(r *rapid.T) {
				if rapid.IntRange(0, 9).Draw(r, "seldom") > 0 {
					r.Skip("reopening is slow")
				}
				if err := m.store.Close(); err != nil {
					r.Fatalf("close: %v", err)
				}
				var err error
				if m.store, err = target.Open(background, place); err != nil {
					r.Fatalf("open: %v", err)
				}
				store = m.store
				m.remembered = events(m.all)
			},
		})
	})
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

type model struct {
	store eventstore.Store
	all   []recorded
	// remembered are the events that are not recorded again; some may have been erased.
	remembered []eventstore.Event
	last       eventstore.Cursor
}

var (
	apps      = rapid.SampledFrom([]string{"a", "b", "ü"})
	types     = rapid.SampledFrom([]string{"_session.start", "_session.stop", "order.placed", "Zoo", ""})
	endpoints = rapid.SampledFrom([]string{"", "e1", "e2", "e3", "an-endpoint-with-a-long-name"})
	users     = rapid.SampledFrom([]string{"", "u1", "u2"})
	moments   = rapid.Map(rapid.Int64Range(-5*86_400_000, 5*86_400_000), func(ms int64) time.Time {
		return noon.Add(time.Duration(ms) * time.Millisecond)
	})
	// strings that every engine stores as they are
	texts = rapid.Map(rapid.String(), func(s string) string {
		return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "0")
	})
	maybeNever = rapid.OneOf(rapid.Just(time.Time{}), moments)
	// AnEvent draws events that every engine stores as they are.
	AnEvent = rapid.Custom(drawEvent)
	aFilter = rapid.Custom(func(r *rapid.T) eventstore.Filter {
		return eventstore.Filter{
			App: apps.Draw(r, "app"), Type: rapid.OneOf(rapid.Just(""), types).Draw(r, "type"),
			EndpointID: rapid.OneOf(rapid.Just(""), endpoints).Draw(r, "endpoint"), UserID: users.Draw(r, "user"),
			From: maybeNever.Draw(r, "from"), To: maybeNever.Draw(r, "to"),
		}
	})
)

func drawEvent(r *rapid.T) eventstore.Event {
	e := eventstore.Event{Timestamp: moments.Draw(r, "timestamp"), Arrival: moments.Draw(r, "arrival")}
	for _, field := range eventstore.TextFields {
		if rapid.IntRange(0, 4).Draw(r, "has text") == 0 {
			*field.Of(&e) = texts.Draw(r, field.Name)
		}
	}
	e.App, e.Type = apps.Draw(r, "app"), types.Draw(r, "type")
	e.EndpointID, e.UserID = endpoints.Draw(r, "endpoint"), users.Draw(r, "user")
	e.Session.Start, e.Session.Stop = maybeNever.Draw(r, "start"), maybeNever.Draw(r, "stop")
	e.Session.Duration = time.Duration(rapid.Int32().Draw(r, "duration")) * time.Millisecond
	if m := rapid.MapOfN(texts, texts, 0, 4).Draw(r, "attributes"); len(m) > 0 {
		e.Attributes = m
	}
	if m := rapid.MapOfN(texts, rapid.Float64Range(-1e300, 1e300), 0, 4).Draw(r, "metrics"); len(m) > 0 {
		e.Metrics = m
	}
	return e
}

func (m *model) append(r *rapid.T) {
	list := rapid.SliceOfN(AnEvent, 1, 8).Draw(r, "events")
	for i := range list {
		if len(m.all) > 0 && rapid.IntRange(0, 3).Draw(r, "again") == 0 {
			list[i] = rapid.SampledFrom(m.all).Draw(r, "event").Event
		}
	}
	appendAll(r, m.store, list...)
	fresh := scan(r, m.store, eventstore.Query{After: m.last})
	same(r, "appended", m.withoutRepeats(list), events(fresh))
	m.all, m.remembered = append(m.all, fresh...), append(m.remembered, events(fresh)...)
	if len(fresh) > 0 {
		m.last = fresh[len(fresh)-1].Cursor
	}
}

// withoutRepeats returns those of the events that have not been recorded yet.
func (m *model) withoutRepeats(list []eventstore.Event) (fresh []eventstore.Event) {
	isRepeat := func(e eventstore.Event) bool {
		same := func(o eventstore.Event) bool {
			return e.App == o.App && e.EndpointID == o.EndpointID && e.EventID == o.EventID && e.Type == o.Type && e.Timestamp.Equal(o.Timestamp)
		}
		return e.EventID != "" && (slices.ContainsFunc(fresh, same) || slices.ContainsFunc(m.remembered, same))
	}
	for _, e := range list {
		if !isRepeat(e) {
			fresh = append(fresh, e)
		}
	}
	return fresh
}

func (m *model) scan(r *rapid.T) {
	q := eventstore.Query{Filter: aFilter.Draw(r, "filter"), Limit: rapid.IntRange(0, 5).Draw(r, "limit")}
	if rapid.Bool().Draw(r, "any app") {
		q.App = ""
	}
	if len(m.all) > 0 && rapid.Bool().Draw(r, "resume") {
		q.After = rapid.SampledFrom(m.all).Draw(r, "after").Cursor
	}
	var want []recorded
	for _, found := range chosen(q.Filter, m.all) {
		if found.Cursor > q.After && (q.Limit == 0 || len(want) < q.Limit) {
			want = append(want, found)
		}
	}
	same(r, "scan", want, scan(r, m.store, q))
}

func (m *model) count(r *rapid.T) {
	checkAnswers(r, m.store, aFilter.Draw(r, "filter"), m.all)
}

func (m *model) delete(r *rapid.T) {
	app := apps.Draw(r, "app")
	if err := m.store.DeleteApp(background, app); err != nil {
		r.Fatalf("delete: %v", err)
	}
	var rest []recorded
	for _, found := range m.all {
		if found.Event.App != app {
			rest = append(rest, found)
		}
	}
	m.all, m.remembered = rest, events(rest)
	same(r, "left", m.all, scan(r, m.store, eventstore.Query{}))
}
