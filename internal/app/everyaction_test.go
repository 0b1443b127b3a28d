package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"pintail/internal/app"
	"pintail/internal/gen/model"
	"pintail/internal/sigv4"
	"pintail/internal/testkit"
)

// judgedElsewhere are operations that any credentials may ask for, or that a role's trust
// policy or the kind of the credentials decides about.
var judgedElsewhere = map[string]bool{
	"sts:GetCallerIdentity": true, "sts:AssumeRole": true, "sts:GetSessionToken": true, "sts:GetFederationToken": true,
}

// somebody calls with keys, and is who the explanation is asked about.
type somebody struct {
	keys  testkit.Keys
	arn   string
	guest bool
	may   []string // all that they may do, of what needs a policy
}

// A guest, somebody who signed in, a user with a narrow policy and the root user try every
// operation that needs a signature. The gate lets through what the policies say, and what
// explain says that it would.
func TestEveryAction(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	p := s.NewProject(t)
	ctx := testkit.Context(t)
	signUp(t, s, p, "ada")
	tokens, err := s.SignIn(ctx, p, "ada", password)
	must(t, err)
	_, guest, err := s.Visitor(ctx, p, "", testkit.Tokens{})
	must(t, err)
	_, user, err := s.Visitor(ctx, p, "", tokens)
	must(t, err)
	reports := []string{"mobiletargeting:PutEvents", "mobiletargeting:UpdateEndpoint"}
	narrow := []string{"cognito-idp:ListUserPools", "cognito-idp:DescribeUserPool", "iam:GetRole", "mobiletargeting:GetApp"}
	role := func(name string) string {
		return "arn:aws:sts::" + testkit.Account + ":assumed-role/" + name + "/CognitoIdentityCredentials"
	}
	people := map[string]somebody{
		"guest":  {guest, role("shop-unauthenticated"), true, reports},
		"user":   {user, role("shop-authenticated"), false, reports},
		"narrow": {narrowUser(t, s, narrow), "arn:aws:iam::" + testkit.Account + ":user/narrow", false, narrow},
		"root":   {s.RootKeys(), "arn:aws:iam::" + testkit.Account + ":root", false, nil},
	}
	tried := 0
	for _, service := range app.Services() {
		for _, op := range service.Operations {
			if op.Auth != model.SigV4 || judgedElsewhere[op.Action] {
				continue
			}
			a := newAction(t, op, p.App)
			if !a.built(t, s) {
				continue
			}
			for name, who := range people {
				tried++
				let, explained := a.try(t, s, who.keys), a.explained(t, s, who)
				want := name == "root" || contains(who.may, op.Action)
				if let != want || explained != want {
					t.Errorf("%s as %s: let through %v, explained %v, want %v (%s)", op.Action, name, let, explained, want, a.resources)
				}
			}
		}
	}
	t.Log(tried, "attempts")
	if tried < 4*150 {
		t.Errorf("only %d attempts", tried)
	}
}

func contains(list []string, item string) bool {
	for _, have := range list {
		if have == item {
			return true
		}
	}
	return false
}

func narrowUser(t *testing.T, s *testkit.Server, actions []string) testkit.Keys {
	t.Helper()
	ctx, client, name := testkit.Context(t), s.IAM(s.RootKeys()), aws.String("narrow")
	_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
	must(t, err)
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
	_, err = client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("narrow"), PolicyDocument: &document})
	must(t, err)
	made, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	must(t, err)
	return testkit.Keys{ID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey}
}

// action is a request for an operation on things that do not exist, except for the
// application.
type action struct {
	op        *model.Operation
	path      string
	header    http.Header
	body      []byte
	resources []string
}

var pathParameter = regexp.MustCompile(`\{([^}]+)\}`)

