package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"crypto/sha256"
	"encoding/hex"

	"pintail/internal/clock"
	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/iam"
	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/gen/sts"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
	"pintail/internal/store"
	"pintail/internal/wire"
)

const account = "123456789012"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// oneUser is a Gate with a single IAM user, whose policy the test chooses.
type oneUser struct {
	verifier *sigv4.Verifier
	policy   string
}

func (g *oneUser) Authenticate(_ context.Context, r *http.Request, body []byte, service string) (*wire.Caller, *sigv4.Verified, error) {
	verified, err := g.verifier.Verify(r, body, service, func(id, _ string) (string, error) {
		if id != "AKIDEXAMPLE" {
			return "", sigv4.ErrUnknownKey
		}
		return "secret", nil
	})
	if err != nil {
		return nil, nil, err
	}
	ada := policy.Principal{Type: policy.User, ARN: "arn:aws:iam::" + account + ":user/ada", Account: account, ID: "AIDAADA"}
	return &wire.Caller{Principal: ada, AccessKeyID: "AKIDEXAMPLE"}, verified, nil
}

func (g *oneUser) Authorize(_ context.Context, c *wire.Caller, action, resource string, keys policy.Context) (policy.Decision, error) {
	document, err := policy.Parse([]byte(g.policy), policy.Identity)
	if err != nil {
		return policy.Decision{}, err
	}
	return policy.Evaluate(policy.Policies{Identity: []policy.Named{{Name: "inline test on ada", Document: document}}},
		policy.Request{Principal: c.Principal, Action: action, Resource: resource, Context: keys}), nil
}

const everything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

// server is a Router under test and what it logged.
type server struct {
	*wire.Router
	log *bytes.Buffer
}

func newServer(t *testing.T, document string) *server {
	t.Helper()
	c := clock.Fixed(noon)
	var log bytes.Buffer
	return &server{log: &log, Router: wire.NewRouter(wire.Config{
		Services: []*model.Service{cognitoidp.Service, cognitoidentity.Service, iam.Service, sts.Service, pinpoint.Service, mobileanalytics.Service},
		Gate:     &oneUser{verifier: &sigv4.Verifier{Now: c.Now}, policy: document},
		Clock:    c, Account: account, Region: "us-east-1",
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})}
}

func (s *server) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func rpc(target, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://localhost:9400/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return r
}

// signed signs a request with the AWS SDK's own signer.
func signed(t *testing.T, method, url, service, contentType, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	sum := sha256.Sum256([]byte(body))
	err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"},
		r, hex.EncodeToString(sum[:]), service, "us-east-1", noon)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	return r
}

func errorOf(t *testing.T, w *httptest.ResponseRecorder) (code, message string) {
	t.Helper()
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Fatalf("answer %d is not JSON: %q", w.Code, w.Body)
	}
	return e.Type, e.Message
}

const signUp = "AWSCognitoIdentityProviderService.SignUp"

func answerSignUp(_ context.Context, _ *wire.Call, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	switch in.Username {
	case "panics":
		panic("a fault of ours")
	case "nul":
		return nil, fmt.Errorf("keeping the user: %w", store.ErrNUL)
	case "race":
		return nil, store.ErrContention
	case "fails":
		return nil, errors.New("the disk is on fire")
	case "undeclared":
		return nil, cognitoidp.GroupExistsException.New("not declared by SignUp")
	case "taken":
		return nil, cognitoidp.UsernameExistsException.New("User already exists")
	}
	return &cognitoidp.SignUpResponse{UserSub: "sub-of-" + in.Username, UserConfirmed: new(false)}, nil
}

