package trigger_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/userpool/trigger"
)

// preSignUp asks the function behind arn whether alice may come in.
func preSignUp(t *testing.T, inv *trigger.Invoker) (trigger.PreSignUpResponse, error) {
	t.Helper()
	e := trigger.PreSignUpEvent{Header: header(trigger.PreSignUpSignUp), Request: trigger.PreSignUpRequest{UserAttributes: attributes}}
	err := trigger.Call(t.Context(), inv, trigger.PreSignUp, arn, &e)
	return e.Response, err
}

// refused wants an error of the wire, whose reason for the log contains a text.
func refused(t *testing.T, what string, err error, kind *model.ErrorType, message, reason string) {
	t.Helper()
	e, ok := errors.AsType[*model.Error](err)
	if !ok || e.Type != kind || e.Message != message {
		t.Errorf("%s: %v, want %s: %s", what, err, kind.Code, message)
		return
	}
	if !strings.Contains(e.Reason, reason) || !strings.Contains(e.Reason, arn) {
		t.Errorf("%s: the reason %q does not name the function and %q", what, e.Reason, reason)
	}
}

// An answer that is not the event with a response of the right types is refused
// whole, whatever it is.
func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	event := head("1", "PreSignUp_SignUp")
	for name, test := range map[string]struct{ answer, reason string }{
		"nothing":               {"", "not a JSON object"},
		"null":                  {"null", "not a JSON object"},
		"a text":                {`"event"`, "not a JSON object"},
		"a list":                {"[" + event + `"response":{}}]`, "not a JSON object"},
		"half an object":        {event, "not JSON"},
		"two objects":           {event + `"response":{}}{}`, "not the event"},
		"no response":           {event + `"request":{}}`, "no response"},
		"a null response":       {event + `"response":null}`, "no response"},
		"a list for response":   {event + `"response":[]}`, "not the event"},
		"a text for a Boolean":  {event + `"response":{"autoConfirmUser":"true"}}`, "autoConfirmUser"},
		"a number for Boolean":  {event + `"response":{"autoConfirmUser":1}}`, "autoConfirmUser"},
		"a member twice":        {event + `"response":{"autoConfirmUser":false,"autoConfirmUser":true}}`, "duplicate"},
		"another version":       {head("2", "PreSignUp_SignUp") + `"response":{}}`, "changes the event's version"},
		"another source":        {head("1", "PreSignUp_AdminCreateUser") + `"response":{}}`, "triggerSource"},
		"another region":        {strings.Replace(event, `"us-east-1"`, `"us-east-2"`, 1) + `"response":{}}`, "region"},
		"another pool":          {strings.Replace(event, "_aBcDeFgHi", "_other", 1) + `"response":{}}`, "userPoolId"},
		"another user":          {strings.Replace(event, "alice", "admin", 1) + `"response":{}}`, "userName"},
		"a number for the user": {strings.Replace(event, `"alice"`, "1", 1) + `"response":{}}`, "userName"},
		"another client":        {strings.Replace(event, "1example23456789", "2example", 1) + `"response":{}}`, "clientId"},
		"NUL":                   {event + `"response":{"x":"a\u0000b"}}`, "U+0000"},
		"NUL in a name":         {event + `"response":{"a\u0000b":1}}`, "U+0000"},
		"invalid UTF-8":         {event + "\"response\":{\"x\":\"\xff\"}}", "UTF-8"},
		"deep JSON":             {event + `"response":` + strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 101), "nested deeper"},
		"bottomless JSON":       {event + `"response":` + strings.Repeat("[", 1<<20), "nested deeper"},
		"too much":              {event + `"x":"` + strings.Repeat("a", 6<<20) + `","response":{}}`, "6 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { io.WriteString(w, test.answer) })
			response, err := preSignUp(t, invoker(t, trigger.Options{}, webhookAt(server.URL)))
			refused(t, name, err, cognitoidp.InvalidLambdaResponseException, "Unrecognizable lambda output", test.reason)
			if response != (trigger.PreSignUpResponse{}) {
				t.Errorf("the event holds %+v of an answer that was refused", response)
			}
		})
	}
}

// What functions in the wild give back beside the bare event is taken.
func TestUsableAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"the response alone":  `{"response":{"autoConfirmUser":true}}`,
		"a changed request":   head("1", "PreSignUp_SignUp") + `"request":{"userAttributes":{"email":"x"}},"response":{"autoConfirmUser":true}}`,
		"more than was asked": head("1", "PreSignUp_SignUp") + `"a":{},"response":{"autoConfirmUser":true,"b":[]}}`,
		"nulls":               `{"version":null,"callerContext":null,"response":{"autoConfirmUser":true,"autoVerifyEmail":null}}`,
		"white space":         " \n" + `{"response":{"autoConfirmUser":true}}` + "\r\n",
	} {
		server := hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { io.WriteString(w, answer) })
		response, err := preSignUp(t, invoker(t, trigger.Options{}, webhookAt(server.URL)))
		if want := (trigger.PreSignUpResponse{AutoConfirmUser: true}); err != nil || response != want {
			t.Errorf("%s: %+v, %v", name, response, err)
		}
	}
}

// A trigger that can only refuse needs no response.
func TestNoResponseNeeded(t *testing.T) {
	t.Parallel()
	server := hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		io.WriteString(w, head("1", "PostConfirmation_ConfirmSignUp")+`"response":null}`)
	})
	e := trigger.PostConfirmationEvent{Header: header(trigger.PostConfirmationConfirmSignUp)}
	if err := trigger.Call(t.Context(), invoker(t, trigger.Options{}, webhookAt(server.URL)), trigger.PostConfirmation, arn, &e); err != nil {
		t.Error(err)
	}
}

// FuzzAnswer reads answers of strangers: what is taken is sound, and all else is
// refused without a panic.
func FuzzAnswer(f *testing.F) {
	sent := header(trigger.TokenGenerationAuthentication)
	f.Add([]byte(`{"response":{"claimsAndScopeOverrideDetails":{"groupOverrideDetails":null}}}`))
	f.Add([]byte(`{"userName":"alice","response":{"claimsAndScopeOverrideDetails":{"idTokenGeneration":{"claimsToAddOrOverride":{"a":[{}]}}}}}`))
	f.Add([]byte(`{"userName":"bob","response":{}}`))
	f.Add([]byte(`null`))
	f.Add([]byte("{\"response\":{\"\xff\":\"\\u0000\"}}"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		response, err := trigger.DecodeV2(answer, &sent)
		if err != nil {
			return
		}
		var whole struct {
			UserName *string         `json:"userName"`
			Response *map[string]any `json:"response"`
		}
		if err := json.Unmarshal(answer, &whole); err != nil || whole.Response == nil {
			t.Fatalf("taken, although %v: %q", err, answer)
		}
		if whole.UserName != nil && *whole.UserName != sent.UserName {
			t.Fatalf("taken for another user: %q", answer)
		}
		text, err := json.Marshal(response)
		if err != nil {
			t.Fatalf("what was taken cannot be written: %v", err)
		}
		if strings.Contains(string(text), `\u0000`) && !strings.Contains(string(text), `\\u0000`) {
			t.Fatalf("NUL was taken: %q", answer)
		}
	})
}
