package audience_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/eventstore"
	"pintail/internal/eventstore/eventstoretest"
	genpinpoint "pintail/internal/gen/pinpoint"
)

func TestAppLife(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	created, err := s.CreateApp(t.Context(), &pinpoint.CreateAppInput{CreateApplicationRequest: &types.CreateApplicationRequest{
		Name: aws.String("Täglich"), Tags: map[string]string{"team": "crm"},
	}})
	must(t, err)
	app := created.ApplicationResponse
	if len(*app.Id) != 32 || strings.Trim(*app.Id, "0123456789abcdef") != "" {
		t.Errorf("id %q is not 32 hexadecimal digits", *app.Id)
	}
	if want := "arn:aws:mobiletargeting:" + region + ":" + account + ":apps/" + *app.Id; *app.Arn != want {
		t.Errorf("ARN %s, want %s", *app.Arn, want)
	}
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", *app.CreationDate); err != nil {
		t.Error(err)
	}
	if *app.Name != "Täglich" || app.Tags["team"] != "crm" {
		t.Errorf("got %s %v", *app.Name, app.Tags)
	}

	got, err := s.GetApp(t.Context(), &pinpoint.GetAppInput{ApplicationId: app.Id})
	must(t, err)
	same(t, got.ApplicationResponse, app)
	deleted, err := s.DeleteApp(t.Context(), &pinpoint.DeleteAppInput{ApplicationId: app.Id})
	must(t, err)
	same(t, deleted.ApplicationResponse, app)
	gone := fmt.Sprintf("No application with the id %q was found.", *app.Id)
	_, err = s.GetApp(t.Context(), &pinpoint.GetAppInput{ApplicationId: app.Id})
	refused(t, err, "NotFoundException", gone)
	_, err = s.DeleteApp(t.Context(), &pinpoint.DeleteAppInput{ApplicationId: app.Id})
	refused(t, err, "NotFoundException", gone)
}

// same compares two values as the JSON that they are.
func same[T any](t testing.TB, got, want T) {
	t.Helper()
	texts := [2]string{}
	for i, v := range []T{want, got} {
		text, err := json.MarshalIndent(v, "", " ")
		must(t, err)
		texts[i] = string(text)
	}
	if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
		t.Error(diff)
	}
}

// TestDeleteAppErases: endpoints, users and events of the project are gone,
// those of another are not, and nothing can be written to it any more although
// it was in memory.
func TestDeleteAppErases(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	doomed, kept := s.app(t), s.app(t)
	for _, app := range []string{doomed, kept} {
		must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{
			User: &types.EndpointUser{UserId: aws.String("u"), UserAttributes: map[string][]string{"k": {"v"}}},
		}))
		code, _ := s.raw(t, "POST", "/v1/apps/"+app+"/events",
			`{"BatchItem":{"e":{"Endpoint":{},"Events":{"1":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z"}}}}}`)
		if code != 202 {
			t.Fatal(code)
		}
	}
	_, err := s.DeleteApp(t.Context(), &pinpoint.DeleteAppInput{ApplicationId: &doomed})
	must(t, err)

	refused(t, s.update(t.Context(), doomed, "e", &types.EndpointRequest{}), "NotFoundException",
		fmt.Sprintf("No application with the id %q was found.", doomed))
	if code, answer := s.raw(t, "POST", "/v1/apps/"+doomed+"/events",
		`{"BatchItem":{"e":{"Endpoint":{},"Events":{"2":{"EventType":"t","Timestamp":"2026-01-01T00:00:00Z"}}}}}`); code != 404 {
		t.Errorf("PutEvents answered %d %v", code, answer)
	}
	if e := s.endpoint(t, kept, "e"); e.User.UserAttributes["k"][0] != "v" {
		t.Error("the other project's user is not what it was")
	}
	counted := map[string]int64{}
	for _, app := range []string{doomed, kept} {
		types, err := eventstoretest.CountTypes(t.Context(), s.events, eventstore.Filter{App: app})
		must(t, err)
		for _, n := range types {
			counted[app] += n
		}
	}
	if counted[doomed] != 0 || counted[kept] != 1 {
		t.Errorf("events: %v", counted)
	}
}

