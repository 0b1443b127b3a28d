package smshttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pintail/internal/delivery"
	"pintail/internal/delivery/smshttp"
)

var hello = delivery.Message{ID: "0001", Channel: delivery.SMS, To: "+15555550100", Body: "Your code \"is\"\n123456 & ü"}

// request is what the service saw.
type request struct {
	method, auth, kind, body string
}

// service answers every request with a status, and shows it.
func service(t *testing.T, status int, answer string) (address string, seen chan request) {
	t.Helper()
	seen = make(chan request, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen <- request{r.Method, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(body)}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func TestRequests(t *testing.T) {
	t.Parallel()
	form := url.Values{"To": {hello.To}, "From": {"Shop"}, "Body": {hello.Body}}
	for name, test := range map[string]struct {
		settings smshttp.Settings
		from     string
		want     request
	}{
		"by default": {
			smshttp.Settings{}, "",
			request{"POST", "", "application/json", `{"to":"+15555550100","text":"Your code \"is\"\n123456 \u0026 ü"}`},
		},
		"with a token and a sender": {
			smshttp.Settings{Token: "t0ken", From: "Shop"}, "",
			request{"POST", "Bearer t0ken", "application/json", `{"to":"+15555550100","text":"Your code \"is\"\n123456 \u0026 ü","from":"Shop"}`},
		},
		"the message's own sender": {
			smshttp.Settings{From: "Shop"}, "Other",
			request{"POST", "", "application/json", `{"to":"+15555550100","text":"Your code \"is\"\n123456 \u0026 ü","from":"Other"}`},
		},
		"a form": {
			smshttp.Settings{User: "AC1", Password: "pw", From: "Shop", Template: "PUT\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n" +
				"Body={{.Text | urlquery}}&From={{.From | urlquery}}&To={{.To | urlquery}}\n"}, "",
			request{"PUT", "Basic QUMxOnB3", "application/x-www-form-urlencoded", form.Encode()},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, seen := service(t, 202, "queued")
			test.settings.URL = address
			c, err := smshttp.New(test.settings)
			if err != nil {
				t.Fatal(err)
			}
			m := hello
			m.From = test.from
			if err := c.Deliver(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if got := <-seen; got != test.want {
				t.Errorf("sent %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for status, permanent := range map[int]bool{
		302: true, 400: true, 401: true, 404: true, 422: true,
		408: false, 425: false, 429: false, 500: false, 503: false,
	} {
		address, seen := service(t, status, "because")
		c, err := smshttp.New(smshttp.Settings{URL: address + "?key=s3cret", Token: "t0ken"})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Deliver(t.Context(), hello)
		if err == nil || delivery.IsPermanent(err) != permanent || !strings.Contains(err.Error(), "because") || len(seen) != 1 {
			t.Errorf("%d: %v, permanent %t, %d requests", status, err, delivery.IsPermanent(err), len(seen))
		}
	}
}

// A service that is not there may come back; what is in the URL stays there.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	c, err := smshttp.New(smshttp.Settings{URL: "http://127.0.0.1:1/?key=s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Deliver(t.Context(), hello); err == nil || delivery.IsPermanent(err) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Deliver(ended, hello); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	const secure = "https://sms.example.org/"
	for name, test := range map[string]struct {
		settings smshttp.Settings
		want     string
	}{
		"no URL":            {smshttp.Settings{URL: "sms.example.org"}, "is not an https URL"},
		"in clear":          {smshttp.Settings{URL: "http://sms.example.org"}, "is not an https URL"},
		"no method":         {smshttp.Settings{URL: secure, Template: "To={{.To}}"}, "must begin with a line POST"},
		"no body":           {smshttp.Settings{URL: secure, Template: "POST\nA: b\n"}, "must begin with a line POST"},
		"no header":         {smshttp.Settings{URL: secure, Template: "POST\nhello\n\nx"}, `"hello" is not a header`},
		"broken template":   {smshttp.Settings{URL: secure, Template: "POST\n\n{{.To"}, "the template's body"},
		"unknown member":    {smshttp.Settings{URL: secure, Template: "POST\n\n{{.Phone}}"}, "the template's body"},
		"unknown functions": {smshttp.Settings{URL: secure, Template: "POST\n\n{{shout .To}}"}, "the template's body"},
	} {
		if _, err := smshttp.New(test.settings); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
