package history

import (
	"time"

	"pintail/internal/eventstore"
)

// Mean numbers of events: of a device on a day of use, and how many more a
// person's first day has.
const (
	eventsPerVisit = 5.35
	eventsOfSignUp = 1.15
)

// moment is an event before it is made: sixteen bytes instead of five hundred,
// so that a whole day can be put in order.
type moment struct {
	at, start int32 // milliseconds after midnight UTC; start is that of the session
	device    uint32
	what      uint8
	session   uint8 // number of the session on its day
	number    uint8 // of the event in its session
	detail    uint8
}

// What happens.
const (
	sessionStart = iota
	sessionStop
	signUp
	signIn
	authFail
	screenView
	productView
	cartAdd
	orderPlaced
	purchase
)

var names = [...]string{
	sessionStart: "_session.start", sessionStop: "_session.stop",
	signUp: "_userauth.sign_up", signIn: "_userauth.sign_in", authFail: "_userauth.auth_fail",
	screenView: "screen.view", productView: "product.view", cartAdd: "cart.add", orderPlaced: "order.placed",
	purchase: "_monetization.purchase",
}

// offsets are the zones' on a day, in milliseconds east of UTC.
func (h *History) offsets(today int) (list [zoneCount]int32) {
	midnight := h.start.AddDate(0, 0, today)
	for i, zone := range h.zones {
		_, seconds := midnight.In(zone).Zone()
		list[i] = int32(seconds) * 1000
	}
	return list
}

// visit adds a device's sessions of a day, which may be its first.
func (h *History) visit(plan []moment, n uint32, first bool, offsets *[zoneCount]int32, r *random) []moment {
	home, known, _ := h.person(n)
	sessions := 1
	for sessions < 4 && r.chance(280) {
		sessions++
	}
	for number := range sessions {
		local := int32(hours[r.below(len(hours))])*3_600_000 + int32(r.below(3_600_000))
		start := (local - offsets[home.zone] + dayMillis) % dayMillis
		s := script{plan: plan, r: r, next: moment{at: start, start: start, device: n, session: uint8(number)}}
		s.play(known, first && number == 0 && n%2 == 0)
		plan = s.plan
	}
	return plan
}

// script is a session as it unfolds.
type script struct {
	plan []moment
	r    *random
	next moment
}

// happen adds an event; the next one is up to some seconds later.
func (s *script) happen(what uint8, detail int, upTo int) {
	s.next.what, s.next.detail = what, uint8(detail)
	s.plan = append(s.plan, s.next)
	s.next.number++
	s.next.at += 500 + int32(s.r.below(1000*upTo))
}

// play is one session of somebody known or not.
func (s *script) play(known, first bool) {
	s.happen(sessionStart, 0, 3)
	switch {
	case known && first:
		s.happen(signUp, s.r.below(len(methods)), 5)
		s.happen(signIn, s.r.below(len(methods)), 10)
	case known && s.r.chance(80):
		if s.r.chance(200) {
			s.happen(authFail, s.r.below(len(reasons)), 15)
		}
		if s.r.chance(950) {
			s.happen(signIn, s.r.below(len(methods)), 10)
		}
	}
	s.happen(screenView, s.r.below(256), 40)
	for s.next.number < 7 && s.r.chance(250) {
		s.happen(screenView, s.r.below(256), 40)
	}
	s.shop()
	if s.r.chance(950) {
		s.happen(sessionStop, 0, 1)
	}
}

// shop goes as far as the mood leads.
func (s *script) shop() {
	goods := s.r.below(len(products))
	if !s.r.chance(350) {
		return
	}
	s.happen(productView, goods, 60)
	if !s.r.chance(300) {
		return
	}
	s.happen(cartAdd, goods, 120)
	if !s.r.chance(400) {
		return
	}
	deal := goods*maxQuantity + s.r.below(2)*s.r.below(maxQuantity) // most often one piece
	s.happen(orderPlaced, deal, 2)
	s.happen(purchase, deal, 20)
}

// event makes a moment of a day an event.
func (h *History) event(today int, midnight time.Time, m *moment) eventstore.Event {
	began := today
	if m.start < 0 {
		began--
	}
	p := h.profile(m.device, began)
	place := uint64(m.device)<<32 | uint64(uint16(began))<<16 | uint64(m.session)<<8
	low := mix(h.key ^ (place | uint64(m.number)))
	at := midnight.Add(time.Duration(m.at) * time.Millisecond)
	e := eventstore.Event{
		App: h.options.App, EndpointID: p.endpoint, EventID: uuid(mix(low^h.key^drawEvent), low), Type: names[m.what], UserID: p.user,
		Timestamp: at, Arrival: at.Add(time.Duration(1+low%30) * time.Second),
		Session: eventstore.Session{
			ID: uuid(mix(h.key^place), mix(place^drawSession)), Start: midnight.Add(time.Duration(m.start) * time.Millisecond),
		},
		AppPackageName: "org.example.shop", AppTitle: "Shop", AppVersion: p.app, AppVersionCode: p.app[2:],
		SDKName: "amplify", SDKVersion: "5.4.1",
		Platform: p.platform, PlatformVersion: p.version, Make: p.brand, Model: p.model,
		Locale: p.locale, Country: p.country, ChannelType: string(p.channel), Timezone: p.zone,
	}
	dress(&e, m)
	return e
}

// dress gives an event its attributes and metrics.
func dress(e *eventstore.Event, m *moment) {
	detail := int(m.detail)
	switch m.what {
	case sessionStop:
		e.Session.Stop = e.Timestamp
		e.Session.Duration = e.Timestamp.Sub(e.Session.Start)
	case signUp, signIn:
		e.Attributes = methods[detail]
	case authFail:
		e.Attributes = reasons[detail]
	case screenView:
		e.Attributes, e.Metrics = screens[detail%len(screens)], loadTimes[detail%len(loadTimes)]
	case productView, cartAdd:
		e.Attributes = goodsViews[detail]
	case orderPlaced:
		e.Attributes, e.Metrics = goodsViews[detail/maxQuantity], amounts[detail]
	case purchase:
		e.Attributes, e.Metrics = goodsBought[detail/maxQuantity], prices[detail]
	}
}
