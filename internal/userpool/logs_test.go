package userpool_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/delivery"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/job"
	"pintail/internal/sigv4"
	"pintail/internal/userpool"
	"pintail/internal/userpool/trigger"
)

const (
	logStream = "arn:aws:firehose:us-east-1:123456789012:deliverystream/shop"
	logBucket = "arn:aws:s3:::shop-logs"
)

// logTaker stands in for CloudWatch Logs, Firehose and S3. What it takes it keeps.
type logTaker struct {
	mu     sync.Mutex
	calls  int
	taken  map[string][]string // records, by the name of the service
	down   bool                // it answers 500
	refuse string              // part of a record of which Firehose says that it failed
}

// logs starts a taker of logs and has the world's pools reach it.
func (w *world) logs() *logTaker {
	w.t.Helper()
	l := &logTaker{taken: make(map[string][]string)}
	verifier := &sigv4.Verifier{Now: w.clock.Now}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.t.Error(err)
		}
		scope, _ := sigv4.ScopeOf(r)
		if _, err := verifier.Verify(r, body, scope.Service, func(string, string) (string, error) { return "taker", nil }); err != nil {
			w.t.Error(err)
		}
		l.serve(w.t, rw, scope.Service, body)
	}))
	w.t.Cleanup(server.Close)
	at := map[string]any{"url": server.URL, "region": region, "accessKeyId": "AKIDTAKER", "secretAccessKey": "taker"}
	text, err := json.Marshal(map[string]any{"destinations": map[string]any{logGroup: at, logStream: at, logBucket: at}})
	if err != nil {
		w.t.Fatal(err)
	}
	if w.triggers, err = trigger.Parse(text, trigger.Options{Now: w.clock.Now}); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	w.clock.Set(w.clock.Now().Truncate(5 * time.Second).Add(5 * time.Second)) // a slot begins
	return l
}

