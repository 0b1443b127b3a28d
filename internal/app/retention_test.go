package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	pptypes "github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/app"
	"pintail/internal/config"
	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

type configuration = config.Config

// Events go with the day on which they become too old, by the server's rule or by
// their application's own, and no sooner.
func TestRetention(t *testing.T) {
	t.Parallel()
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, func(c *configuration) { engine(t, c); c.EventDays = 10 })
			shop, other := s.NewProject(t).App, ""
			made, err := s.Pinpoint(s.RootKeys()).CreateApp(testkit.Context(t), &pinpoint.CreateAppInput{CreateApplicationRequest: &pptypes.CreateApplicationRequest{Name: aws.String("other")}})
			must(t, err)
			other = *made.ApplicationResponse.Id
			today := time.Now().UTC().Truncate(24 * time.Hour)
			for _, appID := range []string{shop, other} {
				for kind, at := range map[string]time.Time{
					"a.tenDays": today.AddDate(0, 0, -10), "b.sevenDays": today.AddDate(0, 0, -7), "c.justNotSeven": today.AddDate(0, 0, -7).Add(-time.Millisecond), "d.today": today,
				} {
					_, err := s.Pinpoint(s.RootKeys()).PutEvents(testkit.Context(t), &pinpoint.PutEventsInput{ApplicationId: &appID, EventsRequest: &pptypes.EventsRequest{
						BatchItem: map[string]pptypes.EventsBatch{"e1": {Endpoint: &pptypes.PublicEndpoint{}, Events: map[string]pptypes.Event{
							kind: {EventType: &kind, Timestamp: aws.String(at.Format("2006-01-02T15:04:05.000Z"))},
						}}},
					}})
					must(t, err)
				}
			}
			body := []byte(`{"EventDays":7}`)
			r, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPut, s.URL()+"/_pintail/apps/"+shop+"/retention", bytes.NewReader(body))
			must(t, err)
			k := s.RootKeys()
			sigv4.Sign(r, body, sigv4.Credentials{AccessKeyID: k.ID, Secret: k.Secret}, testkit.Region, app.SigningName, time.Now())
			answer, err := http.DefaultClient.Do(r)
			must(t, err)
			defer answer.Body.Close()
			if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", answer.StatusCode, text)
			}
			awaitEvents(t, s, shop, "b.sevenDays", "d.today")
			awaitEvents(t, s, other, "a.tenDays", "b.sevenDays", "c.justNotSeven", "d.today")

			// The next day the daily job comes.
			s.Clock.Set(today.AddDate(0, 0, 1).Add(time.Minute))
			awaitEvents(t, s, shop, "d.today")
			awaitEvents(t, s, other, "b.sevenDays", "c.justNotSeven", "d.today")
		})
	}
}

// awaitEvents waits until an application's events are of these types, and of no others.
func awaitEvents(t *testing.T, s *testkit.Server, appID string, want ...string) {
	t.Helper()
	ctx, tick := testkit.Context(t), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	k := s.RootKeys()
	for {
		_, text := ask(t, s, http.MethodGet, "/_pintail/apps/"+appID+"/events", func(r *http.Request) {
			sigv4.Sign(r, nil, sigv4.Credentials{AccessKeyID: k.ID, Secret: k.Secret}, testkit.Region, app.SigningName, s.Clock.Now())
		})
		var have []string
		for line := range strings.Lines(text) {
			var e struct {
				Type string `json:"event_type"`
			}
			must(t, json.Unmarshal([]byte(line), &e))
			have = append(have, e.Type)
		}
		if slices.Sort(have); slices.Equal(have, want) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the events are %v, want %v", have, want)
		}
	}
}
