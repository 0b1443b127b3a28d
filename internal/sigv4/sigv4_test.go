package sigv4_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pintail/internal/sigv4"
)

// The credentials of AWS's published test suite.
const (
	suiteKey    = "AKIDEXAMPLE"
	suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

var suiteTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

// at returns a verifier whose clock stands still.
func at(now time.Time) *sigv4.Verifier {
	return &sigv4.Verifier{Now: func() time.Time { return now }}
}

// knows returns a lookup that knows one key and insists on one token.
func knows(key, secret, token string) sigv4.Lookup {
	return func(k, t string) (string, error) {
		switch {
		case k != key:
			return "", sigv4.ErrUnknownKey
		case t != token:
			return "", sigv4.ErrBadToken
		}
		return secret, nil
	}
}

// received parses a request from its wire form, as a server would, and returns
// its body beside it. Bare newlines are line ends.
func received(t testing.TB, wire string) (*http.Request, []byte) {
	t.Helper()
	head, body, _ := strings.Cut(wire, "\n\n")
	wire = strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
	if err != nil {
		t.Fatalf("reading the request: %v\n%s", err, wire)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("reading the body: %v", err)
	}
	return r, b
}

// sent carries a client's request over the wire.
func sent(t interface{ Fatalf(string, ...any) }, r *http.Request) (*http.Request, []byte) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatalf("writing the request: %v", err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("reading the request: %v", err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatalf("reading the body: %v", err)
	}
	return got, body
}

// refusal returns the sigv4.Error that err must be.
func refusal(t interface{ Fatalf(string, ...any) }, err error) *sigv4.Error {
	e, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		t.Fatalf("got %v, want a *sigv4.Error", err)
	}
	return e
}
