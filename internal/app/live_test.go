package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/app"
	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

// feed is a live feed that somebody reads.
type feed struct {
	*testing.T
	lines *bufio.Reader
	id    string
}

// watch opens a feed and returns once it has begun.
func watch(t *testing.T, s *testkit.Server, query string, sign func(*http.Request)) *feed {
	t.Helper()
	f := resume(t, s, query, "", sign)
	if kind, data := f.next(); kind != "" {
		t.Fatalf("a feed that begins now begins with %s", data)
	}
	return f
}

// resume opens a feed after an id.
func resume(t *testing.T, s *testkit.Server, query, id string, sign func(*http.Request)) *feed {
	t.Helper()
	r, err := http.NewRequestWithContext(testkit.Context(t), http.MethodGet, s.URL()+"/_pintail/live?"+query, nil)
	must(t, err)
	if id != "" {
		r.Header.Set("Last-Event-ID", id)
	}
	sign(r)
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("a feed of %q: %d %s", query, answer.StatusCode, text)
	}
	return &feed{T: t, lines: bufio.NewReader(answer.Body)}
}

// next returns the next item, an empty one for a sign of life.
func (f *feed) next() (kind, data string) {
	f.Helper()
	for {
		line, err := f.lines.ReadString('\n')
		if err != nil {
			f.Fatalf("the feed ended: %v", err)
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); {
		case field == "event":
			kind = value
		case field == "data":
			data = value
		case field == "id":
			f.id = value
		case line == "\n":
			return kind, data
		}
	}
}

// item returns the next item that says something, within so long.
func (f *feed) item(within time.Duration) (kind, data string) {
	f.Helper()
	began := time.Now()
	for kind == "" {
		kind, data = f.next()
	}
	if took := time.Since(began); took > within {
		f.Errorf("%s came after %v, want within %v", data, took, within)
	}
	return kind, data
}

func putEvent(t *testing.T, s *testkit.Server, k testkit.Keys, appID, endpoint, id string) {
	t.Helper()
	_, err := s.Pinpoint(k).PutEvents(testkit.Context(t), &pinpoint.PutEventsInput{ApplicationId: &appID, EventsRequest: &pptypes.EventsRequest{
		BatchItem: map[string]pptypes.EventsBatch{endpoint: {Endpoint: &pptypes.PublicEndpoint{}, Events: map[string]pptypes.Event{
			id: {EventType: aws.String("order.placed"), Timestamp: aws.String(time.Now().UTC().Format(time.RFC3339))},
		}}},
	}})
	must(t, err)
}

// promptly is how soon an event shows after its 202.
const promptly = 2 * time.Second

// An event shows within two seconds of its 202; a reader that comes back goes on; a
// feed ends with its server, which stops at once.
func TestLive(t *testing.T) {
	t.Parallel()
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, func(c *configuration) { engine(t, c) })
			p := s.NewProject(t)
			_, guest, err := s.Visitor(testkit.Context(t), p, "", testkit.Tokens{})
			must(t, err)
			root := signedBy(s.RootKeys(), app.SigningName)
			f := watch(t, s, "messages=&app="+p.App, root)
			putEvent(t, s, guest, p.App, "e1", "1")
			_, data := f.item(promptly)
			var got struct {
				ID     string `json:"event_id"`
				Type   string `json:"event_type"`
				Client struct {
					ID string `json:"client_id"`
				}
			}
			must(t, json.Unmarshal([]byte(data), &got))
			if got.ID != "1" || got.Type != "order.placed" || got.Client.ID != "e1" {
				t.Errorf("the feed shows %s", data)
			}
			signUp(t, s, p, "ada")
			kind, data := f.item(promptly)
			if kind != "message" || !strings.Contains(data, `"to":"ada@example.org"`) || strings.Contains(data, "ody") {
				t.Errorf("the feed shows the %s %s", kind, data)
			}
			putEvent(t, s, guest, p.App, "e1", "2") // which nobody reads
			again := resume(t, s, "app="+p.App, f.id, root)
			if _, data := again.item(promptly); !strings.Contains(data, `"event_id":"2"`) {
				t.Errorf("the reader that comes back sees %s", data)
			}
			began := time.Now()
			must(t, s.Stop())
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("the server took %v to stop", took)
			}
			if _, err := io.Copy(io.Discard, again.lines); err != nil {
				t.Errorf("the feed did not end cleanly: %v", err)
			}
		})
	}
}

