package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/rogpeppe/go-internal/testscript"

	"pintail/internal/app"
	"pintail/internal/cli"
	"pintail/internal/sigv4"
	"pintail/internal/testkit/mailtest"
)

// Whole stories of the command line, in testdata/script: the real program, real
// servers, real stores.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pintail": func() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	mails := mailtest.Start(t, mailtest.Options{Plain: true, Auth: true, Refuse: func(to string, _ *smtp.Conn) error {
		if strings.HasPrefix(to, "nobody@") {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.NoEnhancedCode, Message: "no such mailbox"}
		}
		return nil
	}})
	testscript.Run(t, testscript.Params{
		Setup: func(env *testscript.Env) error {
			address := url.URL{Scheme: "smtp", User: url.UserPassword(mailtest.User, mailtest.Password), Host: fmt.Sprintf("127.0.0.1:%d", mails.Port), RawQuery: "tls=none"}
			env.Setenv("SMTP", address.String())
			env.Setenv("NOW", time.Now().UTC().Format(time.RFC3339))
			env.Setenv("LONGAGO", time.Now().UTC().AddDate(0, 0, -60).Format(time.RFC3339))
			env.Values[exchange{}] = new(exchange)
			return nil
		},
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":    ready,
			"term":     term,
			"owner":    owner,
			"query":    query,
			"pinpoint": pinpoint,
			"shown":    shown,
			"events":   eventsOf,
			"anyone":   anyone,
			"admin":    admin,
			"signin":   signIn,
			"answer":   answer,
			"fails":    fails,
			"until":    until,
			"code":     newestCode,
			"totp":     totp,
			"claims":   claims,
			"srp":      secureRemote,
			"device":   deviceSecret,
			"http":     plain,
			"field":    field,
			"put":      put,
			"mode":     mode,
			"state":    state,
			"mail":     func(ts *testscript.TestScript, _ bool, _ []string) { arrived(ts, mails) },
		},
	})
}

// ready DATA waits until the server of a data folder answers, and sets $URL.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready DATA")
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if running, err := app.ReadRunning(ts.MkAbs(args[0])); err == nil {
			if answer, err := http.Get(running.URL + "/_pintail/ready"); err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					ts.Setenv("URL", running.URL)
					return
				}
			}
		}
	}
	ts.Fatalf("no server of %s got ready", args[0])
}

// term DATA sends SIGTERM to the server of a data folder.
func term(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: term DATA")
	}
	running, err := app.ReadRunning(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(syscall.Kill(running.PID, syscall.SIGTERM))
}

// owner DATA SERVICE TARGET JSON runs an operation as the root user and prints
// the answer.
func owner(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: owner DATA SERVICE TARGET JSON")
	}
	key, err := app.ReadCredentials(ts.MkAbs(args[0]))
	ts.Check(err)
	r := request(ts, args[2], args[3])
	sigv4.Sign(r, []byte(args[3]), sigv4.Credentials{AccessKeyID: key.AccessKeyID, Secret: key.Secret}, "us-east-1", args[1], time.Now())
	send(ts, neg, r)
}

// plain METHOD PATH [ORIGIN] asks one of the server's own paths, unsigned.
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: http METHOD PATH [ORIGIN]")
	}
	r, err := http.NewRequest(args[0], ts.Getenv("URL")+args[1], nil)
	ts.Check(err)
	if len(args) == 3 {
		r.Header.Set("Origin", args[2])
	}
	send(ts, neg, r)
}

// put URL FILE uploads a file.
func put(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: put URL FILE")
	}
	r, err := http.NewRequest(http.MethodPut, args[0], strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	send(ts, neg, r)
}

func request(ts *testscript.TestScript, target, body string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, ts.Getenv("URL")+"/", strings.NewReader(body))
	ts.Check(err)
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return r
}

func send(ts *testscript.TestScript, neg bool, r *http.Request) {
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer.json"), text, 0o600))
	fmt.Fprintf(ts.Stdout(), "%s\n", text)
	if refused := answer.StatusCode >= 300; refused != neg {
		ts.Fatalf("answered %d: %s", answer.StatusCode, text)
	}
}

// mail waits for the next mail to arrive at $SMTP and prints it.
func arrived(ts *testscript.TestScript, s *mailtest.Server) {
	select {
	case m := <-s.Mails:
		fmt.Fprintf(ts.Stdout(), "%s -> %s\n%s\n", m.From, m.To, m.Text)
	case <-time.After(20 * time.Second):
		ts.Fatalf("no mail arrived")
	}
}

// state DATA ADDRESS STATE waits until the newest message to an address is in a
// state, and prints the outbox's line of it.
func state(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: state DATA ADDRESS STATE")
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		ts.Check(ts.Exec("pintail", "outbox", "--data", args[0], "--to", args[1], "--limit", "1"))
		if line := ts.ReadFile("stdout"); strings.Contains(line, " "+args[2]+" ") {
			fmt.Fprint(ts.Stdout(), line)
			return
		}
	}
	ts.Fatalf("the message to %s is not %s: %s", args[1], args[2], ts.ReadFile("stdout"))
}

// field NAME PATH sets $NAME to a member of the last answer, such as UserPool.Id.
func field(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: field NAME PATH")
	}
	v, ok := lookUp(ts, args[1])
	if !ok {
		ts.Fatalf("the answer has no %s", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// lookUp returns a member of the last answer, which may be empty.
func lookUp(ts *testscript.TestScript, path string) (v any, ok bool) {
	text := ts.ReadFile("answer.json")
	if text == "" {
		return nil, false
	}
	ts.Check(json.Unmarshal([]byte(text), &v))
	for name := range strings.SplitSeq(path, ".") {
		object, _ := v.(map[string]any)
		if items, isList := v.([]any); isList {
			object = make(map[string]any)
			for i, item := range items {
				object[strconv.Itoa(i)] = item
			}
		}
		if v, ok = object[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// mode FILE OCTAL checks a file's permissions.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(filepath.Clean(ts.MkAbs(args[0])))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
