package audience_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

// person is somebody with an identity of an identity pool.
type person struct {
	*testkit.Server
	project testkit.Project
	keys    testkit.Keys
	id      string
}

func guest(t *testing.T, s *testkit.Server, p testkit.Project) *person {
	t.Helper()
	id, keys, err := s.Visitor(testkit.Context(t), p, "", testkit.Tokens{})
	must(t, err)
	return &person{s, p, keys, id}
}

// post calls a route of the API that has the project's id for its stage, signed
// for the host name that Amplify insists on, as through a wrapper around fetch.
func (p *person) post(t *testing.T, route, body string) (int, map[string]any) {
	t.Helper()
	return p.postTo(t, "pintail.execute-api."+testkit.Region+".amazonaws.com", "/"+p.project.App+route, body)
}

func (p *person) postTo(t *testing.T, host, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+path, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	received := r.Host
	r.Host = host
	sigv4.Sign(r, []byte(body), sigv4.Credentials{AccessKeyID: p.keys.ID, Secret: p.keys.Secret, Token: p.keys.Token}, testkit.Region, "execute-api", time.Now())
	r.Host = received
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	out := map[string]any{}
	must(t, json.Unmarshal(text, &out))
	return answer.StatusCode, out
}

func (p *person) says(t *testing.T, route, body string) {
	t.Helper()
	if code, answer := p.post(t, route, body); code != 200 || len(answer) != 0 {
		t.Fatalf("%s: %d %v", route, code, answer)
	}
}

func (p *person) stored(t *testing.T, id string) *types.EndpointResponse {
	t.Helper()
	out, err := p.Pinpoint(p.RootKeys()).GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &p.project.App, EndpointId: &id})
	must(t, err)
	return out.EndpointResponse
}

