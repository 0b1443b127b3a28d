package smtp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	wire "github.com/emersion/go-smtp"

	"pintail/internal/delivery"
	"pintail/internal/delivery/smtp"
	"pintail/internal/testkit/mailtest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var hello = delivery.Message{ID: "0001", Time: noon, Channel: delivery.Email, To: "ada@example.org", Subject: "Your code", Body: "It is 123456"}

const shop = "The Shop <shop@example.com>"

// channel returns a channel to a server.
func channel(t *testing.T, s *mailtest.Server, o mailtest.Options, change ...func(*smtp.Settings)) *smtp.Channel {
	t.Helper()
	settings := smtp.Settings{Host: "127.0.0.1", Port: s.Port, Implicit: o.Implicit, Plain: o.Plain, From: shop}
	settings.TLS = &tls.Config{RootCAs: s.Roots}
	if o.Auth {
		settings.User, settings.Password = mailtest.User, mailtest.Password
	}
	for _, f := range change {
		f(&settings)
	}
	c, err := smtp.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func deliver(t *testing.T, c *smtp.Channel, m delivery.Message) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return c.Deliver(ctx, m)
}

// parse reads a mail as a reader of mail would.
func parse(t *testing.T, text string) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func decoded(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(quotedprintable.NewReader(r))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))
}

func TestEveryWayIn(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mailtest.Options{
		"STARTTLS":              {},
		"STARTTLS and AUTH":     {Auth: true},
		"implicit TLS":          {Implicit: true},
		"implicit TLS and AUTH": {Implicit: true, Auth: true},
		"no TLS":                {Plain: true},
		"no TLS and AUTH":       {Plain: true, Auth: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, o)
			c := channel(t, s, o)
			for range 3 {
				if err := deliver(t, c, hello); err != nil {
					t.Fatal(err)
				}
				got := <-s.Mails
				if got.From != "shop@example.com" || got.To != "ada@example.org" || got.TLS == o.Plain || (got.User != "") != o.Auth || got.Conn != 1 {
					t.Errorf("%+v", got)
				}
				m := parse(t, got.Text)
				for header, want := range map[string]string{
					"From": `"The Shop" <shop@example.com>`, "To": "<ada@example.org>", "Subject": "Your code",
					"Message-Id": "<0001@example.com>", "Date": "Sat, 21 Nov 2026 12:00:00 +0000", "Auto-Submitted": "auto-generated",
				} {
					if got := m.Header.Get(header); got != want {
						t.Errorf("%s: %s, want %s", header, got, want)
					}
				}
				if body := decoded(t, m.Body); body != "It is 123456" {
					t.Errorf("body %q", body)
				}
			}
		})
	}
}