// Every node shows what came in at any of them, and goes on where another one was.
func TestLiveOnEveryNode(t *testing.T) {
	t.Parallel()
	n := startNodes(t)
	p := n.here.NewProject(t)
	root := func(s *testkit.Server) func(*http.Request) { return signedBy(s.RootKeys(), app.SigningName) }
	f := watch(t, n.there, "app="+p.App, root(n.there))
	for i := range 3 {
		putEvent(t, n.here, n.here.RootKeys(), p.App, "e1", fmt.Sprint(i))
		if _, data := f.item(promptly); !strings.Contains(data, fmt.Sprintf(`"event_id":"%d"`, i)) {
			t.Errorf("the other node shows %s", data)
		}
	}
	putEvent(t, n.there, n.there.RootKeys(), p.App, "e1", "3")
	if _, data := resume(t, n.here, "app="+p.App, f.id, root(n.here)).item(promptly); !strings.Contains(data, `"event_id":"3"`) {
		t.Errorf("the first node goes on with %s", data)
	}
}

// A browser's EventSource cannot sign, but it can open a URL that is signed, for as long
// as it says.
func TestLiveBySignedURL(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	k := s.RootKeys()
	presigned := func(r *http.Request) {
		r.URL = sigv4.Presign(r, sigv4.Credentials{AccessKeyID: k.ID, Secret: k.Secret}, testkit.Region, app.SigningName, time.Now(), time.Minute)
		r.Header.Set("Origin", "https://console.example.org")
		r.Header.Set("Accept", "text/event-stream")
	}
	f := watch(t, s, "app="+p.App, presigned)
	putEvent(t, s, k, p.App, "e1", "1")
	f.item(promptly)
	for name, change := range map[string]func(*http.Request){
		"for another app": func(r *http.Request) {
			presigned(r)
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, p.App, strings.Repeat("0", 32), 1)
		},
		"too late": func(r *http.Request) {
			r.URL = sigv4.Presign(r, sigv4.Credentials{AccessKeyID: k.ID, Secret: k.Secret}, testkit.Region, app.SigningName, time.Now().Add(-time.Hour), time.Minute)
		},
	} {
		if status, body := ask(t, s, "GET", "/_pintail/live?app="+p.App, change); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

// Policies say who may watch what.
func TestLiveAsPoliciesSay(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p, ctx := s.NewProject(t), testkit.Context(t)
	other, err := s.Pinpoint(s.RootKeys()).CreateApp(ctx, &pinpoint.CreateAppInput{CreateApplicationRequest: &pptypes.CreateApplicationRequest{Name: aws.String("other")}})
	must(t, err)
	_, err = s.IAM(s.RootKeys()).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("watcher")})
	must(t, err)
	_, err = s.IAM(s.RootKeys()).PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("watcher"), PolicyName: aws.String("live"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"pintail:Get*","Resource":"arn:aws:mobiletargeting:*:*:apps/` + p.App + `"}]}`)})
	must(t, err)
	made, err := s.IAM(s.RootKeys()).CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("watcher")})
	must(t, err)
	watcher := signedBy(testkit.Keys{ID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey}, app.SigningName)
	watch(t, s, "app="+p.App, watcher)
	for name, path := range map[string]string{
		"another app": "GET /_pintail/live?app=" + *other.ApplicationResponse.Id, "all apps": "GET /_pintail/live", "messages": "GET /_pintail/live?messages=&app=" + p.App,
		"another's file": "GET /_pintail/apps/" + *other.ApplicationResponse.Id + "/events", "a rule": "PUT /_pintail/apps/" + p.App + "/retention",
		"an end": "POST /_pintail/person/delete", "the owner's": "GET /_pintail/outbox",
	} {
		method, path, _ := strings.Cut(path, " ")
		status, body := ask(t, s, method, path, func(r *http.Request) {
			if method == "GET" {
				watcher(r)
				return
			}
			body := []byte(`{"App":"` + p.App + `","User":"u","EventDays":1}`)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			sigv4.Sign(r, body, sigv4.Credentials{AccessKeyID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey}, testkit.Region, app.SigningName, time.Now())
		})
		if status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if status, body := ask(t, s, "GET", "/_pintail/apps/"+p.App+"/events", watcher); status != http.StatusOK {
		t.Errorf("the app's file: %d %s", status, body)
	}
	if status, body := ask(t, s, "GET", "/_pintail/live?app="+p.App, nil); status != http.StatusForbidden {
		t.Errorf("nobody: %d %s", status, body)
	}
}
