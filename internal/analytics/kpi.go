package analytics

import (
	"maps"

	"pintail/internal/eventstore"
)

// kpi is what a name of GetApplicationDateRangeKpi means.
type kpi struct {
	original bool // the original has it: its dates are bound as there
	takes    takes
	interval interval    // when the request names none
	by       []dimension // when the request names none
	limit    int         // of groups, when the request names none; 0 for the usual
	answer   func(*asking) (*answer, error)
}

// takes are the parameters that a KPI has a use for, beside dates, time zone and
// filters, which all take.
type takes uint8

const (
	takesInterval takes = 1 << iota
	takesDaysOnly       // intervals of days and longer
	takesGroups
	takesMetric
	takesActor
	takesSteps
)

// maxGroups is how many fields a KPI can be grouped by.
func (k *kpi) maxGroups() int {
	if k.takes&takesSteps != 0 {
		return 1
	}
	return eventstore.MaxGroups
}

// Names of event types.
const (
	sessionStart = "_session.start"
	purchased    = "_monetization.purchase"
)

// Measures.
var (
	events    = eventstore.Measure{Kind: eventstore.CountEvents}
	endpoints = eventstore.Measure{Kind: eventstore.CountEndpoints}
	users     = eventstore.Measure{Kind: eventstore.CountUsers}
	spent     = eventstore.Measure{Kind: eventstore.SumMetric, Metric: "_item_price", Times: "_quantity"}
	units     = eventstore.Measure{Kind: eventstore.SumMetric, Metric: "_quantity"}
)

// of counts events of a type, "" for any.
func of(eventType string, m ...eventstore.Measure) count {
	c := count{measures: m}
	if eventType != "" {
		c.where = []eventstore.Condition{ofType(eventType)}
	}
	return c
}

// kpis are all by name.
var kpis = map[string]*kpi{
	"daily-active-endpoints":   single("DailyActiveEndpoints", of("", endpoints)),
	"daily-active-users":       single("DailyActiveUsers", of("", users)),
	"monthly-active-endpoints": actives("MonthlyActiveEndpoints", eventstore.Endpoints),
	"monthly-active-users":     actives("MonthlyActiveUsers", eventstore.Users),
	"sticky-factor":            {takes: takesDaysOnly | takesGroups | takesActor, interval: daily, answer: sticky},
	"new-endpoints":            arrivals("NewEndpoints", eventstore.Endpoints),
	"new-users":                arrivals("NewUsers", eventstore.Users),
	"retention":                {takes: takesInterval | takesDaysOnly | takesGroups | takesActor, interval: daily, answer: retention},
	"seven-day-retention":      {takes: takesInterval | takesDaysOnly | takesGroups | takesActor, interval: daily, answer: sevenDayRetention},

	"sessions":              single("Sessions", of(sessionStart, events)),
	"sessions-per-endpoint": per("SessionsPerEndpoint", of(sessionStart, events), of("", endpoints)),
	"sessions-per-user":     per("SessionsPerUser", of(sessionStart, events), of("", users)),
	"session-heat-map":      {interval: whole, answer: heatMap},
	"events-per-session":    per("EventsPerSession", count{measures: []eventstore.Measure{events}, where: []eventstore.Condition{inSession}}, of(sessionStart, events)),

	"sign-ups":        single("SignUps", of("_userauth.sign_up", events)),
	"sign-ins":        single("SignIns", of("_userauth.sign_in", events)),
	"failed-sign-ins": single("FailedSignIns", of("_userauth.auth_fail", events)),

	"revenue":                           single("Revenue", of(purchased, spent)),
	"revenue-per-endpoint":              per("RevenuePerEndpoint", of(purchased, spent), of("", endpoints)),
	"revenue-per-user":                  per("RevenuePerUser", of(purchased, spent), of("", users)),
	"revenue-per-paying-user":           per("RevenuePerPayingUser", of(purchased, spent), of(purchased, users)),
	"paying-users":                      single("PayingUsers", of(purchased, users)),
	"paying-endpoints":                  single("PayingEndpoints", of(purchased, endpoints)),
	"units-sold":                        single("UnitsSold", of(purchased, units)),
	"units-sold-per-endpoint":           per("UnitsSoldPerEndpoint", of(purchased, units), of("", endpoints)),
	"purchases":                         single("Purchases", of(purchased, events)),
	"purchases-per-purchasing-endpoint": per("PurchasesPerPurchasingEndpoint", of(purchased, events), of(purchased, endpoints)),

	"demographics": {takes: takesInterval | takesGroups, interval: whole, answer: demographics},
	"events": {
		takes: takesInterval | takesGroups | takesMetric, interval: daily, limit: maxLimit, answer: explore,
		by: []dimension{{"EventType", eventstore.Field{Kind: eventstore.Text, Name: "event_type"}}},
	},
	"funnel": {takes: takesInterval | takesGroups | takesActor | takesSteps, interval: whole, answer: funnel},
}

func init() { maps.Copy(kpis, originalKPIs()) }

// inSession chooses events that belong to a session.
var inSession = eventstore.Condition{Field: eventstore.Field{Kind: eventstore.Text, Name: "session_id"}}

// single is a KPI of one number.
func single(key string, c count) *kpi {
	return arranged(formula{counts: []count{c}, values: []value{{key, first}}})
}

// per is a KPI of one number divided by another.
func per(key string, upper, lower count) *kpi {
	return arranged(formula{counts: []count{upper, lower}, values: []value{{key, quotient}}})
}

func arranged(f formula) *kpi {
	return &kpi{takes: takesInterval | takesGroups, interval: daily, answer: f.answer}
}

func first(v []float64) (float64, bool) { return v[0], true }

// quotient has no value where it would divide by zero.
func quotient(v []float64) (float64, bool) {
	if v[1] == 0 {
		return 0, false
	}
	return v[0] / v[1], true
}
