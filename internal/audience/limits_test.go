package audience_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
)

// long returns n characters of two bytes.
func long(n int) string { return strings.Repeat("ä", n) }

func attributes(name string, values ...string) *types.EndpointRequest {
	return &types.EndpointRequest{Attributes: map[string][]string{name: append([]string{}, values...)}}
}

func userAttributes(name string, values ...string) *types.EndpointRequest {
	return &types.EndpointRequest{User: &types.EndpointUser{UserId: aws.String("u"), UserAttributes: map[string][]string{name: append([]string{}, values...)}}}
}

func TestEndpointLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	name := "Attribute and metric names must have 1 to 50 characters."
	value := "An attribute value has at most 100 characters."
	values := "An attribute has at most 50 values."
	text := "A value holds a character that is not text."
	for _, test := range []struct {
		name    string
		request *types.EndpointRequest
		message string // "" when it is taken
	}{
		{"name of 50", attributes(long(50), "v"), ""},
		{"name of 51", attributes(long(51), "v"), name},
		{"name of 0", attributes("", "v"), name},
		{"value of 100", attributes("k", long(100)), ""},
		{"value of 101", attributes("k", long(101)), value},
		{"50 values", attributes("k", make([]string, 50)...), ""},
		{"51 values", attributes("k", make([]string, 51)...), values},
		{"user's name of 51", userAttributes(long(51), "v"), name},
		{"user's value of 101", userAttributes("k", long(101)), value},
		{"user's 51 values", userAttributes("k", make([]string, 51)...), values},
		{"metric's name of 51", &types.EndpointRequest{Metrics: map[string]float64{long(51): 1}}, name},
		{"status", &types.EndpointRequest{EndpointStatus: aws.String("active")}, "EndpointStatus must be ACTIVE or INACTIVE."},
		{"opt-out", &types.EndpointRequest{OptOut: aws.String("SOME")}, "OptOut must be ALL or NONE."},
		{"latitude", &types.EndpointRequest{Location: &types.EndpointLocation{Latitude: aws.Float64(1e308)}}, "Latitude must be between -90 and 90."},
		{"longitude", &types.EndpointRequest{Location: &types.EndpointLocation{Longitude: aws.Float64(-180.1)}}, "Longitude must be between -180 and 180."},
		{"date", &types.EndpointRequest{EffectiveDate: aws.String("yesterday")}, "EffectiveDate is not an ISO 8601 date."},
		{"date too early", &types.EndpointRequest{EffectiveDate: aws.String("1969-12-31T23:59:59Z")}, "EffectiveDate is not an ISO 8601 date."},
		{"user id", &types.EndpointRequest{User: &types.EndpointUser{UserId: aws.String(strings.Repeat("u", 1025))}}, "A user id has at most 1024 bytes."},
		{"NUL in a value", attributes("k", "\x00"), text},
		{"NUL in a name", attributes("\x00", "k"), text},
		{"NUL in a user id", &types.EndpointRequest{User: &types.EndpointUser{UserId: aws.String("\x00")}}, text},
		{"NUL in a demographic", &types.EndpointRequest{Demographic: &types.EndpointDemographic{Make: aws.String("\x00")}}, text},
		{"NUL in a location", &types.EndpointRequest{Location: &types.EndpointLocation{City: aws.String("\x00")}}, text},
		{"NUL in an address", &types.EndpointRequest{ChannelType: "EMAIL", Address: aws.String("\x00")}, text},
		{"no channel", &types.EndpointRequest{Address: aws.String("a")}, "Missing ChannelType"},
		{"no address", &types.EndpointRequest{ChannelType: "GCM"}, "Missing Address"},
		{"in-app without address", &types.EndpointRequest{ChannelType: "IN_APP"}, ""},
		{"in-app with address", &types.EndpointRequest{ChannelType: "IN_APP", Address: aws.String("a")}, ""},
		{"long address", &types.EndpointRequest{ChannelType: "CUSTOM", Address: aws.String("https://" + long(2000))}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := s.update(t.Context(), app, test.name, test.request)
			if test.message == "" {
				must(t, err)
				return
			}
			refused(t, err, "BadRequestException", test.message)
			_, err = s.GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &app, EndpointId: &test.name})
			refused(t, err, "NotFoundException", fmt.Sprintf("No endpoint with the id %q was found.", test.name))
		})
	}
}