func (l *logTaker) serve(t testing.TB, rw http.ResponseWriter, service string, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.down {
		http.Error(rw, "down", http.StatusInternalServerError)
		return
	}
	switch service {
	case "logs":
		var in struct {
			LogEvents []struct{ Message string }
		}
		decodeLogs(t, body, &in)
		for _, e := range in.LogEvents {
			l.taken[service] = append(l.taken[service], e.Message)
		}
		io.WriteString(rw, "{}")
	case "s3":
		l.taken[service] = append(l.taken[service], strings.Split(strings.TrimSpace(string(body)), "\n")...)
	case "firehose":
		var in struct{ Records []struct{ Data []byte } }
		decodeLogs(t, body, &in)
		failed, answers := 0, []map[string]string{}
		for _, r := range in.Records {
			if l.refuse != "" && strings.Contains(string(r.Data), l.refuse) {
				failed++
				answers = append(answers, map[string]string{"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
				continue
			}
			l.taken[service] = append(l.taken[service], strings.TrimSpace(string(r.Data)))
			answers = append(answers, map[string]string{"RecordId": "1"})
		}
		json.NewEncoder(rw).Encode(map[string]any{"FailedPutCount": failed, "RequestResponses": answers})
	}
}

func decodeLogs(t testing.TB, body []byte, v any) {
	if err := json.Unmarshal(body, v); err != nil {
		t.Error(err)
	}
}

// set changes how the taker behaves.
func (l *logTaker) set(change func(l *logTaker)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

// got returns what a service has taken.
func (l *logTaker) got(service string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.taken[service])
}

func (l *logTaker) called() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// addresses returns where the sign-ins of records came from, in their order.
func logAddresses(t *testing.T, records []string) string {
	t.Helper()
	var list []string
	for _, text := range records {
		var r struct{ Message struct{ IPAddress string } }
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r.Message.IPAddress)
	}
	return strings.Join(list, " ")
}

// sendsLogs sets where the pool's records go.
func (w *world) sendsLogs(p *types.UserPoolType, list ...types.LogConfigurationType) {
	w.t.Helper()
	if list == nil {
		list = []types.LogConfigurationType{}
	}
	if _, err := w.SetLogDeliveryConfiguration(w.t.Context(), &idp.SetLogDeliveryConfigurationInput{UserPoolId: p.Id, LogConfigurations: list}); err != nil {
		w.t.Fatal(err)
	}
}

// passes lets time go by until the next run of a job of logs has ended.
func (w *world) passes(d time.Duration) job.Event {
	w.t.Helper()
	w.clock.Advance(d)
	for {
		select {
		case e := <-w.ended:
			if e.Kind == "userpool.logs" && e.Outcome != job.Extended {
				return e
			}
		case <-w.t.Context().Done():
			w.t.Fatal(w.t.Context().Err())
		}
	}
}

func (w *world) done(d time.Duration) {
	w.t.Helper()
	if e := w.passes(d); e.Outcome != job.Done {
		w.t.Fatalf("%+v", e)
	}
}

// slot is from a record on until the job of its slot is due.
const slot = 11 * time.Second

// authLogs is where records of events go: to an ARN of one of the services.
func authLogs(arn string) types.LogConfigurationType {
	l := types.LogConfigurationType{EventSource: "userAuthEvents", LogLevel: "INFO"}
	switch arn {
	case logStream:
		l.FirehoseConfiguration = &types.FirehoseConfigurationType{StreamArn: &arn}
	case logBucket:
		l.S3Configuration = &types.S3ConfigurationType{BucketArn: &arn}
	default:
		l.CloudWatchLogsConfiguration = &types.CloudWatchLogsConfigurationType{LogGroupArn: &arn}
	}
	return l
}

// What users do is delivered as Cognito exports it, and tells no secret.
func TestAuthEventLogs(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		taker := w.logs()
		p := w.pool(protected)
		w.sendsLogs(p, authLogs(logGroup))
		app := w.app(p)
		w.work()
		w.member(app, "ada")
		code := w.messageTo("ada@example.org").Code
		if _, err := w.byPassword(app, "ada", "Wrong1!Password"); err == nil {
			t.Fatal("the wrong password is right")
		}
		tokens := w.signIn(app, "ada")
		w.done(slot)

		events := w.history(p, "ada", 60)
		slices.Reverse(events)
		got := taker.got("logs")
		if len(got) != len(events) || len(got) < 3 {
			t.Fatalf("%d records of %d events", len(got), len(events))
		}
		for i, text := range got {
			for _, secret := range []string{password, "Wrong1!Password", code, *tokens.AccessToken, *tokens.RefreshToken} {
				if strings.Contains(text, secret) {
					t.Errorf("%s tells %q", text, secret)
				}
			}
			checkAuthEventLog(t, text, p, app, events[i])
		}
		if n := w.documents(p)["auth_event_log"]; n != 0 {
			t.Errorf("%d records wait", n)
		}
	})
}

