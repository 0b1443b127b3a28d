package history

import (
	"math"
	"time"

	"pintail/internal/gen/pinpoint"
)

const (
	day       = 24 * time.Hour
	dayMillis = int32(day / time.Millisecond)
	maxAge    = 60 // days after which a habit does not change any more
)

// What is drawn of a device, each from numbers of its own.
const (
	drawPerson = iota + 1
	drawEndpoint
	drawUser
	drawEvent
	drawSession
)

// device is what the days need to know of each.
type device struct {
	born   int16 // day on which it first appears, negative before the history begins
	habit  uint8
	exists bool
}

// draw makes a person's devices. A quarter of the people were there before the
// history begins.
func (h *History) draw(person int) (first, second device) {
	r := random(mix(h.key ^ drawPerson<<56 + uint64(person)))
	first = device{exists: true, born: int16(r.below(max(h.options.Days, 1)))}
	if r.chance(250) {
		first.born = -1 - int16(r.below(maxAge))
	}
	switch n := r.below(100); {
	case n < 10:
		first.habit = daily
	case n < 35:
		first.habit = weekly
	default:
		first.habit = seldom
	}
	second = device{exists: r.chance(300), born: first.born + int16(r.below(40)), habit: first.habit}
	return first, second
}

// Habits: how often people come back in the long run.
const (
	daily = iota
	weekly
	seldom
	habits
)

var faithful = [habits]float64{daily: 0.75, weekly: 0.25, seldom: 0.04}

// rhythm is how much more people come on a weekday than on another.
var rhythm = [7]float64{time.Sunday: 1.15, time.Monday: 0.9, time.Tuesday: 0.95, time.Wednesday: 0.95, time.Thursday: 1, time.Friday: 1.05, time.Saturday: 1.2}

// chances are those of coming on a day by habit and age, of 2^32.
func (h *History) chances(today int) (table [habits][maxAge + 1]uint32) {
	weekday := rhythm[h.start.AddDate(0, 0, today).Weekday()]
	for habit, lasting := range faithful {
		for age := range table[habit] {
			novelty := 0.35 * math.Exp(-float64(age)/4)
			p := min((lasting+novelty*(1-lasting))*weekday*h.eager, 1)
			table[habit][age] = uint32(p * math.MaxUint32)
		}
	}
	return table
}

// calibrate finds how eager people must be for the wanted number of events.
func (h *History) calibrate() {
	wanted := h.options.EventsPerDay * float64(h.options.Days)
	low, high := 0.0, 100.0
	for range 40 {
		h.eager = (low + high) / 2
		if float64(h.Expected()) < wanted {
			low = h.eager
		} else {
			high = h.eager
		}
	}
}

// Expected is about how many events there are, a few percent more or less.
func (h *History) Expected() int {
	sum := 0.0
	step := max(1, len(h.devices)/20_000) | 1 // odd: first and second devices alike
	for today := range h.options.Days {
		chances := h.chances(today)
		for n := 0; n < len(h.devices); n += step {
			d := &h.devices[n]
			switch age := today - int(d.born); {
			case !d.exists || age < 0:
			case age == 0:
				sum += eventsPerVisit + float64(1-n%2)*eventsOfSignUp
			default:
				sum += eventsPerVisit * float64(chances[d.habit][min(age, maxAge)]) / math.MaxUint32
			}
		}
	}
	return int(sum * float64(step))
}

// person tells where a device's person lives, whether the app knows who that is,
// and what else is to be drawn of them.
func (h *History) person(n uint32) (home *place, known bool, r random) {
	r = random(mix(h.key ^ drawUser<<56 + uint64(n/2)))
	home = &places[placeOf[r.below(len(placeOf))]]
	return home, r.chance(600), r
}

// profile is a device and its person on a day.
type profile struct {
	endpoint, user              string
	platform, version           string
	brand, model, app           string
	country, locale, city, zone string
	plan, tier                  string
	channel                     pinpoint.ChannelType
	interests                   []string
}

// profile tells what a device is like on a day. All but the version of the app
// is the same on every day.
func (h *History) profile(n uint32, today int) profile {
	low := mix(h.key ^ drawEndpoint<<56 + uint64(n))
	p := profile{endpoint: uuid(mix(low^h.key), low)}
	home, known, who := h.person(n)
	p.country, p.locale, p.city, p.zone = home.country, home.locale, home.city, zoneNames[home.zone]
	p.plan, p.tier = plans[who.below(len(plans))], tiers[who.below(len(tiers))]
	first := who.below(len(topics) - 1)
	p.interests = topics[first : first+1+who.below(2)]
	if known {
		p.user = userID(who.next(), n/2)
	}
	what := random(low)
	kind := &kinds[kindOf[what.below(len(kindOf))]]
	m := &kind.models[what.below(len(kind.models))]
	p.platform, p.brand, p.model = kind.platform, m.brand, m.name
	p.version = kind.versions[what.below(len(kind.versions))]
	if what.chance(800) {
		p.channel = kind.channel
	}
	p.app = release(today, adoption(&what))
	return p
}

// userID is unlike a UUID on purpose: ids come in every form.
func userID(r uint64, person uint32) string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	text := []byte("user-0000000-0000")
	for i := range 7 {
		text[5+i] = digits[person>>(30-5*i)&31]
	}
	for i := range 4 {
		text[13+i] = digits[r>>(5*i)&31]
	}
	return string(text[:])
}

// adoption is how many days after its release a device gets a version.
func adoption(r *random) int {
	switch n := r.below(100); {
	case n < 60:
		return r.below(4)
	case n < 95:
		return 4 + r.below(27)
	default:
		return 10_000
	}
}

// release is the version of the app that somebody has on a day who is so many
// days late. There is a new one every two weeks, the fifth of which is out when
// the history begins.
func release(today, late int) string {
	return releases[min(max((today-late)/14+4, 0), len(releases)-1)]
}

// request is the endpoint as an app reports it.
func (p *profile) request() *pinpoint.EndpointRequest {
	e := &pinpoint.EndpointRequest{
		Attributes: map[string][]string{"plan": {p.plan}, "interests": p.interests},
		Demographic: &pinpoint.EndpointDemographic{
			AppVersion: p.app, Locale: p.locale, Make: p.brand, Model: p.model,
			Platform: p.platform, PlatformVersion: p.version, Timezone: p.zone,
		},
		Location: &pinpoint.EndpointLocation{City: p.city, Country: p.country},
	}
	if p.channel != "" {
		e.ChannelType, e.Address, e.OptOut = p.channel, "token-"+p.endpoint, "NONE"
	}
	if p.user != "" {
		e.User = &pinpoint.EndpointUser{UserId: p.user, UserAttributes: map[string][]string{"tier": {p.tier}}}
	}
	return e
}
