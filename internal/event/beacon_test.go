package event

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
)

// beacon sends a body as Amplify 5 does: to a URL that was presigned with the hash of the
// body, as plain text. tamper may change the body after that.
func (s *server) beacon(t *testing.T, keys aws.Credentials, app, body string, tamper func(string) string) (int, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/apps/"+app+"/events/legacy", nil)
	must(t, err)
	sum := sha256.Sum256([]byte(body))
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), keys, r, hex.EncodeToString(sum[:]), "mobiletargeting", region, s.clock.Now())
	must(t, err)
	r, err = http.NewRequestWithContext(t.Context(), http.MethodPost, signed, strings.NewReader(tamper(body)))
	must(t, err)
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	r.Header.Set("Origin", "https://shop.example.org")
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	answer.Body.Close()
	return answer.StatusCode, answer.Header
}

// TestBeacon: the end of a session that a page reports as it goes away is recorded like
// any other event, once, and only with a signature.
func TestBeacon(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	const body = `{"BatchItem":{"web":{"Endpoint":{},"Events":{"e-1":{"EventType":"_session.stop","Timestamp":"2026-03-01T09:15:30.120Z",
		"Session":{"Id":"s-1","Duration":30120,"StartTimestamp":"2026-03-01T09:15:00Z","StopTimestamp":"2026-03-01T09:15:30.120Z"}}}}}}`
	asIs := func(body string) string { return body }
	for range 2 { // a browser that got no answer may try again
		code, header := s.beacon(t, s.keys, app, body, asIs)
		if code != http.StatusAccepted || header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("answered %d with %v", code, header)
		}
	}
	got := s.recorded(t, app)
	if e := got["e-1"]; len(got) != 1 || e.Type != "_session.stop" || e.EndpointID != "web" || e.Session.Duration.Milliseconds() != 30120 {
		t.Errorf("recorded %+v", got)
	}
	if code, _ := s.beacon(t, s.keys, app, body, func(b string) string { return strings.ReplaceAll(b, "web", "wob") }); code != http.StatusForbidden {
		t.Errorf("another body than was signed for is answered with %d", code)
	}
	stranger := s.keys
	stranger.SecretAccessKey = "no"
	if code, _ := s.beacon(t, stranger, app, body, asIs); code != http.StatusForbidden {
		t.Errorf("another's signature is answered with %d", code)
	}
	if code, _ := s.beacon(t, s.keys, strings.Repeat("0", 32), body, asIs); code != http.StatusNotFound {
		t.Errorf("an unknown project is answered with %d", code)
	}
	if got := s.recorded(t, app); len(got) != 1 {
		t.Errorf("%d events are recorded", len(got))
	}
}

// TestResent: a client that missed the answer sends its events again. They are accepted
// again, and recorded once.
func TestResent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	const one = `"e-1":{"EventType":"cart","Timestamp":"2026-03-01T09:15:30.120Z","Attributes":{"a":"1"}}`
	const two = `"e-2":{"EventType":"cart","Timestamp":"2026-03-01T09:15:31.120Z"}`
	body := func(events string) string { return `{"BatchItem":{"web":{"Endpoint":{},"Events":{` + events + `}}}}` }
	for i, events := range []string{one, one, one + "," + two, two} {
		_, answered := s.accept(t, app, "web", body(events))
		for id, item := range answered {
			if item != yes {
				t.Errorf("request %d: %s is answered with %+v", i, id, item)
			}
		}
	}
	count, err := eventstoretest.CountTypes(t.Context(), s.log, eventstore.Filter{App: app})
	must(t, err)
	if len(count) != 1 || count["cart"] != 2 {
		t.Errorf("counted %v", count)
	}
	// What only has the same id is another event.
	s.accept(t, app, "web", body(strings.Replace(one, "30.120Z", "30.121Z", 1)))
	s.accept(t, app, "web", body(strings.Replace(one, "cart", "order", 1)))
	s.accept(t, app, "phone", strings.Replace(body(one), "web", "phone", 1))
	count, err = eventstoretest.CountTypes(t.Context(), s.log, eventstore.Filter{App: app})
	must(t, err)
	if len(count) != 2 || count["cart"]+count["order"] != 5 {
		t.Errorf("counted %v", count)
	}
}

// TestKinds: events of sessions and of sales are recorded with all that they say, early,
// late and from the future, each with when it happened and when it arrived.
func TestKinds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	_, answered := s.accept(t, app, "phone", `{"BatchItem":{"phone":{"Endpoint":{},"Events":{
		"start":{"EventType":"_session.start","Timestamp":"2026-03-01T09:15:00Z","Session":{"Id":"s-1","StartTimestamp":"2026-03-01T09:15:00Z"}},
		"pause":{"EventType":"_session.pause","Timestamp":"2026-03-01T09:16:00Z","Session":{"Id":"s-1","StartTimestamp":"2026-03-01T09:15:00Z"}},
		"stop":{"EventType":"_session.stop","Timestamp":"2026-03-01T09:17:00Z","Session":{"Id":"s-1","StartTimestamp":"2026-03-01T09:15:00Z","StopTimestamp":"2026-03-01T09:17:00Z","Duration":120000}},
		"sale":{"EventType":"_monetization.purchase","Timestamp":"2026-03-01T09:16:30Z","Attributes":{"_product_id":"p-1","_store":"Apple","_currency":"EUR","_item_price_formatted":"4,99 €","_transaction_id":"t-1"},
			"Metrics":{"_item_price":4.99,"_quantity":2}},
		"epoch":{"EventType":"late","Timestamp":"1970-01-01T00:00:00Z"},
		"never":{"EventType":"early","Timestamp":"9999-12-31T23:59:59.999Z"},
		"before":{"EventType":"late","Timestamp":"1969-12-31T23:59:59.999Z"},
		"after":{"EventType":"early","Timestamp":"9999-12-31T23:59:59-00:01"}}}}}`)
	got := s.recorded(t, app)
	for id, want := range map[string]string{
		"start": "2026-03-01T09:15:00Z", "pause": "2026-03-01T09:16:00Z", "stop": "2026-03-01T09:17:00Z", "sale": "2026-03-01T09:16:30Z",
		"epoch": "1970-01-01T00:00:00Z", "never": "9999-12-31T23:59:59.999Z",
	} {
		e := got[id]
		if e == nil || answered[id] != yes {
			t.Errorf("%s is answered with %+v", id, answered[id])
			continue
		}
		if e.Timestamp.Format(time.RFC3339Nano) != want || !e.Arrival.Equal(s.clock.Now().Truncate(time.Millisecond)) {
			t.Errorf("%s happened at %v and arrived at %v", id, e.Timestamp, e.Arrival)
		}
	}
	for _, id := range []string{"before", "after"} {
		if answered[id].StatusCode != http.StatusBadRequest || got[id] != nil {
			t.Errorf("%s is answered with %+v", id, answered[id])
		}
	}
	if e := got["stop"]; e.Session.Duration != 2*time.Minute || e.Session.Stop.Sub(e.Session.Start) != 2*time.Minute {
		t.Errorf("the session is %+v", e.Session)
	}
	if e := got["sale"]; e.Metrics["_item_price"] != 4.99 || e.Metrics["_quantity"] != 2 || e.Attributes["_item_price_formatted"] != "4,99 €" {
		t.Errorf("the sale is %+v", e)
	}
}
