package analytics

import (
	"strings"

	"pintail/internal/eventstore"
)

// Attributes and metrics of the service's own events (Pinpoint Developer Guide,
// "Event stream data").
const (
	campaignID = "campaign_id"
	journeyID  = "journey_id"
	country    = "iso_country_code"
	parts      = "number_of_message_parts"
	priceOf    = "price_in_millicents_usd" // thousandths of a cent
)

// Groups of the original's answers. What names the two without a mark is not
// published.
var (
	byCampaign = dimension{"CampaignId", eventstore.Field{Kind: eventstore.Attribute, Name: campaignID}}
	byCountry  = dimension{"CountryCode", eventstore.Field{Kind: eventstore.Attribute, Name: country}}
	byStatus   = dimension{"RecordStatus", eventstore.Field{Kind: eventstore.Attribute, Name: "record_status"}}
)

// Suffixes of names, and what they make of a KPI.
const (
	byDate     = "-grouped-by-date"
	perNation  = "-grouped-by-country"
	perMessage = "-grouped-by-campaign"
)

// with chooses events that have an attribute with one of the values, or with
// any.
func with(attribute string, values ...string) eventstore.Condition {
	return eventstore.Condition{Field: eventstore.Field{Kind: eventstore.Attribute, Name: attribute}, Values: values}
}

// without chooses events that do not.
func without(attribute string, values ...string) eventstore.Condition {
	c := with(attribute, values...)
	c.Not = true
	return c
}

// direct is what the events of a direct push have for a campaign.
const direct = "_DIRECT"

// campaign counts events of campaigns, and transactional those of messages that
// no campaign and no journey sent.
func campaign(eventType string, m eventstore.Measure, more ...eventstore.Condition) count {
	where := []eventstore.Condition{ofType(eventType), with(campaignID), without(campaignID, direct)}
	return count{where: append(where, more...), measures: []eventstore.Measure{m}}
}

func transactional(eventType string, m eventstore.Measure) count {
	return count{
		where:    []eventstore.Condition{ofType(eventType), without(campaignID), without(journeyID)},
		measures: []eventstore.Measure{m},
	}
}

func (c count) hourly() count {
	c.perHour = true
	return c
}

func (c count) by(attribute string) count {
	c.times = attribute
	return c
}