// A server that offers no encryption, or whose certificate nobody vouches for,
// gets neither password nor message.
func TestInsistsOnTLS(t *testing.T) {
	t.Parallel()
	plain := mailtest.Start(t, mailtest.Options{Plain: true, Auth: true})
	strange := mailtest.Start(t, mailtest.Options{Auth: true})
	for name, c := range map[string]*smtp.Channel{
		"no STARTTLS":         channel(t, plain, mailtest.Options{Auth: true}),
		"unknown certificate": channel(t, strange, mailtest.Options{Auth: true}, func(s *smtp.Settings) { s.TLS = nil }),
	} {
		err := deliver(t, c, hello)
		if err == nil || isPermanent(err) || len(plain.Mails)+len(strange.Mails) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := channel(t, strange, mailtest.Options{Auth: true}, func(s *smtp.Settings) { s.Password = "guess-me-not" })
	if err := deliver(t, wrong, hello); err == nil || strings.Contains(err.Error(), "guess-me-not") {
		t.Errorf("a wrong password: %v", err)
	}
}

// isPermanent tells whether the dispatcher would give a message up.
func isPermanent(err error) bool { return delivery.IsPermanent(err) }

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options   mailtest.Options
		want      string
		permanent bool
	}{
		"no such mailbox": {mailtest.Options{Refuse: refuse(550, "no such mailbox")}, `550 "no such mailbox"`, true},
		"greylisted":      {mailtest.Options{Refuse: refuse(451, "come back later")}, `451 "come back later"`, false},
		"spam": {mailtest.Options{Took: func(string, *wire.Conn) error {
			return &wire.SMTPError{Code: 554, EnhancedCode: wire.NoEnhancedCode, Message: "this is spam"}
		}}, `554 "this is spam"`, true},
		"overloaded": {mailtest.Options{Took: func(string, *wire.Conn) error {
			return &wire.SMTPError{Code: 452, EnhancedCode: wire.NoEnhancedCode, Message: "disk full"}
		}}, `452 "disk full"`, false},
		"hangs up in the middle": {mailtest.Options{Refuse: func(_ string, c *wire.Conn) error { c.Conn().Close(); return nil }}, "", false},
		"hangs up at the end":    {mailtest.Options{Took: func(_ string, c *wire.Conn) error { c.Conn().Close(); return nil }}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, test.options)
			err := deliver(t, channel(t, s, test.options), hello)
			if err == nil || !strings.Contains(err.Error(), test.want) || isPermanent(err) != test.permanent {
				t.Errorf("%v, permanent %t", err, isPermanent(err))
			}
		})
	}
	gone, err := smtp.New(smtp.Settings{Host: "127.0.0.1", Port: 1, Plain: true, From: shop})
	if err != nil {
		t.Fatal(err)
	}
	if err := deliver(t, gone, hello); err == nil || isPermanent(err) {
		t.Errorf("nobody listens: %v", err)
	}
}

func refuse(code int, text string) func(string, *wire.Conn) error {
	return func(string, *wire.Conn) error {
		return &wire.SMTPError{Code: code, EnhancedCode: wire.NoEnhancedCode, Message: text}
	}
}

// A connection that the server closed while it was idle costs nobody a message.
func TestReconnects(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	c := channel(t, s, mailtest.Options{})
	for number := 1; number <= 3; number++ {
		if err := deliver(t, c, hello); err != nil {
			t.Fatal(err)
		}
		if got := <-s.Mails; got.Conn != number {
			t.Errorf("mail %d came by connection %d", number, got.Conn)
		}
		s.HangUp()
	}
}

// What people choose stays where it belongs.
func TestHeaderInjection(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	c := channel(t, s, mailtest.Options{})
	for name, change := range map[string]func(*delivery.Message){
		"two recipients":   func(m *delivery.Message) { m.To = "ada@example.org, eve@example.org" },
		"line in to":       func(m *delivery.Message) { m.To = "ada@example.org\r\nBcc: eve@example.org" },
		"command in to":    func(m *delivery.Message) { m.To = "ada@example.org>\r\nRCPT TO:<eve@example.org" },
		"quoted line":      func(m *delivery.Message) { m.To = "\"a\r\nBcc: eve@example.org\"@example.org" },
		"line in from":     func(m *delivery.Message) { m.From = "shop@example.com\nBcc: eve@example.org" },
		"line in reply-to": func(m *delivery.Message) { m.ReplyTo = "shop@example.com\rBcc: eve@example.org" },
		"encoded line":     func(m *delivery.Message) { m.From = "=?utf-8?q?Shop=0D=0ABcc:_eve@example.org?= <shop@example.com>" },
		"no address":       func(m *delivery.Message) { m.To = "" },
	} {
		m := hello
		change(&m)
		if err := deliver(t, c, m); !isPermanent(err) || len(s.Mails) != 0 {
			t.Errorf("%s: %v, %d mails", name, err, len(s.Mails))
		}
	}
	m := hello
	m.Subject = "Hi\r\nBcc: eve@example.org\r\n\r\nbuy"
	m.Body = ".\r\nRCPT TO:<eve@example.org>\r\n.\r\nQUIT\r\n"
	if err := deliver(t, c, m); err != nil {
		t.Fatal(err)
	}
	got := parse(t, (<-s.Mails).Text)
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != "Hi  Bcc: eve@example.org    buy" || got.Header.Get("Bcc") != "" {
		t.Errorf("subject %q, headers %v, %v", subject, got.Header, err)
	}
	if body := decoded(t, got.Body); body != ".\nRCPT TO:<eve@example.org>\n.\nQUIT" {
		t.Errorf("body %q", body)
	}
}