// mayRemove lets guests delete endpoints.
func mayRemove(t *testing.T, s *testkit.Server) {
	t.Helper()
	document := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"mobiletargeting:DeleteEndpoint","Resource":"*"}}`
	_, err := s.IAM(s.RootKeys()).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("shop-unauthenticated"), PolicyName: aws.String("remove"), PolicyDocument: &document,
	})
	must(t, err)
}

func TestProfile(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ann := guest(t, s, s.NewProject(t))
	ann.says(t, "/identify-user", `{"userProfile":{"email":"ann@example.org","name":"Ann","phone":"+15555550100",
		"location":{"city":"Lyon","country":"FR","postalCode":"69001","region":"ARA"},"customAttributes":{"plan":"gold","empty":""},"surprise":[1]}}`)
	said := map[string][]string{"email": {"ann@example.org"}, "name": {"Ann"}, "phone": {"+15555550100"}, "plan": {"gold"}, "empty": {""}}
	lyon := &types.EndpointLocation{City: aws.String("Lyon"), Country: aws.String("FR"), PostalCode: aws.String("69001"), Region: aws.String("ARA")}
	e := ann.stored(t, ann.id)
	same(t, e.User, &types.EndpointUser{UserId: &ann.id, UserAttributes: said})
	same(t, e.Location, lyon)

	ann.says(t, "/register-device", `{"device":{"token":"tok","deviceId":"phone","platform":"ios","appVersion":"","channelType":"APNS_SANDBOX"}}`)
	e = ann.stored(t, "phone")
	if e.ChannelType != "APNS_SANDBOX" || *e.Address != "tok" || *e.Demographic.Platform != "ios" || e.Demographic.AppVersion != nil {
		t.Errorf("registered %s %s %+v", e.ChannelType, *e.Address, e.Demographic)
	}
	same(t, e.User, &types.EndpointUser{UserId: &ann.id, UserAttributes: said})
	same(t, e.Location, lyon)

	ann.says(t, "/identify-user", `{"userProfile":{"name":"Anne","location":{"city":"Nice"}}}`)
	said["name"], lyon.City = []string{"Anne"}, aws.String("Nice")
	for _, id := range []string{ann.id, "phone"} {
		e = ann.stored(t, id)
		same(t, e.User, &types.EndpointUser{UserId: &ann.id, UserAttributes: said})
		same(t, e.Location, lyon)
	}
	for _, nothing := range []string{`{"userProfile":{}}`, `{}`, `{"userProfile":null}`} {
		ann.says(t, "/identify-user", nothing)
	}
	same(t, ann.stored(t, ann.id).User.UserAttributes, said)
}

// TestProfileDevices: a device follows whoever uses it, takes a new token, and
// only its owner removes it.
func TestProfileDevices(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	ann, bob := guest(t, s, p), guest(t, s, p)
	mayRemove(t, s)
	register := func(who *person, token string) {
		t.Helper()
		who.says(t, "/register-device", `{"device":{"token":"`+token+`","deviceId":"phone","platform":"android","appVersion":"1.2","channelType":"GCM"}}`)
		if e := who.stored(t, "phone"); *e.User.UserId != who.id || *e.Address != token || *e.Demographic.AppVersion != "1.2" {
			t.Errorf("the phone is %s's with %s", *e.User.UserId, *e.Address)
		}
	}
	register(ann, "one")
	register(ann, "two")
	register(bob, "two")
	ann.says(t, "/remove-device", `{"deviceId":"phone"}`) // it is bob's by now
	if e := bob.stored(t, "phone"); *e.User.UserId != bob.id {
		t.Errorf("the phone is %s's", *e.User.UserId)
	}
	bob.says(t, "/remove-device", `{"deviceId":"phone"}`)
	_, err := s.Pinpoint(s.RootKeys()).GetEndpoint(t.Context(), &pinpoint.GetEndpointInput{ApplicationId: &p.App, EndpointId: aws.String("phone")})
	refused(t, err, "NotFoundException", `No endpoint with the id "phone" was found.`)
	bob.says(t, "/remove-device", `{"deviceId":"phone"}`) // again, as after an answer that was lost
}

func TestProfileRefuses(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	ann := guest(t, s, p)
	device := func(d string) string { return `{"device":` + d + `}` }
	for _, test := range []struct{ route, body, message string }{
		{"/identify-user", `{"userProfile":{"customAttributes":{"principalId":"bob"}}}`, "principalId is not for callers to say."},
		{"/identify-user", `{"userProfile":{"name":"` + long(101) + `"}}`, "An attribute value has at most 100 characters."},
		{"/identify-user", `{"userProfile":{"name":"\u0000"}}`, "A value holds a character that is not text."},
		{"/identify-user", `{"userProfile":{"customAttributes":{"` + long(51) + `":"v"}}}`, "Attribute and metric names must have 1 to 50 characters."},
		{"/register-device", `{}`, "Missing device"},
		{"/register-device", device(`{"deviceId":"d","channelType":"GCM"}`), "Missing token"},
		{"/register-device", device(`{"token":"t","channelType":"GCM"}`), "Missing Id"},
		{"/register-device", device(`{"token":"t","deviceId":"d"}`), "channelType is not one of push notifications."},
		{"/register-device", device(`{"token":"a@example.org","deviceId":"d","channelType":"EMAIL"}`), "channelType is not one of push notifications."},
	} {
		if code, answer := ann.post(t, test.route, test.body); code != 400 || answer["message"] != test.message && answer["Message"] != test.message {
			t.Errorf("%s %s: %d %v", test.route, test.body, code, answer)
		}
	}
	// The same permissions as for Pinpoint's operations, on the same endpoints.
	if code, answer := ann.post(t, "/remove-device", `{"deviceId":"d"}`); code != 403 || !strings.Contains(answer["message"].(string), "is not authorized to perform: mobiletargeting:DeleteEndpoint on resource: arn:aws:mobiletargeting:us-east-1:"+testkit.Account+":apps/"+p.App+"/endpoints/d") {
		t.Errorf("removed without permission: %d %v", code, answer)
	}
	other, err := s.Pinpoint(s.RootKeys()).CreateApp(t.Context(), &pinpoint.CreateAppInput{CreateApplicationRequest: &types.CreateApplicationRequest{Name: aws.String("other")}})
	must(t, err)
	host := "pintail.execute-api.us-east-1.amazonaws.com"
	for name, test := range map[string]struct {
		host, path string
		code       int
	}{
		"another project":             {host, "/" + *other.ApplicationResponse.Id + "/identify-user", 403},
		"no project":                  {host, "/" + strings.Repeat("f", 32) + "/identify-user", 403},
		"the project's own API":       {p.App + ".execute-api.us-east-1.amazonaws.com", "/" + p.App + "/identify-user", 200},
		"somebody else's API":         {"other.execute-api.us-east-1.amazonaws.com", "/" + p.App + "/identify-user", 403},
		"no such route":               {host, "/" + p.App + "/forget-user", 404},
		"the route without a project": {host, "/identify-user", 404},
	} {
		if code, answer := ann.postTo(t, test.host, test.path, `{}`); code != test.code {
			t.Errorf("%s: %d %v", name, code, answer)
		}
	}
	root := &person{s, p, s.RootKeys(), ""}
	for route, body := range map[string]string{"/identify-user": `{}`, "/register-device": device(`{}`), "/remove-device": `{"deviceId":"d"}`} {
		if code, answer := root.post(t, route, body); code != 400 || !strings.Contains(text(answer), "Only identities of an identity pool have a profile.") {
			t.Errorf("%s by root: %d %v", route, code, answer)
		}
	}
	forger := *ann
	forger.keys.Secret = "another"
	if code, answer := forger.post(t, "/identify-user", `{}`); code != 403 {
		t.Errorf("a forger: %d %v", code, answer)
	}
}
