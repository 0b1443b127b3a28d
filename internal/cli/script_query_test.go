package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pintail/internal/app"
	"pintail/internal/sigv4"
)

// query DATA SERVICE FORM [NAME=FILE ...] runs an operation of IAM or STS as the root user
// and prints the answer. Parameters can come from files, documents for example.
func query(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: query DATA SERVICE FORM [NAME=FILE ...]")
	}
	form, err := url.ParseQuery(args[2])
	ts.Check(err)
	for _, pair := range args[3:] {
		name, file, _ := strings.Cut(pair, "=")
		form.Set(name, strings.TrimSpace(ts.ReadFile(file)))
	}
	key, err := app.ReadCredentials(ts.MkAbs(args[0]))
	ts.Check(err)
	body := []byte(form.Encode())
	r, err := http.NewRequest(http.MethodPost, ts.Getenv("URL")+"/", bytes.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sigv4.Sign(r, body, sigv4.Credentials{AccessKeyID: key.AccessKeyID, Secret: key.Secret}, "us-east-1", args[1], time.Now())
	send(ts, neg, r)
}

// pinpoint METHOD PATH [JSON] runs an operation of Pinpoint as the root user of the folder
// data and prints the answer. In the path and the JSON, $NAME is a variable of the script.
func pinpoint(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: pinpoint METHOD PATH [JSON]")
	}
	body := []byte(expand(ts, strings.Join(args[2:], "")))
	send(ts, neg, signed(ts, args[0], expand(ts, args[1]), "mobiletargeting", body))
}

// shown REGEXP PATH waits until an answer to the owner matches, an operation of Pinpoint's
// or one of the server's own paths.
func shown(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shown REGEXP PATH")
	}
	service := "mobiletargeting"
	if strings.HasPrefix(args[1], "/_pintail/") {
		service = app.SigningName
	}
	text := regexp.MustCompile(expand(ts, args[0]))
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	got := []byte{}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		answer, err := http.DefaultClient.Do(signed(ts, http.MethodGet, expand(ts, args[1]), service, nil))
		ts.Check(err)
		got, err = io.ReadAll(answer.Body)
		ts.Check(errors.Join(err, answer.Body.Close()))
		if text.Match(got) {
			fmt.Fprintf(ts.Stdout(), "%s\n", got)
			return
		}
	}
	ts.Fatalf("%s never answers %q: %s", args[1], args[0], got)
}

// signed is a request that the root user of the folder data signs.
func signed(ts *testscript.TestScript, method, path, service string, body []byte) *http.Request {
	key, err := app.ReadCredentials(ts.MkAbs("data"))
	ts.Check(err)
	r, err := http.NewRequest(method, ts.Getenv("URL")+path, bytes.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/json")
	sigv4.Sign(r, body, sigv4.Credentials{AccessKeyID: key.AccessKeyID, Secret: key.Secret}, "us-east-1", service, time.Now())
	return r
}

// events DATA APP N waits until an application has so many events.
func eventsOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: events DATA APP N")
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		ts.Check(ts.Exec("pintail", "export", "events", "--data", args[0], "--app", args[1]))
		if strconv.Itoa(strings.Count(ts.ReadFile("stdout"), "\n")) == args[2] {
			return
		}
	}
	ts.Fatalf("the application has not %s events: %s", args[2], ts.ReadFile("stdout"))
}
