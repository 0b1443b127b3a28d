package sigv4_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"testing"

	"pintail/internal/sigv4"
)

// FuzzVerify feeds whole requests to a verifier whose secret was drawn a moment
// ago: whatever they hold, none of them may be accepted.
func FuzzVerify(f *testing.F) {
	c := plainCall()
	c.Token = "token"
	c.Region = "us-east-1.push.example.org/"
	signed, body := c.sign(f)
	f.Add(wireOf(f, signed, body))
	presigned, body := c.presign(f, hashOf(c.Body))
	f.Add(wireOf(f, presigned, body))
	for _, s := range suite {
		f.Add([]byte(strings.ReplaceAll(s.request, "\n", "\r\n") + "\r\nHost: example.amazonaws.com\r\nX-Amz-Date: 20150830T123600Z\r\n" +
			"Authorization: " + goodHeader + "\r\n\r\n" + s.body))
	}
	f.Add([]byte("GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%zz&X-Amz-Date=&=&&;+ HTTP/1.1\r\nHost: x\r\n\r\n"))

	secret := rand.Text()
	f.Fuzz(func(t *testing.T, wire []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		scope, claimed := sigv4.ScopeOf(r)
		v := at(suiteTime)
		v.AllowUnsignedPayload = true
		v.Hosts = func(*http.Request, sigv4.Scope) []string { return []string{"pinpoint.us-east-1.amazonaws.com"} }
		got, err := v.Verify(r, body, scope.Service, func(key, _ string) (string, error) {
			if !claimed || key != scope.AccessKeyID {
				t.Errorf("verifying key %q, but ScopeOf said %+v, %v", key, scope, claimed)
			}
			return secret, nil
		})
		if err == nil {
			t.Fatalf("accepted as %+v", got)
		}
		refusal(t, err)
	})
}

// FuzzCutRegion checks that what is cut is a head of the region that cuts to itself.
func FuzzCutRegion(f *testing.F) {
	for _, region := range []string{"us-east-1", "us-east-1.push.example.org/", "us-gov-west-1:80", "local", "漢"} {
		f.Add(region)
	}
	f.Fuzz(func(t *testing.T, region string) {
		name, ok := sigv4.CutRegion(region)
		if !ok {
			if name != "" {
				t.Errorf("refused, but returned %q", name)
			}
			return
		}
		again, ok := sigv4.CutRegion(name)
		if !strings.HasPrefix(region, name) || again != name || !ok {
			t.Errorf("CutRegion(%q) = %q, and of that %q, %v", region, name, again, ok)
		}
	})
}

func wireOf(f *testing.F, r *http.Request, body []byte) []byte {
	r.Body = io.NopCloser(bytes.NewReader(body))
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		f.Fatal(err)
	}
	return wire.Bytes()
}
