package analytics

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
)

// Two days before the tests', as UTC dates.
var (
	day1 = now.Truncate(24*time.Hour).AddDate(0, 0, -9)
	day2 = day1.AddDate(0, 0, 1)
	d1   = day1.Format(time.DateOnly)
	d2   = day2.Format(time.DateOnly)
)

type attributes = map[string]string

// happened returns an event of the first day, at a minute after its midnight.
func happened(eventType, endpoint string, minute int, a attributes) eventstore.Event {
	return eventstore.Event{
		Type: eventType, EndpointID: endpoint, Attributes: a, Timestamp: day1.Add(time.Duration(minute) * time.Minute),
	}
}

// messages are what the service records of the messages of two campaigns, and of
// transactional ones.
func messages() []eventstore.Event {
	sent := func(campaign, endpoint, kind, status string, minute int) eventstore.Event {
		return happened("_campaign.send", endpoint, minute, attributes{"campaign_id": campaign, "delivery_type": kind, "campaign_send_status": status})
	}
	of := func(campaign string) attributes { return attributes{"campaign_id": campaign} }
	text := func(eventType, country, parts, status string, price float64, minute int) eventstore.Event {
		e := happened(eventType, "s", minute, attributes{"iso_country_code": country, "number_of_message_parts": parts, "record_status": status})
		e.EndpointID = "text-" + e.Timestamp.String()
		if price > 0 {
			e.Metrics = map[string]float64{"price_in_millicents_usd": price}
		}
		return e
	}
	list := []eventstore.Event{
		// Campaign a: three e-mails, one of which bounces, and a failure. The opens at 10:00 and
		// 10:30 by e1 are one; the one at 11:05 is another.
		sent("a", "e1", "EMAIL", "SUCCESS", 0), sent("a", "e2", "EMAIL", "SUCCESS", 1), sent("a", "e3", "EMAIL", "SUCCESS", 2),
		sent("a", "e4", "EMAIL", "DAILY_CAP", 3), happened("_email.hardbounce", "e3", 4, of("a")),
		happened("_email.open", "e1", 600, of("a")), happened("_email.open", "e1", 630, of("a")), happened("_email.open", "e1", 665, of("a")),
		// Campaign b: two pushes to one endpoint, on two days, one of which is opened.
		sent("b", "e1", "GCM", "SUCCESS", 5), sent("b", "e1", "APNS", "SUCCESS", 24*60+5), happened("_campaign.opened_notification", "e1", 24*60+9, of("b")),
		happened("_campaign.opened_notification", "e1", 9, of("_DIRECT")),
		// A journey's e-mail is no transactional one.
		happened("_email.send", "e1", 10, attributes{"journey_id": "j"}),
		// Transactional: five e-mails, on two days.
		happened("_email.hardbounce", "m1", 20, nil), happened("_email.softbounce", "m2", 20, nil), happened("_email.rejected", "m3", 20, nil),
		happened("_email.complaint", "m4", 20, nil), happened("_email.open", "m4", 20, nil), happened("_email.open", "m4", 21, nil),
		happened("_email.open", "m4", 85, nil), happened("_email.click", "m4", 20, nil), happened("_email.click", "m4", 90, nil), happened("_email.click", "m5", 90, nil),
		happened("_email.send", "m5", 24*60+1, nil),
		// Transactional texts: three with an outcome.
		text("_SMS.BUFFERED", "DE", "2", "PENDING", 0, 30), text("_SMS.SUCCESS", "DE", "2", "DELIVERED", 600, 31),
		text("_SMS.SUCCESS", "DE", "1", "DELIVERED", 300, 32), text("_SMS.FAILURE", "NP", "3", "BLOCKED", 0, 24*60+33),
		text("_SMS.BUFFERED", "NP", "1", "PENDING", 0, 34),
	}
	for i, id := range []string{"m1", "m2", "m3", "m4"} {
		list = append(list, happened("_email.send", id, i, nil))
	}
	return list
}