// checkAuthEventLog compares a record with the event that it tells.
func checkAuthEventLog(t *testing.T, text string, p *types.UserPoolType, app *types.UserPoolClientType, e types.AuthEventType) {
	t.Helper()
	var r struct {
		EventTimestamp, EventSource, LogLevel string
		Message                               map[string]any
		LogSourceID                           struct{ UserPoolID string }
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	if r.EventSource != "USER_AUTH_EVENTS" || r.LogLevel != "INFO" || r.LogSourceID.UserPoolID != *p.Id {
		t.Errorf("not the record of an event: %s", text)
	}
	m := r.Message
	challenges := []any{}
	for _, c := range e.ChallengeResponses {
		challenges = append(challenges, string(c.ChallengeName)+":"+string(c.ChallengeResponse))
	}
	for name, want := range map[string]any{
		"version": "1", "eventId": *e.EventId, "eventType": string(e.EventType), "userName": "ada", "userPoolId": *p.Id, "clientId": *app.ClientId,
		"creationDate": e.CreationDate.UTC().Format("Mon Jan 02 15:04:05 MST 2006"), "eventResponse": string(e.EventResponse), "riskDecision": "PASS",
		"ipAddress": *e.EventContextData.IpAddress, "deviceName": *e.EventContextData.DeviceName, "compromisedCredentialDetected": "false",
		"idpName": "", "riskLevel": "", "city": "", "country": "", "hasContextData": "true",
		"eventFeedbackValue": "", "eventFeedbackDate": "", "eventFeedbackProvider": "",
	} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
	if got, _ := m["challenges"].([]any); !slices.Equal(got, challenges) {
		t.Errorf("challenges are %v, want %v", m["challenges"], challenges)
	}
	if m["userSub"] == "" || m["requestId"] == "" || len(m) != 23 {
		t.Errorf("the message is %v", m)
	}
}

// A destination that is down is asked by one job, whatever comes meanwhile, and then
// gets every record once, in order.
func TestLogsSurviveFailures(t *testing.T) {
	t.Parallel()
	for _, arn := range []string{logGroup, logStream, logBucket} {
		service := strings.Split(arn, ":")[2]
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			onEveryEngine(t, func(t *testing.T, w *world) {
				taker := w.logs()
				taker.set(func(l *logTaker) { l.down = true })
				p := w.pool(protected)
				w.member(w.app(p), "ada")
				w.sendsLogs(p, authLogs(arn))
				w.recorded(p, "ada", "192.0.2.1", cognitoidp.EventResponseTypePass)
				w.recorded(p, "ada", "192.0.2.2", cognitoidp.EventResponseTypeFail)
				w.work()
				if e := w.passes(slot); e.Outcome != job.Retried {
					t.Fatalf("%+v", e)
				}
				calls := taker.called()
				w.recorded(p, "ada", "192.0.2.3", cognitoidp.EventResponseTypePass)
				first := w.passes(slot) // either job: the first's pause may have ended as well
				second := w.passes(0)
				if retried := taker.called() - calls; retried != 1 || first.Outcome == second.Outcome || first.ID == second.ID {
					t.Fatalf("%d calls; %+v, %+v", retried, first, second)
				}
				taker.set(func(l *logTaker) { l.down = false })
				w.done(10 * time.Minute)
				if got, want := logAddresses(t, taker.got(service)), "192.0.2.1 192.0.2.2 192.0.2.3"; got != want {
					t.Errorf("%s has %s, want %s", service, got, want)
				}
				w.recorded(p, "ada", "192.0.2.4", cognitoidp.EventResponseTypePass)
				w.done(slot)
				if got, want := logAddresses(t, taker.got(service)), "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4"; got != want {
					t.Errorf("%s has %s, want %s", service, got, want)
				}
			})
		})
	}
}

// Of what Firehose takes in part, only the rest is sent again.
func TestLogsTakenInPart(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		taker := w.logs()
		taker.set(func(l *logTaker) { l.refuse = "192.0.2.2" })
		p := w.pool(protected)
		w.member(w.app(p), "ada")
		w.sendsLogs(p, authLogs(logStream))
		for _, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
			w.recorded(p, "ada", address, cognitoidp.EventResponseTypePass)
		}
		w.work()
		if e := w.passes(slot); e.Outcome != job.Retried || !strings.Contains(e.Err.Error(), "1 of 3 records have failed") {
			t.Fatalf("%+v", e)
		}
		if n := w.documents(p)["auth_event_log"]; n != 1 {
			t.Errorf("%d records wait, want 1", n)
		}
		taker.set(func(l *logTaker) { l.refuse = "" })
		w.done(10 * time.Minute)
		if got, want := logAddresses(t, taker.got("firehose")), "192.0.2.1 192.0.2.3 192.0.2.2"; got != want {
			t.Errorf("Firehose has %s, want %s", got, want)
		}
	})
}

// What waits goes to a new destination, and nowhere when there is none any more.
func TestLogsAreRedirected(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		taker := w.logs()
		taker.set(func(l *logTaker) { l.down = true })
		p := w.pool(protected)
		w.member(w.app(p), "ada")
		w.sendsLogs(p, authLogs(logGroup))
		w.recorded(p, "ada", "192.0.2.1", cognitoidp.EventResponseTypePass)
		w.work()
		if e := w.passes(slot); e.Outcome != job.Retried {
			t.Fatalf("%+v", e)
		}
		taker.set(func(l *logTaker) { l.down = false })
		w.sendsLogs(p, authLogs(logBucket))
		w.done(0)
		if got := logAddresses(t, taker.got("s3")); got != "192.0.2.1" || len(taker.got("logs")) != 0 {
			t.Errorf("S3 has %s, CloudWatch Logs %v", got, taker.got("logs"))
		}
		w.done(slot) // the old job, which finds nothing

		w.recorded(p, "ada", "192.0.2.2", cognitoidp.EventResponseTypePass)
		w.sendsLogs(p)
		calls := taker.called()
		w.done(slot)
		w.recorded(p, "ada", "192.0.2.3", cognitoidp.EventResponseTypePass)
		if n := w.documents(p)["auth_event_log"]; n != 0 || taker.called() != calls {
			t.Errorf("%d records wait; %d more calls", n, taker.called()-calls)
		}

		w.sendsLogs(p, authLogs(logBucket))
		w.recorded(p, "ada", "192.0.2.4", cognitoidp.EventResponseTypePass)
		if _, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
		w.done(slot)
		for name, n := range w.documents(p) {
			if n != 0 {
				t.Errorf("%d %s of the deleted pool are left", n, name)
			}
		}
		if taker.called() != calls {
			t.Error("records of a deleted pool are sent")
		}
	})
}

