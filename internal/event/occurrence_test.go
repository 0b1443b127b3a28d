package event

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	genpinpoint "pintail/internal/gen/pinpoint"
)

// What the server itself saw is recorded like what applications report: with the endpoint
// as it is known, whose user it may tell.
func TestOccurrences(t *testing.T) {
	s := newServer(t)
	app := s.app(t)
	s.update(t, app, "phone", &types.EndpointRequest{
		Demographic: &types.EndpointDemographic{Platform: aws.String("ios"), AppVersion: aws.String("3.2")}, OptOut: aws.String("ALL"),
		User: &types.EndpointUser{UserId: aws.String("guest")},
	})
	now := s.clock.Now().UTC().Truncate(time.Millisecond)
	refused, err := s.room.Record(t.Context(), now, app, []Occurrence{
		{EndpointID: "phone", Type: "_userauth.auth_fail", Time: now.Add(-time.Second)},
		{EndpointID: "phone", UserID: "ada", Type: "_userauth.sign_in", Time: now, Attributes: map[string]string{"k": "v"}},
		{EndpointID: "tablet", UserID: "ada", Time: now},
		{EndpointID: "tablet", Type: "seen", Time: now},
		{EndpointID: "${x}", UserID: "ada", Type: "seen", Time: now},
	})
	must(t, err)
	for i, r := range refused {
		if bad := errors.Is(r, genpinpoint.BadRequestException.New("")); bad != (i == 4) {
			t.Errorf("occurrence %d: %v", i, r)
		}
	}
	type seen struct{ endpoint, user, platform string }
	got := map[string]seen{}
	for id, e := range s.recorded(t, app) {
		if id == "" || !e.Arrival.Equal(now) {
			t.Errorf("event %+v", e)
		}
		got[e.Type] = seen{e.EndpointID, e.UserID, e.Platform}
		if e.Type == "_userauth.sign_in" && (e.Attributes["k"] != "v" || !e.Timestamp.Equal(now) || e.AppVersion != "3.2") {
			t.Errorf("event %+v", e)
		}
	}
	want := map[string]seen{
		"_userauth.auth_fail": {"phone", "guest", "ios"}, "_userauth.sign_in": {"phone", "ada", "ios"}, "seen": {"tablet", "ada", ""},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
	phone, tablet := s.endpoint(t, app, "phone"), s.endpoint(t, app, "tablet")
	if *phone.User.UserId != "ada" || *phone.OptOut != "ALL" || *phone.Demographic.Platform != "ios" {
		t.Errorf("phone %+v", phone)
	}
	if *tablet.User.UserId != "ada" || *tablet.OptOut != "NONE" || tablet.Address != nil {
		t.Errorf("tablet %+v", tablet)
	}
}

func TestManyOccurrences(t *testing.T) {
	s := newServer(t)
	app := s.app(t)
	var all []Occurrence
	for i := range 2*maxEndpoints + 50 {
		all = append(all, Occurrence{EndpointID: fmt.Sprint("phone-", i%(maxEndpoints+30)), Type: "seen", Time: s.clock.Now()})
	}
	_, err := s.room.Record(t.Context(), s.clock.Now(), app, all)
	must(t, err)
	if got := len(s.recorded(t, app)); got != len(all) {
		t.Errorf("%d events are recorded, want %d", got, len(all))
	}
	_, err = s.room.Record(t.Context(), s.clock.Now(), "nowhere", all)
	if !errors.Is(err, genpinpoint.NotFoundException.New("")) {
		t.Errorf("in a project that does not exist: %v", err)
	}
}