// originals are the answers that the original's names have.
var originals = map[string][]line{
	"successful-delivery-rate":                          {{"SuccessfulDeliveryRate": "0.8"}}, // 5 sent, 1 bounced
	"successful-delivery-rate-grouped-by-date":          {{"Date": d1, "SuccessfulDeliveryRate": "0.75"}, {"Date": d2, "SuccessfulDeliveryRate": "1.0"}},
	"successful-deliveries-grouped-by-campaign":         {{"CampaignId": "a", "SuccessfulDeliveries": "2.0"}, {"CampaignId": "b", "SuccessfulDeliveries": "2.0"}},
	"unique-deliveries":                                 {{"UniqueDeliveries": "2.0"}}, // e1, e2
	"unique-deliveries-grouped-by-campaign":             {{"CampaignId": "a", "UniqueDeliveries": "2.0"}, {"CampaignId": "b", "UniqueDeliveries": "1.0"}},
	"unique-deliveries-grouped-by-date":                 {{"Date": d1, "UniqueDeliveries": "2.0"}, {"Date": d2, "UniqueDeliveries": "1.0"}},
	"email-open-rate":                                   {{"EmailOpenRate": "1.0"}}, // 2 opens of 2 delivered
	"email-open-rate-grouped-by-campaign":               {{"CampaignId": "a", "EmailOpenRate": "1.0"}},
	"push-open-rate":                                    {{"PushOpenRate": "0.5"}},
	"push-open-rate-grouped-by-campaign":                {{"CampaignId": "b", "PushOpenRate": "0.5"}},
	"txn-emails-sent":                                   {{"TxnEmailsSent": "5.0"}},
	"txn-emails-sent-grouped-by-date":                   {{"Date": d1, "TxnEmailsSent": "4.0"}, {"Date": d2, "TxnEmailsSent": "1.0"}},
	"txn-emails-delivered":                              {{"TxnEmailsDelivered": "2.0"}},
	"txn-emails-delivered-grouped-by-date":              {{"Date": d1, "TxnEmailsDelivered": "1.0"}, {"Date": d2, "TxnEmailsDelivered": "1.0"}},
	"txn-emails-delivery-rate":                          {{"TxnEmailsDeliveryRate": "0.4"}},
	"txn-emails-delivery-rate-grouped-by-date":          {{"Date": d1, "TxnEmailsDeliveryRate": "0.25"}, {"Date": d2, "TxnEmailsDeliveryRate": "1.0"}},
	"txn-emails-hard-bounced":                           {{"TxnEmailsHardBounced": "1.0"}},
	"txn-emails-hard-bounced-grouped-by-date":           {{"Date": d1, "TxnEmailsHardBounced": "1.0"}},
	"txn-emails-soft-bounced":                           {{"TxnEmailsSoftBounced": "1.0"}},
	"txn-emails-soft-bounced-grouped-by-date":           {{"Date": d1, "TxnEmailsSoftBounced": "1.0"}},
	"txn-emails-with-complaints":                        {{"TxnEmailsWithComplaints": "1.0"}},
	"txn-emails-with-complaints-grouped-by-date":        {{"Date": d1, "TxnEmailsWithComplaints": "1.0"}},
	"txn-emails-complaint-rate":                         {{"TxnEmailsComplaintRate": "0.2"}},
	"txn-emails-complaint-rate-grouped-by-date":         {{"Date": d1, "TxnEmailsComplaintRate": "0.25"}, {"Date": d2, "TxnEmailsComplaintRate": "0.0"}},
	"txn-emails-opened":                                 {{"TxnEmailsOpened": "2.0"}}, // in two hours
	"txn-emails-opened-grouped-by-date":                 {{"Date": d1, "TxnEmailsOpened": "2.0"}},
	"txn-emails-unique-opens":                           {{"TxnEmailsUniqueOpens": "1.0"}},
	"txn-emails-unique-opens-grouped-by-date":           {{"Date": d1, "TxnEmailsUniqueOpens": "1.0"}},
	"txn-emails-clicked":                                {{"TxnEmailsClicked": "3.0"}},
	"txn-emails-clicked-grouped-by-date":                {{"Date": d1, "TxnEmailsClicked": "3.0"}},
	"txn-emails-unique-clicks":                          {{"TxnEmailsUniqueClicks": "2.0"}},
	"txn-emails-unique-clicks-grouped-by-date":          {{"Date": d1, "TxnEmailsUniqueClicks": "2.0"}},
	"txn-sms-sent":                                      {{"TxnSmsSent": "3.0"}},
	"txn-sms-sent-grouped-by-date":                      {{"Date": d1, "TxnSmsSent": "2.0"}, {"Date": d2, "TxnSmsSent": "1.0"}},
	"txn-sms-sent-grouped-by-country":                   {{"CountryCode": "DE", "TxnSmsSent": "2.0"}, {"CountryCode": "NP", "TxnSmsSent": "1.0"}},
	"txn-sms-delivered":                                 {{"TxnSmsDelivered": "2.0"}},
	"txn-sms-delivered-grouped-by-date":                 {{"Date": d1, "TxnSmsDelivered": "2.0"}},
	"txn-sms-delivered-grouped-by-country":              {{"CountryCode": "DE", "TxnSmsDelivered": "2.0"}},
	"txn-sms-delivery-rate":                             {{"TxnSmsDeliveryRate": "0.6666666666666666"}},
	"txn-sms-delivery-rate-grouped-by-date":             {{"Date": d1, "TxnSmsDeliveryRate": "1.0"}, {"Date": d2, "TxnSmsDeliveryRate": "0.0"}},
	"txn-sms-sent-by-parts":                             {{"TxnSmsSentByParts": "6.0"}},
	"txn-sms-sent-by-parts-grouped-by-country":          {{"CountryCode": "DE", "TxnSmsSentByParts": "3.0"}, {"CountryCode": "NP", "TxnSmsSentByParts": "3.0"}},
	"txn-sms-delivered-by-parts":                        {{"TxnSmsDeliveredByParts": "3.0"}},
	"txn-sms-delivered-by-parts-grouped-by-country":     {{"CountryCode": "DE", "TxnSmsDeliveredByParts": "3.0"}},
	"txn-sms-error-distribution":                        {{"RecordStatus": "BLOCKED", "TxnSmsErrorDistribution": "1.0"}},
	"txn-sms-total-price-grouped-by-country":            {{"CountryCode": "DE", "TxnSmsTotalPrice": "900.0"}},
	"txn-sms-average-price-grouped-by-country":          {{"CountryCode": "DE", "TxnSmsAveragePrice": "450.0"}},
	"txn-sms-average-price-by-parts-grouped-by-country": {{"CountryCode": "DE", "TxnSmsAveragePriceByParts": "300.0"}},
}

