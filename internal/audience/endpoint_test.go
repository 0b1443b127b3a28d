package audience_test

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
)

func TestNewEndpoint(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	before := time.Now().Add(-time.Millisecond)
	out, err := s.UpdateEndpoint(t.Context(), &pinpoint.UpdateEndpointInput{
		ApplicationId: &app, EndpointId: aws.String("e/ü 1"), EndpointRequest: &types.EndpointRequest{},
	})
	must(t, err)
	if *out.MessageBody.Message != "Accepted" || *out.MessageBody.RequestID == "" {
		t.Errorf("answered %s %s", *out.MessageBody.Message, *out.MessageBody.RequestID)
	}
	e := s.endpoint(t, app, "e/ü 1")
	if *e.Id != "e/ü 1" || *e.ApplicationId != app || *e.EndpointStatus != "ACTIVE" || *e.OptOut != "NONE" {
		t.Errorf("got %s %s %s %s", *e.Id, *e.ApplicationId, *e.EndpointStatus, *e.OptOut)
	}
	if *e.RequestId != *out.MessageBody.RequestID {
		t.Errorf("RequestId %s, want that of the request, %s", *e.RequestId, *out.MessageBody.RequestID)
	}
	created, err := time.Parse(time.RFC3339, *e.CreationDate)
	must(t, err)
	if created.Before(before) || created.After(time.Now()) || *e.EffectiveDate != *e.CreationDate {
		t.Errorf("created %s, effective %s", *e.CreationDate, *e.EffectiveDate)
	}
	if n, err := strconv.Atoi(*e.CohortId); err != nil || n < 0 || n > 99 {
		t.Errorf("CohortId %q", *e.CohortId)
	}
	if e.Address != nil || e.ChannelType != "" || e.User != nil || e.Attributes != nil || e.Demographic != nil {
		t.Errorf("something out of nothing: %+v", e)
	}
}

// TestPatch: what is not named stays, what is named is replaced.
func TestPatch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{
		Address: aws.String("a@example.org"), ChannelType: types.ChannelTypeEmail, OptOut: aws.String("ALL"),
		Attributes:  map[string][]string{"likes": {"a", "b"}, "plan": {"gold"}, "gone": {"x"}},
		Metrics:     map[string]float64{"visits": 1, "score": 2.5},
		Demographic: &types.EndpointDemographic{Make: aws.String("Acme"), Platform: aws.String("ios"), Timezone: aws.String("Europe/Paris")},
		Location:    &types.EndpointLocation{Country: aws.String("FR"), City: aws.String("Lyon"), Latitude: aws.Float64(45.7578), Longitude: aws.Float64(-0.04)},
		User:        &types.EndpointUser{UserId: aws.String("u"), UserAttributes: map[string][]string{"tier": {"x"}, "age": {"1"}}},
		RequestId:   aws.String("mine"), EffectiveDate: aws.String("2026-03-01T10:15:30.1239+01:00"),
	}))
	first := s.endpoint(t, app, "e")
	if *first.Location.Latitude != 45.8 || *first.Location.Longitude != 0 || math.Signbit(*first.Location.Longitude) {
		t.Errorf("stored at %v %v", *first.Location.Latitude, *first.Location.Longitude)
	}
	if *first.EffectiveDate != "2026-03-01T09:15:30.123Z" || *first.RequestId != "mine" {
		t.Errorf("effective %s by %s", *first.EffectiveDate, *first.RequestId)
	}
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{
		Attributes:  map[string][]string{"likes": {"c"}, "gone": {}, "new": {"y"}},
		Metrics:     map[string]float64{"visits": 2},
		Demographic: &types.EndpointDemographic{Platform: aws.String("android")},
		Location:    &types.EndpointLocation{City: aws.String("Nice")},
		User:        &types.EndpointUser{UserAttributes: map[string][]string{"age": {"2", "3"}}},
	}))
	e := s.endpoint(t, app, "e")
	same(t, e.Attributes, map[string][]string{"likes": {"c"}, "plan": {"gold"}, "gone": {}, "new": {"y"}})
	same(t, e.Metrics, map[string]float64{"visits": 2, "score": 2.5})
	same(t, e.User.UserAttributes, map[string][]string{"tier": {"x"}, "age": {"2", "3"}})
	if *e.Demographic.Make != "Acme" || *e.Demographic.Platform != "android" || *e.Demographic.Timezone != "Europe/Paris" {
		t.Error("the demographic was not merged member by member")
	}
	if *e.Location.City != "Nice" || *e.Location.Country != "FR" || *e.Location.Latitude != 45.8 {
		t.Error("the location was not merged member by member")
	}
	if *e.Address != "a@example.org" || e.ChannelType != "EMAIL" || *e.OptOut != "ALL" || *e.User.UserId != "u" {
		t.Error("what was not sent has changed")
	}
	if *e.CohortId != *first.CohortId || *e.CreationDate != *first.CreationDate {
		t.Error("the cohort or the creation date has changed")
	}
	if *e.EffectiveDate == *first.EffectiveDate || *e.RequestId == "mine" {
		t.Error("an update without a date and id of its own kept the old ones")
	}
}

