package userpool_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/userpool/trigger"
)

// functions are a pool owner's functions behind a webhook, by name.
type functions struct {
	mu       sync.Mutex
	handlers map[string]function
	events   []event // all that they were asked, in order
}

// function fills in an event's response, or fails with a message.
type function func(e event) (failure string)

// event is an event as a function sees it.
type event map[string]any

func (e event) text(path ...string) string {
	text, _ := e.at(path...).(string)
	return text
}

func (e event) at(path ...string) any {
	var v any = map[string]any(e)
	for _, name := range path {
		members, _ := v.(map[string]any)
		v = members[name]
	}
	return v
}

// respond sets a member of the response.
func (e event) respond(name string, value any) {
	response, ok := e["response"].(map[string]any)
	if !ok {
		response = map[string]any{}
		e["response"] = response
	}
	response[name] = value
}

// arn names a function in LambdaConfig.
func arn(name string) *string {
	text := "arn:aws:lambda:us-east-1:" + account + ":function:" + name
	return &text
}

// functions starts a server of functions and has the world's pools reach it.
func (w *world) functions(handlers map[string]function) *functions {
	w.t.Helper()
	f := &functions{handlers: handlers}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{name}", f.serve)
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	targets := map[string]any{}
	for name := range handlers {
		targets[*arn(name)] = map[string]any{"webhook": map[string]any{"url": server.URL + "/" + name, "secret": "a secret of this test, long enough"}}
	}
	text, err := json.Marshal(map[string]any{"triggers": targets})
	if err != nil {
		w.t.Fatal(err)
	}
	if w.triggers, err = trigger.Parse(text, trigger.Options{}); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	return f
}

func (f *functions) serve(rw http.ResponseWriter, r *http.Request) {
	var e event
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
	if failure := f.handlers[r.PathValue("name")](e); failure != "" {
		rw.WriteHeader(http.StatusInternalServerError)
		json.NewEncoder(rw).Encode(map[string]string{"errorMessage": failure, "errorType": "Error"})
		return
	}
	json.NewEncoder(rw).Encode(e)
}

// sources returns why functions were called since the last look, in order.
func (f *functions) sources() (list []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		list = append(list, e.text("triggerSource"))
	}
	f.events = nil
	return list
}

// last returns the latest event of a source.
func (f *functions) last(source string) event {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range slices.Backward(f.events) {
		if e.text("triggerSource") == source {
			return e
		}
	}
	return nil
}

// agree is a function that changes nothing.
func agree(event) string { return "" }

// respond answers a challenge of a sign-in.
func (w *world) respond(app *types.UserPoolClientType, name types.ChallengeNameType, session *string, pairs ...string) (*idp.RespondToAuthChallengeOutput, error) {
	w.t.Helper()
	responses := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		responses[pairs[i]] = pairs[i+1]
	}
	return w.RespondToAuthChallenge(w.t.Context(), &idp.RespondToAuthChallengeInput{
		ClientId: app.ClientId, ChallengeName: name, Session: session, ChallengeResponses: responses,
	})
}