// TestDeletedElsewhere: a project that another server has deleted gets no new
// endpoints from one that still has it in memory.
func TestDeletedElsewhere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.clock.Set(s.clock.Now()) // what is in memory stays fresh
	app := s.app(t)
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{}))
	other := node(t, s.db, s.events)
	_, err := other.DeleteApp(t.Context(), &pinpoint.DeleteAppInput{ApplicationId: &app})
	must(t, err)
	must(t, s.room.CheckApp(t.Context(), app))
	gone := fmt.Sprintf("No application with the id %q was found.", app)
	for _, id := range []string{"e", "new"} {
		refused(t, s.update(t.Context(), app, id, &types.EndpointRequest{}), "NotFoundException", gone)
	}
	code, answer := s.raw(t, "POST", "/v1/apps/"+app+"/events", `{"BatchItem":{"new":{"Endpoint":{},"Events":{}}}}`)
	if code != 404 {
		t.Errorf("PutEvents answered %d %v", code, answer)
	}
}

// TestForget: a directory that was reset is seen as it is.
func TestForget(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.clock.Set(s.clock.Now())
	app := s.app(t)
	must(t, s.room.CheckApp(t.Context(), app))
	must(t, s.db.Reset(t.Context()))
	s.room.Forget()
	refusal := s.room.CheckApp(t.Context(), app)
	if !errors.Is(refusal, genpinpoint.NotFoundException.New("")) {
		t.Errorf("got %v", refusal)
	}
}

func TestGetAppsPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	empty, err := s.GetApps(t.Context(), &pinpoint.GetAppsInput{})
	must(t, err)
	if empty.ApplicationsResponse.Item == nil || len(empty.ApplicationsResponse.Item) != 0 {
		t.Errorf("no projects: %v", empty.ApplicationsResponse.Item)
	}
	var want, got []string
	for range 5 {
		want = append(want, s.app(t))
	}
	for token := (*string)(nil); ; {
		page, err := s.GetApps(t.Context(), &pinpoint.GetAppsInput{PageSize: aws.String("2"), Token: token})
		must(t, err)
		if n := len(page.ApplicationsResponse.Item); n > 2 {
			t.Fatalf("a page of %d", n)
		}
		for _, app := range page.ApplicationsResponse.Item {
			got = append(got, *app.Id)
		}
		if token = page.ApplicationsResponse.NextToken; token == nil {
			break
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	_, err = s.GetApps(t.Context(), &pinpoint.GetAppsInput{PageSize: aws.String("none")})
	refused(t, err, "BadRequestException", "page-size must be a positive number.")
	_, err = s.GetApps(t.Context(), &pinpoint.GetAppsInput{Token: aws.String("AAAA")})
	refused(t, err, "BadRequestException", "The token is not valid.")
}

func TestCreateAppRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	tooMany := map[string]string{}
	for i := range 51 {
		tooMany[fmt.Sprint(i)] = ""
	}
	for _, test := range []struct {
		name, app string
		tags      map[string]string
		message   string
	}{
		{"empty name", "", nil, "Name must have 1 to 256 characters."},
		{"long name", strings.Repeat("ä", 257), nil, "Name must have 1 to 256 characters."},
		{"NUL", "a\x00b", nil, "Name must have 1 to 256 characters."},
		{"tags", "a", tooMany, "A resource has at most 50 tags."},
		{"tag key", "a", map[string]string{"": "v"}, "Tag keys must have 1 to 128 characters."},
		{"tag value", "a", map[string]string{"k": strings.Repeat("v", 257)}, "Tag values must have at most 256 characters."},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.CreateApp(t.Context(), &pinpoint.CreateAppInput{
				CreateApplicationRequest: &types.CreateApplicationRequest{Name: &test.app, Tags: test.tags},
			})
			refused(t, err, "BadRequestException", test.message)
		})
	}
}