// TestStatus: an update makes an endpoint active unless it says otherwise, and
// makes the other endpoints of the same address inactive.
func TestStatus(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	expect := func(id, want string) {
		t.Helper()
		if got := *s.endpoint(t, app, id).EndpointStatus; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	token := func(channel types.ChannelType) *types.EndpointRequest {
		return &types.EndpointRequest{ChannelType: channel, Address: aws.String("token")}
	}
	must(t, s.update(t.Context(), app, "old", &types.EndpointRequest{EndpointStatus: aws.String("INACTIVE")}))
	expect("old", "INACTIVE")
	must(t, s.update(t.Context(), app, "old", token("GCM")))
	expect("old", "ACTIVE")
	must(t, s.update(t.Context(), app, "apple", token("APNS")))
	must(t, s.update(t.Context(), app, "new", token("GCM")))
	expect("old", "INACTIVE")
	expect("apple", "ACTIVE")
	expect("new", "ACTIVE")
	must(t, s.update(t.Context(), app, "old", &types.EndpointRequest{}))
	expect("old", "ACTIVE")
	expect("new", "INACTIVE")
	must(t, s.update(t.Context(), app, "new", &types.EndpointRequest{EndpointStatus: aws.String("INACTIVE")}))
	expect("old", "ACTIVE")
}

func TestDeleteEndpoint(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	user := &types.EndpointUser{UserId: aws.String("u"), UserAttributes: map[string][]string{"k": {"v"}}}
	for _, id := range []string{"a", "b"} {
		must(t, s.update(t.Context(), app, id, &types.EndpointRequest{User: user}))
	}
	for _, id := range []string{"a", "b"} {
		want := s.endpoint(t, app, id)
		out, err := s.DeleteEndpoint(t.Context(), &pinpoint.DeleteEndpointInput{ApplicationId: &app, EndpointId: &id})
		must(t, err)
		same(t, *out.EndpointResponse.RequestId, *want.RequestId)
		same(t, out.EndpointResponse.User.UserAttributes, map[string][]string{"k": {"v"}})
		gone := fmt.Sprintf("No endpoint with the id %q was found.", id)
		_, err = s.DeleteEndpoint(t.Context(), &pinpoint.DeleteEndpointInput{ApplicationId: &app, EndpointId: &id})
		refused(t, err, "NotFoundException", gone)
		_, err = s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: &id})
		refused(t, err, "NotFoundException", gone)
	}
	must(t, s.update(t.Context(), app, "c", &types.EndpointRequest{User: &types.EndpointUser{UserId: aws.String("u")}}))
	if e := s.endpoint(t, app, "c"); e.User.UserAttributes != nil {
		t.Errorf("the user's attributes have outlived the user: %v", e.User.UserAttributes)
	}
}

// TestConcurrentPatches: none of many patches of one endpoint at once is lost.
func TestConcurrentPatches(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, s *server) {
		app := s.app(t)
		const n = 40
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				key := fmt.Sprintf("k%d", i)
				if err := s.update(t.Context(), app, "e", &types.EndpointRequest{
					Metrics: map[string]float64{key: float64(i)},
					User:    &types.EndpointUser{UserId: aws.String("u"), UserAttributes: map[string][]string{key: {key}}},
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		e := s.endpoint(t, app, "e")
		if len(e.Metrics) != n || len(e.User.UserAttributes) != n {
			t.Errorf("%d metrics and %d user attributes, want %d", len(e.Metrics), len(e.User.UserAttributes), n)
		}
	})
}