// TestHalfAnAddress: the other half may be the stored one.
func TestHalfAnAddress(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{ChannelType: "IN_APP"}))
	refused(t, s.update(t.Context(), app, "e", &types.EndpointRequest{ChannelType: "GCM"}), "BadRequestException", "Missing Address")
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{ChannelType: "GCM", Address: aws.String("a")}))
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{ChannelType: "APNS"}))
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{Address: aws.String("b")}))
	if e := s.endpoint(t, app, "e"); e.ChannelType != "APNS" || *e.Address != "b" {
		t.Errorf("got %s %s", e.ChannelType, *e.Address)
	}
}

func TestEndpointIDs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for _, id := range []string{"a$b", "{a", "a}", "a\x00"} {
		refused(t, s.update(t.Context(), app, id, &types.EndpointRequest{}), "BadRequestException",
			"An endpoint id must not contain $, { or }, or characters that are not text.")
	}
	refused(t, s.update(t.Context(), app, strings.Repeat("e", 1025), &types.EndpointRequest{}), "BadRequestException",
		"An endpoint id has at most 1024 bytes.")
	must(t, s.update(t.Context(), app, strings.Repeat("e", 1024), &types.EndpointRequest{}))
}

// TestSize: neither one request nor many make an endpoint or a user larger
// than 15 KB, and a refused request leaves no trace.
func TestSize(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for what, request := range map[string]func(string, ...string) *types.EndpointRequest{
		"An endpoint has at most 15 KB.":          attributes,
		"A user has at most 15 KB of attributes.": userAttributes,
	} {
		app := s.app(t)
		fifty := make([]string, 50)
		for i := range fifty {
			fifty[i] = strings.Repeat("v", 100)
		}
		for i := range 3 {
			must(t, s.update(t.Context(), app, "e", request(fmt.Sprint(i), fifty...)))
		}
		before := s.endpoint(t, app, "e")
		refused(t, s.update(t.Context(), app, "e", request("3", fifty...)), "BadRequestException", what)
		same(t, s.endpoint(t, app, "e"), before)
		must(t, s.update(t.Context(), app, "e", request("2")))
		must(t, s.update(t.Context(), app, "e", request("3", fifty...)))
	}
}

// TestNames: a project has at most 250 names, over all its endpoints, however
// they are used.
func TestNames(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	metrics := map[string]float64{}
	for i := range 125 {
		metrics[fmt.Sprintf("m%d", i)] = 1
	}
	must(t, s.update(t.Context(), app, "a", &types.EndpointRequest{Metrics: metrics}))
	more := map[string][]string{"m1": {"a name that is known"}}
	for i := range 124 {
		more[fmt.Sprintf("u%d", i)] = []string{"v"}
	}
	must(t, s.update(t.Context(), app, "b", &types.EndpointRequest{User: &types.EndpointUser{UserId: aws.String("u"), UserAttributes: more}}))
	refused(t, s.update(t.Context(), app, "c", &types.EndpointRequest{
		Attributes: map[string][]string{"x": {}}, Metrics: map[string]float64{"y": 1},
	}), "BadRequestException", "Too many custom attributes")
	must(t, s.update(t.Context(), app, "c", attributes("x")))
	must(t, s.update(t.Context(), app, "d", attributes("x", "again")))
	refused(t, s.update(t.Context(), app, "d", attributes("z")), "BadRequestException", "Too many custom attributes")
	must(t, s.update(t.Context(), s.app(t), "d", attributes("z")))
}
