// Package history makes up the past of an application: people, their devices
// and what they did, for benchmarks, tests and the demo. Equal options make
// equal histories, of any length, without keeping them in memory: everything
// about a device or a day is drawn anew from the seed whenever it is needed.
//
// Interest fades after the first day, has a weekly rhythm and follows the local
// time of day; versions of the app are released and adopted; people sign up,
// sign in and fail to, look at products, put some into the cart and order few.
package history

import (
	"cmp"
	"slices"
	"time"

	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
)

// batch is the number of events that Events hands over at once.
const batch = 5000

// Options describes a history.
type Options struct {
	App   string // project of the events
	Users int    // people; about a third of them have two devices
	Days  int    // UTC days, the last of which is that of Until

	// Until is the end: no event happened later. It is needed.
	Until time.Time

	Seed uint64

	// EventsPerDay is the wanted mean, reached within a few percent by making
	// people come more or less often: at most daily, which makes five a device.
	// 0 leaves the people as they are: about 0.8 for each of the Users in 90 days.
	EventsPerDay float64
}

// History is a made-up past. It may be used by several goroutines at a time.
type History struct {
	options Options
	start   time.Time // midnight UTC of the first day
	key     uint64    // of all that is drawn
	devices []device  // two for each person, of which the second may not exist
	zones   [zoneCount]*time.Location
	eager   float64 // how much more often than usual people come
}

// New returns the history that the options describe.
func New(options Options) *History {
	last := options.Until.UTC().Truncate(day)
	h := &History{options: options, start: last.Add(-time.Duration(options.Days-1) * day), eager: 1}
	h.key = mix(mix(options.Seed) + uint64(h.start.Unix()))
	h.zones = loadZones()
	h.devices = make([]device, 2*options.Users)
	for person := range options.Users {
		h.devices[2*person], h.devices[2*person+1] = h.draw(person)
	}
	if options.EventsPerDay > 0 {
		h.calibrate()
	}
	return h
}

// Start is the first moment of the history: midnight UTC.
func (h *History) Start() time.Time { return h.start }

// Endpoints calls fn for each device, with what its app would report of it on
// the last day, until fn fails. fn must not change what it gets.
func (h *History) Endpoints(fn func(id string, e *pinpoint.EndpointRequest) error) error {
	for n := range h.devices {
		if !h.devices[n].exists {
			continue
		}
		p := h.profile(uint32(n), h.options.Days-1)
		if err := fn(p.endpoint, p.request()); err != nil {
			return err
		}
	}
	return nil
}

// Events calls fn with the events, some thousands at a time and ordered by
// Timestamp, until fn fails. The slice is fn's for the call only; the maps in
// it are shared by many events and must not be changed.
func (h *History) Events(fn func([]eventstore.Event) error) error {
	var plan, late []moment // late began before midnight and goes on after it
	events := make([]eventstore.Event, 0, batch)
	for today := range h.options.Days {
		plan, late = h.plan(today, append(plan[:0], late...), late[:0])
		midnight := h.start.Add(time.Duration(today) * day)
		for _, m := range plan {
			at := midnight.Add(time.Duration(m.at) * time.Millisecond)
			if at.After(h.options.Until) {
				break
			}
			events = append(events, h.event(today, midnight, &m))
			if len(events) == batch {
				if err := fn(events); err != nil {
					return err
				}
				events = events[:0]
			}
		}
	}
	if len(events) == 0 {
		return nil
	}
	return fn(events)
}

// byTime orders what happens on a day, and what happens at once in a way that
// is always the same.
func byTime(a, b moment) int {
	if a.at != b.at {
		return int(a.at) - int(b.at)
	}
	return cmp.Or(cmp.Compare(a.device, b.device), cmp.Compare(a.session, b.session), cmp.Compare(a.number, b.number))
}

// plan adds what happens on a day to what is left of the one before, in the
// order of time, and moves what lies after midnight to late.
func (h *History) plan(today int, plan, late []moment) (_, _ []moment) {
	chances, offsets := h.chances(today), h.offsets(today)
	for n := range h.devices {
		d := &h.devices[n]
		age := today - int(d.born)
		if !d.exists || age < 0 {
			continue
		}
		r := random(mix(h.key + uint64(n)<<20 + uint64(today)))
		if age > 0 && uint32(r.next()) >= chances[d.habit][min(age, maxAge)] {
			continue
		}
		plan = h.visit(plan, uint32(n), age == 0, &offsets, &r)
	}
	kept := plan[:0]
	for _, m := range plan {
		if m.at >= dayMillis {
			m.at, m.start = m.at-dayMillis, m.start-dayMillis
			late = append(late, m)
			continue
		}
		kept = append(kept, m)
	}
	slices.SortFunc(kept, byTime)
	return kept, late
}