func TestOriginalNamesThroughTheSDK(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *server) {
		for name := range originals {
			if got := s.ask(t, name); got != nil {
				t.Errorf("%s of no events: %v", name, got)
			}
		}
		s.app = s.newApp(t) // answers may be reused for a moment
		s.record(t, messages()...)
		for name, want := range originals {
			if diff := cmp.Diff(want, s.ask(t, name)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", name, diff)
			}
		}
	})
}

// visits are two people on two days: ada on a telephone and a browser in Berlin,
// bob on a telephone in New York, who comes on the first day only and buys
// nothing.
func visits() []eventstore.Event {
	phone := func(e eventstore.Event) eventstore.Event {
		e.UserID, e.Platform, e.Timezone, e.Session.ID = "ada", "iOS", "Europe/Berlin", "s1"
		return e
	}
	browser := func(e eventstore.Event) eventstore.Event { e.UserID, e.Platform = "ada", "Web"; return e }
	bob := func(e eventstore.Event) eventstore.Event {
		e.Platform, e.Timezone = "iOS", "America/New_York"
		return e
	}
	buy := func(minute int, metrics map[string]float64) eventstore.Event {
		e := happened("_monetization.purchase", "p1", minute, nil)
		e.Metrics = metrics
		return phone(e)
	}
	return []eventstore.Event{
		phone(happened("_session.start", "p1", 600, nil)), phone(happened("_userauth.sign_up", "p1", 601, nil)), phone(happened("_userauth.sign_in", "p1", 602, nil)),
		phone(happened("product.view", "p1", 603, nil)), buy(604, map[string]float64{"_item_price": 2.5, "_quantity": 3}), buy(605, map[string]float64{"_item_price": 4}),
		bob(happened("_session.start", "p2", 600, nil)), bob(happened("_userauth.auth_fail", "p2", 601, nil)),
		browser(happened("_session.start", "w1", 24*60+600, nil)), browser(happened("_session.start", "w1", 24*60+700, nil)),
		phone(happened("product.view", "p1", 24*60+800, nil)),
	}
}

