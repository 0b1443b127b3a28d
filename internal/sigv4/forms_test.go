package sigv4_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"pintail/internal/sigv4"
)

// What is behind another secret is refused, whatever else agrees.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	c := plainCall()
	r, body := c.sign(t)
	_, err := at(c.At).Verify(r, body, c.Service, knows(sdkKey, sdkSecret+"x", ""))
	if e := refusal(t, err); e.Kind != sigv4.SignatureDoesNotMatch {
		t.Errorf("got %v", e)
	}
	_, err = at(c.At).Verify(r, body, c.Service, knows(sdkKey, "", ""))
	if e := refusal(t, err); e.Kind != sigv4.InvalidClientTokenID {
		t.Errorf("an empty secret: got %v", e)
	}
}

// The payload of a presigned request is the body that comes with it, or
// UNSIGNED-PAYLOAD where that is allowed; the hash of nothing does not do.
func TestPresignedPayload(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body, payload    string
		plain, allowedUnsigned bool // accepted without, and with, AllowUnsignedPayload
	}{
		{"no body, hash of nothing", "", hashOf(""), true, true},
		{"beacon, hash of the body", `{"BatchItem":{}}`, hashOf(`{"BatchItem":{}}`), true, true},
		{"beacon, hash of nothing", `{"BatchItem":{}}`, hashOf(""), false, false},
		{"beacon, unsigned", `{"BatchItem":{}}`, "UNSIGNED-PAYLOAD", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call := plainCall()
			call.Body = c.body
			r, body := call.presign(t, c.payload)
			for _, allow := range []bool{false, true} {
				v := at(call.At)
				v.AllowUnsignedPayload = allow
				_, err := v.Verify(r, body, call.Service, knows(sdkKey, sdkSecret, ""))
				if want := allow && c.allowedUnsigned || !allow && c.plain; (err == nil) != want {
					t.Errorf("AllowUnsignedPayload %v: got %v, want accepted %v", allow, err, want)
				}
			}
		})
	}
}

// The content hash header is believed only if it is the body's.
func TestContentHashHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, payload       string
		plain, withUnsigned bool
	}{
		{"of the body", hashOf(plainCall().Body), true, true},
		{"of another body", hashOf("{}"), false, false},
		{"unsigned", "UNSIGNED-PAYLOAD", false, true},
		{"streaming", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", false, false},
		{"upper case", strings.ToUpper(hashOf(plainCall().Body)), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call := plainCall()
			call.Header.Set("X-Amz-Content-Sha256", c.payload)
			r := call.request(t)
			err := v4.NewSigner().SignHTTP(context.Background(), call.credentials(), r, c.payload, call.Service, call.Region, call.At)
			if err != nil {
				t.Fatal(err)
			}
			r, body := sent(t, r)
			for _, allow := range []bool{false, true} {
				v := at(call.At)
				v.AllowUnsignedPayload = allow
				_, err := v.Verify(r, body, call.Service, knows(sdkKey, sdkSecret, ""))
				if want := allow && c.withUnsigned || !allow && c.plain; (err == nil) != want {
					t.Errorf("AllowUnsignedPayload %v: got %v, want accepted %v", allow, err, want)
				}
			}
		})
	}
}

// A request that did not come over HTTP/1.1 has its length in no header, and
// one without a path is for "/".
func TestLengthWithoutHeader(t *testing.T) {
	t.Parallel()
	c := plainCall()
	c.Path = ""
	r := c.request(t)
	err := v4.NewSigner().SignHTTP(context.Background(), c.credentials(), r, hashOf(c.Body), c.Service, c.Region, c.At)
	if err != nil {
		t.Fatal(err)
	}
	if signed := r.Header.Get("Authorization"); !strings.Contains(signed, "content-length;") || r.Header.Get("Content-Length") != "" {
		t.Fatalf("not the request that this test is about: %q", signed)
	}
	if _, err := at(c.At).Verify(r, []byte(c.Body), c.Service, knows(sdkKey, sdkSecret, "")); err != nil {
		t.Errorf("refused: %v", err)
	}
	r.ContentLength++
	_, err = at(c.At).Verify(r, []byte(c.Body), c.Service, knows(sdkKey, sdkSecret, ""))
	expect(t, err, sigv4.SignatureDoesNotMatch, wrongSignature)
}

