package audience_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
)

// TestRawUpdates sends what SDKs cannot, and what Amplify's clients do send.
func TestRawUpdates(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	set := &types.EndpointRequest{
		ChannelType: "GCM", Address: aws.String("token"), Attributes: map[string][]string{"k": {"v"}}, Metrics: map[string]float64{"m": 1},
		Demographic: &types.EndpointDemographic{Make: aws.String("Acme"), Model: aws.String("One")},
		Location:    &types.EndpointLocation{City: aws.String("Lyon"), Latitude: aws.Float64(45)},
		OptOut:      aws.String("ALL"), User: &types.EndpointUser{UserId: aws.String("u"), UserAttributes: map[string][]string{"a": {"b"}}},
	}
	// Each of these bodies says nothing, so the endpoint stays as it is.
	for name, body := range map[string]string{
		"nothing":       `{}`,
		"nulls":         `{"Address":null,"Attributes":null,"ChannelType":null,"Demographic":null,"EffectiveDate":null,"EndpointStatus":null,"Location":null,"Metrics":null,"OptOut":null,"RequestId":null,"User":null}`,
		"inner nulls":   `{"Attributes":{"k":null},"Metrics":{"m":null},"Demographic":{"Make":null,"Model":null},"Location":{"City":null,"Latitude":null},"User":{"UserId":null,"UserAttributes":{"a":null}}}`,
		"empty parts":   `{"Attributes":{},"Metrics":{},"Demographic":{},"Location":{},"User":{"UserAttributes":{}}}`,
		"empty strings": `{"Address":"","OptOut":"","User":{"UserId":""},"Demographic":{"Make":""}}`,
		"unknown":       `{"Surprise":{"deep":[1,2,{"x":null}]},"Id":"other","CohortId":"7","CreationDate":"2000-01-01T00:00:00Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			must(t, s.update(t.Context(), app, name, set))
			before := s.endpoint(t, app, name)
			code, answer := s.raw(t, "PUT", "/v1/apps/"+app+"/endpoints/"+strings.ReplaceAll(name, " ", "%20"), body)
			if code != 202 || answer["Message"] != "Accepted" || len(answer) != 2 {
				t.Fatalf("answered %d %v", code, answer)
			}
			after := s.endpoint(t, app, name)
			after.EffectiveDate, after.RequestId = before.EffectiveDate, before.RequestId
			same(t, after, before)
		})
	}
	t.Run("react native", func(t *testing.T) {
		code, _ := s.raw(t, "PUT", "/v1/apps/"+app+"/endpoints/rn", `{"RequestId":"r","EffectiveDate":"2026-11-21T07:57:22.434Z","ChannelType":"APNS_SANDBOX","Address":"TOKEN","Demographic":{"AppVersion":"ios/17.5","Make":null,"Model":null,"ModelVersion":"17.5","Platform":"ios"},"User":{"UserId":"eu-central-1:b9d3790f"}}`)
		e := s.endpoint(t, app, "rn")
		if code != 202 || *e.Demographic.Platform != "ios" || e.Demographic.Make != nil || *e.EffectiveDate != "2026-11-21T07:57:22.434Z" {
			t.Errorf("%d %+v", code, e.Demographic)
		}
	})
}

// TestRawRefusals: a body of the wrong form changes nothing.
func TestRawRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{}))
	before := s.endpoint(t, app, "e")
	for name, test := range map[string]struct{ method, path, body string }{
		"no body":           {"PUT", "/endpoints/e", ``},
		"null":              {"PUT", "/endpoints/e", `null`},
		"not JSON":          {"PUT", "/endpoints/e", `{"Address":`},
		"a list":            {"PUT", "/endpoints/e", `[]`},
		"a number for text": {"PUT", "/endpoints/e", `{"Address":1}`},
		"text for a number": {"PUT", "/endpoints/e", `{"Metrics":{"m":"1"}}`},
		"no such channel":   {"PUT", "/endpoints/e", `{"ChannelType":"PIGEON","Address":"a"}`},
		"wrapped":           {"PUT", "/endpoints", `{"EndpointBatchRequest":{"Item":[]}}`},
		"batch of numbers":  {"PUT", "/endpoints", `{"Item":[1]}`},
	} {
		t.Run(name, func(t *testing.T) {
			code, answer := s.raw(t, test.method, "/v1/apps/"+app+test.path, test.body)
			if code != 400 || answer["__type"] != "BadRequestException" || answer["Message"] == "" || answer["RequestID"] == "" {
				t.Errorf("answered %d %v", code, answer)
			}
			same(t, s.endpoint(t, app, "e"), before)
		})
	}
}

// TestBareBodies: answers are the payload itself, without the wrapper that
// clients show around it.
func TestBareBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	for path, member := range map[string]string{"": "Name", "/endpoints/e": "EndpointStatus", "/users/u": "Item"} {
		must(t, s.update(t.Context(), app, "e", of("u")))
		if code, answer := s.raw(t, "GET", "/v1/apps/"+app+path, ""); code != 200 || answer[member] == nil {
			t.Errorf("%s: %d %v", path, code, answer)
		}
	}
}