// ours are the answers that our own names have, in their usual intervals.
var ours = map[string][]line{
	"daily-active-endpoints":            {{"Date": d1, "DailyActiveEndpoints": "2.0"}, {"Date": d2, "DailyActiveEndpoints": "2.0"}},
	"daily-active-users":                {{"Date": d1, "DailyActiveUsers": "1.0"}, {"Date": d2, "DailyActiveUsers": "1.0"}},
	"new-endpoints":                     {{"Date": d1, "NewEndpoints": "2.0"}, {"Date": d2, "NewEndpoints": "1.0"}},
	"new-users":                         {{"Date": d1, "NewUsers": "1.0"}},
	"sessions":                          {{"Date": d1, "Sessions": "2.0"}, {"Date": d2, "Sessions": "2.0"}},
	"sessions-per-endpoint":             {{"Date": d1, "SessionsPerEndpoint": "1.0"}, {"Date": d2, "SessionsPerEndpoint": "1.0"}},
	"sessions-per-user":                 {{"Date": d1, "SessionsPerUser": "2.0"}, {"Date": d2, "SessionsPerUser": "2.0"}},
	"events-per-session":                {{"Date": d1, "EventsPerSession": "3.0"}, {"Date": d2, "EventsPerSession": "0.5"}},
	"sticky-factor":                     {{"Date": d1, "StickyFactor": "1.0"}, {"Date": d2, "StickyFactor": "0.6666666666666666"}},
	"sign-ups":                          {{"Date": d1, "SignUps": "1.0"}},
	"sign-ins":                          {{"Date": d1, "SignIns": "1.0"}},
	"failed-sign-ins":                   {{"Date": d1, "FailedSignIns": "1.0"}},
	"revenue":                           {{"Date": d1, "Revenue": "11.5"}},
	"revenue-per-endpoint":              {{"Date": d1, "RevenuePerEndpoint": "5.75"}, {"Date": d2, "RevenuePerEndpoint": "0.0"}},
	"revenue-per-user":                  {{"Date": d1, "RevenuePerUser": "11.5"}, {"Date": d2, "RevenuePerUser": "0.0"}},
	"revenue-per-paying-user":           {{"Date": d1, "RevenuePerPayingUser": "11.5"}},
	"paying-users":                      {{"Date": d1, "PayingUsers": "1.0"}},
	"paying-endpoints":                  {{"Date": d1, "PayingEndpoints": "1.0"}},
	"units-sold":                        {{"Date": d1, "UnitsSold": "3.0"}},
	"units-sold-per-endpoint":           {{"Date": d1, "UnitsSoldPerEndpoint": "1.5"}, {"Date": d2, "UnitsSoldPerEndpoint": "0.0"}},
	"purchases":                         {{"Date": d1, "Purchases": "2.0"}},
	"purchases-per-purchasing-endpoint": {{"Date": d1, "PurchasesPerPurchasingEndpoint": "2.0"}},
	// Both days' seven days after are over, thirty days after are not.
	"retention": {
		{"Date": d1, "NewEndpoints": "2.0", "Day1Retention": "0.5", "Day7Retention": "0.0"},
		{"Date": d2, "NewEndpoints": "1.0", "Day1Retention": "0.0", "Day7Retention": "0.0"},
	},
	"seven-day-retention": {
		{"Date": d1, "ActiveEndpoints": "2.0", "SevenDayRetention": "0.5"}, {"Date": d2, "ActiveEndpoints": "2.0", "SevenDayRetention": "0.0"},
	},
	"demographics": {{"Platform": "iOS", "Endpoints": "2.0", "Users": "1.0"}, {"Platform": "Web", "Endpoints": "1.0", "Users": "1.0"}},
}