func newAction(t *testing.T, op *model.Operation, appID string) *action {
	t.Helper()
	a := &action{op: op, path: op.Path, header: http.Header{}}
	in := reflect.ValueOf(op.NewInput()).Elem()
	form := url.Values{"Action": {op.Name}, "Version": {op.Service.APIVersion}}
	for i := range in.NumField() {
		field := in.Type().Field(i)
		if field.Type.Kind() != reflect.String {
			continue
		}
		value := "thing"
		if field.Name == "ApplicationId" {
			value = appID
		}
		uri, inPath := strings.CutPrefix(field.Tag.Get("http"), "uri=")
		if inPath {
			a.path = strings.ReplaceAll(a.path, "{"+uri+"}", value)
		}
		if inPath || strings.Contains(strings.Join(op.Resources, " "), "{"+field.Name+"}") {
			in.Field(i).SetString(value)
			name, _, _ := strings.Cut(field.Tag.Get("query"), ",")
			form.Set(name, value)
		}
	}
	if left := pathParameter.FindString(a.path); left != "" {
		t.Fatalf("%s: the path keeps %s", op.Action, left)
	}
	for _, template := range op.Resources {
		a.resources = append(a.resources, expand(template, in))
	}
	switch op.Service.Protocol {
	case model.Query:
		a.header.Set("Content-Type", "application/x-www-form-urlencoded")
		a.body = []byte(form.Encode())
	case model.JSONRPC:
		a.header.Set("Content-Type", "application/x-amz-json-1.1")
		a.header.Set("X-Amz-Target", op.Service.TargetPrefix+"."+op.Name)
		text, err := json.Marshal(in.Interface())
		must(t, err)
		a.body = text
	default:
		a.header.Set("Content-Type", "application/json")
		a.body = []byte("{}")
	}
	return a
}

// expand fills the members of an input into an ARN template.
func expand(template string, in reflect.Value) string {
	template = strings.NewReplacer("${Partition}", "aws", "${Region}", testkit.Region, "${Account}", testkit.Account).Replace(template)
	return pathParameter.ReplaceAllStringFunc(template, func(member string) string {
		v := in
		for _, name := range strings.Split(strings.Trim(member, "{}"), ".") {
			for v.Kind() == reflect.Pointer {
				if v.IsNil() {
					return ""
				}
				v = v.Elem()
			}
			v = v.FieldByName(name)
		}
		return v.String()
	})
}

// send signs the request and returns the status and all that the answer says.
func (a *action) send(t *testing.T, s *testkit.Server, keys testkit.Keys) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), a.op.Method, s.URL()+a.path, bytes.NewReader(a.body))
	must(t, err)
	for name, values := range a.header {
		r.Header[name] = values
	}
	sigv4.Sign(r, a.body, sigv4.Credentials{AccessKeyID: keys.ID, Secret: keys.Secret, Token: keys.Token}, testkit.Region, a.op.Service.SigningName, time.Now())
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, answer.Header.Get("X-Amzn-Errortype") + " " + string(body)
}

// built tells whether the server answers the operation at all.
func (a *action) built(t *testing.T, s *testkit.Server) bool {
	t.Helper()
	status, _ := a.send(t, s, testkit.Keys{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "none"})
	return status != http.StatusNotImplemented
}

// try tells whether the gate lets somebody through. What becomes of the request then does
// not matter here.
func (a *action) try(t *testing.T, s *testkit.Server, keys testkit.Keys) bool {
	t.Helper()
	status, text := a.send(t, s, keys)
	if status >= 500 {
		t.Errorf("%s: %d %s", a.op.Action, status, text)
	}
	return !strings.Contains(text, "AccessDenied")
}

// explained tells whether the owner is told that somebody is let through.
func (a *action) explained(t *testing.T, s *testkit.Server, who somebody) bool {
	t.Helper()
	for _, resource := range a.resources {
		query := url.Values{"principal": {who.arn}, "action": {a.op.Action}, "resource": {resource}}
		if who.guest {
			query.Set("guest", "")
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/_pintail/explain?"+query.Encode(), nil)
		must(t, err)
		root := s.RootKeys()
		sigv4.Sign(r, nil, sigv4.Credentials{AccessKeyID: root.ID, Secret: root.Secret}, testkit.Region, app.SigningName, time.Now())
		answer, err := http.DefaultClient.Do(r)
		must(t, err)
		var e app.Explanation
		err = json.NewDecoder(answer.Body).Decode(&e)
		answer.Body.Close()
		must(t, err)
		if !e.Allowed {
			return false
		}
	}
	return true
}
