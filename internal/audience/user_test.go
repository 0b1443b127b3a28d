package audience_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
)

func of(user string) *types.EndpointRequest {
	return &types.EndpointRequest{User: &types.EndpointUser{UserId: &user}}
}

func (s *server) user(t testing.TB, app, id string) ([]types.EndpointResponse, error) {
	t.Helper()
	out, err := s.GetUserEndpoints(t.Context(), &pinpoint.GetUserEndpointsInput{ApplicationId: &app, UserId: &id})
	if err != nil {
		return nil, err
	}
	return out.EndpointsResponse.Item, nil
}

// TestUserAttributesAreShared: they are the user's, whichever endpoint told
// them, and an endpoint that changes hands shows the new owner's.
func TestUserAttributesAreShared(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	must(t, s.update(t.Context(), app, "phone", of("ann")))
	must(t, s.update(t.Context(), app, "mail", &types.EndpointRequest{
		User: &types.EndpointUser{UserId: aws.String("ann"), UserAttributes: map[string][]string{"tier": {"gold"}}},
	}))
	ann := map[string][]string{"tier": {"gold"}}
	same(t, s.endpoint(t, app, "phone").User.UserAttributes, ann)
	must(t, s.update(t.Context(), app, "phone", of("bob")))
	if got := s.endpoint(t, app, "phone").User.UserAttributes; got != nil {
		t.Errorf("bob has ann's attributes: %v", got)
	}
	must(t, s.update(t.Context(), app, "phone", of("ann")))
	same(t, s.endpoint(t, app, "phone").User.UserAttributes, ann)
}

// TestUnclaimedUserAttributes: those that come before a user does are kept for
// the first one.
func TestUnclaimedUserAttributes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{
		User: &types.EndpointUser{UserAttributes: map[string][]string{"tier": {"gold"}}},
	}))
	want := map[string][]string{"tier": {"gold"}}
	same(t, s.endpoint(t, app, "e").User.UserAttributes, want)
	must(t, s.update(t.Context(), app, "e", of("ann")))
	same(t, s.endpoint(t, app, "e").User.UserAttributes, want)
	must(t, s.update(t.Context(), app, "e", of("bob")))
	if got := s.endpoint(t, app, "e").User.UserAttributes; got != nil {
		t.Errorf("bob has ann's attributes: %v", got)
	}
}

func TestUserEndpoints(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	gone := `No user with the id "ann" was found.`
	_, err := s.user(t, app, "ann")
	refused(t, err, "NotFoundException", gone)
	must(t, s.update(t.Context(), app, "a", &types.EndpointRequest{
		User: &types.EndpointUser{UserId: aws.String("ann"), UserAttributes: map[string][]string{"tier": {"gold"}}},
	}))
	must(t, s.update(t.Context(), app, "b", of("ann")))
	must(t, s.update(t.Context(), app, "c", of("bob")))
	found, err := s.user(t, app, "ann")
	must(t, err)
	if len(found) != 2 || *found[0].Id != "a" || *found[1].Id != "b" || found[1].User.UserAttributes["tier"][0] != "gold" {
		t.Errorf("ann has %+v", found)
	}
	out, err := s.DeleteUserEndpoints(t.Context(), &pinpoint.DeleteUserEndpointsInput{ApplicationId: &app, UserId: aws.String("ann")})
	must(t, err)
	same(t, out.EndpointsResponse.Item, found)
	_, err = s.user(t, app, "ann")
	refused(t, err, "NotFoundException", gone)
	_, err = s.DeleteUserEndpoints(t.Context(), &pinpoint.DeleteUserEndpointsInput{ApplicationId: &app, UserId: aws.String("ann")})
	refused(t, err, "NotFoundException", gone)
	must(t, s.update(t.Context(), app, "b", of("ann")))
	if got := s.endpoint(t, app, "b").User.UserAttributes; got != nil {
		t.Errorf("the user's attributes have outlived the user: %v", got)
	}
	if found, err := s.user(t, app, "bob"); err != nil || len(found) != 1 {
		t.Errorf("bob has %v, %v", found, err)
	}
}

// TestSixteenthEndpoint: it is refused, or the oldest push token gives way.
func TestSixteenthEndpoint(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const full = "Exceeded maximum endpoint per user count:15"
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	// fill gives the user fifteen endpoints, of which the third is the oldest
	// and the last ones are of the channel.
	fill := func(t *testing.T, channel types.ChannelType, of int) string {
		app := s.app(t)
		for i := range 15 {
			r := &types.EndpointRequest{
				ChannelType: "EMAIL", Address: aws.String(fmt.Sprint(i)),
				User:          &types.EndpointUser{UserId: aws.String("u")},
				EffectiveDate: aws.String(day.AddDate(0, 0, (i+12)%15).Format(time.RFC3339)),
			}
			if i < of {
				r.ChannelType = channel
			}
			must(t, s.update(t.Context(), app, fmt.Sprintf("e%02d", i), r))
		}
		return app
	}
	sixteenth := func(channel types.ChannelType) *types.EndpointRequest {
		return &types.EndpointRequest{
			ChannelType: channel, Address: aws.String("new"), User: &types.EndpointUser{UserId: aws.String("u")},
		}
	}
	for _, channel := range []types.ChannelType{"SMS", "PUSH", "VOICE", "EMAIL", "CUSTOM", "IN_APP"} {
		t.Run(string(channel), func(t *testing.T) {
			app := fill(t, "GCM", 15)
			refused(t, s.update(t.Context(), app, "new", sixteenth(channel)), "BadRequestException", full)
			_, err := s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: aws.String("new")})
			refused(t, err, "NotFoundException", `No endpoint with the id "new" was found.`)
			must(t, s.update(t.Context(), app, "e00", of("u"))) // one of the fifteen
		})
	}
	t.Run("no channel", func(t *testing.T) {
		refused(t, s.update(t.Context(), fill(t, "GCM", 15), "new", of("u")), "BadRequestException", full)
	})
	t.Run("push without push", func(t *testing.T) {
		refused(t, s.update(t.Context(), fill(t, "SMS", 15), "new", sixteenth("GCM")), "BadRequestException", full)
	})
	for _, channel := range []types.ChannelType{"ADM", "GCM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU"} {
		t.Run(string(channel), func(t *testing.T) {
			app := fill(t, "APNS", 5)
			must(t, s.update(t.Context(), app, "new", sixteenth(channel)))
			evicted := s.endpoint(t, app, "e03") // three days in, the count starts again at the oldest date
			if *evicted.EndpointStatus != "INACTIVE" || evicted.User != nil {
				t.Errorf("the oldest push endpoint is %s with %v", *evicted.EndpointStatus, evicted.User)
			}
			found, err := s.user(t, app, "u")
			must(t, err)
			if len(found) != 15 {
				t.Errorf("the user has %d endpoints", len(found))
			}
			for _, e := range found {
				if *e.EndpointStatus != "ACTIVE" {
					t.Errorf("%s is %s as well", *e.Id, *e.EndpointStatus)
				}
			}
		})
	}
}