// pushes are the delivery types of push messages.
var pushes = []string{"GCM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "ADM", "BAIDU", "PUSH"}

// originalKPIs are those that the original has for applications.
func originalKPIs() map[string]*kpi {
	all := make(map[string]*kpi)
	for _, define := range []func(map[string]*kpi){campaignKPIs, emailKPIs, textKPIs} {
		define(all)
	}
	return all
}

// define adds a KPI under its name and under the name with each suffix. A suffix
// alone, "=" before it, leaves out the plain name.
func define(all map[string]*kpi, name string, of func([]float64) (float64, bool), counts []count, suffixes ...string) {
	f := formula{counts: counts, values: []value{{pascal(name), of}}}
	plain := true
	for _, suffix := range suffixes {
		suffix, only := strings.CutPrefix(suffix, "=")
		plain = plain && !only
		k := &kpi{original: true, interval: whole, limit: unlimited, answer: f.answer}
		switch suffix {
		case byDate:
			k.interval = daily
		case perNation:
			k.by = []dimension{byCountry}
		case perMessage:
			k.by = []dimension{byCampaign}
		}
		all[name+suffix] = k
	}
	if plain {
		all[name] = &kpi{original: true, interval: whole, answer: f.answer}
	}
}

// unlimited is a number of groups beyond what a log may answer.
const unlimited = eventstore.MaxRows

// pascal turns a name into the key of its value: TxnEmailsSent.
func pascal(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// less takes all further measures from the first.
func less(v []float64) (float64, bool) {
	n := v[0]
	for _, m := range v[1:] {
		n -= m
	}
	return max(n, 0), true
}

// share divides the first measure by the second, less all further ones.
func share(v []float64) (float64, bool) {
	n, _ := less(v[1:])
	return quotient([]float64{v[0], n})
}

// delivered divides what less leaves of the first measure by the first.
func delivered(v []float64) (float64, bool) {
	n, _ := less(v)
	return quotient([]float64{n, v[0]})
}

func campaignKPIs(all map[string]*kpi) {
	sent := func(m eventstore.Measure, more ...eventstore.Condition) count {
		return campaign("_campaign.send", m, append(more, with("campaign_send_status", "SUCCESS"))...)
	}
	bounced := func(m eventstore.Measure) count { return campaign("_email.hardbounce", m) }
	toAll := []count{sent(events), bounced(events)}
	define(all, "successful-delivery-rate", delivered, toAll, byDate)
	define(all, "successful-deliveries", less, toAll, "="+perMessage)
	define(all, "unique-deliveries", less, []count{sent(endpoints), bounced(endpoints)}, perMessage, byDate)
	define(all, "email-open-rate", share, []count{
		campaign("_email.open", endpoints).hourly(), sent(events, with("delivery_type", "EMAIL")), bounced(events),
	}, perMessage)
	define(all, "push-open-rate", share, []count{
		campaign("_campaign.opened_notification", endpoints).hourly(), sent(events, with("delivery_type", pushes...)),
	}, perMessage)
}

func emailKPIs(all map[string]*kpi) {
	mail := func(what string) count { return transactional("_email."+what, events) }
	lost := []count{mail("hardbounce"), mail("softbounce"), mail("rejected")}
	arrived := append([]count{mail("send")}, lost...)
	for name, c := range map[string]count{
		"sent": mail("send"), "hard-bounced": mail("hardbounce"), "soft-bounced": mail("softbounce"), "with-complaints": mail("complaint"),
		"opened": transactional("_email.open", endpoints).hourly(), "unique-opens": transactional("_email.open", endpoints),
		"clicked": transactional("_email.click", endpoints).hourly(), "unique-clicks": transactional("_email.click", endpoints),
	} {
		define(all, "txn-emails-"+name, first, []count{c}, byDate)
	}
	define(all, "txn-emails-delivered", less, arrived, byDate)
	define(all, "txn-emails-delivery-rate", delivered, arrived, byDate)
	define(all, "txn-emails-complaint-rate", share, []count{mail("complaint"), mail("send")}, byDate)
}

// finished are the records of text messages whose outcome is known: there is one
// of each message, after any number of _SMS.BUFFERED.
var finished = ofType("_SMS.SUCCESS", "_SMS.FAILURE")

func textKPIs(all map[string]*kpi) {
	sent := transactional("_SMS.SUCCESS", events)
	sent.where = append([]eventstore.Condition{finished}, sent.where[1:]...)
	arrived := transactional("_SMS.SUCCESS", events)
	spent := count{where: sent.where, measures: []eventstore.Measure{{Kind: eventstore.SumMetric, Metric: priceOf}}}
	define(all, "txn-sms-sent", first, []count{sent}, perNation, byDate)
	define(all, "txn-sms-delivered", first, []count{arrived}, perNation, byDate)
	define(all, "txn-sms-delivery-rate", quotient, []count{arrived, sent}, byDate)
	define(all, "txn-sms-sent-by-parts", first, []count{sent.by(parts)}, perNation)
	define(all, "txn-sms-delivered-by-parts", first, []count{arrived.by(parts)}, perNation)
	define(all, "txn-sms-total-price", first, []count{spent}, "="+perNation)
	define(all, "txn-sms-average-price", quotient, []count{spent, sent}, "="+perNation)
	define(all, "txn-sms-average-price-by-parts", quotient, []count{spent, sent.by(parts)}, "="+perNation)
	all["txn-sms-error-distribution"] = &kpi{
		original: true, interval: whole, limit: unlimited, by: []dimension{byStatus},
		answer: formula{counts: []count{transactional("_SMS.FAILURE", events)}, values: []value{{"TxnSmsErrorDistribution", first}}}.answer,
	}
}
