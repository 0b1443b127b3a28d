package app_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pintail/internal/app"
	"pintail/internal/config"
	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

// ask sends a request to one of the server's own paths and returns its status
// and body.
func ask(t *testing.T, s *testkit.Server, method, path string, change func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(testkit.Context(t), method, s.URL()+path, nil)
	must(t, err)
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, string(text)
}

func signedBy(k testkit.Keys, service string) func(*http.Request) {
	return func(r *http.Request) {
		sigv4.Sign(r, nil, sigv4.Credentials{AccessKeyID: k.ID, Secret: k.Secret, Token: k.Token}, testkit.Region, service, time.Now())
	}
}

// The owner's paths are the owner's: not a stranger's, not a guest's, not a
// page's, and not for a signature that was made for something else.
func TestOwnersPaths(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	_, guest, err := s.Visitor(testkit.Context(t), p, "", testkit.Tokens{})
	must(t, err)
	forged := s.RootKeys()
	forged.Secret = "another"
	for _, path := range []string{"/_pintail/status", "/_pintail/outbox", "/_pintail/apps/" + p.App + "/activity"} {
		for name, test := range map[string]struct {
			change func(*http.Request)
			status int
		}{
			"nobody":              {nil, 403},
			"a guest":             {signedBy(guest, app.SigningName), 403},
			"a forger":            {signedBy(forged, app.SigningName), 403},
			"root, for something": {signedBy(s.RootKeys(), "sts"), 403},
			"root":                {signedBy(s.RootKeys(), app.SigningName), 200},
		} {
			if status, body := ask(t, s, "GET", path, test.change); status != test.status {
				t.Errorf("%s asked by %s: %d %s, want %d", path, name, status, body, test.status)
			}
		}
	}
	if status, body := ask(t, s, "GET", "/_pintail/apps/nope/activity", signedBy(s.RootKeys(), app.SigningName)); status != 404 {
		t.Errorf("activity of no app: %d %s", status, body)
	}
	if status, _ := ask(t, s, "POST", "/_pintail/reset", signedBy(s.RootKeys(), app.SigningName)); status == 200 {
		t.Error("strict mode has a reset")
	}
}

func TestDeveloperPaths(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, func(c *config.Config) { c.Dev = true })
	page := func(r *http.Request) { r.Header.Set("Origin", "http://localhost:3000") }
	proxied := func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.9") }
	for name, test := range map[string]struct {
		change func(*http.Request)
		status int
	}{"this machine": {nil, 200}, "a page": {page, 403}, "a proxy's client": {proxied, 403}} {
		if status, body := ask(t, s, "GET", "/_pintail/outbox", test.change); status != test.status {
			t.Errorf("%s: %d %s, want %d", name, status, body, test.status)
		}
	}
}

func TestHealthAndMetrics(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	s.NewProject(t)
	for _, path := range []string{"/_pintail/health", "/_pintail/ready"} {
		if status, body := ask(t, s, "GET", path, nil); status != 200 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	_, metrics := ask(t, s, "GET", "/_pintail/metrics", nil)
	for _, want := range []string{
		`pintail_requests_total{code="",operation="CreateRole",service="iam",status="200"} 2`,
		"pintail_directory_commits_total", "pintail_request_seconds_bucket", "process_resident_memory_bytes",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if status, _ := ask(t, s, "GET", "/_pintail/metrics", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.9") }); status != 403 {
		t.Errorf("metrics for the world: %d", status)
	}
}

// A server that is told to stop finishes what it has begun, and its port is free.
func TestStopFreesThePort(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	must(t, s.Stop())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/_pintail/health", nil)
	must(t, err)
	if answer, err := http.DefaultClient.Do(r); err == nil {
		answer.Body.Close()
		t.Error("a stopped server answers")
	}
}