// Every name that there is stands in one of the tables, or has a test below.
func TestOurNamesThroughTheSDK(t *testing.T) {
	names := slices.Collect(maps.Keys(ours))
	names = append(slices.AppendSeq(names, maps.Keys(originals)), "session-heat-map", "funnel", "events", "monthly-active-endpoints", "monthly-active-users")
	slices.Sort(names)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(kpis)), names); diff != "" {
		t.Errorf("names: -built +tested:\n%s", diff)
	}
	onEveryEngine(t, func(t *testing.T, s *server) {
		for name := range ours {
			if got := s.ask(t, name); got != nil {
				t.Errorf("%s of no events: %v", name, got)
			}
		}
		s.app = s.newApp(t)
		s.record(t, visits()...)
		for name, want := range ours {
			var more []string
			if name == "demographics" {
				more = []string{"group-by=platform"}
			}
			if diff := cmp.Diff(want, s.ask(t, name, more...)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", name, diff)
			}
		}
		testActives(t, s)
		testExplorer(t, s)
		testFunnel(t, s)
	})
}

func testActives(t *testing.T, s *server) {
	got := s.ask(t, "monthly-active-endpoints", "interval=none")
	if diff := cmp.Diff([]line{{"MonthlyActiveEndpoints": "3.0"}}, got); diff != "" {
		t.Errorf("monthly actives: -want +got:\n%s", diff)
	}
	// From the second day on everybody counts, up to today.
	daily := s.ask(t, "monthly-active-users")
	if want := (line{"Date": now.Format(time.DateOnly), "MonthlyActiveUsers": "1.0"}); len(daily) != 10 || !cmp.Equal(daily[9], want) {
		t.Errorf("monthly active users of ten days: %v", daily)
	}
	// bob's session is at 10:00 UTC of the first day.
	local := day1.Add(10 * time.Hour).In(zone(t, "America/New_York"))
	heat := s.ask(t, "session-heat-map", "filter=endpoint-id:p2")
	if diff := cmp.Diff([]line{{"DayOfWeek": local.Weekday().String(), "Hour": local.Format("15")[1:], "Sessions": "1.0"}}, heat); local.Hour() > 9 || diff != "" {
		t.Errorf("heat map: -want +got:\n%s", diff)
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	must(t, err)
	return z
}

func testExplorer(t *testing.T, s *server) {
	got := s.ask(t, "events", "interval=none", "metric=_item_price", "filter=event-type:product.view,_monetization.purchase")
	want := []line{
		{"EventType": "_monetization.purchase", "Events": "2.0", "Endpoints": "1.0", "Users": "1.0", "Sum": "6.5", "Mean": "3.25"},
		{"EventType": "product.view", "Events": "2.0", "Endpoints": "1.0", "Users": "1.0", "Sum": "0.0"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events: -want +got:\n%s", diff)
	}
}

func testFunnel(t *testing.T, s *server) {
	got := s.ask(t, "funnel", "steps=_session.start,product.view,_monetization.purchase[metrics._item_price>=3]", "window=1h", "group-by=platform")
	want := []line{
		{"Step": "1", "Event": "_session.start", "Platform": "iOS", "Endpoints": "2.0", "Rate": "1.0"},
		{"Step": "2", "Event": "product.view", "Platform": "iOS", "Endpoints": "1.0", "Rate": "0.5"},
		{"Step": "3", "Event": "_monetization.purchase[metrics._item_price>=3]", "Platform": "iOS", "Endpoints": "1.0", "Rate": "0.5"},
		{"Step": "1", "Event": "_session.start", "Platform": "Web", "Endpoints": "1.0", "Rate": "1.0"},
		{"Step": "2", "Event": "product.view", "Platform": "Web", "Endpoints": "0.0", "Rate": "0.0"},
		{"Step": "3", "Event": "_monetization.purchase[metrics._item_price>=3]", "Platform": "Web", "Endpoints": "0.0", "Rate": "0.0"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("funnel: -want +got:\n%s", diff)
	}
}

// Of many groups the greatest stay, and the answer says how many do not.
func TestLimitOfGroups(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *server) {
		var list []eventstore.Event
		for i, country := range []string{"DE", "DE", "DE", "FR", "FR", "NP", "US", ""} {
			e := happened("_session.start", fmt.Sprint("e", i), i, attributes{"country": country})
			if i == 0 || i == 3 {
				e.Timestamp = e.Timestamp.AddDate(0, 0, 1)
			}
			list = append(list, e)
		}
		s.record(t, list...)
		got := s.ask(t, "sessions", "group-by=attributes.country", "limit=2")
		want := []line{
			{"Date": d1, "attributes.country": "DE", "Sessions": "2.0"}, {"Date": d1, "attributes.country": "FR", "Sessions": "1.0"},
			{"Date": d2, "attributes.country": "DE", "Sessions": "1.0"}, {"Date": d2, "attributes.country": "FR", "Sessions": "1.0"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		for i := range want {
			want[i]["NewEndpoints"] = want[i]["Sessions"]
			delete(want[i], "Sessions")
		}
		if diff := cmp.Diff(want, s.ask(t, "new-endpoints", "group-by=attributes.country", "limit=2")); diff != "" {
			t.Errorf("new: -want +got:\n%s", diff)
		}
		got = s.ask(t, "funnel", "steps=*", "interval=day", "group-by=attributes.country", "limit=1")
		want = []line{
			{"Date": d1, "attributes.country": "DE", "Step": "1", "Event": "*", "Endpoints": "2.0", "Rate": "1.0"},
			{"Date": d2, "attributes.country": "DE", "Step": "1", "Event": "*", "Endpoints": "1.0", "Rate": "1.0"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("funnel: -want +got:\n%s", diff)
		}
		if text := s.raw(t, "/kpis/daterange/sessions?group-by=attributes.country&limit=2"); !contains(text, `"DroppedGroups":3`) {
			t.Errorf("the answer does not say what it leaves out: %s", text)
		}
		if text := s.raw(t, "/kpis/daterange/sessions?group-by=attributes.country&interval=none"); !contains(text, `{"Key":"attributes.country","Type":"String","Value":""}`) {
			t.Errorf("the group of those without a country is not shown: %s", text)
		}
		if text := s.raw(t, "/kpis/daterange/sign-ups"); !contains(text, `"KpiResult":{"Rows":[]}`) || contains(text, "DroppedGroups") {
			t.Errorf("the answer about nothing is %s", text)
		}
		if text := s.raw(t, "/kpis/daterange/sessions?interval=none"); !contains(text, `{"GroupedBys":[],"Values":[{"Key":"Sessions","Type":"Double","Value":"8.0"}]}`) {
			t.Errorf("the answer without groups is %s", text)
		}
	})
}

// Filters by what the directory knows follow it at once, removals included.
func TestAttributesOfTheDirectory(t *testing.T) {
	s := newDuckDB(t)
	s.settle(t)
	s.record(t, happened("_session.start", "e1", 1, nil), happened("_session.start", "e2", 2, nil), happened("_session.start", "e4", 3, nil))
	sessions := func(want string) {
		t.Helper()
		got := s.ask(t, "sessions", "interval=none", "filter=endpoint.plan:gold")
		if len(got) != 1 || got[0]["Sessions"] != want {
			t.Errorf("sessions of gold: %v, want %s", got, want)
		}
	}
	sessions("2.0")
	_, err := s.UpdateEndpoint(t.Context(), &pinpoint.UpdateEndpointInput{
		ApplicationId: &s.app, EndpointId: aws.String("e4"), EndpointRequest: &types.EndpointRequest{Attributes: map[string][]string{"plan": {"gold"}}},
	})
	must(t, err)
	sessions("3.0")
	_, err = s.RemoveAttributes(t.Context(), &pinpoint.RemoveAttributesInput{
		ApplicationId: &s.app, AttributeType: aws.String("endpoint-custom-attributes"),
		UpdateAttributesRequest: &types.UpdateAttributesRequest{Blacklist: []string{"plan"}},
	})
	must(t, err)
	if got := s.ask(t, "sessions", "interval=none", "filter=endpoint.plan:gold"); got != nil {
		t.Errorf("sessions of an attribute that is removed: %v", got)
	}
}
