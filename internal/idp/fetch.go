package idp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits on what a provider answers.
const (
	maxDocument  = 512 << 10 // bytes of a discovery document, a key set, an API's answer
	maxMetadata  = 2 << 20   // bytes of a SAML metadata document
	maxRedirects = 3

	defaultTimeout = 5 * time.Second
)

// FetchConfig says what may be fetched from. The zero value is https to public
// addresses.
type FetchConfig struct {
	// Allow names what may be connected to although it is not public: host names,
	// addresses, and networks in CIDR form.
	Allow []string
	// AllowLoopback lets providers, and what their documents name, be on this machine, and
	// there without TLS. It is for development and tests.
	AllowLoopback bool
	// RootCAs are the authorities that providers' certificates come from. Nil: the
	// system's.
	RootCAs *x509.CertPool
	// Timeout bounds one request, body included. Zero: five seconds.
	Timeout time.Duration
}

// fetcher is the one way out. It uses no proxy, because a proxy would connect to
// addresses that nobody has judged.
type fetcher struct {
	loopback bool
	timeout  time.Duration
	secure   *http.Transport
	plain    *http.Transport // never leaves this machine
}

func newFetcher(c FetchConfig) (*fetcher, error) {
	g, err := newGuard(c.Allow, c.AllowLoopback)
	if err != nil {
		return nil, err
	}
	f := &fetcher{loopback: c.AllowLoopback, timeout: c.Timeout}
	if f.timeout <= 0 {
		f.timeout = defaultTimeout
	}
	transport := func(plain bool) *http.Transport {
		return &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				host, _, err := net.SplitHostPort(address)
				if err != nil {
					return nil, err
				}
				d := net.Dialer{Timeout: f.timeout, Control: g.control(host, plain)}
				return d.DialContext(ctx, network, address)
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs},
			TLSHandshakeTimeout:    f.timeout,
			ResponseHeaderTimeout:  f.timeout,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // so that the limit on a body is also one on what it unfolds to
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    2,
			MaxConnsPerHost:        32,
			IdleConnTimeout:        time.Minute,
		}
	}
	f.secure, f.plain = transport(false), transport(true)
	return f, nil
}

func (f *fetcher) close() {
	f.secure.CloseIdleConnections()
	f.plain.CloseIdleConnections()
}

// RoundTrip chooses the transport by the scheme, so that neither a configured URL nor a
// redirect can ask for another.
func (f *fetcher) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case r.URL.Scheme == "https":
		return f.secure.RoundTrip(r)
	case r.URL.Scheme == "http" && f.loopback:
		return f.plain.RoundTrip(r)
	}
	return nil, errors.New("only https may be fetched from")
}

// answer is what a provider answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// document fetches a public document, and follows redirects on the same host.
func (f *fetcher) document(ctx context.Context, address string, most int64) (answer, error) {
	got, err := f.get(ctx, address, most, sameHost)
	if err == nil && got.status != http.StatusOK {
		err = refuse(ErrUnreachable, "%s answered with status %d", shown(address), got.status)
	}
	return got, err
}

// ask sends a question whose URL holds a secret: it follows no redirect, and its errors
// name the endpoint only.
func (f *fetcher) ask(ctx context.Context, endpoint string, query url.Values) (answer, error) {
	got, err := f.get(ctx, endpoint+"?"+query.Encode(), maxDocument, func(*http.Request, []*http.Request) error {
		return errRedirect
	})
	var refused *Error
	if errors.As(err, &refused) {
		refused.Detail = without(refused.Detail, query)
	}
	return got, err
}

// without takes the values of a query out of a text, in which an ill-willed answer may
// have repeated them.
func without(text string, query url.Values) string {
	for _, values := range query {
		for _, v := range values {
			if v != "" {
				text = strings.NewReplacer(v, "…", url.QueryEscape(v), "…").Replace(text)
			}
		}
	}
	return text
}

var errRedirect = errors.New("redirected to where it is not followed")

func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if len(before) > maxRedirects || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host || next.URL.User != nil {
		return errRedirect
	}
	return nil
}

func (f *fetcher) get(ctx context.Context, address string, most int64, redirects func(*http.Request, []*http.Request) error) (answer, error) {
	bounded, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(bounded, http.MethodGet, address, nil)
	if err != nil || request.URL.User != nil || request.URL.Hostname() == "" {
		return answer{}, refuse(ErrUnreachable, "not a URL that can be fetched")
	}
	endpoint := request.URL.Scheme + "://" + request.URL.Host + request.URL.Path
	request.Header.Set("Accept", "application/json, application/samlmetadata+xml;q=0.9, */*;q=0.1")
	request.Header.Set("User-Agent", "Pintail")
	client := http.Client{Transport: f, CheckRedirect: redirects}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, unreachable(ctx, endpoint, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return answer{}, unreachable(ctx, endpoint, err)
	}
	if int64(len(body)) > most {
		return answer{}, refuse(ErrUnreachable, "%s answered with more than %d bytes", shown(endpoint), most)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// unreachable hides the URL that the error of an HTTP client tells, which may hold a
// token.
func unreachable(ctx context.Context, endpoint string, err error) *Error {
	var told *url.Error
	if errors.As(err, &told) {
		err = told.Err
	}
	e := refuse(ErrUnreachable, "%s: %v", shown(endpoint), err)
	e.cause = ctx.Err()
	return e
}
