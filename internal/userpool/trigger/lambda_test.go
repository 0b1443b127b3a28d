package trigger_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/sigv4"
	"pintail/internal/userpool/trigger"
)

// lambdaAt is a configuration of one function behind a Lambda endpoint.
func lambdaAt(url string, more object) object {
	entry := object{"url": url, "accessKeyId": "AKIDEXAMPLE", "secretAccessKey": object{"env": "LAMBDA_SECRET"}}
	for name, value := range more {
		entry[name] = value
	}
	return object{"triggers": object{arn: object{"lambda": entry}}}
}

// environment is what the server was started with.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"LAMBDA_SECRET": "lambda secret", "AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "env secret", "AWS_SESSION_TOKEN": "token",
		"PATH": "/bin:/usr/bin", "HOME": "/home/pintail", "OTHER": "not for commands", "DATABASE_URL": "postgres://db",
	}[name]
	return value, ok
}

// The call is the Invoke operation, signed for the function's region.
func TestLambdaInvoke(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	options := trigger.Options{Now: func() time.Time { return now }, LookupEnv: environment}
	const escaped = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ahook"
	for name, test := range map[string]struct {
		more                            object
		path, key, secret, token, where string
	}{
		"a key of its own":         {nil, "/2015-03-31/functions/" + escaped + "/invocations", "AKIDEXAMPLE", "lambda secret", "", "us-east-1"},
		"the environment's":        {object{"accessKeyId": "", "secretAccessKey": ""}, "/2015-03-31/functions/" + escaped + "/invocations", "AKIDENV", "env secret", "token", "us-east-1"},
		"another name and region":  {object{"function": "function", "region": "eu-west-1"}, "/2015-03-31/functions/function/invocations", "AKIDEXAMPLE", "lambda secret", "", "eu-west-1"},
		"a qualifier and a slash":  {object{"function": "a/b:live"}, "/2015-03-31/functions/a%2Fb%3Alive/invocations", "AKIDEXAMPLE", "lambda secret", "", "us-east-1"},
		"an endpoint below a path": {object{"path": "/lambda"}, "/lambda/2015-03-31/functions/" + escaped + "/invocations", "AKIDEXAMPLE", "lambda secret", "", "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hook(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
				if r.URL.EscapedPath() != test.path || r.Header.Get("X-Amz-Invocation-Type") != "RequestResponse" {
					t.Errorf("%s as %s, want %s", r.URL.EscapedPath(), r.Header.Get("X-Amz-Invocation-Type"), test.path)
				}
				verifier := &sigv4.Verifier{Now: func() time.Time { return now }}
				verified, err := verifier.Verify(r, body, "lambda", func(id, token string) (string, error) {
					if id != test.key || token != test.token {
						t.Errorf("signed by %s with token %q", id, token)
					}
					return test.secret, nil
				})
				if err != nil {
					t.Error(err)
				} else if verified.Region != test.where {
					t.Errorf("signed for %s, want %s", verified.Region, test.where)
				}
				io.WriteString(w, withResponse(t, body, `{"autoVerifyEmail":true}`))
			})
			url := server.URL
			if path, ok := test.more["path"]; ok {
				url += path.(string)
				delete(test.more, "path")
			}
			response, err := preSignUp(t, invoker(t, options, lambdaAt(url, test.more)))
			if want := (trigger.PreSignUpResponse{AutoVerifyEmail: true}); err != nil || response != want {
				t.Errorf("%+v, %v", response, err)
			}
		})
	}
}

// The header tells that the function failed; what it threw is the payload.
func TestLambdaFunctionErrors(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"errorMessage":"Nope","errorType":"Error"}`:                                 "Nope",
		`{"errorMessage":"2026-11-25T12:00:00Z 1 Task timed out after 3.00 seconds"}`: "2026-11-25T12:00:00Z 1 Task timed out after 3.00 seconds",
		"": "Unhandled",
		// A function that throws and answers all the same is not heard.
		head("1", "PreSignUp_SignUp") + `"response":{"autoConfirmUser":true}}`: "Unhandled",
	} {
		server := hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			io.WriteString(w, payload)
		})
		_, err := preSignUp(t, invoker(t, trigger.Options{LookupEnv: environment}, lambdaAt(server.URL, nil)))
		refused(t, payload, err, cognitoidp.UserLambdaValidationException, "PreSignUp failed with error "+want+".", "")
	}
}

// What the API refuses is told by the name of its error, as AWS does.
func TestLambdaRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status       int
		header, body string
		want         string
	}{
		"by header":         {403, "AccessDeniedException:http://internal.amazon.com/", `{"Message":"User is not authorized"}`, "AccessDeniedException"},
		"by body":           {404, "", `{"__type":"com.amazonaws#ResourceNotFoundException","Message":"Function not found"}`, "ResourceNotFoundException"},
		"by status":         {500, "", "oops", "HTTP status 500"},
		"a thrown look":     {400, "", `{"errorMessage":"not from a function"}`, "HTTP status 400"},
		"a name with lines": {400, "Bad Exception", "", "Bad Exception"},
	} {
		server := hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			if test.header != "" {
				w.Header().Set("X-Amzn-Errortype", test.header)
			}
			w.WriteHeader(test.status)
			io.WriteString(w, test.body)
		})
		_, err := preSignUp(t, invoker(t, trigger.Options{LookupEnv: environment}, lambdaAt(server.URL, nil)))
		refused(t, name, err, cognitoidp.UnexpectedLambdaException, "PreSignUp invocation failed due to error "+test.want+".", strings.TrimPrefix(test.want, "HTTP status "))
	}
}
