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

// TestBodyLimit: 7 MB are read and judged, one byte more is not.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	body := func(size int) string { return `{"Item":[]` + strings.Repeat(" ", size-11) + `}` }
	if code, answer := s.raw(t, "PUT", "/v1/apps/"+app+"/endpoints", body(7<<20)); code != 202 {
		t.Errorf("7 MB: %d %v", code, answer)
	}
	if code, answer := s.raw(t, "PUT", "/v1/apps/"+app+"/endpoints", body(7<<20+1)); code != 413 || answer["__type"] != "PayloadTooLargeException" || answer["RequestID"] == "" {
		t.Errorf("more than 7 MB: %d %v", code, answer)
	}
}

// TestOddIDs: ids are what the path says once it is decoded, and as they are
// written: only a batch does not tell upper and lower case apart.
func TestOddIDs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := "/v1/apps/" + s.app(t)
	ids := map[string]string{ // by how the path writes them
		"a%2Fb": "a/b", "a%252Fb": "a%2Fb", "us-east-1:1-2": "us-east-1:1-2", "us-east-1%3A3": "us-east-1:3", "%C3%A4%20%2B+": "ä ++",
		"Case": "Case", "case": "case", "%2E%2E": "..", "a;b=c": "a;b=c", "%E2%82%AC": "€",
	}
	for path, id := range ids {
		if code, answer := s.raw(t, "PUT", app+"/endpoints/"+path, text(document{"User": document{"UserId": "of " + id}})); code != 202 {
			t.Errorf("%s: %d %v", path, code, answer)
		}
	}
	for path, id := range ids {
		code, e := s.raw(t, "GET", app+"/endpoints/"+path, "")
		if code != 200 || e["Id"] != id {
			t.Errorf("%s: %d %v", path, code, e["Id"])
		}
		code, theirs := s.raw(t, "GET", app+"/users/of%20"+path, "")
		if items, _ := theirs["Item"].([]any); code != 200 || len(items) != 1 || items[0].(map[string]any)["Id"] != id {
			t.Errorf("the user of %s: %d %v", path, code, theirs)
		}
	}
	for path := range ids {
		if code, answer := s.raw(t, "DELETE", app+"/users/of%20"+path, ""); code != 202 {
			t.Errorf("%s: %d %v", path, code, answer)
		}
		if code, _ := s.raw(t, "GET", app+"/endpoints/"+path, ""); code != 404 {
			t.Errorf("%s is still there: %d", path, code)
		}
	}
}

// TestPhoneBlocks: the endpoint as Amplify for Android and its siblings send it
// with their events, with lists that clear and nothing else that they know.
func TestPhoneBlocks(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app := s.app(t)
	must(t, s.update(t.Context(), app, "e", &types.EndpointRequest{
		Attributes: map[string][]string{"email": {"a@example.org"}, "plan": {"gold"}}, OptOut: aws.String("ALL"), EndpointStatus: aws.String("INACTIVE"),
		Demographic: &types.EndpointDemographic{Make: aws.String("Acme")},
	}))
	code, answer := s.raw(t, "POST", "/v1/apps/"+app+"/events", `{"BatchItem":{"e":{"Endpoint":{"ChannelType":"GCM","Address":"token","OptOut":"NONE",
		"Attributes":{"email":[],"name":[],"plan":null},"Metrics":{},"EffectiveDate":"2026-11-21T07:57:22.434Z",
		"Demographic":{"AppVersion":"3","Locale":"en_US","Make":null,"Platform":"ANDROID","PlatformVersion":"14","Timezone":"Europe/Paris"},
		"Location":{"City":"","Country":"US","PostalCode":"","Region":"","Latitude":null},"User":{"UserId":"u","UserAttributes":null},"Surprise":1},"Events":{}}}}`)
	if code != 202 {
		t.Fatal(code, answer)
	}
	e := s.endpoint(t, app, "e")
	same(t, e.Attributes, map[string][]string{"email": {}, "name": {}, "plan": {"gold"}})
	same(t, e.Demographic, &types.EndpointDemographic{
		AppVersion: aws.String("3"), Locale: aws.String("en_US"), Make: aws.String("Acme"), Platform: aws.String("ANDROID"),
		PlatformVersion: aws.String("14"), Timezone: aws.String("Europe/Paris"),
	})
	same(t, e.Location, &types.EndpointLocation{Country: aws.String("US")})
	same(t, e.User, &types.EndpointUser{UserId: aws.String("u")})
	if *e.EndpointStatus != "ACTIVE" || *e.OptOut != "NONE" || *e.Address != "token" || *e.EffectiveDate != "2026-11-21T07:57:22.434Z" {
		t.Errorf("%s %s %s %s", *e.EndpointStatus, *e.OptOut, *e.Address, *e.EffectiveDate)
	}
}
