package cli_test

import (
	"bytes"
	"net/http"
	"net/url"
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