func TestTextOfTheWorld(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	c := channel(t, s, mailtest.Options{})
	m := hello
	m.Subject, m.Body = "Ihr Schlüssel für die 商店 🦆", strings.Repeat("Grüße ", 300)
	m.From, m.ReplyTo = "Größe & Söhne <shop@example.net>", "help@example.net"
	if err := deliver(t, c, m); err != nil {
		t.Fatal(err)
	}
	mails := <-s.Mails
	for line := range strings.Lines(mails.Text) {
		if len(line) > 1000 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("a line is not for every mail server: %q", line)
		}
	}
	got := parse(t, mails.Text)
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	from, err2 := mail.ParseAddress(got.Header.Get("From"))
	if err := errors.Join(err, err2); err != nil || subject != m.Subject || from.Name != "Größe & Söhne" || got.Header.Get("Reply-To") != "<help@example.net>" || mails.From != "shop@example.net" {
		t.Errorf("%q %v %v %v", subject, from, got.Header, err)
	}
	if body := decoded(t, got.Body); body != strings.TrimSpace(m.Body) {
		t.Errorf("body %q", body)
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	c := channel(t, s, mailtest.Options{})
	m := hello
	m.Body = `<html><head><title>x</title><style>p{color:red}</style></head><body><p>Hello &amp; welcome,<br>your code is <b>1&lt;2</b>.</p>` +
		"\n<p><a class=\"x\" href=\"https://example.org/c?a=1&amp;b=2\">Confirm</a></p></body></html>"
	if err := deliver(t, c, m); err != nil {
		t.Fatal(err)
	}
	got := parse(t, (<-s.Mails).Text)
	kind, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(got.Body, params["boundary"])
	for _, want := range []struct{ kind, body string }{
		{"text/plain; charset=UTF-8", "Hello & welcome,\nyour code is 1<2.\n\nConfirm (https://example.org/c?a=1&b=2)"},
		{"text/html; charset=UTF-8", m.Body},
	} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if body := decoded(t, part); part.Header.Get("Content-Type") != want.kind || body != want.body {
			t.Errorf("%s %q, want %s %q", part.Header.Get("Content-Type"), body, want.kind, want.body)
		}
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]smtp.Settings{
		"smtp://mail.example.org":                    {Host: "mail.example.org", Port: 587},
		"smtps://mail.example.org":                   {Host: "mail.example.org", Port: 465, Implicit: true},
		"smtp://me%40x:p%40ss@mail.example.org:2525": {Host: "mail.example.org", Port: 2525, User: "me@x", Password: "p@ss"},
		"smtp://[::1]:25?tls=none":                   {Host: "::1", Port: 25, Plain: true},
	} {
		want.From = shop
		if got, err := smtp.ParseURL(text, shop); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"mail.example.org:587":                        "is not a URL",
		"http://mail.example.org":                     "is not a URL",
		"smtp://u:hunter2@mail.example.org:x":         "is not a URL",
		"smtp://u:hunter2@mail.example.org:0":         "has no port",
		"smtp://u:hunter2@mail.example.org?tls=none":  "on this machine only",
		"smtp://u:hunter2@mail.example.org?tls=maybe": "there is only tls=none",
		"smtps://u:hunter2@localhost?tls=none":        "both smtps and tls=none",
	} {
		if _, err := smtp.ParseURL(text, shop); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := smtp.ParseURL("smtp://mail.example.org", ""); err == nil || !strings.Contains(err.Error(), "--mail-from") {
		t.Errorf("no sender: %v", err)
	}
}
