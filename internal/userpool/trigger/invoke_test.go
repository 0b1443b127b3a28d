package trigger_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/trigger"
)

// An ARN that nobody mapped is told apart, and the log says what to do.
func TestNoTarget(t *testing.T) {
	t.Parallel()
	other := object{"triggers": object{arn + "-2": object{"webhook": object{"url": "http://127.0.0.1:1", "secret": secret}}}}
	for _, inv := range []*trigger.Invoker{nil, invoker(t, trigger.Options{}, object{}), invoker(t, trigger.Options{}, other)} {
		_, err := preSignUp(t, inv)
		refused(t, "no target", err, cognitoidp.UnexpectedLambdaException,
			"PreSignUp invocation failed due to error no target is configured for this function.", "--triggers")
	}
}

// The ARN itself goes before the beginnings of it, the longer before the shorter.
func TestWhichTarget(t *testing.T) {
	t.Parallel()
	triggers := object{}
	for _, key := range []string{"*", "arn:aws:lambda:*", arn + "*", arn} {
		server := hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, `{"errorMessage":"`+key+`"}`)
		})
		triggers[key] = object{"webhook": object{"url": server.URL, "secret": secret}}
	}
	inv := invoker(t, trigger.Options{}, object{"triggers": triggers})
	for called, want := range map[string]string{
		arn: arn, arn + ":live": arn + "*", "arn:aws:lambda:eu-west-1:1:function:f": "arn:aws:lambda:*", "arn:aws-cn:x": "*",
	} {
		e := trigger.PreSignUpEvent{Header: header(trigger.PreSignUpSignUp)}
		err := trigger.Call(t.Context(), inv, trigger.PreSignUp, called, &e)
		if err == nil || err.Error() != "UserLambdaValidationException: PreSignUp failed with error "+want+"." {
			t.Errorf("%s is answered by %v, want %s", called, err, want)
		}
	}
}

// A function that does not answer is asked three times and then given up; each
// call is ended.
func TestTimeout(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 10)
	server := hook(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		<-r.Context().Done()
		ended <- struct{}{}
	})
	file := webhookAt(server.URL)
	file["timeout"] = "30ms"
	_, err := preSignUp(t, invoker(t, trigger.Options{}, file))
	refused(t, "a function that hangs", err, cognitoidp.UnexpectedLambdaException,
		"PreSignUp invocation failed due to error Socket timeout while invoking Lambda function.", "in time")
	for range 3 {
		<-ended
	}
	server.Close() // waits for calls that run
	if len(ended) != 0 {
		t.Errorf("%d calls more than three", len(ended))
	}
}

// A function that was slow once is heard the second time.
func TestSecondTry(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := hook(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		if calls.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, withResponse(t, body, `{"autoConfirmUser":true}`))
	})
	file := webhookAt(server.URL)
	file["timeout"] = "500ms"
	response, err := preSignUp(t, invoker(t, trigger.Options{}, file))
	if err != nil || !response.AutoConfirmUser || calls.Load() != 2 {
		t.Errorf("after %d calls: %+v, %v", calls.Load(), response, err)
	}
}

// Whoever gives up waiting ends the call, and it is not made again.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int32
	server := hook(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		calls.Add(1)
		cancel()
		<-r.Context().Done()
	})
	e := trigger.PreSignUpEvent{Header: header(trigger.PreSignUpSignUp)}
	err := trigger.Call(ctx, invoker(t, trigger.Options{}, webhookAt(server.URL)), trigger.PreSignUp, arn, &e)
	refused(t, "a caller that went away", err, cognitoidp.UnexpectedLambdaException,
		"PreSignUp invocation failed due to error the function could not be reached.", "canceled")
	server.Close()
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
}

// A function that hangs holds as many calls as it may run, and eight times as many
// that wait; the next is refused at once. When it answers again all are served.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const running, inside = 2, 2 * 9
	arrived, release := make(chan struct{}, inside), make(chan struct{})
	server := hook(t, func(w http.ResponseWriter, _ *http.Request, body []byte) {
		arrived <- struct{}{}
		<-release
		io.WriteString(w, withResponse(t, body, `{}`))
	})
	inv := invoker(t, trigger.Options{}, object{"timeout": "30s", "triggers": object{
		arn: object{"webhook": object{"url": server.URL, "secret": secret}, "concurrency": running},
	}})
	results := make(chan error, inside+1)
	for range inside + 1 {
		go func() {
			_, err := preSignUp(t, inv)
			results <- err
		}()
	}
	refused(t, "one too many", <-results, cognitoidp.UnexpectedLambdaException,
		"PreSignUp invocation failed due to error TooManyRequestsException.", "concurrency")
	for range running {
		<-arrived
	}
	if len(arrived) != 0 {
		t.Errorf("more than %d calls run", running)
	}
	close(release)
	for range inside {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// Whoever waits for a turn that does not come is refused after a while.
func TestImpatient(t *testing.T) {
	t.Parallel()
	hangs, release := make(chan struct{}), make(chan struct{})
	server := hook(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		hangs <- struct{}{}
		<-release
	})
	t.Cleanup(func() { close(release) })
	target := object{"webhook": object{"url": server.URL, "secret": secret}, "concurrency": 1}
	inv := invoker(t, trigger.Options{}, object{"timeout": "300ms", "triggers": object{arn: target}})
	first := make(chan error, 1)
	e := trigger.SenderEvent{Header: header(trigger.CustomEmailSenderSignUp)}
	go func() { first <- inv.Send(t.Context(), trigger.CustomEmailSender, arn, "", &e) }()
	<-hangs
	_, err := preSignUp(t, inv)
	refused(t, "a turn that does not come", err, cognitoidp.UnexpectedLambdaException,
		"PreSignUp invocation failed due to error TooManyRequestsException.", "concurrency")
	refused(t, "a sender that hangs", <-first, cognitoidp.UnexpectedLambdaException,
		"CustomEmailSender invocation failed due to error Socket timeout while invoking Lambda function.", "in time")
}

// What a function says reaches the caller whole, but for what would do harm.
func TestFunctionErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, message string }{
		"a message":        {`{"errorMessage":"Nope","errorType":"Error","stackTrace":["a"]}`, "Nope"},
		"an empty message": {`{"errorMessage":""}`, ""},
		"a type alone":     {`{"errorType":"TypeError"}`, "TypeError"},
		"two lines":        {`{"errorMessage":"a\nb"}`, "a\nb"},
		"controls":         {`{"errorMessage":"a\u0000\u001b[31mb\u007f"}`, "a[31mb"},
		"a long message":   {`{"errorMessage":"` + strings.Repeat("é", 2000) + `"}`, strings.Repeat("é", 1024)},
	} {
		server := hook(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, test.answer)
		})
		_, err := preSignUp(t, invoker(t, trigger.Options{}, webhookAt(server.URL)))
		refused(t, name, err, cognitoidp.UserLambdaValidationException, "PreSignUp failed with error "+test.message+".", "")
	}
}