// A record for which there is no destination, or no room, is dropped, and the log says
// so once.
func TestLogsDropped(t *testing.T) {
	t.Parallel()
	w := boot(t)
	var log bytes.Buffer
	w.log = slog.New(slog.NewTextHandler(&log, nil))
	taker := w.logs()
	p := w.pool(protected)
	w.member(w.app(p), "ada")
	for _, arn := range []string{"arn:aws:logs:us-east-1:123456789012:log-group:other", "arn:aws:sqs:us-east-1:123456789012:queue"} {
		log.Reset()
		w.sendsLogs(p, authLogs(arn))
		w.recorded(p, "ada", "192.0.2.1", cognitoidp.EventResponseTypePass)
		w.recorded(p, "ada", "192.0.2.2", cognitoidp.EventResponseTypePass)
		if n := w.documents(p)["auth_event_log"]; n != 0 {
			t.Errorf("%d records wait for nothing", n)
		}
		if text := log.String(); strings.Count(text, "the triggers file has no destination for their ARN") != 1 || !strings.Contains(text, arn) {
			t.Errorf("the log says %q", text)
		}
	}

	log.Reset()
	userpool.KeepLogs(w.service, 2)
	w.sendsLogs(p, authLogs(logGroup))
	for range 4 {
		w.recorded(p, "ada", "192.0.2.3", cognitoidp.EventResponseTypePass)
	}
	w.clock.Advance(slot) // and counted anew
	w.recorded(p, "ada", "192.0.2.3", cognitoidp.EventResponseTypePass)
	if n := w.documents(p)["auth_event_log"]; n != 2 || len(w.history(p, "ada", 60)) < 9 {
		t.Errorf("%d records wait, want 2; the history has %d events", n, len(w.history(p, "ada", 60)))
	}
	if text := log.String(); strings.Count(text, "too many wait for their destination") != 1 {
		t.Errorf("the log says %q", text)
	}
	if taker.called() != 0 {
		t.Error("nobody runs jobs, and yet there are calls")
	}
}

// refusing is a provider of messages that takes none, and repeats what it was given.
type refusing struct{ delivery.Channel }

func (refusing) Deliver(_ context.Context, m delivery.Message) error {
	return delivery.Permanent(errors.New("refused: " + m.Body))
}

// A message that cannot be delivered is told of, and its code is not.
func TestNotificationLogs(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		taker := w.logs()
		tried := make(chan delivery.State, 1)
		delivery.NewDispatcher(w.outbox, w.jobs, func(_ string, s delivery.State) { tried <- s }).Use(delivery.Email, refusing{})
		w.outbox.OnFailure(w.service.NoteUndelivered)
		p := w.pool()
		w.sendsLogs(p, toLogGroup("userNotification", "ERROR"))
		w.signUp(w.app(p), "ada", "email", "ada@example.org")
		w.work()
		if state := <-tried; state != delivery.Failed {
			t.Fatalf("the message is %s", state)
		}
		w.done(slot)
		m, got := w.messageTo("ada@example.org"), taker.got("logs")
		if len(got) != 1 || m.Code == "" || strings.Contains(got[0], m.Code) {
			t.Fatalf("%q were taken", got)
		}
		var r map[string]any
		decodeLogs(t, []byte(got[0]), &r)
		message, _ := r["message"].(map[string]any)
		want := "An e-mail for SignUp could not be delivered to the user ada (attempts: 1). The outbox tells why, at the message " + m.ID + "."
		if r["eventSource"] != "USER_NOTIFICATION" || r["logLevel"] != "ERROR" || message["details"] != want || len(message) != 1 {
			t.Errorf("taken: %s", got[0])
		}
	})
}