// The session token may be added after signing, to the header or to the URL; it
// is then not covered, but still belongs to the request.
func TestTokenAddedAfterSigning(t *testing.T) {
	t.Parallel()
	c := plainCall()
	lookup := knows(sdkKey, sdkSecret, "late+token/=")

	r, body := c.sign(t)
	r.Header.Set("X-Amz-Security-Token", "late+token/=")
	if _, err := at(c.At).Verify(r, body, c.Service, lookup); err != nil {
		t.Errorf("header: %v", err)
	}
	r, body = c.presign(t, hashOf(c.Body))
	r.URL.RawQuery += "&X-Amz-Security-Token=" + url.QueryEscape("late+token/=")
	if _, err := at(c.At).Verify(r, body, c.Service, lookup); err != nil {
		t.Errorf("presigned: %v", err)
	}
	r, body = c.presign(t, hashOf(c.Body))
	r.Header.Set("X-Amz-Security-Token", "late+token/=")
	if _, err := at(c.At).Verify(r, body, c.Service, lookup); err != nil {
		t.Errorf("presigned, token in the header: %v", err)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	c := plainCall() // signed for AWS's name, as a fetch wrapper leaves it
	many := slices.Repeat([]string{"a", "b", ""}, 100)
	for i := range many {
		many[i] += fmt.Sprint(i)
	}
	for _, test := range []struct {
		name  string
		hosts []string
		ok    bool
	}{
		{"none", nil, false},
		{"others", []string{"", "push.example.org", "cognito-idp.us-east-1.amazonaws.com"}, false},
		{"first", []string{c.Host, "push.example.org"}, true},
		{"last", []string{"push.example.org", "push.example.org", "x", c.Host}, true},
		{"within the bound", append(many[:14:14], c.Host), true},
		{"beyond the bound", append(many[:15:15], c.Host), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, body := c.sign(t)
			r.Host = "127.0.0.1:9230"
			v := at(c.At)
			v.Hosts = func(got *http.Request, s sigv4.Scope) []string {
				if got != r || s.Service != "mobiletargeting" || s.Region != "us-east-1" {
					t.Errorf("Hosts called with %v, %+v", got, s)
				}
				return test.hosts
			}
			got, err := v.Verify(r, body, c.Service, knows(sdkKey, sdkSecret, ""))
			if (err == nil) != test.ok {
				t.Fatalf("got %v, want accepted %v", err, test.ok)
			}
			if test.ok && got.Host != c.Host {
				t.Errorf("matched %q", got.Host)
			}
		})
	}
}

// Nothing in an error may help whoever reads the log to act as the caller.
func TestDetailHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	c := plainCall()
	c.Token = "session/token+of=the caller"
	c.Query.Set("Password", "hunter2 of the query")
	c.Header.Set("Cookie", "sid=chocolate")
	r, body := c.sign(t)
	presigned, _ := c.presign(t, hashOf(c.Body))
	for _, r := range []*http.Request{r, presigned} {
		_, err := at(c.At).Verify(r, body, c.Service, knows(sdkKey, sdkSecret+"x", c.Token))
		e := refusal(t, err)
		if !strings.Contains(e.Detail, "string to sign:\nAWS4-HMAC-SHA256\n20150830T123600Z\n") ||
			!strings.Contains(e.Detail, "hosts tried: "+c.Host) {
			t.Errorf("the detail does not explain: %s", e.Detail)
		}
		for _, secret := range []string{sdkSecret, "session", "hunter2", "chocolate"} {
			if text := strings.ReplaceAll(e.Detail+e.Message, "x-amz-security-token", ""); strings.Contains(text, secret) {
				t.Errorf("%q in the error:\n%s", secret, e.Detail)
			}
		}
	}
}
