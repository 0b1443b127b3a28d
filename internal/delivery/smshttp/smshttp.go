// Package smshttp delivers text messages through an HTTP service: the SMS channel
// of package delivery. By default it posts a small JSON document; a template
// makes the request of any other service.
package smshttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"text/template"
	"time"

	"pintail/internal/delivery"
)

// Settings say how text messages leave.
type Settings struct {
	URL            string
	From           string // sender of messages that do not name one; may be empty
	Template       string // text of the template, "" for the JSON document {"to", "text", "from"}
	Token          string // sent as a bearer token, where it is set
	User, Password string // sent as basic authentication, where they are set
}

// Channel posts messages to one service.
type Channel struct {
	settings Settings
	method   string
	header   http.Header
	body     *template.Template
	client   *http.Client
}

var _ delivery.Channel = (*Channel)(nil)

// timeout bounds one request.
const timeout = 20 * time.Second

// byDefault is the template of those who give none.
const byDefault = "POST\nContent-Type: application/json\n\n" +
	`{"to":{{json .To}},"text":{{json .Text}}{{if .From}},"from":{{json .From}}{{end}}}`

// fields are what a template may name.
type fields struct{ ID, To, Text, From string }

// New returns the channel. Its errors say what is wrong with the settings.
func New(s Settings) (*Channel, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("is not an https URL (http is for this machine only: people's codes would travel in clear)")
	}
	c := &Channel{settings: s, client: &http.Client{
		Timeout: timeout,
		// A redirection would take the credentials elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	text := s.Template
	if text == "" {
		text = byDefault
	}
	if err := c.parse(text); err != nil {
		return nil, err
	}
	_, err = c.render(fields{ID: "1", To: "+15555550100", Text: "test", From: "test"})
	return c, err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// parse reads a template: a line with the method, header lines, an empty line,
// and the body, which is a template of text/template with the function json.
func (c *Channel) parse(text string) error {
	head, body, found := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	lines := strings.Split(head, "\n")
	c.method, c.header = strings.TrimSpace(lines[0]), make(http.Header)
	if !found || c.method != http.MethodPost && c.method != http.MethodPut && c.method != http.MethodPatch {
		return errors.New("the template must begin with a line POST, PUT or PATCH, then have header lines, an empty line, and the body")
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("the template's line %q is not a header", line)
		}
		c.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	var err error
	c.body, err = template.New("body").Funcs(template.FuncMap{"json": quote}).Option("missingkey=error").Parse(strings.TrimRight(body, "\n"))
	if err != nil {
		return fmt.Errorf("the template's body: %w", err)
	}
	return nil
}

// quote is a text as JSON.
func quote(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}

func (c *Channel) render(f fields) ([]byte, error) {
	var body bytes.Buffer
	if err := c.body.Execute(&body, f); err != nil {
		return nil, fmt.Errorf("the template's body: %w", err)
	}
	return body.Bytes(), nil
}

// Deliver implements delivery.Channel.
func (c *Channel) Deliver(ctx context.Context, m delivery.Message) error {
	f := fields{ID: m.ID, To: m.To, Text: m.Body, From: c.settings.From}
	if m.From != "" {
		f.From = m.From
	}
	body, err := c.render(f)
	if err != nil {
		return delivery.Permanent(err)
	}
	r, err := http.NewRequestWithContext(ctx, c.method, c.settings.URL, bytes.NewReader(body))
	if err != nil {
		return delivery.Permanent(errors.New("the request could not be made"))
	}
	r.Header = c.header.Clone()
	switch {
	case c.settings.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.settings.Token)
	case c.settings.User != "":
		r.SetBasicAuth(c.settings.User, c.settings.Password)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	return judge(answer)
}

// withoutURL is the cause of a failed request. The URL around it may hold keys.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// judge tells what an answer means: 2xx has taken the message, 5xx and what asks
// for patience may be tried again, all else would be refused again.
func judge(answer *http.Response) error {
	if answer.StatusCode/100 == 2 {
		// Read to its end, so that the connection can be used again; the message has been taken.
		_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
	err := fmt.Errorf("the service answered %s: %s", answer.Status, text)
	switch code := answer.StatusCode; {
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return err
	}
	return delivery.Permanent(err)
}
