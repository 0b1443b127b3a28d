package idp_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

// metadataServer serves a metadata document and counts who comes.
func metadataServer(t *testing.T, start func(http.Handler) *httptest.Server) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	document := idptest.NewSAML(t, nil).Metadata()
	came := new(atomic.Int32)
	mux := http.NewServeMux()
	mux.HandleFunc("/metadata", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, document) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/metadata", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "//"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1)+"/metadata", http.StatusFound)
	})
	mux.HandleFunc("/port", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/metadata", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/user", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://user:pw@"+r.Host+"/metadata", http.StatusFound)
	})
	mux.HandleFunc("/secure", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+"/metadata", http.StatusFound)
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came.Add(1)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server, came
}

func TestFetch(t *testing.T) {
	t.Parallel()
	server, _ := metadataServer(t, httptest.NewServer)
	v := validator(t, new(clock.Clock))
	hurried := validator(t, new(clock.Clock), func(c *idp.Config) { c.Fetch.Timeout = 300 * time.Millisecond })
	host := strings.TrimPrefix(server.URL, "http://")
	for address, good := range map[string]bool{
		server.URL + "/metadata": true, server.URL + "/moved": true,
		"http://localhost:" + host[strings.LastIndexByte(host, ':')+1:] + "/metadata": true,
		server.URL + "/round": false, server.URL + "/away": false, server.URL + "/port": false, server.URL + "/file": false,
		server.URL + "/user": false, server.URL + "/slow": false, server.URL + "/missing": false,
		"http://user:pw@" + host + "/metadata": false, "file:///etc/passwd": false, "ftp://" + host + "/metadata": false,
		"//" + host + "/metadata": false, "": false, "http://": false, "http://%zz": false, "gopher://" + host: false,
	} {
		v := v
		if strings.HasSuffix(address, "/slow") {
			v = hurried
		}
		m, err := v.FetchSAMLMetadata(context.Background(), address)
		if good && (err != nil || m.EntityID != "https://idp.example.com/saml/metadata") {
			t.Errorf("%s: %v, %v", address, m, err)
		}
		if !good {
			wants(t, err, idp.ErrUnreachable)
		}
	}
}

// A redirect is refused before it is followed.
func TestFetchRedirects(t *testing.T) {
	t.Parallel()
	server, came := metadataServer(t, httptest.NewServer)
	v := validator(t, new(clock.Clock))
	for path, requests := range map[string]int32{"/away": 1, "/port": 1, "/file": 1, "/user": 1, "/secure": 1, "/round": 4} {
		before := came.Load()
		_, err := v.FetchSAMLMetadata(context.Background(), server.URL+path)
		wants(t, err, idp.ErrUnreachable)
		if err == nil || !strings.Contains(err.Error(), "redirected") || came.Load()-before != requests {
			t.Errorf("%s: %d requests, %v", path, came.Load()-before, err)
		}
	}
}

// Without leave nothing on this machine is connected to, whatever its name.
func TestFetchStaysOut(t *testing.T) {
	t.Parallel()
	plain, cameplain := metadataServer(t, httptest.NewServer)
	secure, camesecure := metadataServer(t, httptest.NewTLSServer)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	fetch := func(c idp.FetchConfig, address string) error {
		t.Helper()
		c.RootCAs = roots
		v, err := idp.New(idp.Config{Fetch: c})
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		_, err = v.FetchSAMLMetadata(context.Background(), address)
		return err
	}
	port := secure.URL[strings.LastIndexByte(secure.URL, ':'):]
	for _, address := range []string{
		plain.URL, secure.URL, "https://localhost" + port, "https://127.1" + port, "https://[::1]" + port, "https://[::ffff:127.0.0.1]" + port,
		"https://2130706433" + port, "https://0.0.0.0" + port,
	} {
		wants(t, fetch(idp.FetchConfig{}, address+"/metadata"), idp.ErrUnreachable)
	}
	// Leave for a host or network is no leave for plain http.
	wants(t, fetch(idp.FetchConfig{Allow: []string{"127.0.0.0/8", "localhost"}}, plain.URL+"/metadata"), idp.ErrUnreachable)
	if n := cameplain.Load() + camesecure.Load(); n != 0 {
		t.Errorf("%d requests came through", n)
	}
	for _, c := range []idp.FetchConfig{{Allow: []string{"127.0.0.1"}}, {Allow: []string{"127.0.0.0/8"}}, {AllowLoopback: true}} {
		if err := fetch(c, secure.URL+"/metadata"); err != nil {
			t.Error(err)
		}
	}
	if err := fetch(idp.FetchConfig{AllowLoopback: true}, plain.URL+"/metadata"); err != nil {
		t.Error(err)
	}
	if n := cameplain.Load() + camesecure.Load(); n != 4 {
		t.Errorf("%d requests came through", n)
	}
}

func TestFetchDistrustsCertificates(t *testing.T) {
	t.Parallel()
	secure, _ := metadataServer(t, httptest.NewTLSServer)
	v := validator(t, new(clock.Clock))
	_, err := v.FetchSAMLMetadata(context.Background(), secure.URL+"/metadata")
	wants(t, err, idp.ErrUnreachable)
}

// An issuer's own documents cannot lead to where its URL could not.
func TestKeysCannotBeElsewhereInside(t *testing.T) {
	t.Parallel()
	inside, came := metadataServer(t, httptest.NewServer)
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL, inside.URL+"/keys")
	})
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	v, err := idp.New(idp.Config{Fetch: idp.FetchConfig{Allow: []string{"127.0.0.1"}, RootCAs: roots}})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	p := idptest.NewOIDC(t, nil, "ES256")
	p.Misspelled = server.URL
	_, err = v.OIDC(context.Background(), idp.OIDCProvider{Issuer: server.URL, Clients: idp.Clients{Any: true}}, p.Token("app", "anna"))
	wants(t, err, idp.ErrUnreachable)
	if came.Load() != 0 {
		t.Error("plain http inside was fetched")
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]idp.Config{
		"a URL for a host": {Fetch: idp.FetchConfig{Allow: []string{"https://idp.internal"}}},
		"a host for a URL": {Google: "accounts.google.com"}, "a query": {Apple: "https://appleid.apple.com/?a=b"},
		"a user": {Facebook: "https://user@graph.facebook.com"}, "another scheme": {Amazon: "ftp://api.amazon.com"},
	} {
		if _, err := idp.New(config); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
