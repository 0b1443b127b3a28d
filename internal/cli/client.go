package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"pintail/internal/app"
	"pintail/internal/sigv4"
)

// target says which server a verb talks to.
type target struct {
	Data string `help:"The server's data folder." default:"pintail-data" type:"path" env:"PINTAIL_DATA" placeholder:"FOLDER"`
	URL  string `help:"The server, when its data folder does not tell." env:"PINTAIL_URL" placeholder:"URL"`
}

// client calls the running server as its root user.
type client struct {
	app.Running
	credentials app.Credentials
	http        *http.Client
}

// connect finds the running server of a data folder and its root access key.
func (t *target) connect() (*client, error) {
	c := &client{http: &http.Client{Timeout: 10 * time.Minute}}
	running, err := app.ReadRunning(t.Data)
	switch {
	case err == nil:
		c.Running = running
	case errors.Is(err, fs.ErrNotExist) && t.URL == "":
		return nil, fmt.Errorf("no server runs on %s. Start one with: pintail start --data %s", t.Data, t.Data)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if t.URL != "" {
		c.Running.URL = t.URL
	}
	c.credentials, err = app.ReadCredentials(t.Data)
	if err != nil {
		return nil, fmt.Errorf("the root access key of this server is not in %s: %w", filepath.Join(t.Data, app.CredentialsFile), err)
	}
	return c, c.trust()
}

// trust makes the client accept the certificate that the server was started
// with, which on a laptop no authority has signed.
func (c *client) trust() error {
	if c.Certificate == "" {
		return nil
	}
	text, err := os.ReadFile(c.Certificate)
	if err != nil {
		return fmt.Errorf("the server's certificate cannot be read: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(text)
	c.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return nil
}

// get asks one of the server's own paths (/_pintail/...).
func (c *client) get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, app.SigningName, nil, nil, out)
}

// post tells one of the server's own paths to do something.
func (c *client) post(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodPost, path, app.SigningName, nil, nil, out)
}

// call runs an operation of a JSON service.
func (c *client) call(ctx context.Context, service, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	h := http.Header{"X-Amz-Target": {action}, "Content-Type": {"application/x-amz-json-1.1"}}
	return c.do(ctx, http.MethodPost, "/", service, h, body, out)
}

// tell has one of the server's own paths work on a document.
func (c *client) tell(ctx context.Context, path string, in, out any) error {
	return c.rest(ctx, http.MethodPost, path, app.SigningName, in, out)
}

// stream asks one of the server's own paths for an answer of any length, which the
// caller closes.
func (c *client) stream(ctx context.Context, method, path string, h http.Header, body []byte) (io.ReadCloser, error) {
	answer, err := c.send(ctx, &http.Client{Transport: c.http.Transport}, method, path, app.SigningName, h, body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 {
		defer answer.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		return nil, refusalOf(answer.StatusCode, text)
	}
	return answer.Body, nil
}

// unreachable says that nobody answers.
type unreachable struct {
	url string
	error
}

func (e *unreachable) Error() string {
	return fmt.Sprintf("the server at %s does not answer (%v). Is it running? Try: pintail status", e.url, e.error)
}

func (e *unreachable) Unwrap() error { return e.error }

// send signs a request and sends it.
func (c *client) send(ctx context.Context, by *http.Client, method, path, service string, h http.Header, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range h {
		r.Header[name] = values
	}
	sigv4.Sign(r, body, sigv4.Credentials{AccessKeyID: c.credentials.AccessKeyID, Secret: c.credentials.Secret}, c.Region, service, time.Now())
	answer, err := by.Do(r)
	if err != nil {
		return nil, &unreachable{c.URL, err}
	}
	return answer, nil
}

// presign returns the URL of a path that anybody may get for a time.
func (c *client) presign(path string, life time.Duration) string {
	r, err := http.NewRequest(http.MethodGet, c.URL+path, nil)
	if err != nil {
		return ""
	}
	key := sigv4.Credentials{AccessKeyID: c.credentials.AccessKeyID, Secret: c.credentials.Secret}
	return sigv4.Presign(r, key, c.Region, app.SigningName, time.Now(), life).String()
}

func (c *client) do(ctx context.Context, method, path, service string, h http.Header, body []byte, out any) error {
	answer, err := c.send(ctx, c.http, method, path, service, h, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return refusalOf(answer.StatusCode, text)
	}
	switch {
	case out == nil || len(text) == 0:
		return nil
	case answer.Header.Get("Content-Type") == "text/xml":
		return xml.Unmarshal(text, out)
	}
	return json.Unmarshal(text, out)
}

// refusal is what the server answers when it does not do what was asked.
type refusal struct {
	Status  int
	Message string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("the server refused (%d): %s", r.Status, r.Message)
}

// refusalOf reads the text of a refusal, in whatever form the protocol has it.
func refusalOf(status int, text []byte) error {
	var fromJSON struct{ Message string }
	var fromXML struct {
		Message string `xml:"Error>Message"`
	}
	switch {
	case json.Unmarshal(text, &fromJSON) == nil && fromJSON.Message != "":
		return &refusal{status, fromJSON.Message}
	case xml.Unmarshal(text, &fromXML) == nil && fromXML.Message != "":
		return &refusal{status, fromXML.Message}
	}
	return &refusal{status, string(text)}
}

// isAbsent tells whether the server said that something does not exist.
func isAbsent(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.Status == http.StatusNotFound
}

// rest runs an operation of a REST service.
func (c *client) rest(ctx context.Context, method, path, service string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return c.do(ctx, method, path, service, http.Header{"Content-Type": {"application/json"}}, body, out)
}

// query runs an operation of a Query service; out is read from XML.
func (c *client) query(ctx context.Context, service, version, action string, form url.Values, out any) error {
	form.Set("Action", action)
	form.Set("Version", version)
	return c.do(ctx, http.MethodPost, "/", service, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()), out)
}