func TestUnsignedOperation(t *testing.T) {
	t.Parallel()
	good := `{"ClientId":"abc","Username":"ada","Password":"Secret-1234","Unknown":{"x":[1]}}`
	named := func(name string) string { return strings.Replace(good, `"ada"`, `"`+name+`"`, 1) }
	tests := []struct {
		name, body, contentType string
		status                  int
		code, message           string
	}{
		{"good, with an unknown member", good, "", 200, "", ""},
		{"declared error", named("taken"), "", 400, "UsernameExistsException", "User already exists"},
		{"undeclared error is opaque", named("undeclared"), "", 500, "InternalErrorException", ""},
		{"other error is opaque", named("fails"), "", 500, "InternalErrorException", ""},
		{"panic is contained", named("panics"), "", 500, "InternalErrorException", ""},
		{"text that cannot be stored", named("nul"), "", 400, "SerializationException", ""},
		{"a lost race", named("race"), "", 503, "ServiceUnavailableException", ""},
		{"one constraint", `{"ClientId":"abc","Password":"Secret-1234"}`, "", 400, "InvalidParameterException",
			"1 validation error detected: Value null at 'username' failed to satisfy constraint: Member must not be null"},
		{"malformed", `{"ClientId":`, "", 400, "SerializationException", ""},
		{"not an object", `[1]`, "", 400, "SerializationException", ""},
		{"wrong type", `{"ClientId":7}`, "", 400, "SerializationException", ""},
		{"invalid UTF-8", "{\"ClientId\":\"\xff\"}", "", 400, "SerializationException", ""},
		{"depth bomb", `{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, "", 400, "SerializationException", ""},
		{"too large", `{"x":"` + strings.Repeat("a", 3<<20) + `"}`, "", 413, "RequestEntityTooLargeException", ""},
		{"wrong content type", good, "text/xml", 415, "UnsupportedMediaTypeException", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, everything)
			wire.Handle(s.Router, cognitoidp.SignUp, answerSignUp)
			r := rpc(signUp, test.body)
			if test.contentType != "" {
				r.Header.Set("Content-Type", test.contentType)
			}
			w := s.do(r)
			if w.Code != test.status {
				t.Fatalf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			if w.Header().Get("x-amzn-RequestId") == "" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("headers are incomplete: %v", w.Header())
			}
			if test.status == 200 {
				if got := w.Body.String(); got != `{"UserConfirmed":false,"UserSub":"sub-of-ada"}` {
					t.Errorf("body %s", got)
				}
				return
			}
			code, message := errorOf(t, w)
			if code != test.code || test.message != "" && message != test.message {
				t.Errorf("error %q %q, want %q %q", code, message, test.code, test.message)
			}
			if got := w.Header().Get("x-amzn-ErrorType"); got != test.code+":" {
				t.Errorf("x-amzn-ErrorType %q", got)
			}
			for _, hidden := range []string{"disk", "fault of ours", "not declared"} {
				if strings.Contains(w.Body.String(), hidden) {
					t.Errorf("the answer tells %q: %s", hidden, w.Body)
				}
			}
		})
	}
}

// A lost race is worth another try, also where the operation declares no error for it.
func TestLostRaceOfAnOperationWithoutWords(t *testing.T) {
	t.Parallel()
	lost := errors.Join(cognitoidp.TooManyRequestsException.New("Rate exceeded"), store.ErrContention)
	s := newServer(t, everything)
	wire.Handle(s.Router, cognitoidp.SetUserMFAPreference, func(context.Context, *wire.Call, *cognitoidp.SetUserMFAPreferenceRequest) (*cognitoidp.SetUserMFAPreferenceResponse, error) {
		return nil, lost
	})
	wire.Handle(s.Router, cognitoidp.SignUp, func(context.Context, *wire.Call, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		return nil, lost
	})
	w := s.do(rpc("AWSCognitoIdentityProviderService.SetUserMFAPreference", `{"AccessToken":"x"}`))
	if code, _ := errorOf(t, w); w.Code != 503 || code != "ServiceUnavailableException" {
		t.Errorf("without words: %d %s", w.Code, code)
	}
	w = s.do(rpc(signUp, `{"ClientId":"abc","Username":"ada","Password":"Secret-1234"}`))
	if code, message := errorOf(t, w); w.Code != 400 || code != "TooManyRequestsException" || message != "Rate exceeded" {
		t.Errorf("with words: %d %s %s", w.Code, code, message)
	}
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	s := newServer(t, everything)
	wire.Handle(s.Router, cognitoidp.SignUp, answerSignUp)
	s.do(rpc(signUp, `{"ClientId":"abc","Username":"fails","Password":"Secret-1234"}`))
	line := s.log.String()
	if strings.Count(line, "\n") != 1 {
		t.Fatalf("not one line: %s", line)
	}
	for _, want := range []string{"level=ERROR", "operation=cognito-idp:SignUp", "status=500", "disk is on fire", "input.Password=***"} {
		if !strings.Contains(line, want) {
			t.Errorf("the line lacks %q: %s", want, line)
		}
	}
	if strings.Contains(line, "Secret-1234") {
		t.Errorf("the line holds the password: %s", line)
	}
}

func TestNotBuiltAndUnknown(t *testing.T) {
	t.Parallel()
	s := newServer(t, everything)
	tests := []struct {
		name   string
		r      *http.Request
		status int
		want   string
	}{
		{"JSON, not built", rpc(signUp, `{}`), 501, `"UnsupportedOperationException"`},
		{"JSON, unknown", rpc("AWSCognitoIdentityProviderService.Nope", `{}`), 400, `"UnknownOperationException"`},
		{"query, not built", signed(t, "POST", "http://iam.example.org/", "iam", "application/x-www-form-urlencoded", "Action=CreateRole&Version=2010-05-08"), 501, "<Code>UnsupportedOperation</Code>"},
		{"query, unknown", signed(t, "POST", "http://iam.example.org/", "iam", "application/x-www-form-urlencoded", "Action=Nope&Version=2010-05-08"), 400, "<Code>InvalidAction</Code>"},
		{"query by GET", httptest.NewRequest("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", nil), 501, "<Code>UnsupportedOperation</Code>"},
		{"REST, not built", httptest.NewRequest("GET", "/v1/apps/x/campaigns", nil), 501, `"UnsupportedOperationException"`},
		{"REST, wrong method", httptest.NewRequest("PATCH", "/v1/apps", nil), 405, `"MethodNotAllowedException"`},
		{"no operation", httptest.NewRequest("GET", "/favicon.ico", nil), 404, `"UnknownOperationException"`},
	}
	for _, test := range tests {
		if w := s.do(test.r); w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s: %d %s, want %d %s", test.name, w.Code, w.Body, test.status, test.want)
		}
	}
}

func TestSignedOperation(t *testing.T) {
	t.Parallel()
	const onlyApp1 = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"mobiletargeting:GetApp","Resource":"arn:aws:mobiletargeting:*:*:apps/app1"}}`
	s := newServer(t, onlyApp1)
	wire.Handle(s.Router, pinpoint.GetApp, func(_ context.Context, c *wire.Call, in *pinpoint.GetAppRequest) (*pinpoint.GetAppResponse, error) {
		return &pinpoint.GetAppResponse{ApplicationResponse: &pinpoint.ApplicationResponse{Id: in.ApplicationId, Name: c.Caller.ARN}}, nil
	})
	w := s.do(signed(t, "GET", "http://localhost:9400/v1/apps/app1", "mobiletargeting", "", ""))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"Name":"arn:aws:iam::123456789012:user/ada"`) {
		t.Errorf("allowed call: %d %s", w.Code, w.Body)
	}
	w = s.do(signed(t, "GET", "http://localhost:9400/v1/apps/app2", "mobiletargeting", "", ""))
	code, message := errorOf(t, w)
	if w.Code != 403 || code != "AccessDeniedException" ||
		message != "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: mobiletargeting:GetApp on resource: arn:aws:mobiletargeting:us-east-1:123456789012:apps/app2 because no identity-based policy allows the mobiletargeting:GetApp action" {
		t.Errorf("refused call: %d %s %s", w.Code, code, message)
	}
	if !strings.Contains(s.log.String(), "reason=") {
		t.Errorf("the log does not explain the refusal: %s", s.log)
	}
	w = s.do(httptest.NewRequest("GET", "/v1/apps/app1", nil))
	if code, _ := errorOf(t, w); w.Code != 403 || code != "MissingAuthenticationTokenException" {
		t.Errorf("unsigned call: %d %s", w.Code, code)
	}
	w = s.do(signed(t, "GET", "http://localhost:9400/v1/apps/app1", "sts", "", ""))
	if w.Code != 403 {
		t.Errorf("signed for another service: %d %s", w.Code, w.Body)
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := newServer(t, everything)
	r := httptest.NewRequest(http.MethodOptions, "/v1/apps/a/events", nil)
	r.Header.Set("Origin", "https://app.example.org")
	r.Header.Set("Access-Control-Request-Method", "POST")
	asked := "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type,x-amz-date,x-amz-security-token,x-amz-user-agent"
	r.Header.Set("Access-Control-Request-Headers", asked)
	w := s.do(r)
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Headers") != asked || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
	if methods := w.Header().Get("Access-Control-Allow-Methods"); !strings.Contains(methods, "PUT") {
		t.Errorf("methods %q", methods)
	}
	if exposed := w.Header().Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Date") || !strings.Contains(exposed, "x-amzn-ErrorType") {
		t.Errorf("exposed %q", exposed)
	}
}

func TestCoverageCounts(t *testing.T) {
	t.Parallel()
	s := newServer(t, everything)
	wire.Handle(s.Router, cognitoidp.SignUp, answerSignUp)
	page := s.Coverage()
	if !strings.Contains(page, "| SignUp | **built** | public |") || !strings.Contains(page, "| AdminGetUser | not built | SigV4 |") {
		t.Errorf("the page does not tell what is built:\n%.2000s", page)
	}
}

func TestPlainRoute(t *testing.T) {
	t.Parallel()
	s := newServer(t, everything)
	s.HandleHTTP("GET /{pool}/.well-known/jwks.json", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "keys of "+r.PathValue("pool"))
	}))
	w := s.do(httptest.NewRequest("GET", "/us-east-1_abc/.well-known/jwks.json", nil))
	if w.Code != 200 || w.Body.String() != "keys of us-east-1_abc" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}
